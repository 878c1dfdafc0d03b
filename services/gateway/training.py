"""Trainings in their order: by request, and by themselves where no model serves or it is time to train anew."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import structlog

from kit.errors import Conflict, DealcastError, InvalidInput, Unavailable
from learning.overrules import Overrules
from services.gateway import jobs as job_states
from services.gateway.domain import LOCAL
from services.gateway.history_export import scratch_folder
from services.gateway.jobs import Job, Jobs
from services.gateway.model_rules import ModelRules
from services.gateway.model_versions import ModelVersions, check_service
from services.gateway.retraining import Closed, Now, due
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings
from services.gateway.training_run import Parts, RegistryPlace, TrainingRun
from services.gateway.workspace import SERVICES

log = structlog.get_logger(__name__)

ABANDONED_SECONDS = 60.0  # an import that has written nothing for so long is not waited for
NO_OVERRULES = Overrules()
GROWTH = 1.2  # outcomes must have grown by this much before automatic training tries again
MOST_QUEUED = 20


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
    """One training at a time; others wait in their order, over restarts too."""

    def __init__(
        self, gateway: Gateway, versions: ModelVersions, jobs: Jobs, settings: GatewaySettings, rules: ModelRules
    ) -> None:
        self._gateway = gateway
        self._versions = versions
        self.jobs = jobs
        self._settings = settings
        self.rules = rules
        self._parts = Parts(gateway, versions, jobs, settings, rules)
        self._task: asyncio.Task[None] | None = None
        self._run_now: TrainingRun | None = None
        self._stopping = False
        self._starting = asyncio.Lock()
        self._import_finished = False
        self._looked_at: date | None = None  # the business day that retraining was last looked at
        self.importing: Callable[[], bool] = lambda: False
        self.moved: Sequence[str] = ()  # columns that the champion reads, see monitoring
        self.ready = False  # until an interrupted training has begun again, so that whoever waits for it sees it

    name = "trainer"

    async def start(
        self, reason: str, services: Sequence[str] = (), seed: int = 0, overrules: Overrules = NO_OVERRULES
    ) -> Job:
        """Start a training, or let it wait for those before it; `overrules` join those of the workspace, for later
        trainings too.

        Raises Conflict where the same waits already or too many do, NotFound for a service there is not, InvalidInput
        for overrules that concern none of the services.
        """
        chosen = list(services) or list(SERVICES)
        for service in chosen:
            check_service(service)
        ordered = [service for service in SERVICES if service in chosen]
        async with self._starting:
            self._check_queue(ordered, seed, overrules)
            await self._remember(overrules, ordered)
            parts = {name: {"state": job_states.QUEUED} for name in ordered}
            job = await self.jobs.start(reason, job_states.QUEUED, services=parts, seed=seed)
            await self._begin_next()
            return job

    def _check_queue(self, ordered: Sequence[str], seed: int, overrules: Overrules) -> None:
        queued = self.jobs.queued
        for job in queued:
            if (
                list(job.detail["services"]) == list(ordered)
                and job.detail["seed"] == seed
                and overrules == NO_OVERRULES
            ):
                mend = "It learns from the records as they are when it begins; wait for it, or cancel it"
                raise Conflict("the same training waits already", field="id", value=job.id, mend=mend)
        if len(queued) >= MOST_QUEUED:
            mend = "Wait for some of them, or cancel some"
            raise Conflict(f"{len(queued)} trainings wait already", field="services", mend=mend)

    async def _begin_next(self) -> None:
        """The one that waits longest, where none is at work."""
        if self._stopping or self.jobs.running is not None or not self.jobs.queued:
            return
        job, workspace = self.jobs.queued[0], self._gateway.workspace
        counts = await self._gateway.store.counts(LOCAL)
        job.detail |= {
            "outcomes": counts["won"] + counts["lost"], "columns": workspace.training_columns.to_json(),
            "conversions": await self._gateway.store.conversions(LOCAL),
            "business_day": workspace.business_day.isoformat(),
        }  # fmt: skip
        job.begin()
        try:
            await self.jobs.save()
        except BaseException:
            job.state = job_states.QUEUED
            raise
        self._task = asyncio.create_task(self._run(job))

    async def _run(self, job: Job) -> None:
        self._run_now = TrainingRun(self._parts, job)
        try:
            await self._run_now.run()
        finally:
            self._run_now = None

    async def _remember(self, overrules: Overrules, services: Sequence[str]) -> None:
        if overrules == NO_OVERRULES:
            return
        if "lead_scoring" not in services:
            field, mend = "keep" if overrules.keep else "drop", "Train lead_scoring too: it alone has a leak guard"
            raise InvalidInput("columns are kept and left out by lead scoring", field=field, mend=mend)
        workspace = self._gateway.workspace
        await workspace.set_training_columns(workspace.training_columns.after(overrules).to_json())

    async def cancel(self, job_id: str) -> Job:
        """Kill the training, or take it out of the queue. Raises NotFound, Conflict where it has ended."""
        job = self.jobs.get(job_id)
        if job.state not in job_states.UNFINISHED:
            raise Conflict("this training has ended", field="id", value=job_id, mend="Nothing is to be done")
        async with self._starting:
            if job.state == job_states.QUEUED:
                await self.jobs.finish(job, job_states.CANCELLED, "Cancelled by request before it began.")
        if self._run_now is not None and self._run_now.job is job:
            self._run_now.cancel()
            if self._task is not None:
                await asyncio.wait([self._task], timeout=10)
        return job

    def import_finished(self) -> None:
        """Records came in as a whole: whatever outcomes there are, train when nothing serves yet."""
        self._import_finished = True

    def watched(self, moved: Sequence[str]) -> None:
        """What serves was looked at: these columns have moved, so that it may be time to train."""
        if tuple(moved) != tuple(self.moved):
            self.moved, self._looked_at = tuple(moved), None

    async def run(self, stop: asyncio.Event) -> None:
        """Queue and automatic training, until stopped; then the training under way is killed; the next start begins
        it again."""
        while not stop.is_set():
            await self._begin_again()
            self.ready = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await stop.wait()
            if not stop.is_set():
                try:
                    async with self._starting:
                        await self._begin_next()
                    if self._settings.auto_train:
                        await self._train_by_itself()
                        await self._train_anew()
                except DealcastError as error:
                    log.warning("training_waits", error=error.problem)
        self._stopping = True
        if self._run_now is not None:
            self._run_now.stop()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=5)

    async def _begin_again(self) -> None:
        """The training that the gateway's last end interrupted, once."""
        if not self.jobs.interrupted:
            return
        before = self.jobs.interrupted[0]
        try:
            job = await self.start(before.reason, list(before.detail["services"]), before.detail["seed"])
            before.error = f"The gateway stopped while this was running; it began again as {job.id}."
            await self.jobs.save()
        except Unavailable as error:
            log.warning("interrupted_training_waits", error=error.problem)
            return
        except DealcastError as error:
            log.warning("interrupted_training_dropped", job=before.id, error=error.problem)
        self.jobs.interrupted = []

    @property
    def undisturbed(self) -> bool:
        """Whether no training is at work or waits, and no records are coming in."""
        if self.jobs.running is not None or self.jobs.queued:
            return False
        silence = time.monotonic() - self._gateway.last_write
        quiet = silence >= self._settings.quiet_seconds or self._import_finished
        return quiet and not (self.importing() and silence < ABANDONED_SECONDS)  # better wait for all of it

    async def _train_by_itself(self) -> None:
        serving = self._gateway.workspace.serving
        missing = [name for name in SERVICES if not serving[name].generation]
        if not missing or not self.undisturbed:
            return
        if self._gateway.last_write < 0 and not self._import_finished and self.jobs.all():
            return  # nothing new since the gateway started
        counts = await self._gateway.store.counts(LOCAL)
        outcomes = counts["won"] + counts["lost"]
        enough = min(counts["won"], counts["lost"]) > 0 and outcomes >= self._settings.auto_train_outcomes
        after_import, self._import_finished = self._import_finished, False
        tried = max((job.detail.get("outcomes", 0) for job in self.jobs.all()), default=0)
        if (enough or (after_import and outcomes)) and outcomes >= GROWTH * tried:
            await self.start("automatic")

    async def _train_anew(self) -> None:
        """Once a business day, where something serves, whether it is time."""
        workspace, store = self._gateway.workspace, self._gateway.store
        serving, today = workspace.serving["lead_scoring"], workspace.business_day
        if self._looked_at == today or not serving.generation or not self.undisturbed:
            return
        counts = await store.counts(LOCAL)
        champion = self._versions.champion("lead_scoring") or {}
        closed: Sequence[Closed] = ()
        if trained := champion.get("trained"):
            closed = await store.closed_scores(LOCAL, date.fromisoformat(trained["business_day"]), serving.generation)
        self._looked_at = today
        now = Now(today, counts["won"] + counts["lost"], closed, await store.conversions(LOCAL), self.moved)
        if why := due(self.rules.retraining, self._versions.about("lead_scoring")["versions"], now):
            await self.start(f"automatic: {why}")
