"""What RevOps does with a person's data: find, export, restrict, erase."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kit.errors import InvalidInput, NotFound
from services.gateway.domain import Principal
from services.gateway.live import Signal
from services.gateway.privacy.files import find_in_files
from services.gateway.privacy.person import CONTACT, SHORTEST_ALSO, USER, Person
from services.gateway.privacy.records import PlaceFound, Restriction, now, time_text
from services.gateway.privacy.retention import Retention
from services.gateway.privacy.streams import Streams
from services.gateway.store.interface import Store

KINDS = (CONTACT, USER)
MOST_ALSO, LONGEST_ALSO, LONGEST_REASON = 20, 200, 500
MOST_ROWS = 10_000  # of each table, in an export
OUT_OF_REACH = (
    "backups made before: restore one only with the erasure repeated",
    "files that were imported, exported or refused, wherever people keep them",
    "what other programs read before by REST, live events, gRPC or NATS",
    "PostgreSQL's own write-ahead log, replicas and dumps; on an MLflow or NATS server elsewhere, its disks",
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Every place there is, in one: the database, the streams, the data folder."""

    store: Store
    streams: Streams
    folder: Path

    async def find(self, principal: Principal, person: Person) -> list[PlaceFound]:
        """Wherever the person stands. Raises Unavailable."""
        found = await self.store.find_person(principal, person)
        found += await self.streams.find(person)
        return found + await asyncio.to_thread(find_in_files, self.folder, person)


@dataclass(slots=True)
class PrivacyDesk:
    """The use cases; erasures are begun here and done by `erasing.Eraser`."""

    reach: Reach
    begin: Callable[[Principal, Person], Awaitable[Any]]
    outbox: Signal
    news: Signal
    retention: Retention

    @property
    def store(self) -> Store:
        """The records."""
        return self.reach.store

    async def people(self, principal: Principal, text: str) -> list[dict[str, Any]]:
        """Who is meant by a name, mail, telephone number or id. Raises InvalidInput where it is too short."""
        if len(text.strip()) < 2:
            raise InvalidInput("this is too short to look for", field="text", mend="Give at least two characters")
        restricted = {(one.kind, one.id) for one in await self.store.restrictions(principal)}
        found = await self.store.people(principal, text)
        return [_told(one) | {"restricted": (one.kind, one.id) in restricted} for one in found]

    async def person(self, principal: Principal, kind: str, identity: str, also: Sequence[str] = ()) -> Person:
        """One of them, with words that stand for them too; with such words also somebody who is not on record.

        Raises NotFound, InvalidInput.
        """
        if kind not in KINDS:
            raise InvalidInput("there are no such people", field="kind", value=kind[:60], mend="Use contact or user")
        words = [one.strip() for one in also]
        if len(words) > MOST_ALSO or any(not SHORTEST_ALSO <= len(one) <= LONGEST_ALSO for one in words):
            mend = f"Give up to {MOST_ALSO} words of {SHORTEST_ALSO} to {LONGEST_ALSO} characters"
            raise InvalidInput("these words cannot be looked for", field="also", mend=mend)
        try:
            found = await self.store.person(principal, kind, identity)
        except NotFound:
            if not words:
                raise
            found = Person(identity, kind)
        return replace(found, also=tuple(words))

    async def about(self, principal: Principal, person: Person) -> dict[str, Any]:
        """Where they stand, who seems to be the same, and what is not looked for. Raises Unavailable."""
        found = await self.reach.find(principal, person)
        alike = await self.store.alike(principal, person)
        return {
            "person": _told(person), "alike": [_told(one) for one in alike], "unsearched": person.unsearched,
            "found": [one.to_json() for one in found], "out_of_reach": list(OUT_OF_REACH),
        }  # fmt: skip

    async def export(self, principal: Principal, person: Person) -> dict[str, Any]:
        """Everything the database holds about them, table by table, and where else they stand."""
        tables: dict[str, list[Any]] = {}
        for name, row in await self.store.rows_about(principal, person, MOST_ROWS):
            tables.setdefault(name, []).append(dict(row))
        about = await self.about(principal, person)
        return {"exported_time": time_text(now()), **about, "tables": tables}

    async def erase(self, principal: Principal, person: Person) -> Any:
        """Begin to erase them."""
        return await self.begin(principal, person)

    async def restrict(self, principal: Principal, person: Person, reason: str) -> Restriction:
        """Keep them, without any scoring of or suggestion about them. Raises InvalidInput for a user."""
        if person.kind != CONTACT:
            raise InvalidInput("only contacts are restricted", field="kind", value=person.kind,
                               mend="Make the user inactive, or erase them")  # fmt: skip
        made = await self.store.restrict(principal, person.kind, person.id, reason[:LONGEST_REASON])
        self._wake()
        return made

    async def lift(self, principal: Principal, kind: str, identity: str) -> None:
        """Process them again. Raises NotFound."""
        await self.store.lift_restriction(principal, kind, identity)
        self._wake()

    def _wake(self) -> None:
        self.outbox.wake()
        self.news.wake()


def _told(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in ("kind", "id", "name", "email", "phone", "account_id")}
