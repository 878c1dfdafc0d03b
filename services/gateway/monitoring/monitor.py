"""Looks at the models once a business day, and after imports, their undoing, promotions and new challengers;
tells what is new."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from kit.errors import DealcastError
from services.gateway.domain import LOCAL
from services.gateway.imports.undoing import UNDONE
from services.gateway.jobs import UNFINISHED, Jobs, wall_time
from services.gateway.live import Signal, wait_either
from services.gateway.monitoring.alerts import news
from services.gateway.monitoring.lights import lights, moved
from services.gateway.monitoring.watching import Watcher
from services.gateway.training import Trainer

log = structlog.get_logger(__name__)

KEY = "monitoring_looked"
EVERY_SECONDS = 1.0
AGAIN_SECONDS = 600.0  # after one that failed
MOST_STANDING = 500


@dataclass(slots=True)
class Monitor:
    """Keeps a report a business day, raises alerts and ends them."""

    watcher: Watcher
    trainer: Trainer
    imports: Jobs
    by_itself: bool = True
    asked: Signal = field(default_factory=Signal)  # somebody wants it looked at now
    changed: Signal = field(default_factory=Signal)  # alerts were raised or ended

    name = "monitor"
    ready = True
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _failed: float = -AGAIN_SECONDS
    _wanted: bool = False
    _looked: Mapping[str, Any] | None = None  # the occasion of the last look

    def ask(self) -> str:
        """Look as soon as nothing is trained or imported. The time it was asked at: one under way began before."""
        asked, self._wanted = wall_time(), True
        self.asked.wake()
        return asked

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; what failed is tried again later."""
        await self._remember()
        while not stop.is_set():
            ticket = self.asked.ticket()
            try:
                if self.trainer.undisturbed and await self._due():
                    await self.look()
            except DealcastError as error:
                log.warning("not_monitored", error=error.problem)
                self._failed = time.monotonic()
            except Exception:
                log.exception("monitoring_failed")
                self._failed = time.monotonic()
            await wait_either(ticket, stop, EVERY_SECONDS)

    async def _remember(self) -> None:
        """What moved when it was last looked at, for the training rule."""
        try:
            self._looked = await self.watcher.gateway.store.get_setting(KEY)
            for _, body in await self.watcher.gateway.store.monitoring_days(LOCAL, 1):
                self.trainer.watched(moved(body["report"]["score"]))
        except DealcastError as error:
            log.warning("monitoring_not_remembered", error=error.problem)

    async def _due(self) -> bool:
        if self._wanted:
            return True
        if not self.by_itself or time.monotonic() - self._failed < AGAIN_SECONDS:
            return False
        if self._looked is None and not (await self.watcher.gateway.store.counts(LOCAL))["deals"]:
            return False  # nothing to look at, and the first import may still set the clock
        return self._looked != await self._occasion()

    async def _occasion(self) -> dict[str, Any]:
        """What is looked at anew when it changes."""
        workspace = self.watcher.gateway.workspace
        ended = next((job.id for job in self.imports.all() if job.state not in UNFINISHED), "")
        undone = max((str(job.detail.get(UNDONE, "")) for job in self.imports.all()), default="")
        return {
            "day": workspace.business_day.isoformat(), "import": ended, "undone": undone,
            "generations": {name: one.generation for name, one in workspace.serving.items()},
            "shadows": sorted(await self.watcher.shadows.running()),
        }  # fmt: skip

    @contextlib.asynccontextmanager
    async def between_looks(self) -> AsyncIterator[None]:
        """Nothing is looked at meanwhile; what was is forgotten."""
        async with self._looking:
            yield
            self._looked = None

    async def look(self) -> Mapping[str, Any]:
        """Look now; the report as it is kept. Alerts stand in the store before the report does."""
        async with self._looking:
            gateway = self.watcher.gateway
            self._wanted, began = False, wall_time()
            occasion, day = await self._occasion(), gateway.workspace.business_day
            report = await self.watcher.look(LOCAL)
            found = lights(report, day)
            standing = await gateway.store.list_alerts(LOCAL, limit=MOST_STANDING, ongoing=True)
            told = news(found, report, standing, day)
            if told.raised or told.over:
                await gateway.store.save_alerts(told.raised, told.over)
            body = {
                "time": wall_time(), "began_time": began, "report": report,
                "lights": {name: one.to_json() for name, one in found.items()},
            }  # fmt: skip
            await gateway.store.save_monitoring_day(day, body)
            await gateway.store.put_setting(KEY, occasion)
            self._looked = occasion
        self.trainer.watched(moved(report["score"]))
        self.changed.wake()
        gateway.news.wake()
        log.info("monitored", **{name: one.level.value for name, one in found.items()}, raised=len(told.raised))
        return body
