"""When a deal is won, given that it is: discrete-time weekly hazards (Singer and Willett 1993).

logit h(k) is a sum of table entries, one a factor: weeks ahead, age, place in the quarter, promised close date,
slips, stage and time in it. Tables are the maximum a posteriori of a logistic regression over weeks at risk,
pulled towards a built-in prior, so that few data leave wide, sane timing. Open deals count as won later, with
their score as weight, or long deals would be missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from learning.calibration import sigmoid
from services.forecast.domain import HORIZON_WEEKS, Floats, Integers
from services.forecast.features import (
    CHOICES,
    FACTORS,
    MAX_LEVELS,
    PHASES,
    PROMISE_FAR,
    PROMISE_NEAR,
    TimingColumns,
    choice_index,
    factor_index,
)

PRIOR_LOG_ODDS = -2.5  # about one in thirteen a week
RISK_WEEKS = 80  # of one snapshot at most
PULL = 8.0  # precision of each table entry around the prior: what a few tens of weeks at risk know
LATEST = timedelta(days=5 * 365)
_STEPS = 25


@dataclass(frozen=True, slots=True, eq=False)
class TimingModel:
    """Tables of log-odds by factor; `levels` names the values of each choice, entry 0 of a choice is any other."""

    base: float = PRIOR_LOG_ODDS
    tables: Mapping[str, Floats] = field(default_factory=lambda: prior_tables())
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def hazards(self, columns: TimingColumns, weeks: int = HORIZON_WEEKS) -> Floats:
        """P(won in week k | won, not before) for each deal, shape (deals, weeks)."""
        return self.combined(self.log_odds(columns, weeks))

    def combined(self, parts: Mapping[str, Floats], without: Collection[str] = ()) -> Floats:
        """Hazards from the parts that log_odds gives; factors can be left out."""
        kept = [part for name, part in parts.items() if name not in without]
        return sigmoid(np.add(self.base, np.sum(kept, axis=0)))

    def log_odds(self, columns: TimingColumns, weeks: int = HORIZON_WEEKS) -> dict[str, Floats]:
        """Each factor's part of the log-odds, shape (deals, weeks)."""
        index = factor_index(columns, weeks) | choice_index(columns, self.levels, weeks)
        return {name: self.tables[name][entries] for name, entries in index.items() if name in self.tables}

    def to_json(self) -> dict[str, Any]:
        """Everything, for model.json."""
        return {
            "base": self.base,
            "tables": {name: table.tolist() for name, table in self.tables.items()},
            "levels": {name: list(values) for name, values in self.levels.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TimingModel:
        """The inverse of to_json."""
        tables = {name: np.array(table, dtype=np.float64) for name, table in data["tables"].items()}
        return cls(float(data["base"]), tables, {name: tuple(values) for name, values in data["levels"].items()})


def prior_tables() -> dict[str, Floats]:
    """What is taken to hold where there are no data: deals close about when promised, quarter ends pull."""
    offsets = np.arange(PROMISE_NEAR, PROMISE_FAR + 1)
    promise = np.where(offsets > 0, np.maximum(-0.45 * offsets, -1.6), 0.2)
    promise[offsets == 0] = 1.5
    promise[offsets == -1] = 0.7
    quarter = np.zeros(FACTORS["quarter"])
    quarter[:2] = (0.5, 0.2)
    tables = {name: np.zeros(size) for name, size in FACTORS.items()}
    return tables | {"promise": np.append(promise, 0.0), "quarter": quarter}


def week_weights(hazards: Floats) -> Floats:
    """P(closes in week k | won), shape (deals, weeks); what lacks to 1 lies beyond the horizon."""
    surviving = np.cumprod(1.0 - hazards, axis=-1)
    before = np.concatenate([np.ones((*hazards.shape[:-1], 1)), surviving[..., :-1]], axis=-1)
    weights: Floats = hazards * before
    return weights


def share_by(weights: Floats, start: date, day: date) -> float:
    """P(closed on or before a day | won), for one deal."""
    at = ((day - start).days + 1) / 7.0
    if at <= 0:
        return 0.0
    whole = min(int(at), len(weights))
    part = (at - whole) * float(weights[whole]) if whole < len(weights) else 0.0
    return min(1.0, float(weights[:whole].sum()) + part)


def date_quantiles(weights: Floats, start: date, levels: Sequence[float]) -> list[date]:
    """The days by which it is closed with the given probabilities, given won.

    Beyond the horizon the last quarter's rate goes on; no day is later than five years on.
    """
    reached = np.cumsum(weights)
    left = max(1.0 - float(reached[-1]), 0.0)
    before = max(1.0 - float(reached[-14]), 1e-12)
    rate = min(max(1.0 - (left / before) ** (1 / 13), 1e-4), 0.999)
    days = []
    for level in levels:
        week = int(np.searchsorted(reached, level))
        if week < len(weights):
            passed = float(reached[week - 1]) if week else 0.0
            part = (level - passed) / max(float(weights[week]), 1e-12)
            offset = 7.0 * (week + min(part, 1.0))
        else:
            offset = 7.0 * (len(weights) + np.log((1.0 - level) / left) / np.log(1.0 - rate))
        days.append(start + min(timedelta(days=max(int(np.ceil(offset)) - 1, 0)), LATEST))
    return days


@dataclass(frozen=True, slots=True, eq=False)
class TimingExamples:
    """Snapshots of deals that were won, and of open ones that may be.

    weeks[i]: in which week after the snapshot it was won; where won[i] is false, how many weeks it is known not to
    have been. weight: that of the snapshot, times the score where it is still open.
    """

    columns: TimingColumns
    weeks: Integers
    won: Integers
    weight: Floats


def fit_timing(examples: TimingExamples) -> TimingModel:
    """Fit the tables by penalised maximum likelihood (Newton's method); without examples, the prior."""
    levels = {name: _levels(examples.columns.choices[name]) for name in CHOICES}
    prior = prior_tables() | {name: np.zeros(len(levels[name]) * PHASES + 1) for name in CHOICES}
    if not len(examples.columns) or not examples.won.any():
        return TimingModel(tables=prior, levels=levels)
    index, event, weight = _weeks_at_risk(examples, levels)
    names = list(prior)
    start = np.concatenate([[PRIOR_LOG_ODDS], *(prior[name] for name in names)])
    offsets = np.cumsum([1, *(len(prior[name]) for name in names)])
    entries = np.stack([index[name] + offset for name, offset in zip(names, offsets[:-1], strict=True)], axis=1)
    found = _newton(entries, event, weight, start)
    tables = dict(zip(names, np.split(found[1:], offsets[1:-1] - 1), strict=True))
    return _centred(TimingModel(float(found[0]), tables, levels), index, weight)


def _levels(values: Sequence[str]) -> tuple[str, ...]:
    counts = Counter(value for value in values if value)
    return tuple(sorted(sorted(counts), key=lambda value: -counts[value])[:MAX_LEVELS])


def _weeks_at_risk(
    examples: TimingExamples, levels: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Integers], Floats, Floats]:
    """One row a snapshot and week at risk: entry per factor, whether it was won in that week, weight."""
    count = np.minimum(np.where(examples.won, examples.weeks + 1, examples.weeks), RISK_WEEKS)
    columns = np.arange(RISK_WEEKS)
    at_risk = columns < count[:, None]
    event = (at_risk & (columns == examples.weeks[:, None]) & (examples.won[:, None] > 0))[at_risk].astype(np.float64)
    index = factor_index(examples.columns, RISK_WEEKS) | choice_index(examples.columns, levels, RISK_WEEKS)
    weight = np.broadcast_to(examples.weight[:, None], at_risk.shape)[at_risk]
    return {name: entries[at_risk] for name, entries in index.items()}, event, weight


def _newton(entries: Integers, event: Floats, weight: Floats, start: Floats) -> Floats:
    """Maximise the weighted log-likelihood less PULL / 2 × (distance to start)²; the base is pulled less."""
    from scipy.sparse import csr_matrix

    rows, factors = entries.shape
    columns = np.concatenate([np.zeros((rows, 1), dtype=np.int64), entries], axis=1)
    shape = (rows, len(start))
    design = csr_matrix((np.ones(columns.size), columns.reshape(-1), np.arange(rows + 1) * (factors + 1)), shape=shape)
    pull = np.full(len(start), PULL)
    pull[0] = 1.0
    found = start.copy()
    for _ in range(_STEPS):
        rate = sigmoid(design @ found)
        gradient = design.T @ (weight * (event - rate)) - pull * (found - start)
        curvature = weight * rate * (1.0 - rate)
        hessian = (design.T @ design.multiply(curvature[:, None]).tocsr()).toarray() + np.diag(pull)
        move = np.linalg.solve(hessian, gradient)
        found = found + move * min(1.0, 2.0 / max(float(np.abs(move).max()), 1e-12))
        if float(np.abs(move).max()) < 1e-6:
            break
    return found


def _centred(model: TimingModel, index: Mapping[str, Integers], weight: Floats) -> TimingModel:
    """Shift each table so that its mean over the weeks at risk is 0: leaving a factor out is then neutral."""
    base = model.base
    tables = {}
    for name, table in model.tables.items():
        mean = float(np.average(table[index[name]], weights=weight))
        tables[name] = table - mean
        base += mean
    return TimingModel(base, tables, model.levels)
