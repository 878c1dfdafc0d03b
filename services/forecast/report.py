"""How good forecasts were by level: WAPE of p50, coverage of p10 - p90, CRPS, beside what one does without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from services.forecast.evaluation import LEVELS, METHODS, NodeForecast

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Score:
    """Of one level as of one day. wape: by method, `dealcast` among them; None where there is nothing to compare.

    crps: mean over nodes, as a share of the mean actual.
    """

    nodes: int
    wape: Mapping[str, float | None] = field(default_factory=dict)
    coverage: float | None = None
    crps: float | None = None


def scored(rows: Sequence[NodeForecast]) -> dict[tuple[date, str], Score]:
    """By as-of day and level, of the periods that are over."""
    over = [row for row in rows if row.actual is not None]
    found = {}
    for day in sorted({row.as_of for row in over}):
        for level in LEVELS:
            some = [row for row in over if (row.as_of, row.node.level) == (day, level)]
            if some:
                found[day, level] = _score(some)
    return found


def _score(rows: Sequence[NodeForecast]) -> Score:
    actual = np.array([row.actual for row in rows], dtype=np.float64)
    guesses = {"dealcast": [row.quantile(MIDDLE) for row in rows]}
    for name in METHODS:
        values = [row.baselines.get(name) for row in rows]
        if not any(value is None for value in values):
            guesses[name] = [float(value or 0.0) for value in values]
    total = float(np.abs(actual).sum())
    wape = {name: _wape(guesses.get(name), actual, total) for name in ("dealcast", *METHODS)}
    inside = [row.quantile(LOW) <= came <= row.quantile(HIGH) for row, came in zip(rows, actual, strict=True)]
    crps = sum(row.crps() or 0.0 for row in rows)
    return Score(len(rows), wape, float(np.mean(inside)), crps / total if total else None)


def _wape(guesses: Sequence[float] | None, actual: np.ndarray, total: float) -> float | None:
    if guesses is None or not total:
        return None
    return float(np.abs(np.array(guesses) - actual).sum()) / total


def averaged(scores: Mapping[tuple[date, str], Score]) -> dict[str, Score]:
    """By level the mean over the days."""
    found = {}
    for level in LEVELS:
        some = [score for (_, of), score in scores.items() if of == level]
        if some:
            names = some[0].wape
            wape = {name: _mean([score.wape.get(name) for score in some]) for name in names}
            found[level] = Score(
                sum(score.nodes for score in some), wape, _mean([score.coverage for score in some]),
                _mean([score.crps for score in some]),
            )  # fmt: skip
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
