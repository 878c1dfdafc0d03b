"""Who is restricted, which fields are personal, how far erasures are, and who read whose data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from kit.errors import Conflict, InvalidInput, NotFound
from services.gateway.domain import Principal
from services.gateway.privacy.person import CONTACT, USER, Person
from services.gateway.privacy.records import Access, Erasure, Restriction
from services.gateway.store import tables as t
from services.gateway.store.around import company_wide
from services.gateway.store.codec import dumps, from_us, loads, to_us
from services.gateway.store.database import Database
from services.gateway.store.personal_places import hits
from services.gateway.store.reads import bounded
from services.gateway.store.tables_privacy import erasures, personal_access, personal_fields, restrictions
from services.gateway.store.touching import Touching

KEPT_ACCESS, PRUNE_EVERY = 200_000, 1_000
WHO = "personal data"
I = t.insights.c  # noqa: E741
R, F, E, A = restrictions.c, personal_fields.c, erasures.c, personal_access.c
_IN_BODY = (
    "author", "kind", "stage", "progress", "rows", "streams", "error", "found", "left", "doubts", "theirs", "others",
    "models",
)  # fmt: skip


class PrivacyRules(Touching):
    """The part of PrivacyStore that keeps rules and what was done."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._save_restrictions = database.upsert(restrictions)
        self._save_erasures = database.upsert(erasures)
        self._insert_access = database.insert(personal_access)
        self._restricted_people = select(R.person).where(R.kind == CONTACT)
        self._personal_marks = select(F.entity, F.name).order_by(F.entity, F.name)

    async def restrict(
        self, principal: Principal, kind: str, person_id: str, reason: str, *, trace: str = ""
    ) -> Restriction:
        """Keep them, without any scoring of or suggestion about them."""
        company_wide(principal, WHO)
        one = Restriction(kind, person_id, principal.id, reason)
        row = {"kind": kind, "person": person_id, "time": to_us(one.time), "author": principal.id, "reason": reason}
        table = t.users if kind == USER else t.contacts

        def work(connection: Connection) -> Restriction:
            if connection.execute(select(table.c.id).where(table.c.id == person_id)).first() is None:
                mend = "Look the id up with dealcast privacy find"
                raise NotFound(f"there is no such {kind}", field="id", value=person_id, mend=mend)
            held = connection.execute(select(restrictions).where(R.kind == kind, R.person == person_id)).first()
            if held is not None:
                return _first(held, reason)
            self._save_restrictions.run(connection, [row])
            if kind == CONTACT:
                _without_suggestions(connection, Person(person_id))
            self._publish_around(connection, kind, person_id, trace)
            return one

        return await self._database.write(work)

    async def lift_restriction(self, principal: Principal, kind: str, person_id: str, *, trace: str = "") -> None:
        """They are processed again."""
        company_wide(principal, WHO)

        def work(connection: Connection) -> None:
            gone = connection.execute(delete(restrictions).where(R.kind == kind, R.person == person_id))
            if not gone.rowcount:
                mend = "dealcast privacy restrictions lists who is"
                raise NotFound("nobody of this id is restricted", field="id", value=person_id, mend=mend)
            self._publish_around(connection, kind, person_id, trace)

        await self._database.write(work)

    def _publish_around(self, connection: Connection, kind: str, person_id: str, trace: str) -> None:
        """Open deals around them are published anew, with or without them."""
        if kind == CONTACT:
            self._raise_revisions(connection, self._live_of_contacts, [person_id], trace)

    async def restrictions(self, principal: Principal) -> list[Restriction]:
        """All of them."""
        company_wide(principal, WHO)

        def work(connection: Connection) -> list[Restriction]:
            rows = connection.execute(select(restrictions).order_by(R.time, R.person)).all()
            return [Restriction(row.kind, row.person, row.author, row.reason, from_us(row.time)) for row in rows]

        return await self._database.read(work)

    async def restricted(self) -> frozenset[str]:
        """Ids of the contacts that are restricted now."""
        return (await self.withheld())[0]

    async def withheld(self) -> tuple[frozenset[str], Sequence[tuple[str, str]]]:
        """Contacts that are restricted, and personal fields, as of one moment."""

        def work(connection: Connection) -> tuple[frozenset[str], Sequence[tuple[str, str]]]:
            contacts = frozenset(row.person for row in self._database.rows(connection, self._restricted_people))
            return contacts, [(row.entity, row.name) for row in self._database.rows(connection, self._personal_marks)]

        return await self._database.read(work)

    async def save_erasure(self, one: Erasure) -> None:
        """Keep how far an erasure is."""
        body = {name: getattr(one, name) for name in _IN_BODY}
        body["finished"] = to_us(one.finished) if one.finished else None
        person = dumps(one.person.to_json()) if one.person else ""
        row = {"id": one.id, "time": to_us(one.time), "state": one.state, "person": person, "body": dumps(body)}
        await self._database.write(lambda connection: self._save_erasures.run(connection, [row]))

    async def erasures(self, principal: Principal) -> list[Erasure]:
        """All of them, newest first."""
        company_wide(principal, WHO)
        found = select(erasures).order_by(E.time.desc(), E.id)
        return await self._database.read(lambda connection: [_erasure(row) for row in connection.execute(found).all()])

    async def personal_fields(self) -> Sequence[tuple[str, str]]:
        """Custom fields, by entity and name, that hold personal data."""
        return (await self.withheld())[1]

    async def set_personal_fields(self, principal: Principal, fields: Sequence[tuple[str, str]]) -> None:
        """Mark these, and no others."""
        company_wide(principal, WHO)

        def work(connection: Connection) -> None:
            known = self._contexts.read(connection).fields
            for one in fields:
                if one not in known:
                    mend = "GET /v1/fields lists those there are"
                    raise InvalidInput("there is no such field", field="fields", value=".".join(one), mend=mend)
            connection.execute(delete(personal_fields))
            if fields:
                rows = [{"entity": entity, "name": name} for entity, name in dict.fromkeys(fields)]
                connection.execute(insert(personal_fields), rows)

        await self._database.write(work)

    async def add_access(self, entries: Sequence[Access]) -> None:
        """Keep who read whose data; the oldest are dropped."""
        rows: list[Mapping[str, Any]] = [
            {"time": to_us(one.time), "who": one.who, "route": one.route, "kind": one.kind, "record": one.record}
            for one in entries
        ]

        def work(connection: Connection) -> None:
            self._insert_access.run(connection, rows)
            newest = connection.execute(select(func.max(A.id))).scalar() or 0
            if newest % PRUNE_EVERY < len(rows):
                connection.execute(delete(personal_access).where(A.id <= newest - KEPT_ACCESS))

        if rows:
            await self._database.write(work, durable=False, aside=True)

    async def list_access(
        self, principal: Principal, kind: str = "", record: str = "", before: int = 0, limit: int = 100
    ) -> list[Access]:
        """Entries, newest first."""
        company_wide(principal, WHO)
        found = select(personal_access).order_by(A.id.desc()).limit(bounded(limit))
        if kind:
            found = found.where(A.kind == kind)
        if record:
            found = found.where(A.record == record)
        if before:
            found = found.where(A.id < before)

        def work(connection: Connection) -> list[Access]:
            rows = connection.execute(found).all()
            return [Access(row.who, row.route, row.kind, row.record, from_us(row.time), row.id) for row in rows]

        return await self._database.read(work)


