"""Scores of open records at every age, split by when the records started, beside plain models on the same snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from accuracy.histories import history_of
from accuracy.told import told as say
from learning.baselines import BASE_RATE, LIGHTGBM, LOGISTIC, Baselines
from learning.columns import Floats
from learning.curves import SLACK, Judged, chance_ece
from learning.folds import Mask
from learning.history import read_history
from learning.metrics import auc, ece, log_loss
from learning.snapshots import AGES, STEP
from services.lead_scoring.dataset import Dataset, build_dataset
from services.lead_scoring.final import final_weights
from services.lead_scoring.training import train

PRESET, OURS = "loan_offers", "Dealcast"
SHARE = 0.6  # of the cases by start, whose outcomes known by then are learned from
WAIT = 30  # days that a tested case must have had, so that next to all have closed
BOUNDS = ((0, 7), (7, 14), (14, 21), (21, 10_000))  # of ages in days
METRICS = (auc, log_loss, ece)


def section() -> str:
    """The part of docs/accuracy.md."""
    with threadpool_limits(1):
        found = compared()
    lines = [_INTRODUCTION.format(cut=found.cut, last=found.last, cases=found.cases, closed=found.closed), _HEAD]
    for low, high in ((0, 10_000), *BOUNDS):
        inside = (found.ages >= low) & (found.ages < high)
        name = "all" if (low, high) == (0, 10_000) else f"{low}–{high - 1}" if high < 10_000 else f"{low} and more"
        if inside.any():
            ways = ["both"] if alike(found.judged["days"]) else list(found.judged)
            judged = {"both": found.judged["snapshots"], **found.judged}
            lines += [say(_row(f"{name} | {{}} | {way}", judged[way], inside)) for way in ways]
    return "\n".join(lines)


_INTRODUCTION = f"""### By age, beside plain models

`{PRESET}`, split by the start of the cases: learned from snapshots of cases and outcomes known by {{cut}}, tested on
snapshots of the cases that started from then to {{last}}, {{cases:,}} of them, {{closed:.0%}} of which have
ended since; the others are left out for all models. AUC / log loss / ECE by age of the case. All models learn from the
same snapshots with the same weights. Judged by snapshots, each counts alike, as in training; by days, each counts for
the days until the next, which makes the tested all open cases on all days; where all are younger than six
weeks, all stand for a week each, both are the same, and one row says so ("both"). Bars, on both: log loss at most the
better plain model's, AUC at most .003 below, ECE within the bound (as on files)."""
_HEAD = """
| age in days | snapshots | cases | judged | Dealcast | logistic regression | LightGBM | base rate | ECE bound | bars |
|---|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True)
class Compared:
    """The test: what of its cases has ended, the ages of the snapshots in days, and by way of judging each model's."""

    cut: date
    last: date  # that a tested case started on
    cases: int
    closed: float  # share
    ages: Floats
    judged: Mapping[str, Mapping[str, Judged]]


@cache
def compared() -> Compared:
    """Learn from the past, score what came."""
    folder = read_history(history_of(PRESET))
    histories, end = list(folder.deals()), folder.manifest.business_day
    starts = np.array([one.deal.created_time.date().toordinal() if one.deal.created_time else 0 for one in histories])
    cut, last = int(np.quantile(starts, SHARE)), end.toordinal() - WAIT
    before = (one for one, start in zip(histories, starts.tolist(), strict=True) if start <= cut)
    learned = build_dataset(before, date.fromordinal(cut))
    later = build_dataset(histories, end)
    tested_ids = {one.deal.id for one, start in zip(histories, starts.tolist(), strict=True) if cut < start <= last}
    seen = np.array([name in tested_ids for name in later.deal_ids])[later.record]
    rows = np.flatnonzero(seen & later.labelled)
    cases, closed = len(np.unique(later.record[seen])), len(np.unique(later.record[rows]))
    tested = later.take(rows)
    return Compared(date.fromordinal(cut), date.fromordinal(last), cases, closed / max(cases, 1), ages_of(tested),
                    both_ways(learned, tested))  # fmt: skip


def both_ways(learned: Dataset, tested: Dataset) -> dict[str, dict[str, Judged]]:
    """Ours and the plain models, all of which learn with the same weights, on the tested rows: each row alike, and each
    as many times as days it stands for."""
    weight, table = final_weights(learned, None), tested.table
    known = np.flatnonzero(weight)
    told = {OURS: train(learned, 0, lambda *_: None).model.score(table).probability}
    told |= Baselines.fit(learned.table.take(known), learned.won[known], weight=weight[known]).predict(table)
    starts = np.array([age * STEP.days for age in AGES])
    stands_for = np.diff(starts, append=2 * starts[-1])[np.searchsorted(starts, ages_of(tested), side="right") - 1]
    ways = {"snapshots": np.ones(table.rows), "days": stands_for.astype(np.float64)}
    return {
        way: {name: Judged(tested.won, p, judging, tested.record) for name, p in told.items()}
        for way, judging in ways.items()
    }


def alike(models: Mapping[str, Judged]) -> bool:
    """Whether each row counts as much as any other."""
    return bool(np.ptp(models[OURS].weight) == 0)


def ages_of(data: Dataset) -> Floats:
    """The ages of the rows in days."""
    return np.asarray(data.table.columns["age_days"], dtype=np.float64)


def _row(head: str, models: Mapping[str, Judged], inside: Mask) -> str:
    rows = {name: one.take(inside) for name, one in models.items()}
    figures = {name: [metric(one.won, one.probability, one.weight) for metric in METRICS] for name, one in rows.items()}
    ours, bound = figures[OURS], chance_ece(rows[OURS]) + SLACK
    others = [figures[key] for key in (LOGISTIC, LIGHTGBM)]
    limits = (
        (ours[1] > min(one[1] for one in others), "log loss"),
        (ours[0] < max(one[0] for one in others) - 0.003, "AUC"),
        (ours[2] > bound, "ECE"),
    )
    missed = [metric for over, metric in limits if over]
    cells = [" / ".join(f"{one:.3f}" for one in figures[key]) for key in (OURS, LOGISTIC, LIGHTGBM, BASE_RATE)]
    bars = f"not met: {', '.join(missed)}" if missed else "met"
    counts = f"{len(rows[OURS].won):,} | {rows[OURS].records:,}"
    return "| " + " | ".join([head.format(counts), *cells, f"{bound:.3f}", bars]) + " |"


if __name__ == "__main__":
    print(section())
