"""Every place there is: the database, the streams, the data folder."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from services.gateway.domain import Principal
from services.gateway.privacy.doubts import Doubt
from services.gateway.privacy.files import find_in_files
from services.gateway.privacy.person import NAME, Person
from services.gateway.privacy.records import PlaceFound
from services.gateway.privacy.streams import Streams
from services.gateway.store.interface import Store


@dataclass(frozen=True, slots=True)
class Reach:
    """All of them in one."""

    store: Store
    streams: Streams
    folder: Path

    async def find(self, principal: Principal, person: Person) -> list[PlaceFound]:
        """Wherever the person stands, under each of their records. Raises Unavailable."""
        found: dict[tuple[str, str], PlaceFound] = {}
        for one in person.everyone:
            for place in await self._find(principal, one):
                found.setdefault((place.store, place.place), place)
        return list(found.values())

    async def _find(self, principal: Principal, person: Person) -> list[PlaceFound]:
        found = await self.store.find_person(principal, person)
        found += await self.streams.find(person)
        return found + await asyncio.to_thread(find_in_files, self.folder, person)

    async def doubts(self, principal: Principal, person: Person) -> list[Doubt]:
        """Other people of the name, and what names it without telling who is meant. Raises Unavailable."""
        if not person.names_in_doubt:
            return []
        return await self.store.doubts(principal, person) + await self.streams.doubts(person)

    async def anew(self, principal: Principal, person: Person) -> Person:
        """The person with what is known of their names now: whom others were called like may be gone."""
        if person.kind == NAME:
            names = [*person.also, *person.doubted]
            borne = await self.store.borne(principal, person, names)
            sure = tuple(one for one in names if one not in borne)
            return replace(person, also=sure, doubted=tuple(borne))
        borne = await self.store.borne(principal, person, [one for one in (person.name, *person.doubted) if one])
        sure = tuple(one for one in person.doubted if one not in borne)
        doubted = tuple(one for one in person.doubted if one in borne)
        return replace(person, shared=person.name in borne, also=person.also + sure, doubted=doubted)
