"""Erasing people: one after the other, each in stages that may be repeated, over restarts of the gateway too."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog

from kit.errors import Conflict, DealcastError
from services.gateway.domain import Principal, Scope
from services.gateway.jobs import Jobs
from services.gateway.live import Signal, wait_either
from services.gateway.privacy.desk import Reach
from services.gateway.privacy.files import find_in_files
from services.gateway.privacy.person import Person
from services.gateway.privacy.records import DONE, LEFT, RUNNING, Erasure, now

log = structlog.get_logger(__name__)

ERASER = Principal("privacy", Scope.ALL)
ROUNDS = 3  # what is written meanwhile is looked for again
RETRY_SECONDS, WAIT_SECONDS = 5.0, 1.0
STAGES = ("suppress", "database", "wait for training", "streams", "files", "compact", "check")
TEMPORARY = "tmp"


class Eraser:
    """Runs until stopped."""

    name = "privacy"
    ready = True

    def __init__(
        self, reach: Reach, imports: Jobs, trainings: Jobs, reload: Callable[[], Awaitable[None]], wake: Signal
    ) -> None:
        """`reload` lets others read again what they keep in memory; `wake` is the publisher's."""
        self._reach, self._reload, self._wake = reach, reload, wake
        self._trainings, self._jobs = trainings, (imports, trainings)
        self._begun = Signal()

    async def begin(self, principal: Principal, person: Person) -> Erasure:
        """Take a person to be erased. Raises Conflict where that is under way."""
        store = self._reach.store
        for other in await store.erasures(principal):
            if other.person is not None and (other.person.kind, other.person.id) == (person.kind, person.id):
                raise Conflict("this person is being erased already", field="id", value=other.id,
                               mend="Wait until it has ended")  # fmt: skip
        one = Erasure(uuid.uuid4().hex[:12], principal.id, person.kind, person=person, stage=STAGES[0])
        await store.save_erasure(one)
        self._begun.wake()
        return one

    async def run(self, stop: asyncio.Event) -> None:
        """Do what is to do; a store or broker that is away is asked again."""
        while not stop.is_set():
            ticket = self._begun.ticket()
            try:
                waiting = [one for one in await self._reach.store.erasures(ERASER) if one.state == RUNNING]
                for one in reversed(waiting):
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
        if not one.found:
            found = Counter(place.store for place in await self._reach.find(ERASER, person))
            one.found = [{"store": store, "places": count} for store, count in sorted(found.items())]
        await self._stage(one, 0)
        await self._reach.store.suppress(ERASER, person, one.id)
        for _ in range(ROUNDS):
            if not await self._round(one, person, stop) or stop.is_set():
                break
        if stop.is_set() and one.person is not None:
            return
        await self._end(one)

    async def _round(self, one: Erasure, person: Person, stop: asyncio.Event) -> bool:
        """Everything once; whether something is left."""
        store = self._reach.store
        one.person = person  # until it is checked
        await self._stage(one, 1)
        one.rows += await store.erase_rows(ERASER, person)
        self._forget(person)
        self._wake.wake()
        await self._stage(one, 2)
        await self._training_ended(stop)
        if stop.is_set():
            return False
        await self._reload()
        await self._stage(one, 3)
        one.streams += await self._reach.streams.erase(person)
        await self._stage(one, 4)
        await asyncio.to_thread(self._files, person)
        one.person = None
        await self._stage(one, 5)
        await store.compact()
        await self._stage(one, 6)
        left = await self._reach.find(ERASER, person)
        one.left = [place.to_json() for place in left]
        return bool(left)

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
        folder = self._reach.folder
        for place in find_in_files(folder / TEMPORARY, person) if (folder / TEMPORARY).is_dir() else []:
            (folder / TEMPORARY / place.place).unlink(missing_ok=True)

    async def _stage(self, one: Erasure, number: int) -> None:
        one.stage, one.progress = STAGES[number], number / len(STAGES)
        await self._reach.store.save_erasure(one)

    async def _end(self, one: Erasure) -> None:
        one.state, one.stage, one.progress, one.finished = LEFT if one.left else DONE, "", 1.0, now()
        one.person = None
        await self._reach.store.save_erasure(one)
        log.info("erasure_ended", erasure=one.id, state=one.state, rows=one.rows, places_left=len(one.left))
