"""What the answers of the inbox and the workspace look like, for /openapi.json."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.gateway.rest.schemas import Action, Money, Person, Shape
from services.gateway.rest.schemas_suggestions import Window


class DealSummary(Shape):
    """The deal a suggestion is for."""

    id: str
    name: str
    stage: str
    amount: Money | None
    owner: Person | None
    account: Person | None
    close_date: str | None
    probability: float | None


class InboxAction(Action):
    """A suggestion with its deal."""

    deal: DealSummary
    as_of: str
    stale: bool


class PlannedAction(Action):
    """A suggestion with its deal and its time; `liked_hour` is when the customer gets in touch most."""

    deal: DealSummary
    time: Window
    liked_hour: int | None


class TidyAction(Action):
    """Housekeeping on a deal."""

    deal: DealSummary


class TidyUp(Shape):
    """What can wait for the last working day of the week."""

    day: str
    actions: list[TidyAction]


class RepDay(Shape):
    """An owner's next working day: at most five suggestions, one a deal; none means nothing now."""

    owner: str
    day: str
    actions: list[PlannedAction]
    look_again_date: str | None
    tidy_up: TidyUp


class Inbox(Shape):
    """Suggestions, best first; of one owner, the first page tells the day too."""

    actions: list[InboxAction]
    next_cursor: str
    day: RepDay | None


class Clock(Shape):
    """The business clock."""

    business_day: str
    pinned: bool
    now: str


class Serving(Shape):
    """The version that serves."""

    version: str
    generation: int


class TrainingColumns(Shape):
    """Columns that lead scoring keeps or leaves out, whatever its leak guard says."""

    keep: list[str]
    drop: list[str]


class FiscalYear(Shape):
    """The month it begins in, and whether it bears the number of the year it ends or begins in."""

    start_month: int
    named_by: Literal["end", "start"]


class Workspace(Shape):
    """The company as a whole."""

    id: str
    sample: bool = Field(
        description="these are the sample company's made-up records; what is written here is play data"
    )
    clock: Clock
    currency: str
    grade_bounds: dict[str, float]
    training_columns: TrainingColumns
    lead_horizon_days: int | None = Field(description="within which leads are to convert; null: at all")
    fiscal_year: FiscalYear
    holiday_country: str = Field(description="ISO 3166 code of the country whose public holidays are kept; empty: none")
    time_zone: str = Field(description="IANA name of the time zone that people see times in; empty: UTC")
    crm_link: str = Field(description="the CRM's address of a deal, {id} standing for its id; empty: none")
    counts: dict[str, int]
    models: dict[str, Serving]
    parts: dict[str, bool]


class SupposedScore(Shape):
    """How likely the deal is won (a lead: converts), as it is or as it would be."""

    probability: float
    low: float
    high: float
    grade: Literal["A", "B", "C", "D"]
    prior: bool
    nothing_predicts: bool


class Difference(Shape):
    """One column's share of the difference in log-odds; all the rest together without a field."""

    field: str
    value_before: str
    value_after: str
    effect_before: float
    effect_after: float
    effect: float
    text: str


class WhatIf(Shape):
    """A score as it is and as it would be; the differences' effects add up."""

    id: str
    deal_revision: int
    model_version: str
    model_generation: int
    business_day: str
    before: SupposedScore
    after: SupposedScore
    differences: list[Difference]
