"""How good several models' probabilities are on the same rows of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from learning.columns import Floats
from learning.metrics import METRICS, Interval, bootstrap

MOST_ROWS = 20_000  # resampled; intervals of more rows are scaled down from those of so many


@dataclass(frozen=True, slots=True)
class Figures:
    """By model and metric; of how many rows, and how many of them were won."""

    of: Mapping[str, Mapping[str, Interval]]
    rows: int
    won: int


def measure(probabilities: Mapping[str, Floats], won: Floats, seed: int = 0) -> Figures | None:
    """Figures on rows with an outcome (not nan); None where there is none."""
    known = np.isfinite(won)
    rows = int(known.sum())
    if not rows:
        return None
    outcome = won[known]
    return Figures(
        {name: _of(values[known], outcome, seed) for name, values in probabilities.items()}, rows, int(outcome.sum())
    )


def _of(probability: Floats, won: Floats, seed: int) -> dict[str, Interval]:
    rows = len(won)
    part = np.random.default_rng(seed).permutation(rows)[:MOST_ROWS]
    ones = np.ones(len(part))
    found = {}
    for name, metric in METRICS.items():
        one = bootstrap(metric, won[part], probability[part], ones, np.arange(len(part)), seed=seed)
        found[name] = one if len(part) == rows else _scaled(one, metric(won, probability, np.ones(rows)), rows)
    return found


def _scaled(one: Interval, value: float, rows: int) -> Interval:
    """The interval around the figure of all rows, narrower by the root of how many more they are."""
    narrower = np.sqrt(MOST_ROWS / rows)
    ends = {
        name: value + (getattr(one, name) - one.value) * narrower for name in ("low90", "high90", "low95", "high95")
    }
    return replace(one, value=value, **ends)
