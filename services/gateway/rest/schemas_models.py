"""What the answers on models look like, for /openapi.json."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from services.gateway.rest.schemas import Shape


class Pointed(Shape):
    """What serves: version "prior" and generation 0 before the first promotion."""

    version: str
    generation: int
    digest: str


class Decision(Shape):
    """What the rule of promotion says of a version: `code` for programs, `text` for people."""

    promote: bool
    code: str
    text: str
    figures: dict[str, Any]


class TrainedOn(Shape):
    """The outcomes (closed deals, leads that converted) there were and the business day when it was trained, by which
    job, and how many people had been erased or were left out."""

    outcomes: int
    conversions: int = 0
    business_day: str
    job: str
    privacy: dict[str, int] = Field(default_factory=dict)


class ModelVersion(Shape):
    """A registered version with its evaluation; `digest` and `size` (bytes) are those of its artifact."""

    version: str
    digest: str
    size: int
    created_time: str
    parameters: dict[str, Any]
    evaluation: dict[str, Any]
    trained: TrainedOn | None = None
    decision: Decision | None = None


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


class PromotionRule(Shape):
    """How sure it must be that a new version is not worse, and by how much worse it might be.

    `confidence` is one-sided; `log_loss_margin` is a share of the champion's, `ece_margin` is of the calibration error.
    """

    confidence: float
    log_loss_margin: float
    ece_margin: float
    max_age_days: int


class RetrainingRule(Shape):
    """What starts a training by itself; null: not that. `drift` is of scores, `input_drift` of the columns they are
    computed from; `schedule` is a weekday (mon to sun) or a day of the month (1 to 28)."""

    new_outcomes: int | None
    max_age_days: int | None
    drift: bool
    input_drift: bool
    schedule: str | None


class ModelRules(Shape):
    """The rules that models are promoted and trained anew by."""

    promotion: PromotionRule
    retraining: RetrainingRule


class ModelAuditEntry(Shape):
    """Who did what to which version, why, and on which figures; `before` is the version that served."""

    id: str
    time: str
    act: Literal[
        "PROMOTED", "REFUSED", "ROLLED_BACK", "RULES_CHANGED", "SHADOW_STARTED", "SHADOW_ENDED", "REMOVED",
        "SAMPLE_REMOVED",
    ]  # fmt: skip
    who: str
    service: str
    version: str
    before: str
    generation: int
    reason: str
    figures: dict[str, Any]


class ModelAudit(Shape):
    """A page of the audit log of models, newest first; no cursor on the last."""

    entries: list[ModelAuditEntry]
    next_cursor: str
