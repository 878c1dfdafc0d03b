"""Long work that can be asked about: imports and trainings, kept in the store's settings."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from kit.errors import NotFound
from services.gateway.workspace import SettingsStore

KEPT = 50
RUNNING, SUCCEEDED, FAILED, CANCELLED, QUEUED = "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "QUEUED"
UNFINISHED = frozenset({RUNNING, QUEUED})
TELLING = 0.05  # progress from which on the pace tells how long it still takes
SOONEST = 10  # seconds: less cannot be told


@dataclass(slots=True)
class Job:
    """One piece of work. `progress` is 0 to 1; `detail` holds what depends on the kind."""

    id: str
    kind: str
    state: str = RUNNING
    reason: str = ""
    stage: str = ""
    progress: float = 0.0
    error: str = ""
    created_time: str = ""
    started_time: str | None = None
    finished_time: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As programs see it."""
        return asdict(self) | {"seconds_left": self.seconds_left}

    def begin(self) -> None:
        """It is at work from now on."""
        self.state, self.started_time = RUNNING, wall_time()

    @property
    def seconds_left(self) -> int | None:
        """About how long it still takes, at the pace so far; None while nothing tells, and towards the end: what comes
        last, such as keeping the models, is no part of the progress."""
        if self.state != RUNNING or self.started_time is None or self.progress < TELLING:
            return None
        so_far = (datetime.now(UTC) - datetime.fromisoformat(self.started_time)).total_seconds()
        left = round(so_far * (1 - min(self.progress, 1.0)) / self.progress)
        return left if left >= SOONEST else None


def wall_time() -> str:
    """Now, as jobs name it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Jobs:
    """The latest jobs of a kind, newest first. Progress is only in memory, states are stored."""

    def __init__(self, store: SettingsStore, kind: str) -> None:
        self._store = store
        self._key = f"{kind}_jobs"
        self._kind = kind
        self._jobs: dict[str, Job] = {}
        self.interrupted: list[Job] = []

    async def load(self) -> None:
        """Read them. Work that a stopped gateway left half-done has failed: `interrupted`. What waited waits on."""
        for row in await self._store.get_setting(self._key) or []:
            self._jobs[row["id"]] = Job(**row)
        for job in self._jobs.values():
            if job.state == RUNNING:
                self.interrupted.append(job)
                _end(job, FAILED, "The gateway stopped while this was running; start it again.")
        if self._jobs:
            await self.save()

    async def start(self, reason: str, state: str = RUNNING, **detail: Any) -> Job:
        """A new job."""
        job = Job(uuid.uuid4().hex[:12], self._kind, state, reason, created_time=wall_time(), detail=detail)
        job.started_time = job.created_time if state == RUNNING else None
        self._jobs = {job.id: job, **self._jobs}
        try:
            await self.save()
        except BaseException:
            self._jobs.pop(job.id, None)  # nobody works at it: it must not count as running
            raise
        return job

    async def finish(self, job: Job, state: str, error: str = "") -> None:
        """The job has ended."""
        _end(job, state, error)
        await self.save()

    async def save(self) -> None:
        """Write the latest of them, and all that are not finished."""
        kept = list(self._jobs.items())
        self._jobs = dict(one for place, one in enumerate(kept) if place < KEPT or one[1].state in UNFINISHED)
        await self._store.put_setting(self._key, [asdict(job) for job in self._jobs.values()])

    async def forget(self) -> None:
        """Let go of all that have ended."""
        self._jobs = {one: job for one, job in self._jobs.items() if job.state in UNFINISHED}
        await self.save()

    def all(self) -> list[Job]:
        """Newest first."""
        return list(self._jobs.values())

    def get(self, job_id: str) -> Job:
        """One of them. Raises NotFound."""
        job = self._jobs.get(job_id)
        if job is None:
            raise NotFound(f"there is no such {self._kind}", field="id", value=job_id, mend="List them to find its id")
        return job

    @property
    def running(self) -> Job | None:
        """The one at work, if any."""
        return next((job for job in self._jobs.values() if job.state == RUNNING), None)

    @property
    def queued(self) -> list[Job]:
        """Those that wait, in their order."""
        return [job for job in reversed(self._jobs.values()) if job.state == QUEUED]


def _end(job: Job, state: str, error: str) -> None:
    """The job has ended, and with it each of its services' parts that had not."""
    job.state, job.error, job.finished_time = state, error, wall_time()
    if state == SUCCEEDED:
        job.progress = 1.0
    for entry in job.detail.get("services", {}).values():
        if entry["state"] in UNFINISHED:
            entry["state"] = state
