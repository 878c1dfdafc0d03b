"""Looks at the records as a job: by request and after imports; what it found is kept with the day it is of."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import structlog

from kit.errors import Conflict, DealcastError
from services.gateway import jobs as job_states
from services.gateway.domain import LOCAL
from services.gateway.health.job import FINDINGS, IGNORED, REPORT
from services.gateway.history_export import exported, scratch_folder
from services.gateway.jobs import Job, Jobs
from services.gateway.live import Signal, wait_either
from services.gateway.service import Gateway

log = structlog.get_logger(__name__)

SUMMARY = "health"  # the setting
LOOK_SECONDS = 2.0
ERROR_LENGTH = 500


class HealthDesk:
    """One look at a time; an import that ends meanwhile asks for another."""

    name = "health"
    ready = True

    def __init__(
        self, gateway: Gateway, jobs: Jobs, scratch: Path, quiet_seconds: float, busy: Callable[[], bool]
    ) -> None:
        """`quiet_seconds`: how long nothing must have been written before it looks by itself; `busy`: whether something
        more urgent is at work."""
        self._gateway, self._scratch = gateway, scratch
        self._quiet_seconds, self._busy = quiet_seconds, busy
        self.jobs = jobs
        self._wanted = ""  # the reason to look
        self._wanted_since = 0.0  # monotonic
        self._asked = Signal()
        self._process: asyncio.subprocess.Process | None = None
        self._cancelled = self._stopping = False

    async def summary(self) -> dict[str, Any] | None:
        """What the latest look found, None before the first."""
        found: dict[str, Any] | None = await self._gateway.store.get_setting(SUMMARY)
        return found

    def import_finished(self) -> None:
        """Records came in: look at them."""
        self._want("import")

    async def start(self, reason: str = "requested") -> Job:
        """Look now. Raises Conflict while a look is under way."""
        if (running := self.jobs.running) is not None:
            mend = "Wait until it has ended, or cancel it"
            raise Conflict("the records are being looked at already", field="id", value=running.id, mend=mend)
        self._cancelled = False  # not when the look begins: it may be cancelled before
        job = await self.jobs.start(reason)
        self._wanted = ""
        self._asked.wake()
        return job

    async def cancel(self, job_id: str) -> Job:
        """End a look; what was found before stays. Raises NotFound, Conflict where it has ended."""
        job = self.jobs.get(job_id)
        if job.state != job_states.RUNNING:
            raise Conflict("this look has ended", field="id", value=job_id, mend="List them to see how it ended")
        self._cancelled = True
        self._kill()
        return job

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped: look whenever it is wanted."""
        stopping = asyncio.create_task(self._end_at(stop))
        try:
            while not stop.is_set():
                ticket = self._asked.ticket()
                if self._wanted and self.jobs.running is None and self._quiet():
                    with contextlib.suppress(DealcastError):
                        await self.start(self._wanted)
                if (job := self.jobs.running) is not None:
                    await self._look(job)
                else:
                    await wait_either(ticket, stop, min(LOOK_SECONDS, self._quiet_seconds) if self._wanted else 3600.0)
        finally:
            stopping.cancel()

    async def _end_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping = True
        self._kill()

    def _quiet(self) -> bool:
        silence = time.monotonic() - max(self._wanted_since, self._gateway.last_write)
        return silence >= self._quiet_seconds and not self._busy()

    def _want(self, reason: str) -> None:
        self._wanted, self._wanted_since = reason, time.monotonic()
        self._asked.wake()

    async def _look(self, job: Job) -> None:
        """One look, to its end, however it ends."""
        out = await asyncio.to_thread(scratch_folder, self._scratch, "health-")
        try:
            job.stage = "export"
            store = self._gateway.store
            await asyncio.to_thread((out / IGNORED).write_bytes, orjson.dumps(await store.ignored_pairs(LOCAL)))
            async with exported(store, self._gateway.workspace, LOCAL, self._scratch) as history:
                error = await self._examine(job, history, out)
            state = job_states.CANCELLED if self._cancelled else job_states.FAILED if error else job_states.SUCCEEDED
            if state == job_states.SUCCEEDED:
                await self._keep(job, out)
            await self.jobs.finish(job, state, "Cancelled by request." if self._cancelled else error)
        except DealcastError as failed:
            await self.jobs.finish(job, job_states.FAILED, str(failed))
        except Exception:
            log.exception("health_failed", job=job.id)
            await self.jobs.finish(job, job_states.FAILED, "Something unforeseen failed; see the gateway's log.")
        finally:
            await asyncio.to_thread(shutil.rmtree, out, ignore_errors=True)
            await self._gateway.store.add_event("health", "", {"health": job.id, "state": job.state})
            self._gateway.news.wake()

    async def _examine(self, job: Job, history: Path, out: Path) -> str:
        """Run the process; what went wrong, "" where nothing did."""
        if self._cancelled or self._stopping:
            return "It was stopped."
        options = ["--history", str(history), "--ignored", str(out / IGNORED), "--out", str(out)]
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.gateway", "health-job", *options,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            said = asyncio.create_task(process.stderr.read())
            async for line in process.stdout:
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    row = json.loads(line)
                    job.stage, job.progress = str(row["stage"]), float(row["progress"])
            code = await process.wait()
            lines = (await said).decode("utf-8", "replace").strip().splitlines()
            return "" if code == 0 else (lines[-1] if lines else "The process was ended.")[:ERROR_LENGTH]
        finally:
            self._kill()
            self._process = None

    async def _keep(self, job: Job, out: Path) -> None:
        job.stage = "keep"
        findings = await asyncio.to_thread((out / FINDINGS).read_bytes)
        report = await asyncio.to_thread((out / REPORT).read_bytes)
        await self._gateway.store.save_findings(orjson.loads(findings))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        await self._gateway.store.put_setting(SUMMARY, orjson.loads(report) | {"job": job.id, "time": now})

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
