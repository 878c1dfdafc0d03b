"""When a deal closes, and whether it is then won: discrete-time weekly competing hazards (Singer and Willett 1993).

A week's hazard of closing is logistic in tables of weeks ahead, age, place in quarter and month, working days,
promised close date, slips, stage and time in it, owner and product. Given that it closes in a week, it is won with
log-odds that are the lead score's plus tables of the same kind: so winning and losing compete, with hazards h q and
h (1 - q). Tables are pulled towards a built-in prior, so that few data leave wide, sane timing. Timing never changes
P(won).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from learning.calibration import sigmoid
from learning.workdays import WEEKDAYS
from services.forecast.domain import HORIZON_WEEKS, Floats, Integers
from services.forecast.features import (
    CHOICES,
    FACTORS,
    MAX_LEVELS,
    OTHER_LEVELS,
    PROMISE_FAR,
    PROMISE_NEAR,
    STEADY,
    TimingColumns,
    choice_index,
    factor_index,
    grid,
    table_size,
)
from services.forecast.logodds import LogOdds, fit_log_odds

PRIOR_LOG_ODDS = -2.5  # about one in thirteen a week
RISK_WEEKS = 53  # of one snapshot at most
PULL = 8.0  # precision of each table entry around the prior: what a few tens of weeks at risk know
# Where other pulls told later weeks of past deals better; who owns a deal says when it closes rather than how.
CLOSING_PULLS = {
    "age": 4.0, "step": 4.0, "outlived": 3.0, "stage": 4.0, "young_quarter": 20.0, "month": 20.0, "stage_days": 30.0,
}  # fmt: skip
WINNING_PULLS = {
    "age": 2.0, "outlived": 3.0, "stage": 2.0, "quarter": 4.0, "month": 30.0, "owner_id": 80.0, "product": 80.0,
}  # fmt: skip
MOST_QUIET = 120_000  # weeks at risk without a closing: more hardly tell more
_GOLDEN = (5**0.5 - 1) / 2  # whose multiples spread evenly
HALF_LIFE_DAYS = 240.0  # of what a week at risk counts
WINNING = ("age", "outlived", "quarter", "month", "promise", "slips", *CHOICES, *STEADY)
LATEST = timedelta(days=5 * 365)
LEAST_WORKING = 0.25  # working days that a week without any counts as: some deals are closed on holidays
_FURTHEST = 7.0  # log-odds of a score


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What may come of deals: P(won in week k), P(lost in week k), shapes (deals, weeks). The rest stays open."""

    won: Floats
    lost: Floats

    @property
    def still_open(self) -> Floats:
        """P(open at the end of week k)."""
        left: Floats = 1.0 - np.cumsum(self.won + self.lost, axis=-1)
        return left

    def chance(self) -> Floats:
        """P(won) as these hazards alone see it: the share of winning in what closes."""
        won, lost = self.won.sum(axis=-1), self.lost.sum(axis=-1)
        chance: Floats = won / np.maximum(won + lost, 1e-12)
        return chance

    def week_weights(self, probability: Floats) -> Floats:
        """P(won in week k | won) where P(won) is `probability`; never more than all of it."""
        total = np.maximum(probability, self.won.sum(axis=-1))
        weights: Floats = self.won / np.maximum(total, 1e-12)[..., None]
        return weights


