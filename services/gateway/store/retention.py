"""Dropping what is over its time, in bounded transactions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, not_, select, update

from kit.clock import utc_day
from services.gateway.privacy.person import CONTACT, Person
from services.gateway.store import tables as t
from services.gateway.store.codec import to_day, to_us
from services.gateway.store.database import Database
from services.gateway.store.personal_doubts import PersonalDoubts
from services.gateway.store.personal_people import known_person
from services.gateway.store.tables_access import access_events
from services.gateway.store.tables_actions import action_decisions
from services.gateway.store.tables_imports import import_before
from services.gateway.store.tables_privacy import personal_access

D, A = t.deals.c, t.activities.c
Drop = Callable[[Connection, datetime, int], int]


class RetentionRows(PersonalDoubts):
    """`drop_old`, `forget_imports_but`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._droppers: Mapping[str, Drop] = {
            "activities": self._forget_activities, "notes": self._forget_notes,
            "closed_contacts": self._forget_contacts, "decisions": _drop_decisions, "idempotency": _drop_answers,
            "access_log": _drop_access, "audit_log": _drop_events,
        }  # fmt: skip

    async def drop_old(self, kind: str, before: datetime, limit: int) -> int:
        """Drop at most so much of a kind from before a moment; how much, 0 when nothing is left to drop."""
        drop = self._droppers[kind]
        return await self._database.write(lambda connection: drop(connection, before, limit))

    async def forget_imports_but(self, kept: Collection[str]) -> int:
        """Drop what is kept of imports but these, for their undoing; how many rows."""
        gone = delete(import_before).where(import_before.c.import_id.not_in(list(kept)))
        return await self._database.write(lambda connection: int(connection.execute(gone).rowcount))

    def _forget_activities(self, connection: Connection, before: datetime, limit: int) -> int:
        old = select(A.id, A.deal_id).where(A.time < to_us(before)).order_by(A.time, A.id).limit(limit)
        rows = connection.execute(old).all()
        if not rows:
            return 0
        connection.execute(delete(t.activities).where(A.id.in_([row.id for row in rows])))
        deals = list(dict.fromkeys(row.deal_id for row in rows))
        left = select(func.count()).where(A.deal_id == D.id).scalar_subquery()
        connection.execute(update(t.deals).where(D.id.in_(deals)).values(activity_count=left))
        self._raise_all(connection, deals, "")
        return len(rows)

    def _forget_notes(self, connection: Connection, before: datetime, limit: int) -> int:
        old = select(A.id, A.deal_id).where(A.time < to_us(before), A.text != "").order_by(A.time, A.id).limit(limit)
        rows = connection.execute(old).all()
        if rows:
            connection.execute(update(t.activities).where(A.id.in_([row.id for row in rows])).values(text=""))
            self._raise_all(connection, list(dict.fromkeys(row.deal_id for row in rows)), "")
        return len(rows)

    def _forget_contacts(self, connection: Connection, before: datetime, limit: int) -> int:
        """Contacts who were on deals, all of which ended before; they go from records as in an erasure."""
        on = t.deal_contacts
        standing = and_(D.id == on.c.deal_id, on.c.contact_id == t.contacts.c.id)
        alive = and_(not_(D.deleted), (D.closed_date.is_(None)) | (D.closed_date >= to_day(utc_day(before))))
        some = select(D.id).where(standing).exists()
        going_on = select(D.id).where(standing, alive).exists()
        old = select(t.contacts).where(some, not_(going_on)).order_by(t.contacts.c.id).limit(limit)
        gone = [known_person(connection, CONTACT, row) for row in connection.execute(old).all()]
        for person in gone:
            self._forget_contact(connection, person)
        return len(gone)

    def _forget_contact(self, connection: Connection, person: Person) -> None:
        links = select(t.deal_contacts.c.deal_id).where(t.deal_contacts.c.contact_id == person.id).distinct()
        self._off_deals(person, list(connection.execute(links).scalars()), "", None, connection)
        connection.execute(delete(t.contacts).where(t.contacts.c.id == person.id))


def _drop_decisions(connection: Connection, before: datetime, limit: int) -> int:
    c = action_decisions.c
    return _drop_keyed(connection, action_decisions, c.time < to_us(before), (c.deal_id, c.since), limit)


def _drop_answers(connection: Connection, before: datetime, limit: int) -> int:
    return _drop_keyed(connection, t.requests, t.requests.c.time < to_us(before), (t.requests.c.key,), limit)


def _drop_access(connection: Connection, before: datetime, limit: int) -> int:
    c = personal_access.c
    return _drop_keyed(connection, personal_access, c.time < to_us(before), (c.id,), limit)


def _drop_events(connection: Connection, before: datetime, limit: int) -> int:
    c = access_events.c
    return _drop_keyed(connection, access_events, c.time < to_us(before), (c.id,), limit)


def _drop_keyed(connection: Connection, table: Any, old: Any, keys: Sequence[Any], limit: int) -> int:
    rows = connection.execute(select(*keys).where(old).limit(limit)).all()
    if rows:
        this = and_(*(key == bindparam(f"key_{key.name}") for key in keys))
        named = [{f"key_{key.name}": row._mapping[key] for key in keys} for row in rows]
        connection.execute(delete(table).where(this), named)
    return len(rows)
