"""Scores of open records at every age, split by when the records started, beside plain models on the same snapshots."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from accuracy.histories import history_of
from accuracy.told import told as say
from learning.baselines import BASE_RATE, LIGHTGBM, LOGISTIC, Baselines
from learning.columns import Floats
from learning.curves import SLACK, Judged, chance_ece
from learning.history import read_history
from learning.metrics import auc, ece, log_loss
from services.lead_scoring.dataset import build_dataset
from services.lead_scoring.training import train

PRESET, OURS = "loan_offers", "Dealcast"
SHARE = 0.6  # of the cases by start, whose outcomes known by then are learned from
WAIT = 30  # days that a tested case must have had, so that next to all have closed
AGES = ((0, 7), (7, 14), (14, 21), (21, 10_000))
METRICS = (auc, log_loss, ece)


def section() -> str:
    """The part of docs/accuracy.md."""
    with threadpool_limits(1):
        told, ages, rows, cut, last, cases, closed = compared()
    lines = [_INTRODUCTION.format(cut=cut, last=last, cases=cases, closed=closed), _HEAD]
    for low, high in ((0, 10_000), *AGES):
        inside = (ages >= low) & (ages < high)
        name = "all" if (low, high) == (0, 10_000) else f"{low}–{high - 1}" if high < 10_000 else f"{low} and more"
        if inside.any():
            lines.append(say(_row(name, {key: p[inside] for key, p in told.items()}, rows.take(inside))))
    return "\n".join(lines)


_INTRODUCTION = f"""### By age, beside plain models

`{PRESET}`, split by the start of the cases: learned from snapshots of cases and outcomes known by {{cut}}, tested on
weekly snapshots of the cases that started from then to {{last}}, {{cases:,}} of them, {{closed:.0%}} of which have
ended since; the others are left out for all models. AUC / log loss / ECE by age of the case. Bars: log loss at most
the better plain model's, AUC at most .003 below, ECE within the bound (as on files)."""
_HEAD = """
| age in days | snapshots | cases | Dealcast | logistic regression | LightGBM | base rate | ECE bound | bars |
|---|---|---|---|---|---|---|---|---|"""


@cache
def compared() -> tuple[dict[str, Floats], Floats, Judged, date, date, int, float]:
    """Every model's probabilities of the test's snapshots, their ages, what came of them; cut, last start, cases and
    the share that has ended."""
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
    table = later.table.take(rows)
    told = {OURS: train(learned, 0, lambda *_: None).model.score(table).probability}
    known = np.flatnonzero(learned.labelled)
    told |= Baselines.fit(learned.table.take(known), learned.won[known]).predict(table)
    _, groups = np.unique(later.record[rows], return_inverse=True)
    judged = Judged(later.won[rows], told[OURS], later.weight[rows], groups.astype(np.int64))
    ages = np.asarray(table.columns["age_days"], dtype=np.float64)
    return told, ages, judged, date.fromordinal(cut), date.fromordinal(last), cases, closed / max(cases, 1)


def _row(name: str, told: dict[str, Floats], rows: Judged) -> str:
    figures = {key: [metric(rows.won, p, rows.weight) for metric in METRICS] for key, p in told.items()}
    ours, bound = figures[OURS], chance_ece(rows) + SLACK
    others = [figures[key] for key in (LOGISTIC, LIGHTGBM)]
    limits = (
        (ours[1] > min(one[1] for one in others), "log loss"),
        (ours[0] < max(one[0] for one in others) - 0.003, "AUC"),
        (ours[2] > bound, "ECE"),
    )
    missed = [metric for over, metric in limits if over]
    cells = [" / ".join(f"{one:.3f}" for one in figures[key]) for key in (OURS, LOGISTIC, LIGHTGBM, BASE_RATE)]
    bars = f"not met: {', '.join(missed)}" if missed else "met"
    return "| " + " | ".join([name, f"{len(rows.won):,}", f"{rows.records:,}", *cells, f"{bound:.3f}", bars]) + " |"


if __name__ == "__main__":
    print(section())
