"""What RevOps does with a person's data: find, export, restrict, erase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kit.errors import Conflict, InvalidInput, NotFound
from services.gateway import change_log as log
from services.gateway.access.members import Act
from services.gateway.domain import Principal
from services.gateway.live import Signal
from services.gateway.privacy.doubts import Doubt, Verdicts, people_in
from services.gateway.privacy.erasing import Eraser
from services.gateway.privacy.person import CONTACT, MEMBER, SHORTEST_ALSO, USER, Person
from services.gateway.privacy.reach import Reach
from services.gateway.privacy.records import LEFT, Erasure, Restriction, now, time_text
from services.gateway.privacy.retention import Retention
from services.gateway.store.interface import Store

KINDS = (CONTACT, USER, MEMBER)
MOST_ALSO, LONGEST_ALSO, LONGEST_REASON = 20, 200, 500
MOST_ROWS = 10_000  # of each table, in an export
OUT_OF_REACH = (
    "backups made before: restore one only with the erasure repeated",
    "files that were imported, exported or refused, wherever people keep them",
    "what other programs read before by REST, live events, gRPC or NATS",
    "PostgreSQL's own write-ahead log, replicas and dumps; on an MLflow or NATS server elsewhere, its disks",
)


@dataclass(slots=True)
class PrivacyDesk:
    """The use cases; erasures are begun here and done by `erasing.Eraser`."""

    reach: Reach
    eraser: Eraser
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
            raise InvalidInput(
                "there are no such people", field="kind", value=kind[:60], mend="Use contact, user or member"
            )
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
        borne = await self.store.borne(principal, found, words)
        found = replace(found, also=tuple(one for one in words if one not in borne), doubted=tuple(borne))
        return await self._joined(principal, found, await self.store.merged_into(principal, found))

    async def about(self, principal: Principal, person: Person) -> dict[str, Any]:
        """Where they stand, who seems to be the same, and what is not looked for. Raises Unavailable."""
        found = await self.reach.find(principal, person)
        alike = await self.store.alike(principal, person)
        doubts = await self.reach.doubts(principal, person)
        return {
            "same": [_told(one) for one in person.same], "doubts": [one.to_json(told=True) for one in doubts],
            "person": _told(person), "alike": [_told(one) for one in alike], "unsearched": person.unsearched,
            "found": [one.to_json() for one in found], "out_of_reach": list(OUT_OF_REACH),
        }  # fmt: skip

    async def export(self, principal: Principal, person: Person) -> dict[str, Any]:
        """Everything the database holds about them, table by table, and where else they stand."""
        tables: dict[str, list[Any]] = {}
        for one in person.everyone:
            for name, row in await self.store.rows_about(principal, one, MOST_ROWS):
                tables.setdefault(name, []).append(dict(row))
        about = await self.about(principal, person)
        return {"exported_time": time_text(now()), **about, "tables": tables}

    async def erase(
        self, principal: Principal, person: Person, theirs: Sequence[str] = (), others: Sequence[str] = ()
    ) -> Erasure:
        """Begin to erase them, with what is decided of what is in doubt. Raises InvalidInput, Conflict, NotFound."""
        verdicts = Verdicts()
        if theirs or others:
            verdicts = verdicts.joined(theirs, others, await self.reach.doubts(principal, person))
        person = await self._joined(principal, person, await self._named(principal, verdicts))
        one = await self.eraser.begin(principal, person, verdicts.without(person.aliases))
        await log.note(self.store, Act.PERSON_ERASED, principal.id, log.ERASURE, one.id)
        return one

    async def _named(self, principal: Principal, verdicts: Verdicts) -> list[Person]:
        return [await self.store.person(principal, *one) for one in people_in(verdicts.theirs)]

    async def _joined(self, principal: Principal, person: Person, same: Sequence[Person]) -> Person:
        """The person with other records of theirs: what these have in common is nobody else's."""
        if not same:
            return person
        aliases = tuple({one.ref: one for one in (person, *person.same, *same)})
        known = [await self._anew(principal, one, aliases) for one in (person, *person.same, *same)]
        return known[0].joined(known[1:])

    async def _anew(self, principal: Principal, one: Person, aliases: Sequence[str]) -> Person:
        try:
            known = await self.store.person(principal, one.kind, one.id, aliases) if one.kind in KINDS else one
        except NotFound:
            known = one
        return replace(one, aliases=tuple(aliases), shared=known.shared, common=known.common)

    async def erasure(self, principal: Principal, erasure_id: str) -> Erasure:
        """One of them. Raises NotFound."""
        for one in await self.store.erasures(principal):
            if one.id == erasure_id:
                return one
        raise NotFound("there is no such erasure", field="id", value=erasure_id[:60], mend="List them")

    async def doubts(self, principal: Principal, erasure_id: str) -> list[Doubt]:
        """What nobody has decided in an erasure, with its words. Raises NotFound, Unavailable."""
        one = await self.erasure(principal, erasure_id)
        found = await self.reach.doubts(principal, one.person) if one.person else []
        return one.verdicts.open(found)

    async def settle(
        self, principal: Principal, erasure_id: str, theirs: Sequence[str], others: Sequence[str]
    ) -> Erasure:
        """Decide what is in doubt; the erasure goes on. Raises NotFound, InvalidInput, Conflict where nothing is."""
        one = await self.erasure(principal, erasure_id)
        if one.person is None or one.state != LEFT:
            mend = "See how it stands with dealcast privacy erasures"
            raise Conflict("nothing is in doubt in this erasure", field="id", value=erasure_id[:60], mend=mend)
        verdicts = one.verdicts.joined(theirs, others, await self.doubts(principal, erasure_id))
        person = await self._joined(principal, one.person, await self._named(principal, verdicts))
        going = await self.eraser.go_on(one, person, verdicts.without(person.aliases))
        await log.note(self.store, Act.ERASURE_SETTLED, principal.id, log.ERASURE, one.id)
        return going

    async def readmit(self, principal: Principal, erasure_id: str) -> None:
        """Let an erased person be taken in again. Raises NotFound."""
        if not await self.store.readmit(principal, erasure_id):
            mend = "List the erasures; whoever was let in again is not kept out any more"
            raise NotFound("nobody is kept out by this erasure", field="id", value=erasure_id[:60], mend=mend)
        await log.note(self.store, Act.PERSON_READMITTED, principal.id, log.ERASURE, erasure_id)

    async def restrict(self, principal: Principal, person: Person, reason: str) -> Restriction:
        """Keep them, without any scoring of or suggestion about them. Raises InvalidInput for a user."""
        if person.kind != CONTACT:
            raise InvalidInput("only contacts are restricted", field="kind", value=person.kind,
                               mend="Make the user inactive, or erase them")  # fmt: skip
        before = await self.store.restrictions(principal)
        made = await self.store.restrict(principal, person.kind, person.id, reason[:LONGEST_REASON])
        if made not in before:
            await log.note(self.store, Act.PERSON_RESTRICTED, principal.id, log.PERSON)  # whom: restrictions say
        self._wake()
        return made

    async def lift(self, principal: Principal, kind: str, identity: str) -> None:
        """Process them again. Raises NotFound."""
        await self.store.lift_restriction(principal, kind, identity)
        await log.note(self.store, Act.RESTRICTION_LIFTED, principal.id, log.PERSON)
        self._wake()

    async def mark_fields(self, principal: Principal, marked: Sequence[tuple[str, str]]) -> None:
        """These custom fields are personal, and no others."""
        before = await self.store.personal_fields()
        await self.store.set_personal_fields(principal, marked)
        after = await self.store.personal_fields()
        if before != after:
            told = {"before": [name for _, name in before], "after": [name for _, name in after]}
            await log.note(self.store, Act.SETTING_CHANGED, principal.id, log.SETTING, "personal_fields", **told)

    def _wake(self) -> None:
        self.outbox.wake()
        self.news.wake()


def _told(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in ("kind", "id", "name", "email", "phone", "account_id")}
