"""Imports as jobs: opened and finished by whoever reads the files, and histories loaded from a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from kit.errors import Conflict, DealcastError
from services.gateway import jobs as job_states
from services.gateway.change_log import noting_settings
from services.gateway.domain import Principal
from services.gateway.history_load import load_history
from services.gateway.imports import undoing
from services.gateway.jobs import Job, Jobs
from services.gateway.privacy.resident_numbers import masked_name
from services.gateway.service import Gateway
from services.gateway.training import Trainer

log = structlog.get_logger(__name__)


class ImportDesk:
    """Opens imports, moves the clock for them, and sets training going when they end."""

    def __init__(self, gateway: Gateway, trainer: Trainer, jobs: Jobs) -> None:
        self._gateway = gateway
        self._trainer = trainer
        self.jobs = jobs
        self._tasks: set[asyncio.Task[None]] = set()
        trainer.importing = lambda: jobs.running is not None
        self.looked: Callable[[], None] = lambda: None  # at the data, once an import has ended

    async def open(self, source: str, as_of: str = "", currency: str = "", by: str = "") -> Job:
        """Begin an import, `by` somebody. With `as_of` the clock is pinned to that day, never backwards."""
        await self._gateway.workspace.keep_apart(sample=False)
        job = await self.jobs.start(masked_name(source), by=by)
        try:
            await undoing.recorded(self._gateway.store, job)
            await self._set(as_of, currency, undoing.by_whom(job))
        except DealcastError as error:
            await self.jobs.finish(job, job_states.FAILED, str(error))
            raise
        return job

    async def finish(
        self, job_id: str, counts: Mapping[str, Any], as_of: str = "", currency: str = "", error: str = ""
    ) -> Job:
        """End an import. Raises NotFound, Conflict where it has ended."""
        job = self.jobs.get(job_id)
        if job.state not in job_states.UNFINISHED:
            raise Conflict("this import has ended", field="id", value=job_id, mend="Open another one")
        await self._set(as_of, currency, undoing.by_whom(job))
        job.detail["counts"] = dict(counts)
        await self._ended(job, error)
        return job

    async def undo(self, principal: Principal, job_id: str, *, discard: bool = False) -> Job:
        """Undo an import whole. Raises NotFound; Conflict where it runs, was undone, or records were changed since."""
        await undoing.undo(self._gateway.store, self.jobs, job_id, principal, discard=discard)
        await self._gateway.workspace.load()
        self._gateway.outbox.wake()
        self._gateway.news.wake()
        return self.jobs.get(job_id)

    async def load(self, principal: Principal, folder: Path) -> Job:
        """Load a history folder in the background. Raises Conflict while another is being loaded."""
        if any(job.state in job_states.UNFINISHED and job.detail.get("folder") for job in self.jobs.all()):
            raise Conflict("a history is being loaded already", field="folder", mend="Wait until it has ended")
        job = await self.jobs.start("history", folder=masked_name(str(folder)), by=principal.id)
        task = asyncio.create_task(self._load(job, principal, folder))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    async def _set(self, as_of: str, currency: str, by: str) -> None:
        workspace = self._gateway.workspace
        async with noting_settings(self._gateway.store, workspace, by):
            if as_of:
                await workspace.move_forward(as_of)
            if currency and not workspace.currency_set:
                await workspace.set_currency(currency)

    async def _load(self, job: Job, principal: Principal, folder: Path) -> None:
        def progress(stage: str, share: float) -> None:
            job.stage, job.progress = stage, share

        try:
            job.detail["counts"] = await load_history(self._gateway, principal, folder, progress)
            await self._ended(job, "")
        except DealcastError as error:
            await self._ended(job, str(error))
        except Exception:
            log.exception("load_failed", job=job.id)
            await self._ended(job, "Something unforeseen failed; see the gateway's log.")

    async def _ended(self, job: Job, error: str) -> None:
        await undoing.end(self._gateway.store, self.jobs, job, error)
        data: dict[str, Any] = {"import": job.id, "state": job.state, "counts": job.detail.get("counts", {})}
        await self._gateway.store.add_event("import", "", data)
        self._gateway.news.wake()
        self._trainer.import_finished()
        self.looked()
