"""What the answers on imports, trainings, models and dead letters look like, for /openapi.json."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from services.gateway.rest.schemas import Shape


class Job(Shape):
    """An import, a training or a look at the data. `progress` is 0 to 1, `seconds_left` a guess; `detail` depends on
    the kind."""

    id: str
    kind: Literal["import", "training", "health"]
    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]
    reason: str
    stage: str
    progress: float
    error: str
    created_time: str
    started_time: str | None
    finished_time: str | None
    detail: dict[str, Any]
    seconds_left: int | None


class Imports(Shape):
    """The latest imports, newest first."""

    imports: list[Job]


class UploadError(Shape):
    """Why files could not be read or imported; all of it empty where it is not known."""

    message: str
    field: str
    value: str
    mend: str


class Upload(Shape):
    """Files that were sent. `report` is what a try found or an import did; `rejects` names files of refused rows."""

    id: str
    state: Literal["RECEIVING", "TRYING", "TRIED", "IMPORTING", "IMPORTED", "FAILED"]
    stage: str
    progress: float
    error: UploadError | None
    report: dict[str, Any]
    rejects: list[str]


class WeeklyFiles(Shape):
    """What is remembered between imports of weekly files; null before the first."""

    memory: dict[str, Any] | None


class TrainingJobs(Shape):
    """The latest trainings, newest first."""

    jobs: list[Job]


class DeadLetter(Shape):
    """A message that could not be handled, without its payload."""

    seq: int
    stream: str
    consumer: str
    subject: str
    deal_id: str
    error: str
    problem: str
    deliveries: int
    failed_time: str
    bytes: int


class DeadLetterPage(Shape):
    """A page of dead letters, newest first; no cursor on the last."""

    dead_letters: list[DeadLetter]
    next_cursor: str


class SampleRemoved(Shape):
    """When the sample company was removed, by whom, and how many records of each kind."""

    time: str
    who: str
    counts: dict[str, int]


class Sample(Shape):
    """Whether the sample company is here; `goes`: how many records of each kind would go with it."""

    sample: bool
    goes: dict[str, int]
    removed: SampleRemoved | None
    clearing: bool = Field(description="messages and models that it left are still being cleared")
