"""Every replica reads the last forecast of each deal, then follows: the totals' only source."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import nats.errors
import structlog
from nats.aio.client import Client as NATS  # noqa: N814
from nats.aio.msg import Msg
from nats.js import api

from kit.clock import pause
from kit.errors import DealcastError
from kit.pull import Lost, Pull
from kit.settings import STREAMS_FILE
from kit.streams import ensure_streams, wait_connected
from kit.subjects import INSIGHTS_FORECAST, INSIGHTS_ROLLUP, INSIGHTS_STREAM
from learning.relay import event_from_bytes
from services.forecast import convert
from services.forecast.leaves import Update
from services.forecast.service import Forecasts

log = structlog.get_logger(__name__)

BATCH = 500
CHUNK = 32
IDLE_SECONDS = 60.0
LOOK_SECONDS = 2.0
_FAULTS = (Lost, nats.errors.Error, TimeoutError, OSError)


class Replica:
    """Keeps the totals in step with the stream, through restarts of NATS and streams made anew.

    The consumer is a throw-away: whenever it is lost, a new one starts again with the last forecast of each deal,
    and what is known already changes nothing.
    """

    name = "forecast-replica"

    def __init__(
        self, nc: NATS, service: Forecasts, changed: asyncio.Event, *, streams_file: Path = STREAMS_FILE
    ) -> None:
        self._nc = nc
        self._service = service
        self._changed = changed
        self._streams_file = streams_file
        self._stream_made: datetime | None = None
        self._anew: set[str] = set()
        self._standing_read = False
        self._rollup = service.rollup
        self._caught = False

    @property
    def ready(self) -> bool:
        """Whether the totals in use hold every forecast of the stream."""
        return self._caught and self._rollup is self._service.rollup

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until stop is set."""
        while not stop.is_set():
            try:
                if not await wait_connected(self._nc, stop):
                    return
                await self._look_at_stream()
                await self._follow(stop)
            except _FAULTS as error:
                log.warning("replica_lost", error=f"{type(error).__name__}: {error}")
                await pause(stop, 0.3)

    async def _look_at_stream(self) -> None:
        """Notice a stream made anew: its forecasts may be older than those held, and totals must be sent again."""
        js = self._nc.jetstream(timeout=5)
        try:
            made = (await js.stream_info(INSIGHTS_STREAM)).created
        except nats.errors.Error:
            await ensure_streams(self._nc, self._streams_file)
            made = (await js.stream_info(INSIGHTS_STREAM)).created
        if self._stream_made is not None and made != self._stream_made:
            log.warning("stream_made_anew", stream=INSIGHTS_STREAM)
            self._anew = self._service.rollup.deal_ids()
            self._service.rollup.mark_all()
            self._changed.set()
        self._stream_made = made

    async def _follow(self, stop: asyncio.Event) -> None:
        rollup = self._service.rollup
        if rollup is not self._rollup:
            self._rollup, self._caught, self._standing_read = rollup, False, False
        pull, consumer, waiting = await self._open(f"{INSIGHTS_FORECAST}.*")
        looked = time.monotonic()
        try:
            while not stop.is_set():
                if rollup is not self._service.rollup:
                    raise Lost("totals begin anew")
                if waiting == 0 and not self.ready:
                    await self._caught_up(stop)
                taken = await pull.take(0.2)
                if taken:
                    await self._apply(taken)
                    waiting = taken[-1].metadata.num_pending
                elif not self.ready:
                    waiting = await self._pending(consumer)
                elif time.monotonic() - looked > LOOK_SECONDS and self._nc.is_connected:
                    looked = time.monotonic()
                    await self._same_stream()
        finally:
            await pull.close()

    async def _same_stream(self) -> None:
        info = await self._nc.jetstream(timeout=5).stream_info(INSIGHTS_STREAM)
        if info.created != self._stream_made:
            raise Lost("the stream was made anew")

    async def _open(self, subject: str) -> tuple[Pull, str, int]:
        """A fresh consumer that starts with the last message of each subject, its name and how many wait in it."""
        config = api.ConsumerConfig(
            name=f"forecast-replica-{uuid4().hex[:12]}", deliver_policy=api.DeliverPolicy.LAST_PER_SUBJECT,
            ack_policy=api.AckPolicy.NONE, filter_subject=subject, inactive_threshold=IDLE_SECONDS, mem_storage=True,
        )  # fmt: skip
        info = await self._nc.jetstream(timeout=5).add_consumer(INSIGHTS_STREAM, config)
        pull = Pull(self._nc, INSIGHTS_STREAM, info.name, BATCH)
        await pull.open()
        return pull, info.name, info.num_pending or 0

    async def _pending(self, consumer: str) -> int:
        """How many wait now: messages that are purged or replaced never come."""
        info = await self._nc.jetstream(timeout=5).consumer_info(INSIGHTS_STREAM, consumer)
        return info.num_pending or 0

    async def _apply(self, taken: Sequence[Msg]) -> None:
        for start in range(0, len(taken), CHUNK):
            some = taken[start : start + CHUNK]
            updates = [update for msg in some if (update := self._service.sent.take(msg.data) or _read(msg))]
            self._service.rollup.apply(updates, anew=self._anew)
            self._anew.difference_update(update.deal_id for update in updates)
            await asyncio.sleep(0)
        self._changed.set()

    async def _caught_up(self, stop: asyncio.Event) -> None:
        """Take note of totals published earlier: a node that stands empty now must be published as empty."""
        if not self._standing_read:
            pull, consumer, waiting = await self._open(f"{INSIGHTS_ROLLUP}.>")
            try:
                while waiting and not stop.is_set():
                    taken = await pull.take(1.0)
                    self._note_standing(taken)
                    waiting = taken[-1].metadata.num_pending if taken else await self._pending(consumer)
            finally:
                self._note_standing(await pull.close())
            if stop.is_set():
                return
            self._standing_read = True
        self._caught = True
        self._changed.set()
        log.info("replica_caught_up", deals=len(self._service.rollup))

    def _note_standing(self, taken: Sequence[Msg]) -> None:
        for msg in taken:
            standing = convert.standing_from_bytes(msg.data)
            if standing is not None:
                self._service.rollup.empty(*standing)


def _read(msg: Msg) -> Update | None:
    """A forecast as the totals take it; one that cannot be read is left out and said so."""
    try:
        return convert.update_from_event(event_from_bytes(msg.data))
    except DealcastError as error:
        log.error("forecast_unreadable", subject=msg.subject, problem=error.problem, field=error.field)
        return None
