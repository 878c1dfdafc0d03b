"""Training: by request, and by itself where no model serves and there are outcomes to learn from."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from kit.errors import Conflict, DealcastError, InvalidInput, Unavailable
from learning.overrules import Overrules
from services.gateway import jobs as job_states
from services.gateway.action_catalogue import FILE, edited_text
from services.gateway.domain import LOCAL
from services.gateway.history_export import exported, scratch_folder
from services.gateway.jobs import Job, Jobs
from services.gateway.model_versions import ModelVersions, check_service
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from services.gateway.workspace import SERVICES

log = structlog.get_logger(__name__)

LINE_LIMIT = 16 * 1024 * 1024
ABANDONED_SECONDS = 60.0  # an import that has written nothing for so long is not waited for
NO_OVERRULES = Overrules()
GROWTH = 1.2  # outcomes must have grown by this much before automatic training tries again


@dataclass(frozen=True, slots=True)
class RegistryPlace:
    """Where the registry is."""

    uri: str
    artifacts: Path

    @classmethod
    def of(cls, settings: GatewaySettings) -> RegistryPlace:
        """By the settings."""
        folder = settings.models_dir
        return cls(settings.mlflow_uri or f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts")

    def options(self) -> list[str]:
        """On a command line."""
        return ["--registry", self.uri, "--artifacts", str(self.artifacts)]


async def fetch_artifact(place: RegistryPlace, scratch: Path, service: str, version: str) -> bytes:
    """A version's bytes from the registry, by a process of its own. Raises DealcastError."""
    folder = await asyncio.to_thread(scratch_folder, scratch, "artifact-")
    try:
        target = folder / "model.tar"
        command = ["registry-get", *place.options(), "--service", service, "--version", version, "--out", str(target)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.gateway", *command, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        if process.returncode != 0:
            last = " ".join(said.decode("utf-8", "replace").strip().splitlines()[-1:])
            raise DealcastError(f"the model could not be fetched: {last[:300]}", field="version", value=version)
        return await asyncio.to_thread(target.read_bytes)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class Trainer:
    """One training at a time, in a process group of its own."""

    def __init__(self, gateway: Gateway, versions: ModelVersions, jobs: Jobs, settings: GatewaySettings) -> None:
        self._gateway = gateway
        self._versions = versions
        self.jobs = jobs
        self._settings = settings
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._cancelled = False
        self._stopping = False
        self._starting = asyncio.Lock()
        self._import_finished = False
        self.importing: Callable[[], bool] = lambda: False
        self.ready = False  # until an interrupted training has begun again, so that whoever waits for it sees it

    name = "trainer"

    async def start(
        self, reason: str, services: Sequence[str] = (), seed: int = 0, overrules: Overrules = NO_OVERRULES
    ) -> Job:
        """Start a training; `overrules` join those of the workspace, for later trainings too.

        Raises Conflict while one runs, NotFound for a service there is not, InvalidInput for overrules that concern
        none of the services.
        """
        chosen = list(services) or list(SERVICES)
        for service in chosen:
            check_service(service)
        ordered = [service for service in SERVICES if service in chosen]
        async with self._starting:
            if (running := self.jobs.running) is not None:
                mend = "Wait for it, or cancel it"
                raise Conflict("a training runs already", field="id", value=running.id, mend=mend)
            await self._remember(overrules, ordered)
            return await self._begin(reason, ordered, seed)

    async def _begin(self, reason: str, ordered: Sequence[str], seed: int) -> Job:
        counts = await self._gateway.store.counts(LOCAL)
        job = await self.jobs.start(
            reason, services={name: {"state": job_states.QUEUED} for name in ordered}, seed=seed,
            outcomes=counts["won"] + counts["lost"], columns=self._gateway.workspace.training_columns.to_json(),
        )  # fmt: skip
        self._cancelled = False
        self._task = asyncio.create_task(self._run(job, ordered, seed))
        return job

    async def _remember(self, overrules: Overrules, services: Sequence[str]) -> None:
        if overrules == NO_OVERRULES:
            return
        if "lead_scoring" not in services:
            field, mend = "keep" if overrules.keep else "drop", "Train lead_scoring too: it alone has a leak guard"
            raise InvalidInput("columns are kept and left out by lead scoring", field=field, mend=mend)
        workspace = self._gateway.workspace
        await workspace.set_training_columns(workspace.training_columns.after(overrules).to_json())

    async def cancel(self, job_id: str) -> Job:
        """Kill the training. Raises NotFound, Conflict where it has ended."""
        job = self.jobs.get(job_id)
        if job.state not in job_states.UNFINISHED:
            raise Conflict("this training has ended", field="id", value=job_id, mend="Nothing is to be done")
        self._cancelled = True
        self._kill()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=10)
        return job

    def import_finished(self) -> None:
        """Records came in as a whole: whatever outcomes there are, train when nothing serves yet."""
        self._import_finished = True

    async def run(self, stop: asyncio.Event) -> None:
        """Automatic training, until stopped; then the training under way is killed; the next start begins it again."""
        while not stop.is_set():
            await self._begin_again()
            self.ready = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await stop.wait()
            if self._settings.auto_train and not stop.is_set():
                try:
                    await self._train_by_itself()
                except DealcastError as error:
                    log.warning("automatic_training_waits", error=error.problem)
        self._stopping = True
        self._kill()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=5)

    async def _begin_again(self) -> None:
        """The training that the gateway's last end interrupted, once."""
        if (before := self.jobs.interrupted) is None:
            return
        try:
            job = await self.start(before.reason, list(before.detail["services"]), before.detail["seed"])
            before.error = f"The gateway stopped while this was running; it began again as {job.id}."
            await self.jobs.save()
        except Unavailable as error:
            log.warning("interrupted_training_waits", error=error.problem)
            return
        except DealcastError as error:
            log.warning("interrupted_training_dropped", job=before.id, error=error.problem)
        self.jobs.interrupted = None

    async def _train_by_itself(self) -> None:
        quiet = time.monotonic() - self._gateway.last_write >= self._settings.quiet_seconds
        serving = self._gateway.workspace.serving
        missing = [name for name in SERVICES if not serving[name].generation]
        if not missing or self.jobs.running is not None or not (quiet or self._import_finished):
            return
        if self.importing() and time.monotonic() - self._gateway.last_write < ABANDONED_SECONDS:
            return  # better wait for all of it
        if self._gateway.last_write < 0 and not self._import_finished and self.jobs.all():
            return  # nothing new since the gateway started
        counts = await self._gateway.store.counts(LOCAL)
        outcomes = counts["won"] + counts["lost"]
        enough = min(counts["won"], counts["lost"]) > 0 and outcomes >= self._settings.auto_train_outcomes
        after_import, self._import_finished = self._import_finished, False
        tried = max((job.detail.get("outcomes", 0) for job in self.jobs.all()), default=0)
        if (enough or (after_import and outcomes)) and outcomes >= GROWTH * tried:
            await self.start("automatic")

    async def _run(self, job: Job, services: Sequence[str], seed: int) -> None:
        scratch = self._settings.data_dir.resolve() / "tmp"
        out = await asyncio.to_thread(scratch_folder, scratch, "training-")
        try:
            await self._gateway.store.add_event("model", "", {"training": job.id, "state": job.state})
            job.stage = "export"
            async with exported(self._gateway.store, self._gateway.workspace, LOCAL, scratch) as history:
                await self._train(job, services, seed, history, out)
            if self._interrupted(job):
                return  # it stays unfinished: the next start begins it again
            await self._promote(job, out)
            await self._finish(job)
        except asyncio.CancelledError:
            raise
        except DealcastError as error:
            await self.jobs.finish(job, job_states.FAILED, str(error))
        except Exception:
            log.exception("training_failed", job=job.id)
            await self.jobs.finish(job, job_states.FAILED, "Something unforeseen failed; see the gateway's log.")
        finally:
            await asyncio.to_thread(shutil.rmtree, out, ignore_errors=True)
            self._gateway.news.wake()

    async def _train(self, job: Job, services: Sequence[str], seed: int, history: Path, out: Path) -> None:
        if self._cancelled or self._stopping:
            return
        place = RegistryPlace.of(self._settings)
        if text := await edited_text(self._gateway.store, self._gateway.workspace):
            await asyncio.to_thread((out / FILE).write_text, text, "utf-8")
        command = ["train-job", "--history", str(history), "--out", str(out), *place.options()]
        command += ["--services", ",".join(services), "--seed", str(seed)]
        command += Overrules.of(**job.detail["columns"]).options() + (["--catalogue", str(out / FILE)] if text else [])
        if (scoring := self._gateway.workspace.serving["lead_scoring"]).generation:
            command += ["--scores-version", scoring.version]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.gateway", *command,
            stdout=asyncio.subprocess.PIPE, limit=LINE_LIMIT, start_new_session=True,
        )  # fmt: skip
        try:
            assert self._process.stdout is not None
            async for line in self._process.stdout:
                await self._note(job, services, line)
            await self._process.wait()
        finally:
            self._kill()
            self._process = None

    async def _note(self, job: Job, services: Sequence[str], line: bytes) -> None:
        try:
            row = json.loads(line)
            entry = job.detail["services"][row["service"]]
        except (ValueError, KeyError, TypeError):
            return
        place = services.index(row["service"])
        if "registered" in row:
            version = row["registered"]
            await self._versions.add(row["service"], version)
            entry |= {"state": job_states.SUCCEEDED, "version": version["version"], "progress": 1.0}
        elif "error" in row:
            entry |= {"state": job_states.FAILED, "error": str(row["error"])}
            log.error("training_failed", job=job.id, service_name=row["service"], error=str(row["error"]))
        else:
            share = float(row.get("progress", 0) or 0)
            entry |= {"state": job_states.RUNNING, "stage": str(row.get("stage", "")), "progress": share}
            job.stage, job.progress = f"{row['service']}: {entry['stage']}", (place + min(share, 1.0)) / len(services)

    async def _promote(self, job: Job, out: Path) -> None:
        """All that were trained, at once: one wave of new insights."""
        if self._cancelled:
            return
        job.stage = "promote"
        for service, entry in job.detail["services"].items():
            if entry["state"] == job_states.SUCCEEDED:
                data = await asyncio.to_thread((out / f"{service}.tar").read_bytes)
                await self._versions.promote(service, entry["version"], f"trained by job {job.id}", data)

    async def _finish(self, job: Job) -> None:
        if self._cancelled:
            await self.jobs.finish(job, job_states.CANCELLED, "Cancelled by request.")
            return
        entries = job.detail["services"]
        failed = [name for name, entry in entries.items() if entry["state"] != job_states.SUCCEEDED]
        error = "; ".join(f"{name}: {entries[name].get('error', 'it ended early')}" for name in failed)
        await self.jobs.finish(job, job_states.FAILED if failed else job_states.SUCCEEDED, error)
        log.info("training_finished", job=job.id, state=job.state)

    def _interrupted(self, job: Job) -> bool:
        """Whether the gateway's end, and nothing else, kept a part of it from ending."""
        entries = job.detail["services"].values()
        unfinished = any(entry["state"] in job_states.UNFINISHED for entry in entries)
        return self._stopping and not self._cancelled and unfinished

    def _kill(self) -> None:
        """End the training's process group."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
