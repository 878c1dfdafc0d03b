"""One training: its process from start to end, what it registers, and which of that serves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import structlog

from kit.errors import DealcastError
from learning.overrules import Overrules
from services.gateway import champions
from services.gateway import jobs as job_states
from services.gateway.action_catalogue import FILE, edited_text
from services.gateway.domain import LOCAL
from services.gateway.history_export import exported, scratch_folder
from services.gateway.jobs import Job, Jobs
from services.gateway.model_audit import RULE
from services.gateway.model_rules import ModelRules
from services.gateway.model_versions import ModelVersions
from services.gateway.privacy.withheld import Withheld
from services.gateway.promotion import decide, waits_with
from services.gateway.promotion_rule import Decision
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings

log = structlog.get_logger(__name__)

LINE_LIMIT = 16 * 1024 * 1024
IGNORED = "ignored.json"  # pairs that are no duplicates, for the training
TOLD = ("outcomes", "conversions", "business_day", "privacy", "counted_once")  # of a training, kept with its versions


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


@dataclass(frozen=True, slots=True)
class Parts:
    """What trainings work with."""

    gateway: Gateway
    versions: ModelVersions
    jobs: Jobs
    settings: GatewaySettings
    rules: ModelRules


class TrainingRun:
    """A job at work, in a process group of its own."""

    def __init__(self, parts: Parts, job: Job) -> None:
        self._gateway, self._versions, self._settings = parts.gateway, parts.versions, parts.settings
        self._jobs, self._rules = parts.jobs, parts.rules
        self.job = job
        self._services: Sequence[str] = list(job.detail["services"])
        self._process: asyncio.subprocess.Process | None = None
        self._killed_by = ""  # the signal's name
        self._cancelled = self._stopped = False

    def cancel(self) -> None:
        """End it by request."""
        self._cancelled = True
        self._kill()

    def stop(self) -> None:
        """End it with the gateway: the next start begins it again."""
        self._stopped = True
        self._kill()

    async def run(self) -> None:
        """To its end, however it ends."""
        scratch = self._settings.data_dir.resolve() / "tmp"
        out = await asyncio.to_thread(scratch_folder, scratch, "training-")
        job = self.job
        try:
            await self._tell()
            job.stage = "export"
            async with await self._history(scratch) as history:
                await self._train(history, out)
            if self._interrupted():
                return  # it stays unfinished: the next start begins it again
            await self._promote(out)
            await self._finish()
        except asyncio.CancelledError:
            raise
        except DealcastError as error:
            await self._end(job_states.FAILED, str(error))
        except Exception:
            log.exception("training_failed", job=job.id)
            await self._end(job_states.FAILED, "Something unforeseen failed; see the gateway's log.")
        finally:
            await asyncio.to_thread(shutil.rmtree, out, ignore_errors=True)
            self._gateway.news.wake()

    async def _tell(self) -> None:
        """Open pages, of what state it is in."""
        await self._gateway.store.add_event("model", "", {"training": self.job.id, "state": self.job.state})

    async def _end(self, state: str, error: str = "") -> None:
        """Pages are told, also where nothing new serves: there are versions and a decision to see."""
        await self._jobs.finish(self.job, state, error)
        await self._tell()

    async def _history(self, scratch: Path) -> AbstractAsyncContextManager[Path]:
        """The records without people who are restricted and fields that are personal; what is left out is counted."""
        store = self._gateway.store
        withheld, erased = await Withheld.read(store), len(await store.erasures(LOCAL))
        counts = {"erased": erased, "restricted": len(withheld.contacts),
                  "personal_fields": sum(map(len, withheld.fields.values()))}  # fmt: skip
        self.job.detail["privacy"] = counts
        told = counts if any(counts.values()) else None
        return exported(store, self._gateway.workspace, LOCAL, scratch, withheld=withheld, privacy=told)

    async def _train(self, history: Path, out: Path) -> None:
        if self._cancelled or self._stopped:
            return
        await self._hand_over(out)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.gateway", *await self._command(history, out),
            stdout=asyncio.subprocess.PIPE, limit=LINE_LIMIT, start_new_session=True,
        )  # fmt: skip
        try:
            assert self._process.stdout is not None
            async for line in self._process.stdout:
                await self._note(line)
            if (code := await self._process.wait()) < 0:
                self._killed_by = signal.Signals(-code).name
        finally:
            self._kill()
            self._process = None

    async def _hand_over(self, out: Path) -> None:
        """Put what serves where the training finds it."""
        serving = {service: row for service in self._services if (row := self._versions.champion(service)) is not None}
        artifact: bytes | None = None
        if champions.LEAD_SCORING in serving:
            try:
                artifact = await self._versions.artifact(champions.LEAD_SCORING)
            except DealcastError as error:
                log.warning("champion_not_fetched", error=error.problem)
        await asyncio.to_thread(champions.hand_over, serving, artifact, out)

    async def _command(self, history: Path, out: Path) -> list[str]:
        place, job = RegistryPlace.of(self._settings), self.job
        command = ["train-job", "--history", str(history), "--out", str(out), *place.options()]
        command += ["--services", ",".join(self._services), "--seed", str(job.detail["seed"])]
        command += ["--niceness", str(self._settings.training_niceness)]
        command += Overrules.of(**job.detail["columns"]).options()
        ignored = orjson.dumps(await self._gateway.store.ignored_pairs(LOCAL))
        await asyncio.to_thread((out / IGNORED).write_bytes, ignored)
        command += ["--ignored", str(out / IGNORED)]
        if text := await edited_text(self._gateway.store, self._gateway.workspace):
            await asyncio.to_thread((out / FILE).write_text, text, "utf-8")
            command += ["--catalogue", str(out / FILE)]
        if (scoring := self._gateway.workspace.serving["lead_scoring"]).generation:
            command += ["--scores-version", scoring.version]
        return command

    async def _note(self, line: bytes) -> None:
        job = self.job
        try:
            row = json.loads(line)
            if "counted_once" in row:
                job.detail["counted_once"] = int(row["counted_once"])
                return
            entry = job.detail["services"][row["service"]]
        except (ValueError, KeyError, TypeError):
            return
        place = self._services.index(row["service"])
        if "registered" in row:
            version = row["registered"]
            trained = {name: job.detail[name] for name in TOLD if name in job.detail} | {"job": job.id}
            await self._versions.add(row["service"], version | {"trained": trained})
            entry |= {"state": job_states.SUCCEEDED, "version": version["version"], "progress": 1.0}
        elif "error" in row:
            entry |= {"state": job_states.FAILED, "error": str(row["error"])}
            log.error("training_failed", job=job.id, service_name=row["service"], error=str(row["error"]))
        else:
            share = float(row.get("progress", 0) or 0)
            entry |= {"state": job_states.RUNNING, "stage": str(row.get("stage", "")), "progress": share}
            job.stage = f"{row['service']}: {entry['stage']}"
            job.progress = (place + min(share, 1.0)) / len(self._services)

    async def _promote(self, out: Path) -> None:
        """Those that the rule lets serve, one right after the other: one wave of new insights."""
        if self._cancelled:
            return
        self.job.stage = "promote"
        waits = ""  # a version of lead scoring that the others learned from
        for service, entry in self.job.detail["services"].items():
            if entry["state"] != job_states.SUCCEEDED:
                continue
            decision = self._decide(service, entry["version"], waits)
            await self._versions.decided(service, entry["version"], decision.to_json())
            entry |= {"promoted": decision.promote, "decision": decision.text}
            if decision.promote:
                data = await asyncio.to_thread((out / f"{service}.tar").read_bytes)
                reason = f"trained by job {self.job.id}: {decision.text}"
                await self._versions.promote(
                    service, entry["version"], reason, data, who=RULE, figures=decision.figures
                )
            elif service == champions.LEAD_SCORING and decision.code != "same":
                waits = entry["version"]

    def _decide(self, service: str, version: str, waits: str) -> Decision:
        row, champion = self._versions.version(service, version), self._versions.champion(service)
        if waits and not (champion and champion.get("erased")):
            return waits_with(waits)
        return decide(service, row, champion, self._rules.promotion, self._gateway.workspace.business_day)

    async def _finish(self) -> None:
        job = self.job
        if self._cancelled:
            await self._end(job_states.CANCELLED, "Cancelled by request.")
            return
        entries: dict[str, Any] = job.detail["services"]
        failed = [name for name, entry in entries.items() if entry["state"] != job_states.SUCCEEDED]
        ended = f"the training's process was killed ({self._killed_by})" if self._killed_by else "it ended early"
        error = "; ".join(f"{name}: {entries[name].get('error', ended)}" for name in failed)
        await self._end(job_states.FAILED if failed else job_states.SUCCEEDED, error)
        log.info("training_finished", job=job.id, state=job.state)

    def _interrupted(self) -> bool:
        """Whether the gateway's end, and nothing else, kept a part of it from ending."""
        entries = self.job.detail["services"].values()
        unfinished = any(entry["state"] in job_states.UNFINISHED for entry in entries)
        return self._stopped and not self._cancelled and unfinished

    def _kill(self) -> None:
        """End the training's process group."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