@dataclass(frozen=True, slots=True, eq=False)
class TimingModel:
    """closing: weekly hazards. winning: what to add to the score's log-odds where it closes in a week."""

    closing: LogOdds = field(default_factory=lambda: LogOdds(PRIOR_LOG_ODDS, prior_tables()))
    winning: LogOdds = field(default_factory=lambda: LogOdds(0.0, {}))
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    country: str = ""  # whose public holidays are no working days

    def index(self, columns: TimingColumns, weeks: int = HORIZON_WEEKS) -> dict[str, Integers]:
        """Which table entries hold for each deal and week ahead."""
        return self.entries(columns, *grid(columns, weeks))

    def entries(self, columns: TimingColumns, deal: Integers, ahead: Integers) -> dict[str, Integers]:
        """As index, for some deals (positions in columns) and weeks ahead."""
        return factor_index(columns, deal, ahead, self.country) | choice_index(columns, self.levels, deal, ahead)

    def outlook(self, index: Mapping[str, Integers], probability: Floats) -> Outlook:
        """What may come of the deals, from `index`. probability: each deal's lead score."""
        return self.outlooks(index, probability, {})[0]

    def outlooks(
        self, index: Mapping[str, Integers], probability: Floats, groups: Mapping[str, Collection[str]]
    ) -> tuple[Outlook, dict[str, Outlook]]:
        """As outlook, and what it would be with each group of factors left out."""
        closing, winning = self.closing.parts(index), self.winning.parts(index)
        score = score_log_odds(probability)[:, None]
        hazard, share = self.closing.total(closing), score + self.winning.total(winning)
        without = {
            group: _outlook(hazard - _sum(closing, names), share - _sum(winning, names))
            for group, names in groups.items()
        }
        return _outlook(hazard, share), without

    def to_json(self) -> dict[str, Any]:
        """Everything, for model.json."""
        return {
            "closing": self.closing.to_json(),
            "winning": self.winning.to_json(),
            "levels": {name: list(values) for name, values in self.levels.items()},
            "country": self.country,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TimingModel:
        """The inverse of to_json."""
        levels = {name: tuple(values) for name, values in data["levels"].items()}
        return cls(LogOdds.from_json(data["closing"]), LogOdds.from_json(data["winning"]), levels, str(data["country"]))


def _sum(parts: Mapping[str, Floats], names: Collection[str]) -> Floats | float:
    return sum((parts[name] for name in names if name in parts), start=0.0)


def _outlook(closing: Floats, winning: Floats) -> Outlook:
    """From the log-odds of closing in each week, and of winning in what closes."""
    hazards, share = sigmoid(closing), sigmoid(winning)
    before = np.ones_like(hazards)
    np.cumprod(1.0 - hazards[:, :-1], axis=1, out=before[:, 1:])
    won = before
    won *= hazards
    lost = won * (1.0 - share)
    return Outlook(won * share, lost)


def score_log_odds(probability: Floats) -> Floats:
    """A lead score's log-odds, bounded."""
    inside = np.clip(np.asarray(probability, dtype=np.float64), 1e-9, 1.0 - 1e-9)
    bounded: Floats = np.clip(np.log(inside / (1.0 - inside)), -_FURTHEST, _FURTHEST)
    return bounded


def prior_tables() -> dict[str, Floats]:
    """What is taken to hold where there are no data: deals close about when promised, quarter ends pull."""
    offsets = np.arange(PROMISE_NEAR, PROMISE_FAR + 1)
    promise = np.where(offsets > 0, np.maximum(-0.45 * offsets, -1.6), 0.2)
    promise[offsets == 0] = 1.5
    promise[offsets == -1] = 0.7
    quarter = np.zeros(FACTORS["quarter"])
    quarter[:2] = (0.5, 0.2)
    tables = {name: np.zeros(size) for name, size in FACTORS.items()}
    working = np.log(np.maximum(np.arange(WEEKDAYS + 1), LEAST_WORKING) / WEEKDAYS)
    return tables | {"promise": np.append(promise, 0.0), "quarter": quarter, "workdays": working}


def share_by(weights: Floats, start: date, day: date) -> float:
    """P(closed on or before a day | won), for one deal."""
    at = ((day - start).days + 1) / 7.0
    if at <= 0:
        return 0.0
    whole = min(int(at), len(weights))
    part = (at - whole) * float(weights[whole]) if whole < len(weights) else 0.0
    return min(1.0, float(weights[:whole].sum()) + part)


def date_quantiles(weights: Floats, start: date, levels: Sequence[float]) -> list[tuple[date, ...]]:
    """By deal (rows of weights) the days by which it is closed with the given probabilities, given won.

    Beyond the horizon the last quarter's rate goes on; no day is later than five years on.
    """
    reached, deals, weeks = np.cumsum(weights, axis=1), np.arange(len(weights)), weights.shape[1]
    left = np.maximum(1.0 - reached[:, -1], 1e-300)
    before = np.maximum(1.0 - reached[:, -14], 1e-12)
    rate = np.clip(1.0 - (left / before) ** (1 / 13), 1e-4, 0.999)
    found = []
    for level in levels:
        week = (reached < level).sum(axis=1)
        at = np.minimum(week, weeks - 1)
        passed = np.where(at > 0, reached[deals, at - 1], 0.0)
        part = np.minimum((level - passed) / np.maximum(weights[deals, at], 1e-12), 1.0)
        beyond = weeks + np.log((1.0 - level) / left) / np.log(1.0 - rate)
        offset = np.ceil(7.0 * np.where(week < weeks, at + part, beyond)) - 1
        days = np.clip(offset, 0, LATEST.days).astype(np.int64)
        found.append([start + timedelta(days=each) for each in days.tolist()])
    return list(zip(*found, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class TimingExamples:
    """Snapshots of deals and what is known to have come of them.

    weeks[i]: in which week after the snapshot it closed; where closed[i] is false, how many weeks it is known not to
    have. unseen[i]: weeks from the snapshot on in which closings were not yet recorded. case: a number by deal.
    score: the lead score as of the snapshot.
    """

    columns: TimingColumns
    weeks: Integers
    unseen: Integers
    closed: Integers
    won: Integers
    case: Integers
    score: Floats


def fit_timing(examples: TimingExamples, country: str = "") -> TimingModel:
    """Fit the tables by penalised maximum likelihood; without examples, the prior. country: of public holidays."""
    levels = {name: _levels(name, examples.columns.choices[name]) for name in (*CHOICES, *STEADY)}
    choices = {name: np.zeros(table_size(name, len(levels[name]))) for name in (*CHOICES, *STEADY)}
    tables = prior_tables() | choices
    winning = {name: np.zeros(len(tables[name])) for name in WINNING}
    prior = TimingModel(LogOdds(PRIOR_LOG_ODDS, tables), LogOdds(0.0, winning), levels, country)
    if not len(examples.columns) or not examples.closed.any():
        return prior
    index, event, weight, deal = _weeks_at_risk(examples, prior)
    closing = fit_log_odds(prior.closing, index, event, weight, _pulls(tables, CLOSING_PULLS))
    ended = event > 0
    at_end = {name: index[name][ended] for name in WINNING}
    deal = deal[ended]
    won = examples.won[deal].astype(np.float64)
    offset = score_log_odds(examples.score[deal])
    how = fit_log_odds(prior.winning, at_end, won, weight[ended], _pulls(winning, WINNING_PULLS), offset)
    return TimingModel(closing, how, levels, country)


def _pulls(tables: Collection[str], own: Mapping[str, float]) -> dict[str, float]:
    return {name: own.get(name, PULL) for name in tables}


def _levels(name: str, values: Sequence[str]) -> tuple[str, ...]:
    counts = Counter(value for value in values if value)
    return tuple(sorted(sorted(counts), key=lambda value: -counts[value])[: MAX_LEVELS.get(name, OTHER_LEVELS)])


def _weeks_at_risk(
    examples: TimingExamples, model: TimingModel
) -> tuple[dict[str, Integers], Floats, Floats, Integers]:
    """One row a snapshot and week at risk: entry per factor, whether it closed in that week, weight, snapshot.

    A week of a deal's life counts once: the snapshots before it share it. Were they to share the deal instead, those
    that close at once would count more than those that go on. Of very many weeks without a closing an even part
    stands for all.
    """
    closed = examples.closed > 0
    until = np.minimum(np.where(closed, examples.weeks + 1, examples.weeks), RISK_WEEKS)
    length = np.maximum(until - examples.unseen, 0)
    deal = np.repeat(np.arange(len(until)), length)
    week = np.arange(len(deal)) - np.repeat(np.cumsum(length) - length - examples.unseen, length)
    event = closed[deal] & (week == examples.weeks[deal])
    share = min(1.0, MOST_QUIET / max(int((~event).sum()), 1))
    kept = np.flatnonzero(event | (np.arange(len(deal)) * _GOLDEN % 1.0 < share))
    deal, week, event = deal[kept], week[kept], event[kept]
    first = np.array([day.toordinal() for day in examples.columns.days], dtype=np.int64)
    at = first[deal] + 7 * week
    recent = 0.5 ** ((at.max(initial=0) - at) / HALF_LIFE_DAYS)
    weight = recent / _sharing(examples.case, first, deal, at) * np.where(event, 1.0, 1.0 / share)
    return model.entries(examples.columns, deal, week), event.astype(np.float64), weight, deal


def _sharing(case: Integers, first: Integers, deal: Integers, at: Integers) -> Integers:
    """How many snapshots of the same deal are no later than each week. first: the day of each snapshot."""
    day = first - first.min(initial=0)
    span = int(max(day.max(initial=0), (at - first.min(initial=0)).max(initial=0))) + 1
    known = np.sort(case * span + day)
    shared: Integers = np.searchsorted(known, case[deal] * span + at - first.min(initial=0), side="right")
    return shared - np.searchsorted(known, case[deal] * span)
