"""Publishes the totals that changed, together and not too often."""

from __future__ import annotations

import asyncio
import time

import structlog
from prometheus_client import Counter, Gauge, Histogram

from kit.clock import Clock, pause
from kit.messaging import Outgoing, Publisher
from kit.subjects import rollup_subject
from services.forecast import convert
from services.forecast.frozen import rows_of
from services.forecast.replica import Replica
from services.forecast.service import Forecasts

log = structlog.get_logger(__name__)

ROWS = 100  # totals between two turns of the event loop: some 10 ms
BREATH_SECONDS = 0.02  # between leaves: what deals wait for takes several turns of the event loop
SETTLINGS = 3  # what changes during one is brought up in the next, and the rest at once
LONGEST_SECONDS = 0.8
LOOK_SECONDS = 0.5
SHARE = 0.1  # of the time may go into publishing while changes stream in

PUBLISHED = Counter("dealcast_rollups_published_total", "Totals published")
SECONDS = Histogram("dealcast_rollup_publish_seconds", "Time to publish the totals that changed")
DEALS = Gauge("dealcast_rollup_deals", "Deals the replica's totals know of")


class RollupPublisher:
    """Publishes each changed total within a second, at most every `seconds`; never before the replica caught up."""

    name = "rollup-publisher"

    def __init__(
        self,
        service: Forecasts,
        replica: Replica,
        publisher: Publisher,
        clock: Clock,
        changed: asyncio.Event,
        *,
        seconds: float = 0.25,
    ) -> None:
        self._service = service
        self._replica = replica
        self._publisher = publisher
        self._clock = clock
        self._changed = changed
        self._seconds = seconds

    @property
    def ready(self) -> bool:
        """Totals are published once the replica has caught up."""
        return self._replica.ready

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until stop is set."""
        while not stop.is_set():
            await self._wait(stop)
            if stop.is_set() or not self._replica.ready:
                continue
            began = time.perf_counter()
            await self._refresh()
            await self._publish_dirty()
            spent = time.perf_counter() - began
            await pause(stop, min(max(self._seconds, spent / SHARE), LONGEST_SECONDS))

    async def _wait(self, stop: asyncio.Event) -> None:
        """Until something changed; now and then without, for a new model has no other herald."""
        waiters = [asyncio.ensure_future(self._changed.wait()), asyncio.ensure_future(stop.wait())]
        await asyncio.wait(waiters, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for waiter in waiters:
            waiter.cancel()
        self._changed.clear()

    async def _refresh(self) -> None:
        wanted = self._service.extras_wanted()
        if wanted is not None:
            self._service.take_extras(await asyncio.to_thread(self._service.draw_extras, *wanted))

    async def _publish_dirty(self) -> None:
        """One round: every total that changed, as all of them stood at its beginning."""
        DEALS.set(len(self._service.rollup))
        rollup = self._service.rollup  # another may begin meanwhile
        for _ in range(SETTLINGS):  # of many leaves at once deals would wait for long
            for _ in rollup.settling():
                await asyncio.sleep(BREATH_SECONDS)
        round_ = rollup.freeze_dirty()
        info, now = self._service.info, self._clock.now()
        for start in range(0, len(round_), ROWS):
            rows = await asyncio.to_thread(rows_of, round_[start : start + ROWS])
            with SECONDS.time():
                messages = [
                    Outgoing(
                        rollup_subject(row.node.id, str(row.period), row.currency),
                        convert.rollup_to_pb(row, info, now).SerializeToString(),
                    )
                    for row in rows
                ]
                results = await self._publisher.publish(messages)
            failed = [row for row, result in zip(rows, results, strict=True) if result is not None]
            PUBLISHED.inc(len(rows) - len(failed))
            if failed:
                log.warning("rollups_not_published", count=len(failed))
                rollup.mark([*failed, *round_[start + ROWS :]])
                self._changed.set()
                return
