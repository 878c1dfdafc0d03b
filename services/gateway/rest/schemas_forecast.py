"""What the answers on what happens to a forecast, and on what people add to it, look like, for /openapi.json."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from services.gateway.rest.schemas import Money, Person, Shape
from services.gateway.rest.schemas_totals import Caution


class Worth(Shape):
    """Open business promised in the period, what is booked in it, and both together."""

    open: str
    booked: str
    total: str


class Part(Worth):
    """What one cause made of it, and of how many deals."""

    deals: int


class Causes(Shape):
    """Start + all of these = end, in each member."""

    first_seen: Part
    new: Part
    won: Part
    lost: Part
    pulled_in: Part
    pushed_out: Part
    exchange_rates: Part
    up: Part
    down: Part
    reopened: Part
    moved_owner: Part
    deleted: Part


class BridgeNode(Shape):
    """A node of the reporting tree; all is null above what you may see."""

    node: str
    level: Literal["company", "region", "manager", "owner"]
    name: str
    parent: str
    start: Worth | None
    end: Worth | None
    parts: Causes | None


class MovedDeal(Worth):
    """What one cause made of one deal."""

    id: str
    name: str
    account: str
    owner_id: str
    cause: str


class ForecastChanges(Shape):
    """What happened to a period between two moments."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    period: str
    type: str
    from_: str = Field(alias="from")
    to: str
    currency: str
    currencies: list[str]
    nodes: list[BridgeNode]
    deals: list[MovedDeal]


class Context(Shape):
    """The node's numbers when something was said of it."""

    booked: str | None
    mean: str | None
    p10: str | None
    p50: str | None
    p90: str | None
    adjusted: str | None
    submitted: str | None
    submitted_below: str | None
    commit: str | None
    best_case: str | None
    pipeline: str | None
    quota: str | None


class SaidContext(Context):
    """In which currency, where that was kept: the one that the amount counted in."""

    currency: str | None = None


class Call(Shape):
    """A submission or an adjustment."""

    id: int
    node: str
    type: str
    period: str
    amount: Money
    note: str
    author: str
    time: str
    context: SaidContext
    undone_time: str | None
    undone_by: str


class Calls(Shape):
    """Submissions or adjustments, newest first."""

    calls: list[Call]
    next_cursor: str


class DayOfForecast(Context):
    """What was said of a node's period at the end of a day."""

    day: str


class ForecastDays(Shape):
    """How a node's number moved. `people_withheld`: why, of a period that is over, what people said is left out; null
    where it is not."""

    period: str
    type: str
    node: str
    currency: str
    people_withheld: str | None
    days: list[DayOfForecast]


class SourceAccuracy(Shape):
    """How good one source was: relative to what was booked, over the days it said something."""

    days: int
    error: float | None
    bias: float | None
    said: list[str | None]


class Sources(Shape):
    """The forecast's mean and median, the adjusted and the submitted number, and the reps' committed deals; null where
    it is people's and not for who asks (`people_withheld`)."""

    mean: SourceAccuracy
    p50: SourceAccuracy
    adjusted: SourceAccuracy | None
    submitted: SourceAccuracy | None
    commit: SourceAccuracy | None


class PeriodAccuracy(Shape):
    """A past period; `range_held` is the share of days on which what came lay between p10 and p90."""

    period: str
    booked: str
    days: int
    range_held: float | None
    sources: Sources


class ForecastAccuracy(Shape):
    """Past periods, newest first. `people_withheld`: why what is people's is left out; null where nothing is."""

    node: str
    type: str
    currency: str
    people_withheld: str | None
    periods: list[PeriodAccuracy]


class GapDeal(Shape):
    """A deal that would help to close the gap; `expected` is its amount times its probability in the period, `effect`
    what its winning alone adds to P(quota met), 0 where the scenarios do not tell it, `adds` what it adds to those
    before it, `quota_probability` what is reached with all up to it."""

    id: str
    name: str
    account: str
    stage: str
    owner: Person | None
    amount: Money
    close_date: str | None
    probability: float
    expected: str
    effect: float
    adds: float
    quota_probability: float


class GapNote(Shape):
    """What else there is to know of a gap, in a word and a sentence."""

    code: Literal[
        "met", "no_deals", "out_of_reach", "more_needed", "not_sure", "no_model", "part_quota", "mostly_new", "not_told"
    ]  # fmt: skip
    text: str


class ClosedGap(Shape):
    """The fewest deals that raise P(quota met) most, out of so many that were tried; quota_probability_all is what is
    reached with all of those."""

    period: str
    type: str
    node: str
    currency: str
    quota: str
    booked: str
    quota_probability: float | None
    quota_probability_all: float | None
    tried: int
    note: GapNote | None
    cautions: list[Caution]
    stale: bool
    deals: list[GapDeal]


class SimulatedTotals(Shape):
    """A node's totals."""

    booked: str
    mean: str
    p10: str
    p50: str
    p90: str
    quota_probability: float | None


class SimulatedNode(Shape):
    """A node before and after; below the company `level` is that of its tree."""

    node: str
    level: str
    name: str
    parent: str
    quota: str | None
    currency: str
    before: SimulatedTotals
    after: SimulatedTotals


class AssumedAmount(Shape):
    """A deal without an amount that would be won, and what it is expected to bring."""

    id: str
    amount: Money | None


class Simulation(Shape):
    """The nodes that the deals concern, parents before children. There is no quota_probability where the forecast
    itself tells none."""

    period: str
    type: str
    tree: str
    assumed: list[AssumedAmount]
    cautions: list[Caution]
    stale: bool
    nodes: list[SimulatedNode]
