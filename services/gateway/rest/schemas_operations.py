"""What the answers on imports, trainings, models and dead letters look like, for /openapi.json."""

from __future__ import annotations

from typing import Any, Literal

from services.gateway.rest.schemas import Shape


class Job(Shape):
    """An import or a training. `progress` is 0 to 1; `detail` depends on the kind."""

    id: str
    kind: Literal["import", "training"]
    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]
    reason: str
    stage: str
    progress: float
    error: str
    created_time: str
    finished_time: str | None
    detail: dict[str, Any]


class Imports(Shape):
    """The latest imports, newest first."""

    imports: list[Job]


class TrainingJobs(Shape):
    """The latest trainings, newest first."""

    jobs: list[Job]


class Pointed(Shape):
    """What serves: version "prior" and generation 0 before the first promotion."""

    version: str
    generation: int
    digest: str


class ModelVersion(Shape):
    """A registered version with its evaluation; `digest` and `size` (bytes) are those of its artifact."""

    version: str
    digest: str
    size: int
    created_time: str
    parameters: dict[str, Any]
    evaluation: dict[str, Any]


class Promotion(Shape):
    """When a version was made to serve, and why."""

    version: str
    generation: int
    time: str
    reason: str


class Model(Shape):
    """A service's models, versions and promotions newest first."""

    service: str
    serving: Pointed
    versions: list[ModelVersion]
    promotions: list[Promotion]


class Models(Shape):
    """Every service's models."""

    models: list[Model]


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
