"""The sample company taken out of a workspace whole, so that real records can come in.

Its records go in one transaction, with all that was computed on them and whoever looked around as one of its people.
What they left elsewhere goes after that, as often as it takes, over restarts of the gateway too: messages in the
streams, models with their files, the files that the company was read from. Until then no records are imported.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from kit.errors import Conflict, DealcastError
from learning.overrules import Overrules
from services.gateway.access.members import Act
from services.gateway.access.personas import is_persona
from services.gateway.change_log import WORKSPACE, note
from services.gateway.domain import Principal, Scope
from services.gateway.health.desk import SUMMARY, HealthDesk
from services.gateway.imports_desk import ImportDesk
from services.gateway.jobs import UNFINISHED, Jobs, wall_time
from services.gateway.live import Signal, wait_either
from services.gateway.model_audit import AuditEntry, ModelAct
from services.gateway.model_versions import ModelVersions
from services.gateway.monitoring.monitor import KEY as LOOKED
from services.gateway.monitoring.monitor import Monitor
from services.gateway.monitoring.shadows import KEY as SHADOWS
from services.gateway.privacy.retention import APPLIED
from services.gateway.service import Gateway
from services.gateway.settings_checks import HOLIDAY_COUNTRY, TRAINING_COLUMNS
from services.gateway.training import Trainer
from services.gateway.workspace import CLOCK, CURRENCY, FORECAST_TYPES, SAMPLE, SAMPLE_REMOVED

log = structlog.get_logger(__name__)

REMOVER = Principal("sample", Scope.ALL)
RETRY_SECONDS, WAIT_SECONDS = 5.0, 0.1
SOURCE = "sample"  # the folder, in the data folder, that the company was read from
# What the company's own files had set, and what is known of its records. What people set stays.
SETTINGS: Mapping[str, Any] = {
    CLOCK: {"pinned": None}, CURRENCY: None, HOLIDAY_COUNTRY: None, FORECAST_TYPES: None,
    TRAINING_COLUMNS: Overrules().to_json(), SAMPLE: None, SUMMARY: None, LOOKED: None, SHADOWS: None,
    APPLIED: None,
}  # fmt: skip


@dataclass(slots=True)
class SampleRemoval:
    """Removes it when asked, and clears what it left until nothing is; runs until stopped."""

    gateway: Gateway
    imports: ImportDesk
    trainer: Trainer
    health: HealthDesk
    models: ModelVersions
    monitor: Monitor
    clear_streams: Callable[[], Awaitable[None]]
    folder: Path
    models_folder: Path | None  # of the registry; None where it is a server that others use too
    _begun: Signal = field(default_factory=Signal)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    name = "sample"
    ready = True

    async def about(self, principal: Principal) -> dict[str, Any]:
        """Whether it is here and what would go with it, or when it went."""
        workspace = self.gateway.workspace
        goes = dict(await self.gateway.store.record_counts(principal)) if workspace.sample else {}
        removed = workspace.sample_removed
        told = {name: removed[name] for name in ("time", "who", "counts")} if removed else None
        return {"sample": workspace.sample, "goes": goes, "removed": told, "clearing": bool(removed.get("clearing"))}

    async def remove(self, principal: Principal) -> dict[str, Any]:
        """Remove it. Raises Conflict where the workspace holds real records, or records are coming in."""
        async with self._alone:
            self._check()
            await self._end_work()
            counts = await self._clear(principal)
        await note(self.gateway.store, Act.SAMPLE_REMOVED, principal.id, WORKSPACE, count=sum(counts.values()))
        log.info("sample_removed", **counts)
        self._begun.wake()
        self.gateway.outbox.wake()
        self.gateway.news.wake()
        return await self.about(principal)

    def _check(self) -> None:
        if not self.gateway.workspace.sample:
            mend = "Undo imports, or delete single records"
            raise Conflict("this workspace does not hold the sample company", field="sample", value="false", mend=mend)
        if self.imports.jobs.running is not None:
            mend = "Wait until it has ended: GET /v1/imports"
            raise Conflict("the sample company is still being loaded", field="sample", mend=mend)

    async def _end_work(self) -> None:
        """Nothing is trained or looked at any more on records that go."""
        with contextlib.suppress(Conflict):  # it has ended meanwhile
            for job in self.trainer.jobs.all():
                if job.state in UNFINISHED:
                    await self.trainer.cancel(job.id)
        with contextlib.suppress(Conflict):
            if (looking := self.health.jobs.running) is not None:
                await self.health.cancel(looking.id)
        await self._until_ended(self.trainer.jobs, self.health.jobs)

    async def _until_ended(self, *jobs: Jobs) -> None:
        while any(each.running is not None for each in jobs):
            await wait_either(self.gateway.stop, self.gateway.stop, WAIT_SECONDS)

    async def _clear(self, principal: Principal) -> Mapping[str, int]:
        store, workspace = self.gateway.store, self.gateway.workspace
        personas = [one.id for one in await store.list_members() if is_persona(one)]
        removed: dict[str, Any] = {"time": wall_time(), "who": principal.id, "clearing": True}
        removed["counts"] = await store.record_counts(principal)
        async with self.monitor.between_looks():
            counts = await store.clear_records(principal, {**SETTINGS, SAMPLE_REMOVED: removed}, personas)
        await self._end_work()  # what began meanwhile
        if workspace.trees:
            await workspace.set_trees(())
        await workspace.forget_serving()
        await workspace.load()
        self.trainer.watched(())
        for jobs in (self.imports.jobs, self.trainer.jobs, self.health.jobs):
            await jobs.forget()
        figures = {"counts": dict(counts)}
        await store.add_model_audit(AuditEntry(ModelAct.SAMPLE_REMOVED, principal.id, "requested", figures=figures))
        return counts

    async def run(self, stop: asyncio.Event) -> None:
        """Clear what was left whenever there is something, until stopped; what fails is tried again."""
        while not stop.is_set():
            ticket = self._begun.ticket()
            pause = 3600.0
            if self.gateway.workspace.sample_removed.get("clearing"):
                try:
                    await self._clear_leftovers()
                except (DealcastError, OSError) as error:
                    log.warning("sample_leftovers_wait", error=type(error).__name__)
                    pause = RETRY_SECONDS
            await wait_either(ticket, stop, pause)

    async def _clear_leftovers(self) -> None:
        """In an order in which nothing brings back what is gone: what is on its way ends first, then services let go
        of the models and of the totals they hold, then what they had said meanwhile goes."""
        workspace, store = self.gateway.workspace, self.gateway.store
        await self.clear_streams()
        await self.models.forget()
        await self.clear_streams()
        await store.drop_computed(REMOVER)
        for folder in (self.folder / SOURCE, self.models_folder):
            if folder is not None:
                await asyncio.to_thread(_remove, folder)
        told = {**workspace.sample_removed, "clearing": False}
        await store.put_setting(SAMPLE_REMOVED, told)
        workspace.sample_removed = told
        await store.add_event("workspace", "", {"cleared": True})
        self.gateway.news.wake()
        log.info("sample_leftovers_cleared")


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
