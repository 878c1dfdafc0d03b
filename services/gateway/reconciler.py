"""Brings insights up to date that stay behind: after lost messages, promotions, a new business day, a wiped broker.

The store knows which deals are behind. What was published lately has a grace, which grows with every repetition and
with the time that answers take now, so that a backlog is never made longer by sending it again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

import structlog

from kit.errors import DealcastError
from services.gateway.domain import InsightKind
from services.gateway.live import Signal, wait_either
from services.gateway.store.interface import Behind, Store
from services.gateway.workspace import TREES, Workspace

log = structlog.get_logger(__name__)

INCARNATIONS = "stream_incarnations"
PAGE = 4_000
RESCORE_GRACE = 30.0  # a rescore waits behind changes
SETTLE_SECONDS = 1.5  # services take up a promoted model meanwhile
LAG_MEMORY = 20.0
FORGET_SECONDS = 900.0
MAX_DOUBLINGS = 6
EVERYTHING = dict.fromkeys(InsightKind, 2**31 - 1)
LAST_DAY = "9999-12-31"

Incarnations = Callable[[], Awaitable[dict[str, str]]]


@dataclass(slots=True)
class Attempt:
    """When a deal was last published, and how often in vain."""

    published: float
    cause: str = "changed"
    repeats: int = 0
    answered: bool = False


@dataclass(slots=True)
class Lag:
    """The longest time an answer took, lately."""

    seconds: float = 0.0
    seen: float = -LAG_MEMORY

    def note(self, seconds: float, now: float) -> None:
        """An answer took so long."""
        if seconds >= self.seconds or now - self.seen > LAG_MEMORY:
            self.seconds, self.seen = seconds, now


@dataclass(slots=True)
class Limits:
    """Settings of the reconciler."""

    every: float = 1.0
    grace: float = 5.0
    outstanding: int = 2_000


@dataclass(slots=True)
class Reconciler:
    """Runs until stopped; told of everything published and answered."""

    store: Store
    workspace: Workspace
    wake: Signal  # the publisher's
    limits: Limits = field(default_factory=Limits)
    incarnations: Incarnations | None = None  # creation times of the streams; raises when NATS does not answer
    recreated: Callable[[], Awaitable[None]] | None = None
    clock: Callable[[], float] = time.monotonic
    _attempts: dict[str, Attempt] = field(default_factory=dict)  # by when they were last published, oldest first
    _unanswered: set[str] = field(default_factory=set)  # of these; few, however many were published lately
    _lag: Lag = field(default_factory=Lag)
    _after: str = ""
    _signature: Any = None
    _settled: float = 0.0
    _replay_after: str | None = None  # the republication of everything stands here
    _replay_for: dict[str, str] = field(default_factory=dict)

    def published(self, deal_id: str, _revision: int, cause: str) -> None:
        """A deal went out."""
        self._goes_out(deal_id, cause, self.clock(), 0)

    def answered(self, deal_id: str, _revision: int) -> None:
        """The last of a deal's three insights arrived."""
        attempt = self._attempts.get(deal_id)
        if attempt is not None and not attempt.answered:
            now = self.clock()
            attempt.answered = True
            self._unanswered.discard(deal_id)
            self._lag.note(now - attempt.published, now)

    async def run(self, stop: asyncio.Event) -> None:
        """Look around every second or so until stopped."""
        while not stop.is_set():
            try:
                await self._check_streams()
                await self.tick()
            except DealcastError as error:
                log.warning("reconciler_waits", error=error.problem)
            except Exception:
                log.exception("reconciler_failed")
            await wait_either(stop, stop, self.limits.every)

    async def tick(self) -> tuple[int, int]:
        """Publish again what is due. Returns how many went out as changed and as rescore."""
        now = self.clock()
        self._note_signature(now)
        room = self.limits.outstanding - self._outstanding(now)
        replayed = await self._replay(room, now) if self._replay_after is not None else 0
        rows = await self.store.behind(
            self.workspace.generations, self.workspace.business_day.isoformat(), self._after, PAGE
        )
        self._after = rows[-1].deal_id if len(rows) == PAGE else ""
        changed, rescore = self._choose(rows, now, room - replayed)
        await self._enqueue(changed, "changed", now)
        await self._enqueue(rescore, "rescore", now)
        return len(changed), replayed + len(rescore)

    def _choose(self, rows: Sequence[Behind], now: float, room: int) -> tuple[list[str], list[str]]:
        changed: list[str] = []
        rescore: list[str] = []
        for row in rows:
            attempt = self._attempts.get(row.deal_id)
            if row.revision_behind:
                if attempt is None:  # its outbox row may be on the way: the grace begins now
                    self._attempts[row.deal_id] = Attempt(now, answered=True)
                elif now - attempt.published > self._patience(attempt):
                    changed.append(row.deal_id)
            elif now >= self._settled and (attempt is None or now - attempt.published > self._patience(attempt)):
                rescore.append(row.deal_id)
            if len(changed) + len(rescore) >= max(room, 0):
                break
        return changed, rescore

    async def _enqueue(self, deal_ids: Sequence[str], cause: str, now: float) -> None:
        if not deal_ids:
            return
        await self.store.enqueue(deal_ids, cause)
        for deal_id in deal_ids:
            self._goes_out(deal_id, cause, now, -1).repeats += 1
        log.info("published_again", cause=cause, deals=len(deal_ids))
        self.wake.wake()

    def _goes_out(self, deal_id: str, cause: str, now: float, repeats: int) -> Attempt:
        attempt = self._attempts.pop(deal_id, None) or Attempt(now, cause, repeats)
        attempt.published, attempt.cause, attempt.answered = now, cause, False
        self._attempts[deal_id] = attempt
        self._unanswered.add(deal_id)
        return attempt

    def _patience(self, attempt: Attempt) -> float:
        grace = self.limits.grace
        if attempt.cause == "rescore" and not attempt.answered:
            grace = max(grace, RESCORE_GRACE)
        lag = self._lag.seconds if self.clock() - self._lag.seen < LAG_MEMORY else 0.0
        return float(max(grace, 3 * lag) * 2 ** min(attempt.repeats, MAX_DOUBLINGS))

    def _outstanding(self, now: float) -> int:
        """Deals published and not answered, counted as far as it matters; what is over its time or long done is
        forgotten."""
        old = takewhile(lambda one: now - one[1].published > FORGET_SECONDS, self._attempts.items())
        for deal_id in [deal_id for deal_id, _ in old]:
            del self._attempts[deal_id]
            self._unanswered.discard(deal_id)
        waiting = (self._attempts[deal_id] for deal_id in self._unanswered)
        in_time = (1 for each in waiting if now - each.published <= self._patience(each))
        return sum(islice(in_time, self.limits.outstanding))

    def _note_signature(self, now: float) -> None:
        """A new model or day is a new reason: earlier attempts in vain do not count against it."""
        signature = (self.workspace.business_day, tuple(self.workspace.generations.values()))
        if signature == self._signature:
            return
        if self._signature is not None and signature[1] != self._signature[1]:
            self._settled = now + SETTLE_SECONDS
        self._signature = signature
        self._attempts = {deal: each for deal, each in self._attempts.items() if not each.answered}
        for attempt in self._attempts.values():
            attempt.repeats = 0

    async def _check_streams(self) -> None:
        """Publish everything open again where the streams are not the ones it was published to, or the trees that
        deals stand in are others."""
        now = await self.incarnations() if self.incarnations is not None else {}
        if self.workspace.trees_edition:
            now = now | {TREES: str(self.workspace.trees_edition)}
        if not now or (self._replay_after is not None and now == self._replay_for):
            return
        known = await self.store.get_setting(INCARNATIONS)
        if known is None:
            await self.store.put_setting(INCARNATIONS, now)
        elif known != now:
            recreated = {name for name in now | known if now.get(name) != known.get(name)} - {TREES}
            log.warning("streams_recreated" if recreated else "trees_defined")
            self._attempts.clear()
            self._unanswered.clear()
            self._replay_after, self._replay_for = "", now
            if recreated and self.recreated is not None:
                await self.recreated()

    async def _replay(self, room: int, now: float) -> int:
        """Publish the next open deals of the republication; remembers the new streams when it is through.

        It moves on only when they stand in the outbox: a page twice does no harm, a page left out is lost.
        """
        if room <= 0:
            return 0
        rows = await self.store.behind(EVERYTHING, LAST_DAY, self._replay_after or "", room)
        await self._enqueue([row.deal_id for row in rows], "rescore", now)
        if len(rows) < room:
            await self.store.put_setting(INCARNATIONS, self._replay_for)
            self._replay_after = None
        else:
            self._replay_after = rows[-1].deal_id
        return len(rows)
