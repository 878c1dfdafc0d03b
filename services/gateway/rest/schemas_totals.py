"""What totals over a tree look like, for /openapi.json."""

from __future__ import annotations

from services.gateway.rest.schemas import Shape


class ForecastNode(Shape):
    """A node of the tree; deals to quota_probability are null until the forecast service has spoken, and
    all is null above what you may see."""

    node: str
    level: str
    name: str
    parent: str
    booked: str | None
    deals: str | None
    not_yet_created: str | None
    correction: str | None
    mean: str | None
    p10: str | None
    p50: str | None
    p90: str | None
    quota: str | None
    quota_probability: float | None
    commit: str | None
    best_case: str | None
    pipeline: str | None
    quota_set: str | None
    quota_below: str | None
    open_pipeline: str | None
    remaining: str | None
    coverage: float | None
    gap: str | None
    missing_pipeline: str | None
    adjustment: str | None
    adjustments_below: str | None
    adjusted: str | None
    submitted: str | None
    submitted_below: str | None
    open_deals: int | None
    stale: bool


class Caution(Shape):
    """What stands apart from these totals, in its own currency, and why."""

    currency: str
    text: str


class ForecastTotals(Shape):
    """A period over a tree, parents before children. Levels of the reporting line are company, region, manager and
    owner, those of other trees the names of their fields."""

    period: str
    type: str
    tree: str
    start_date: str
    end_date: str
    as_of: str
    business_day: str
    currency: str
    currencies: list[str]
    cautions: list[Caution]
    model_version: str | None
    stale: bool
    nodes: list[ForecastNode]
