"""What the answers look like, for /openapi.json; a test holds real answers against these."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.rest.schemas_suggestions import Addressee, Decision, FeedbackGiven, NoteSignal, Offer, Window


class Shape(BaseModel):
    """Members are exactly these."""

    model_config = ConfigDict(extra="forbid")


class Money(Shape):
    """A decimal amount in major units with its currency."""

    currency: str
    value: str


class Person(Shape):
    """A user or account by id."""

    id: str
    name: str


class Evidence(Shape):
    """Closed records that share the value, and how many were won; 0 of 0 where not counted."""

    count: int
    won: int


class Reason(Shape):
    """One additive effect, in log-odds."""

    field: str
    value: str
    effect: float
    text: str
    evidence: Evidence


class Computed(Shape):
    """What every insight names."""

    as_of: str
    deal_revision: int
    model_version: str
    model_generation: int
    business_day: str
    insight_id: str
    stale: bool


class TrendReason(Shape):
    """What a change of the deal, or of the model, did to the score: an exact difference in log-odds."""

    cause: Literal["deal", "model"]
    field: str
    effect: float
    text: str


class LeadScore(Computed):
    """How likely the deal is won (a lead: converts)."""

    probability: float = Field(ge=0, le=1)
    low: float
    high: float
    base_log_odds: float
    grade: Literal["A", "B", "C", "D"]
    trend: Literal["IMPROVING", "STEADY", "DECLINING", "NOT_ENOUGH"]
    trend_since: str | None = Field(description="the day of the earlier score")
    trend_reasons: list[TrendReason] = Field(description="they add up to the log-odds gained since then")
    reasons: list[Reason]
    prior: bool
    nothing_predicts: bool = Field(description="no field tells how deals end: all have the company's rate")
    horizon_days: int | None = Field(description="of a lead: within which it converts; null: at all, or won in the end")


class PeriodForecast(Shape):
    """P(won in this period), and the mean of the deal's own scenarios."""

    period: str
    start_date: str
    end_date: str
    probability: float
    expected: Money | None


class CloseDate(Shape):
    """Quantiles of the day it closes."""

    p10: str
    p50: str
    p90: str


class AmountForecast(Shape):
    """What it brings if won."""

    currency: str
    mean: str
    p10: str
    p90: str


class Forecast(Computed):
    """When, and for how much."""

    status: Literal["open", "not_applicable", "closed", "deleted"]
    periods: list[PeriodForecast]
    months: list[PeriodForecast]
    close_date: CloseDate | None
    amount: AmountForecast | None
    category: str
    slip_risk: float | None
    win_probability: float
    reasons: list[Reason]


class Action(Shape):
    """A suggestion."""

    id: str
    action: str
    text: str
    channel: str
    contact_id: str
    gain: Money | None
    probability_gain: float
    probability_gain_low: float
    probability_gain_high: float
    reasons: list[Reason]
    propensity: float
    contact: Addressee | None
    message: str
    window: Window | None
    minutes: float
    tidy_up: bool
    products: list[Offer]
    accepted: bool


class NextActions(Computed):
    """What to do now; no actions means nothing now."""

    actions: list[Action]
    look_again_date: str | None
    catalogue_generation: int
    feedback: list[FeedbackGiven]
    signals: list[NoteSignal]
    decision: Decision | None


class ProductLine(Shape):
    """A product on a deal."""

    product_id: str
    name: str
    quantity: float
    price: Money | None


class DealCredit(Shape):
    """An owner's share of the credit for a deal; none of them where it is the owner's alone."""

    owner_id: str
    name: str
    percent: float


class DealContact(Shape):
    """A contact on a deal with the buying role."""

    contact_id: str
    name: str
    title: str
    role: str


class Deal(Shape):
    """The merged record."""

    id: str
    revision: int
    kind: Literal["LEAD", "OPPORTUNITY"]
    motion: Literal["NEW", "RENEWAL", "EXPANSION"]
    pipeline: str
    stage: str
    outcome: Literal["OPEN", "WON", "LOST"]
    name: str
    amount: Money | None
    owner: Person | None
    account: Person | None
    owner_id: str
    account_id: str
    fields: dict[str, Any]
    products: list[ProductLine]
    contacts: list[DealContact]
    credits: list[DealCredit]
    created_time: str | None
    close_date: str | None
    closed_date: str | None
    category: str
    deleted: bool
    lead_score: LeadScore | None
    forecast: Forecast | None
    next_actions: NextActions | None


class DealPage(Shape):
    """A page of deals; no cursor on the last."""

    deals: list[Deal]
    next_cursor: str


class FieldError(Shape):
    """What is wrong with one member."""

    field: str
    value: str
    message: str
    mend: str


class Result(BaseModel):
    """The fate of one write; a line of a batch's answer."""

    id: str
    status: Literal["created", "changed", "unchanged", "rejected"]
    revision: int
    errors: list[FieldError] = []


class Problem(Shape):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    field: str
    value: str
    mend: str
    errors: list[FieldError] = []
