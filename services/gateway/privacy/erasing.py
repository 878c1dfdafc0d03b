"""Erasing people: one after the other, each in stages that may be repeated, over restarts of the gateway too."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import structlog

from kit.errors import Conflict, DealcastError
from services.gateway.domain import Principal, Scope
from services.gateway.jobs import Jobs
from services.gateway.live import Signal, wait_either
from services.gateway.privacy.doubts import Verdicts
from services.gateway.privacy.files import find_in_files
from services.gateway.privacy.person import NAME, Person
from services.gateway.privacy.reach import Reach
from services.gateway.privacy.records import DONE, KEPT, LEFT, RUNNING, WAITING, Erasure, now

log = structlog.get_logger(__name__)

ERASER = Principal("privacy", Scope.ALL)
ROUNDS = 3  # what is written meanwhile is looked for again
RETRY_SECONDS, WAIT_SECONDS = 5.0, 1.0
STAGES = ("suppress", "database", "wait for training", "streams", "files", "models", "compact", "check")
TEMPORARY = "tmp"


class Models(Protocol):
    """Versions that hold people."""

    async def retire(self, person: Person, erasure: Erasure) -> list[Mapping[str, Any]]:
        """Remove those that hold them, see about a replacement of one that serves; what became of each."""

    async def waits(self, erasure: Erasure) -> bool:
        """Whether one that holds them serves still; sees about its replacement."""


class Eraser:
    """Runs until stopped."""

    name = "privacy"
    ready = True

    def __init__(
        self, reach: Reach, imports: Jobs, trainings: Jobs, models: Models, reload: Callable[[], Awaitable[None]],
        wake: Signal,
    ) -> None:  # fmt: skip
        """`reload` lets others read again what they keep in memory; `wake` is the publisher's."""
        self._reach, self._models, self._reload, self._wake = reach, models, reload, wake
        self._trainings, self._jobs = trainings, (imports, trainings)
        self._begun = Signal()

    async def begin(self, principal: Principal, person: Person, verdicts: Verdicts) -> Erasure:
        """Take a person to be erased. Raises Conflict where that is under way."""
        store = self._reach.store
        for other in await store.erasures(principal):
            if other.person is not None and other.person.ref == person.ref:
                raise Conflict("this person is being erased already", field="id", value=other.id,
                               mend="Wait until it has ended")  # fmt: skip
        one = Erasure(uuid.uuid4().hex[:12], principal.id, person.kind, person=person, stage=STAGES[0])
        one.verdicts = verdicts
        await store.save_erasure(one)
        self._begun.wake()
        return one

    async def go_on(self, one: Erasure, person: Person, verdicts: Verdicts) -> Erasure:
        """With what was decided."""
        one.person, one.verdicts, one.state, one.finished = person, verdicts, RUNNING, None
        one.models = [each for each in one.models if each["state"] != KEPT]  # less may stay now
        await self._reach.store.save_erasure(one)
        self._begun.wake()
        return one

    async def run(self, stop: asyncio.Event) -> None:
        """Do what is to do; a store or broker that is away is asked again."""
        while not stop.is_set():
            ticket = self._begun.ticket()
            try:
                for one in reversed(await self._reach.store.erasures(ERASER)):
                    if one.state == RUNNING or (one.state == WAITING and not await self._models.waits(one)):
                        await self._erase(one, stop)
            except DealcastError as error:
                log.warning("erasure_waits", error=error.problem)
                await wait_either(stop, stop, RETRY_SECONDS)
            else:
                await wait_either(ticket, stop, RETRY_SECONDS)

    async def _erase(self, one: Erasure, stop: asyncio.Event) -> None:
        person = one.person
        if person is None:  # stopped after nothing more was known of them
            await self._reach.store.compact()
            await self._end(one)
            return
        one.state = RUNNING
        if not one.found:
            found = Counter(place.store for place in await self._reach.find(ERASER, person))
            one.found = [{"store": store, "places": count} for store, count in sorted(found.items())]
        await self._stage(one, "suppress")
        for _ in range(ROUNDS):
            person = await self._reach.anew(ERASER, person)
            await self._out_of_others(one, person)
            for each in person.everyone:
                await self._reach.store.suppress(ERASER, each, one.id)
            again = await self._round(one, person, stop)
            if stop.is_set() or one.state == WAITING or not again:
                break
        if one.state != WAITING and not stop.is_set():
            await self._end(one)

    async def _round(self, one: Erasure, person: Person, stop: asyncio.Event) -> bool:
        """Everything once; whether something is left."""
        store = self._reach.store
        one.person = person  # until it is checked
        await self._stage(one, "database")
        for each in person.everyone:
            one.rows += await store.erase_rows(ERASER, each)
            self._forget(each)
        if one.theirs and person.names_in_doubt:
            await store.suppress_texts(ERASER, person.by_name, one.theirs, one.id)
            one.rows += await store.erase_rows(ERASER, person.by_name, only=one.theirs)
        self._wake.wake()
        await self._stage(one, "wait for training")
        await self._training_ended(stop)
        if stop.is_set():
            return False
        await self._reload()
        await self._stage(one, "streams")
        for each in person.everyone:
            one.streams += await self._reach.streams.erase(each)
        one.streams += await self._reach.streams.erase_messages(one.theirs)
        await self._stage(one, "files")
        await asyncio.to_thread(self._files, person)
        await self._stage(one, "models")
        one.models = await self._models.retire(person, one)
        if await self._models.waits(one):
            one.state = WAITING
            await store.save_erasure(one)
            return False
        return await self._check(one, person)

    async def _check(self, one: Erasure, person: Person) -> bool:
        """Nothing of the person is in the database while it is rewritten and looked through, but names that others
        bear too, where there are such."""
        one.person = Person("", NAME, doubted=tuple(person.names_in_doubt)) if person.names_in_doubt else None
        one.verdicts = one.verdicts.veiled(person.in_key)  # what was decided of them is done
        await self._stage(one, "compact")
        await self._reach.store.compact()
        await self._stage(one, "check")
        one.left = [place.to_json() for place in await self._reach.find(ERASER, person)]
        doubts = one.verdicts.open(await self._reach.doubts(ERASER, person))
        one.doubts = [each.to_json() for each in doubts]
        return bool(one.left)

    async def _out_of_others(self, one: Erasure, person: Person) -> None:
        """Other erasures may name them, as those who bear the same name."""
        for other in await self._reach.store.erasures(ERASER):
            without = replace(other)
            _leave_out(without, person)
            if other.id != one.id and without != other:
                await self._reach.store.save_erasure(without)

    def _forget(self, person: Person) -> None:
        """Reports of jobs that are kept in memory and written again."""
        for jobs in self._jobs:
            for job in jobs.all():
                job.reason, job.error = person.out_of_text(job.reason), person.out_of_text(job.error)
                job.detail = person.out_of(job.detail)

    async def _training_ended(self, stop: asyncio.Event) -> None:
        """A training that began before has a copy of the records as they were."""
        began = self._trainings.running
        while began is not None and self._trainings.running is began and not stop.is_set():
            await wait_either(stop, stop, WAIT_SECONDS)

    def _files(self, person: Person) -> None:
        """Temporary files that hold the person go."""
        scratch = self._reach.folder / TEMPORARY
        for each in person.everyone if scratch.is_dir() else ():
            for place in find_in_files(scratch, each):
                (scratch / place.place).unlink(missing_ok=True)

    async def _stage(self, one: Erasure, stage: str) -> None:
        one.stage, one.progress = stage, STAGES.index(stage) / len(STAGES)
        await self._reach.store.save_erasure(one)

    async def _end(self, one: Erasure) -> None:
        left = one.left or one.doubts
        one.state, one.stage, one.progress, one.finished = LEFT if left else DONE, "", 1.0, now()
        one.person = one.person if one.doubts else None
        if one.state == DONE:
            one.verdicts = one.verdicts.veiled(lambda _: True)
        await self._reach.store.save_erasure(one)
        log.info(
            "erasure_ended", erasure=one.id, state=one.state, rows=one.rows, places_left=len(one.left),
            in_doubt=len(one.doubts),
        )  # fmt: skip


def _leave_out(other: Erasure, person: Person) -> None:
    """Take a person out of another's erasure. Where it waits for what to do with a name that nobody else bears now,
    there is nothing to decide any more: all that names it goes with this person."""
    if other.state == DONE:
        other.verdicts = other.verdicts.veiled(lambda _: True)
        return
    other.verdicts = other.verdicts.without({one.ref for one in person.everyone}).veiled(person.in_key)
    other.doubts = [one for one in other.doubts if not any(map(person.in_key, (one["ref"], one["record"])))]
    other.left = [
        one | {"records": [key for key in one["records"] if not person.in_key(key)]} for one in map(dict, other.left)
    ]
    waits = other.person
    if other.state == LEFT and waits is not None:
        names = tuple(name for name in waits.doubted if not person.in_key(name))
        other.person = replace(waits, doubted=names) if names else None
        if not names:
            other.doubts, other.state = [], LEFT if other.left else DONE
            other.verdicts = other.verdicts.veiled(lambda _: True)