def _first(held: Any, reason: str) -> Restriction:
    """Who is restricted already is so since then, for the reason that was given then. Raises Conflict for another."""
    first = Restriction(held.kind, held.person, held.author, held.reason, from_us(held.time))
    if reason and reason != first.reason:
        since = f"{first.time:%Y-%m-%d}"
        message = f"restricted already, since {since} by {first.author}"
        mend = "Lift the restriction first where another reason holds: its day is then lost"
        raise Conflict(message, field="reason", value=first.reason[:100], mend=mend)
    return first


def _without_suggestions(connection: Connection, person: Person) -> None:
    """What is suggested about them goes at once; the next suggestions are made without them."""
    for hit in list(hits(connection, person, t.insights)):
        row = connection.execute(select(I.body).where(I.deal_id == hit.key[0], I.kind == hit.key[1])).one()
        body = loads(row.body)
        if "actions" in body:
            left = [action for action in body["actions"] if action.get("contact_id") != person.id]
            changed = update(t.insights).where(I.deal_id == hit.key[0], I.kind == hit.key[1])
            connection.execute(changed.values(body=dumps(body | {"actions": left})))


def _erasure(row: Any) -> Erasure:
    body = loads(row.body)
    ended = body.pop("finished")
    finished: datetime | None = from_us(ended) if ended else None
    one = Erasure(row.id, time=from_us(row.time), state=row.state, **body)
    return replace(one, finished=finished, person=Person.from_json(loads(row.person)) if row.person else None)
