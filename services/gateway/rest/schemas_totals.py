"""What totals over a tree look like, for /openapi.json."""

from __future__ import annotations

from typing import Literal

from services.gateway.rest.schemas import Shape


class QuotaOf(Shape):
    """What a quota rests on: owners (in other trees the lowest places) out of those with any business, and months out
    of the period's. There is no quota_probability where it is a part of either."""

    owners: int
    of: int
    months: int
    of_months: int


class RecordCaution(Shape):
    """What a node's records are too few or too odd for: of how many deals, owners, days, weeks or percent,
    and out of how many."""

    code: Literal[
        "none_closed", "none_won", "few_wins", "short_record", "wins_without_amounts", "no_amounts", "one_deal",
        "one_deal_of_owners", "few_closed", "no_manager", "few_weeks", "mostly_new",
    ]  # fmt: skip
    count: int
    of: int
    text: str


class ForecastNode(Shape):
    """A node of the tree; deals to quota_probability are null until the forecast service has spoken,
    quota_probability also until a model is trained, and where most of a young record's mean is not yet created; all is
    null above what you may see."""

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
    quota_of: QuotaOf | None
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
    cautions: list[RecordCaution]


class Caution(Shape):
    """What is not in these totals, and why: no_model, no_rate for a currency that stands apart, quota_apart for one in
    which only quotas are set, or of a type no_new_business."""

    code: Literal["no_model", "no_rate", "quota_apart", "no_new_business"]
    currency: str
    text: str


class ForecastTotals(Shape):
    """A period over a tree, parents before children. Levels of the reporting line are company, region, manager and
    owner, those of other trees the names of their fields. `people_withheld`: why, of a period that is over, what people
    said is left out of some nodes; null where nothing is."""

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
    people_withheld: str | None
    nodes: list[ForecastNode]
