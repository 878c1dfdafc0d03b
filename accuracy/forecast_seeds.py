"""Whether the whole forecast covers what comes: sample companies of many seeds, trained and forecast like any other."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from demo.generate import generate
from learning.history import read_history
from services.forecast.evaluation import NodeForecast, Source, forecasts

SEEDS = 40
DEALS = 400
TODAY = date(2026, 4, 2)
AS_OF = (date(2025, 4, 30), date(2025, 7, 31), date(2025, 10, 31), date(2026, 1, 31))
AIM = (0.74, 0.86)
LEVELS = ("company", "manager", "owner")
TIE = 0.5  # major units: the rounding of a scenario is no difference
_INTRODUCTION = """## Forecast: many sample companies

{seeds} sample companies of {deals} deals each, by the seeds 0 to {last}: the quarter as of {days}, by models trained
on what was known then. The share of nodes between p10 and p90, with its standard error over companies: with one day
each, {seeds} companies would tell the share of companies to ± {one:.0%} only.

Many owners and some managers are expected to bring nothing, and often do: then p10 is nothing too, and counting what
lies on it as inside would find more than 80 % in a true forecast. So a node counts by how much of the probability that
the forecast gives to just what came lies between its tenth and ninetieth part (a randomised PIT); where no two
scenarios are alike that is inside or outside. The plain count stands beside it.
"""


def section() -> str:
    """The section of docs/accuracy.md."""
    lines = [
        _INTRODUCTION.format(
            seeds=SEEDS, last=SEEDS - 1, deals=DEALS, days=", ".join(map(str, AS_OF)), one=sqrt(0.8 * 0.2 / SEEDS)
        ),
        "| level | nodes | p10–p90 | ± | plain count | aim |\n" + "|---" * 6 + "|",
    ]
    for level, both in covered(SEEDS).items():
        found = [each[:, 0] for each in both]
        share, plain = np.concatenate(both).mean(axis=0)
        error = float(np.std([each.mean() for each in found]) / np.sqrt(len(found)))
        met = "met" if AIM[0] <= share <= AIM[1] else "**not met**"
        nodes = sum(len(each) for each in found)
        lines.append(
            f"| {level} | {nodes} | {share:.2f} | {error:.2f} | {plain:.2f} | {AIM[0]:.0%}–{AIM[1]:.0%}: {met} |"
        )
    return "\n".join(lines) + "\n"


def covered(seeds: int) -> dict[str, list[np.ndarray]]:
    """By level, for each company, how much of what came lay between p10 and p90, of nodes to which more can come.

    Arrays of shape (nodes, 2): ties split, and counted as inside.
    """
    found = defaultdict(list)
    for seed in range(seeds):
        rows = forecast_of(seed)
        for level in LEVELS:
            inside = [
                (_inside(row, row.actual), row.quantile(0.1) <= row.actual <= row.quantile(0.9))
                for row in rows
                if row.node.level == level and row.actual is not None and row.scenarios.max() > row.booked
            ]
            if inside:
                found[level].append(np.array(inside, dtype=np.float64))
    return dict(found)


def _inside(row: NodeForecast, actual: float) -> float:
    """How much of the probability of what came lies between the tenth and the ninetieth part."""
    below, upto = (float((row.scenarios < actual - TIE).mean()), float((row.scenarios <= actual + TIE).mean()))
    if upto <= below:
        return float(0.1 <= below <= 0.9)
    return max(min(upto, 0.9) - max(below, 0.1), 0.0) / (upto - below)


def forecast_of(seed: int) -> list[NodeForecast]:
    """Every node of one sample company, as of each day."""
    with TemporaryDirectory(prefix="dealcast-seed-") as name:
        folder = Path(name) / "company"
        generate(folder, DEALS, seed, TODAY)
        history = read_history(folder)
        source = Source(history, list(history.deals()))
        return [row for day in AS_OF for row in forecasts(source, "quarter", day)[0]]
