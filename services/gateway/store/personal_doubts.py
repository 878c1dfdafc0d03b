"""Rows and people of whom nobody can tell whether they are the person who is to be erased."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, select

from services.gateway.domain import Principal
from services.gateway.privacy.doubts import PERSON, ROW, Doubt, excerpt
from services.gateway.privacy.person import CONTACT, Person
from services.gateway.store.around import company_wide
from services.gateway.store.health_interface import MERGE
from services.gateway.store.personal_people import PEOPLE, known_person, twins
from services.gateway.store.personal_places import Hit, hits, places
from services.gateway.store.privacy import PersonalData
from services.gateway.store.tables_health import duplicate_decisions

WHO = "personal data"
D = duplicate_decisions.c


class PersonalDoubts(PersonalData):
    """The part of PrivacyStore that tells what is in doubt."""

    async def doubts(self, principal: Principal, person: Person) -> list[Doubt]:
        """People who bear a name of theirs, then rows that name it and are nobody's by id."""
        company_wide(principal, WHO)

        def work(connection: Connection) -> list[Doubt]:
            names = person.names_in_doubt
            alike = twins(connection, person, names) if names else []
            people = [Doubt(f"{one.kind}:{one.id}", PERSON, PEOPLE[one.kind].name, one.id, _told(one)) for one in alike]
            return [*people, *_rows(connection, person, {one.ref for one in alike})] if names else []

        return await self._database.read(work)

    async def borne(self, principal: Principal, person: Person, names: Collection[str]) -> list[str]:
        """Those of these names that somebody else on record bears."""
        company_wide(principal, WHO)

        def work(connection: Connection) -> list[str]:
            return [one for one in names if twins(connection, person, [one])]

        return await self._database.read(work)

    async def merged_into(self, principal: Principal, person: Person) -> list[Person]:
        """Contacts that were merged into this one and lie deleted: the same person, as somebody has said."""
        company_wide(principal, WHO)
        merged = select(D.first, D.second).where(
            D.of == "contacts", D.act == MERGE, D.kept == person.id, D.undone_time.is_(None)
        )

        def work(connection: Connection) -> list[Person]:
            ids = {one for row in connection.execute(merged) for one in row} - {person.id}
            table = PEOPLE[CONTACT]
            rows = connection.execute(select(table).where(table.c.id.in_(ids), table.c.deleted)).all() if ids else []
            return [known_person(connection, CONTACT, row) for row in rows]

        return await self._database.read(work) if person.kind == CONTACT else []


def _rows(connection: Connection, person: Person, others: Collection[str]) -> Iterator[Doubt]:
    """Rows that are somebody's by id are decided with that person, and the person's own are theirs: an id may hold the
    name, in their record as in the log of who looked at it."""
    sought = person.by_name
    known = {*others, *person.aliases, person.ref}
    for table in places():
        for hit in hits(connection, sought, table):
            if not hit.owners & known:
                yield Doubt(hit.ref, ROW, _place(hit), hit.record, _around(sought, hit.words))


def _place(hit: Hit) -> str:
    return f"{hit.table.name}.{next(iter(hit.columns))}" if hit.columns else hit.table.name


def _around(person: Person, words: str) -> str:
    found = person.pattern.search(words) if person.pattern is not None else None
    return excerpt(words, *found.span()) if found else ""


def _told(one: Person) -> str:
    return "  ".join(filter(None, (one.name, one.email, one.phone, one.account_id)))
