"""Finding a person in the database, and taking them out of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, insert, or_, select, tuple_, update

from kit.errors import NotFound
from learning.records import ContactRole
from services.gateway.domain import Principal
from services.gateway.privacy.person import CONTACT, Person, people_alike
from services.gateway.privacy.records import PlaceFound
from services.gateway.store import tables as t
from services.gateway.store.around import company_wide
from services.gateway.store.codec import encode_value, to_us
from services.gateway.store.context import PEOPLE_VERSION
from services.gateway.store.personal_people import PEOPLE, known_person, mail_of, named_like, person_of
from services.gateway.store.personal_places import Hit, counted, hits, places
from services.gateway.store.reads import bounded
from services.gateway.store.touching import Touch, Touching

SHOWN = 20
DEALS_AT_ONCE, ROWS_AT_ONCE = 100, 500
ROUNDS = 3  # what is written meanwhile is looked for again
OF_DEALS = (t.deals, t.changes, t.activities)
WHO = "personal data"


class PersonalData(Touching):
    """The part of PrivacyStore that finds and erases."""

    async def people(self, principal: Principal, text: str, limit: int = 50) -> list[Person]:
        """Contacts, users and members with this id, or with this in their name, mail or telephone number."""
        company_wide(principal, WHO)
        digits = "".join(filter(str.isdecimal, text))
        whole = text.strip()

        def work(connection: Connection) -> list[Person]:
            found: list[Person] = []
            for kind, table in PEOPLE.items():
                told = [table.c.id == whole, *named_like(table.c.name, whole)]
                told.append(func.lower(mail_of(table)).like(f"%{whole.lower()}%"))
                if kind == CONTACT and len(digits) >= 4:
                    bare: Any = t.contacts.c.phone
                    for mark in (" ", "-", "(", ")", ".", "+"):
                        bare = func.replace(bare, mark, "")
                    told.append(bare.like(f"%{digits.removeprefix('82').removeprefix('0')}%"))
                rows = connection.execute(select(table).where(or_(*told)).order_by(table.c.id).limit(bounded(limit)))
                found += [person_of(kind, row) for row in rows]
            return found

        return await self._database.read(work)

    async def person(self, principal: Principal, kind: str, person_id: str, aliases: Sequence[str] = ()) -> Person:
        """One of them. Raises NotFound."""
        company_wide(principal, WHO)
        table = PEOPLE[kind]

        def work(connection: Connection) -> Person:
            row = connection.execute(select(table).where(table.c.id == person_id)).first()
            if row is None:
                mend = "Look the id up with dealcast privacy find"
                raise NotFound(f"there is no such {kind}", field="id", value="", mend=mend)
            return known_person(connection, kind, row, aliases)

        return await self._database.read(work)

    async def alike(self, principal: Principal, person: Person) -> list[Person]:
        """Other contacts and users with the same mail or telephone number."""
        texts = [one for one in (person.email, person.phone) if one]
        others = [other for text in texts for other in await self.people(principal, text)]
        return people_alike(person, list(dict.fromkeys(others)))

    async def find_person(self, principal: Principal, person: Person) -> list[PlaceFound]:
        """Where they stand, column by column."""
        company_wide(principal, WHO)

        def work(connection: Connection) -> list[PlaceFound]:
            found = []
            for table in places():
                rows = list(hits(connection, person, table))
                records = tuple(dict.fromkeys(hit.record for hit in rows))[:SHOWN]
                found += [PlaceFound("database", place, count, records) for place, count in counted(rows).items()]
            return found

        return await self._database.read(work)

    async def rows_about(self, principal: Principal, person: Person, most: int) -> list[tuple[str, Mapping[str, Any]]]:
        """The rows that hold them, with their tables."""
        company_wide(principal, WHO)

        def work(connection: Connection) -> list[tuple[str, Mapping[str, Any]]]:
            found: list[tuple[str, Mapping[str, Any]]] = []
            for table in places():
                for hit in list(hits(connection, person, table))[:most]:
                    row = connection.execute(select(table).where(_keyed(table, [hit]))).one()
                    found.append((str(table.name), {str(name): value for name, value in row._mapping.items()}))
            return found

        return await self._database.read(work)

    async def erase_rows(
        self, principal: Principal, person: Person, *, only: Collection[str] | None = None, trace: str = ""
    ) -> int:
        """Take them out of every table, and off every deal, or of some rows; how many rows changed."""
        company_wide(principal, WHO)
        changed = 0
        for _ in range(ROUNDS):
            deals, others = await self._database.read(lambda connection: _to_do(connection, person, only))
            for start in range(0, len(deals), DEALS_AT_ONCE):
                some = deals[start : start + DEALS_AT_ONCE]
                changed += await self._database.write(partial(self._off_deals, person, some, trace, only))
            for hits_of in others.values():
                for start in range(0, len(hits_of), ROWS_AT_ONCE):
                    part = hits_of[start : start + ROWS_AT_ONCE]
                    changed += await self._database.write(partial(self._off_rows, person, part))
            if not deals and not others:
                break
        return changed

    def _off_rows(self, person: Person, found: Sequence[Hit], connection: Connection) -> int:
        table = found[0].table
        count = 0
        for hit in list(hits(connection, person, table, _keyed(table, found))):  # as they are now
            count += _apply(connection, hit)
        if table is t.users:
            self._contexts.touch(connection, PEOPLE_VERSION)
        return count

    def _off_deals(
        self, person: Person, deals: Sequence[str], trace: str, only: Collection[str] | None, connection: Connection
    ) -> int:
        """One transaction: what is in their rows, the place of the person on them, one revision each."""
        count, touched = 0, dict[str, None]()
        for table in OF_DEALS:
            of_deals = (t.deals.c.id if table is t.deals else table.c.deal_id).in_(deals)
            for hit in list(hits(connection, person, table, of_deals)):
                if only is not None and hit.ref not in only:
                    continue
                if applied := _apply(connection, hit):
                    count, touched[hit.record] = count + applied, None
        if person.kind == CONTACT:
            on = select(t.deal_contacts.c.deal_id).where(
                t.deal_contacts.c.deal_id.in_(deals), t.deal_contacts.c.contact_id == person.id
            )
            for deal_id in connection.execute(on.distinct()).scalars().all():
                self._take_off(connection, person, deal_id)
                count, touched[deal_id] = count + 1, None
        self._raise_all(connection, list(touched), trace)
        return count

    def _take_off(self, connection: Connection, person: Person, deal_id: str) -> None:
        """The deal without them, as a change of its own: history before it keeps that somebody was there."""
        of_deal = t.deal_contacts.c.deal_id == deal_id
        rows = connection.execute(select(t.deal_contacts).where(of_deal).order_by(t.deal_contacts.c.position)).all()
        left = [ContactRole(row.contact_id, row.role) for row in rows if row.contact_id != person.id]
        deal = connection.execute(select(t.deals).where(t.deals.c.id == deal_id)).one()
        moment = max(to_us(self._contexts.read(connection).now()), deal.last_effective)
        connection.execute(delete(t.deal_contacts).where(of_deal))
        for place, role in enumerate(left):
            entry = {"deal_id": deal_id, "position": place, "contact_id": role.contact_id, "role": role.role}
            connection.execute(insert(t.deal_contacts).values(entry))
        connection.execute(insert(t.changes).values(
            deal_id=deal_id, seq=deal.change_count + 1, field="contacts", value=encode_value(tuple(left) or None),
            effective_time=moment, recorded_time=to_us(datetime.now(UTC)), revision=deal.revision + 1,
        ))  # fmt: skip
        connection.execute(
            update(t.deals).where(t.deals.c.id == deal_id).values(
                change_count=deal.change_count + 1, last_effective=moment
            )
        )  # fmt: skip

    def _raise_all(self, connection: Connection, deals: Sequence[str], trace: str) -> None:
        """The revision of these deals grows, closed ones too: their messages are to be replaced."""
        d = t.deals.c
        rows = connection.execute(select(d.id, d.revision, d.outcome, d.deleted).where(d.id.in_(deals))).all()
        now_us = to_us(datetime.now(UTC))
        self._bump.run(connection, [{"deal": row.id, "now": now_us} for row in rows])
        touches = [(row, row.outcome == "OPEN" and not row.deleted) for row in rows]
        self._announce(
            connection, [Touch(row.id, row.revision + 1, live, live) for row, live in touches], trace, "privacy"
        )

    async def compact(self) -> None:
        """Nothing of deleted rows is left in the database's files."""
        await self._database.compact()


