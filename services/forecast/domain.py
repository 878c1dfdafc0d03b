"""What a forecast is made of, and the rules that hold for any model behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from struct import Struct
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kit.money import Money
from learning.periods import Period, period_of
from learning.records import Node
from services.forecast.spans import Span

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

SCENARIOS = 2_000
PERIODS = 4  # the current quarter and the next three
HORIZON_WEEKS = 53  # four quarters are at most 366 days
_NUMBERS = Struct("<Q2I6d")


class Status(StrEnum):
    """What a forecast can say of a deal."""

    OPEN = "open"
    NOT_APPLICABLE = "not_applicable"  # a lead
    CLOSED = "closed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Loadings:
    """Shares of the shocks a deal has in common with its company, region and quarter of closing.

    They are loadings of a one-factor-a-level Gaussian copula: the squares are the shares of variance, and their
    sum stays below 1.
    """

    company: float = 0.10
    region: float = 0.07
    quarter: float = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """All that the scenarios of one open deal depend on; equal parameters draw equal scenarios anywhere.

    week_weights[k] = P(closes in week k | won), week 0 begins on the day after the business day; what they lack
    to 1 lies beyond the horizon. log_amount_* describe the logarithm of the amount in minor units, given won.
    """

    deal_id: str
    seed: int
    start: date
    currency: str
    win_probability: float
    week_weights: Floats
    log_amount_mean: float
    log_amount_sd: float
    loadings: Loadings
    region: str = ""  # node id; empty where the owner has none

    @property
    def fingerprint(self) -> tuple[str, bytes]:
        """Equal exactly where the draws are equal by construction."""
        shared = (self.loadings.company, self.loadings.region, self.loadings.quarter)
        own = (self.win_probability, self.log_amount_mean, self.log_amount_sd)
        numbers = _NUMBERS.pack(self.seed, self.start.toordinal(), len(self.week_weights), *own, *shared)
        names = f"{self.currency} {self.region}".encode("utf-8", "surrogatepass")
        return self.deal_id, numbers + self.week_weights.tobytes() + names


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a deal carries in custom fields that may be added up like its amount: those above zero, by name.

    asked: its amount in major units, 0 where there is none.
    """

    asked: float
    fields: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the timing is as it is: effect in log-odds of closing in the current period, given won."""

    field: str
    value: str
    effect: float
    text_en: str
    text_ko: str


@dataclass(frozen=True, slots=True)
class PeriodShare:
    """What one deal adds to one period. total: sum over its scenarios, in minor units."""

    period: Span
    probability: float
    total: int


@dataclass(frozen=True, slots=True)
class DealForecast:
    """The whole answer on one deal; anything but OPEN has a status and nothing else."""

    status: Status
    periods: tuple[PeriodShare, ...] = ()
    close_dates: tuple[date, date, date] | None = None  # p10, p50, p90, given won
    amounts: tuple[Money, Money, Money] | None = None  # mean, p10, p90, given won
    category: str = ""
    slip_risk: float | None = None
    reasons: tuple[Reason, ...] = ()
    parameters: Parameters | None = None
    win_probability: float = 0.0
    months: tuple[PeriodShare, ...] = ()  # this month and the next ones, as parts of the periods


@dataclass(frozen=True, slots=True)
class CategoryBounds:
    """Lower bounds of P(won in the current period) for each suggested category."""

    commit: float = 0.6
    best_case: float = 0.35
    pipeline: float = 0.1

    def category(self, probability: float) -> str:
        """commit, best_case, pipeline or omitted."""
        if probability >= self.commit:
            return "commit"
        if probability >= self.best_case:
            return "best_case"
        return "pipeline" if probability >= self.pipeline else "omitted"


@dataclass(frozen=True, slots=True)
class SpanTotal:
    """Open business from one day to another, both included. Sums are over scenarios, in minor units."""

    start: date
    end: date
    open_deals: int
    deals_sum: int
    not_yet_created_sum: int
    correction_sum: int
    quantiles: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RollupRow:
    """A node's open business in a period and currency. Sums are over scenarios, in minor units.

    others: of the period's months, and of longer spans that end with the period. business_day, generation: of the
    oldest forecast of a deal in it; without any generation it has no deals.
    """

    node: Node
    period: Span
    currency: str
    open_deals: int
    deals_sum: int
    not_yet_created_sum: int
    correction_sum: int
    quantiles: tuple[int, ...]
    business_day: date
    others: tuple[SpanTotal, ...] = ()
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model answers."""

    version: str = "prior"
    generation: int = 0
    digest: str = ""
    evaluation: Mapping[str, object] = field(default_factory=dict)
    editions: int = 0  # of the fiscal year, which changes forecasts as another model does
    exchange: int = 0  # the edition of the exchange rates that totals are counted by

    @property
    def order(self) -> int:
        """Grows with every change of the model or the fiscal year."""
        return self.generation + self.editions

    @property
    def prior(self) -> bool:
        """Whether no trained model stands behind the answers."""
        return self.generation == 0


@lru_cache(maxsize=4096)
def periods_from(start: date, count: int = PERIODS) -> tuple[Period, ...]:
    """The quarter of `start` and those after it."""
    first = period_of(start)
    return tuple(first.next(later) for later in range(count))


@lru_cache(maxsize=4096)
def _period_ends(start: date, periods: tuple[Span, ...]) -> Integers:
    """Days from `start` to the end of each period, 0 first; 0 of those that are over."""
    return np.array([0, *(max((period.end - start).days + 1, 0) for period in periods)], dtype=np.int64)


def days_to_end(start: date, period: Span) -> Integers:
    """Days from `start` to the end of one period, both included; shape (1,)."""
    return np.array([(period.end - start).days + 1], dtype=np.int64)


def share_within(week_weights: Floats, days: Integers) -> Floats:
    """P(closed within the first so many days | won), a week's part by its days; shape (…, days)."""
    weights = np.asarray(week_weights, dtype=np.float64)
    cumulative = np.cumsum(weights, axis=-1)
    at = np.minimum(days / 7.0, weights.shape[-1])
    whole = np.minimum(at.astype(np.int64), weights.shape[-1] - 1)
    reached: Floats = cumulative[..., whole] - (1.0 - (at - whole)) * weights[..., whole]
    return reached


def period_masses(week_weights: Floats, start: date, periods: tuple[Span, ...]) -> Floats:
    """P(closes in period | won) for consecutive periods of which one contains `start`; shape (…, periods).

    A week that straddles the end of a period is split by its days. week_weights has shape (…, weeks).
    """
    reached = share_within(week_weights, _period_ends(start, periods))
    masses: Floats = np.maximum(reached[..., 1:] - reached[..., :-1], 0.0)
    return masses
