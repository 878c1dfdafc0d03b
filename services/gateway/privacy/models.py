"""Versions of models that hold a person who is to be erased: removed, those that serve once others do in their place.

A version that serves goes on serving until its replacement does; a training for that is scheduled at once. What the
replacement learns from is without the person, and it serves whatever the rule of promotion says of it. Where the
replacement holds the words all the same, it has them from records that are somebody else's, or in doubt, and stays.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import structlog

from kit.errors import DealcastError, Unavailable
from services.gateway import jobs as job_states
from services.gateway.domain import Principal, Scope
from services.gateway.model_versions import ModelVersions
from services.gateway.monitoring.shadows import SCORING, Shadows
from services.gateway.privacy.files import find_in_files
from services.gateway.privacy.person import Person
from services.gateway.privacy.records import KEPT, REMOVED, SERVING, Erasure, time_text
from services.gateway.training import Trainer
from services.gateway.training_run import RegistryPlace
from services.gateway.workspace import SERVICES

log = structlog.get_logger(__name__)

REASON = "automatic: what serves holds a person who was erased"
AGAIN = timedelta(hours=1)  # after a training for a replacement has failed
WHO = Principal("privacy", Scope.ALL)


@dataclass(frozen=True, slots=True)
class HeldModels:
    """The versions of all services, searched by a short-lived process."""

    versions: ModelVersions
    trainer: Trainer
    shadows: Shadows
    place: RegistryPlace
    scratch: Path

    async def retire(self, person: Person, erasure: Erasure) -> list[Mapping[str, Any]]:
        """Remove those that hold the person; one that serves is marked, and a training scheduled. What became of each,
        of those before too. Raises Unavailable."""
        known = [
            (service, str(row["version"])) for service in SERVICES for row in self.versions.about(service)["versions"]
            if not row.get("removed")
        ]  # fmt: skip
        told = {(one["service"], one["version"]): str(one["state"]) for one in erasure.models}
        replaced = {of for (of, version), state in told.items() if state == SERVING and not self._serves(of, version)}
        for service, version in await self._holding(person, known) if known else ():
            if not self._serves(service, version):
                await self._removed(service, version, erasure.id)
                told[service, version] = REMOVED
            elif service in replaced or told.get((service, version)) == KEPT:
                told[service, version] = KEPT
            else:
                await self.versions.mark_erased(service, version, erasure.id)
                told[service, version] = SERVING
        held: list[Mapping[str, Any]] = [
            {"service": of, "version": version, "state": state} for (of, version), state in told.items()
        ]
        await self._replace(held, erasure)
        return held

    async def waits(self, erasure: Erasure) -> bool:
        """Whether one that holds the person serves still; a training is under way, or scheduled anew."""
        return await self._replace(erasure.models, erasure)

    def _serves(self, service: str, version: str) -> bool:
        champion = self.versions.champion(service)
        return champion is not None and champion["version"] == version

    async def _removed(self, service: str, version: str, erasure: str) -> None:
        """The registry has it no more."""
        if service == SCORING and version in await self.shadows.all():
            await self.shadows.end(WHO, service, version, "it held a person who was erased", {})
        await self.versions.remove(service, version, erasure)

    async def _replace(self, held: Iterable[Mapping[str, Any]], erasure: Erasure) -> bool:
        """See that those that serve still are replaced; whether there are any."""
        left = {one["service"] for one in held if one["state"] == SERVING
                and self._serves(one["service"], one["version"])}  # fmt: skip
        if left and not self._under_way(left, erasure):
            try:
                await self.trainer.start(REASON, sorted(left))
            except DealcastError as error:
                log.warning("replacement_waits", error=error.problem)
        return bool(left)

    def _under_way(self, services: Iterable[str], erasure: Erasure) -> bool:
        """Whether a training of all of them is at work or waits, or has failed of late."""
        for job in self.trainer.jobs.all():
            if not set(services) <= job.detail["services"].keys() or job.created_time < time_text(erasure.time):
                continue
            failed = job.state in (job_states.FAILED, job_states.CANCELLED) and job.finished_time
            if job.state in job_states.UNFINISHED or (
                failed and datetime.now(UTC) - datetime.fromisoformat(failed) < AGAIN
            ):
                return True
        return False

    async def _holding(self, person: Person, known: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those that hold the person; of these, all that do not serve are removed from the registry."""
        sought = [*person.everyone, *([person.by_name] if person.names_in_doubt else [])]
        if self.place.uri.startswith("sqlite:") and not await asyncio.to_thread(self._anywhere, sought):
            return []  # no file of the registry holds them, so no version does
        versions = [[service, version, not self._serves(service, version)] for service, version in known]
        told = {"versions": versions, "people": [one.to_json() for one in sought]}
        return [(row["service"], row["version"]) for row in await self._asked(told) if row["mentions"]]

    def _anywhere(self, sought: Iterable[Person]) -> bool:
        folder = self.place.artifacts
        return folder.is_dir() and any(find_in_files(folder, one) for one in sought)

    async def _asked(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the process says of each version."""
        command = ["registry-erase", *self.place.options(), "--scratch", str(self.scratch)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.gateway", *command,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        answered, said = await process.communicate(orjson.dumps(told))
        if process.returncode != 0:
            last = " ".join(said.decode("utf-8", "replace").strip().splitlines()[-1:])
            raise Unavailable(f"the model registry cannot be searched: {last[:300]}", field="registry",
                              mend="It is tried again by itself")  # fmt: skip
        return [orjson.loads(line) for line in answered.splitlines() if line.startswith(b"{")]