def _to_do(
    connection: Connection, person: Person, only: Collection[str] | None
) -> tuple[list[str], dict[str, list[Hit]]]:
    """The deals they stand on or in, and the rows of other tables."""
    deals: dict[str, None] = {}
    others: dict[str, list[Hit]] = {}
    for table in places():
        found = [
            hit for hit in hits(connection, person, table)
            if (not hit.fixed or hit.columns) and (only is None or hit.ref in only)
        ]  # fmt: skip
        if table in OF_DEALS or table is t.deal_contacts:
            deals |= dict.fromkeys(hit.record for hit in found)
        elif found:
            others[table.name] = found
    return list(deals), others


def _keyed(table: Table, found: Sequence[Hit]) -> Any:
    keys = list(table.primary_key.columns)
    if len(keys) == 1:
        return keys[0].in_([hit.key[0] for hit in found])
    return tuple_(*keys).in_([hit.key for hit in found])


def _apply(connection: Connection, hit: Hit) -> int:
    """Write a row without them, or drop it; how many rows changed."""
    keys = list(hit.table.primary_key.columns)
    this = and_(*(key == value for key, value in zip(keys, hit.key, strict=True)))
    if hit.columns:
        connection.execute(update(hit.table).where(this).values(hit.columns))
    elif not hit.fixed:
        connection.execute(delete(hit.table).where(this))
    return 1 if hit.columns or not hit.fixed else 0
