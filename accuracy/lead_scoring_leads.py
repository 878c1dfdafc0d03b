"""Leads of the sample company: the chance to convert within a horizon, trained on the past, tested on what came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from accuracy.told import told
from learning.baselines import BASE_RATE, LIGHTGBM, LOGISTIC, Baselines
from learning.curves import SLACK, Judged, chance_ece
from learning.history import read_history
from learning.metrics import auc, ece, log_loss
from learning.records import DealHistory, DealKind
from services.lead_scoring.dataset import Dataset, build_dataset
from services.lead_scoring.training import train

DEALS, SEED, TODAY = 4_000, 7, date(2026, 11, 21)
HORIZONS = (14, 28, 90)
PAST = 0.7  # of the span, that is learned from
METRICS = (auc, log_loss, ece)
OURS = "Dealcast"


def section() -> str:
    """The part of docs/accuracy.md."""
    from demo.generate import generate

    with TemporaryDirectory() as place, threadpool_limits(1):
        generate(Path(place) / "history", DEALS, SEED, TODAY)
        folder = read_history(Path(place) / "history")
        histories, end = list(folder.deals()), folder.manifest.business_day
        rows = [told(_row(histories, end, horizon)) for horizon in HORIZONS]
    return "\n".join([_INTRODUCTION, _HEAD, *rows])


_INTRODUCTION = f"""### Leads that convert within a horizon

Leads of a simulated company of {DEALS:,} deals: learned from what was known on a day after {PAST:.0%} of its span,
tested on weekly snapshots from then on whose horizon ended before the last day, so that every answer is known. AUC /
log loss / ECE. It shows that the target is learned as it is meant, not how well real leads can be told apart. Bar: the
ECE is within the bound that chance sets (as on files)."""
_HEAD = """
| days | leads | converted | said | Dealcast | logistic regression | LightGBM | base rate | ECE bound | bar |
|---|---|---|---|---|---|---|---|---|---|"""


def leads_of(data: Dataset) -> Dataset:
    """The rows of leads."""
    assert data.kinds is not None
    return data.take(np.flatnonzero(data.kinds.codes == data.kinds.dictionary.index(DealKind.LEAD)))


def _row(histories: Sequence[DealHistory], end: date, horizon: int) -> str:
    later = leads_of(build_dataset(histories, end, horizon_days=horizon))
    first, last = int(later.taken.min()), end.toordinal() - horizon
    cut = int(first + PAST * (last - first))
    tested = np.flatnonzero((later.taken > cut) & (later.taken <= last))
    assert later.labelled[tested].all()
    learned = leads_of(build_dataset(histories, date.fromordinal(cut), horizon_days=horizon))
    known, table = np.flatnonzero(learned.labelled), later.table.take(tested)
    said = {OURS: train(learned, 0, lambda *_: None).model.score(table).probability}
    said |= Baselines.fit(learned.table.take(known), learned.won[known]).predict(table)
    _, groups = np.unique(later.record[tested], return_inverse=True)
    rows = Judged(later.won[tested], said[OURS], later.weight[tested], groups.astype(np.int64))
    bound = chance_ece(rows) + SLACK
    figures = {
        name: " / ".join(f"{metric(rows.won, p, rows.weight):.3f}" for metric in METRICS) for name, p in said.items()
    }
    met = "met" if ece(rows.won, said[OURS], rows.weight) <= bound else "not met"
    cells = [
        str(horizon), f"{rows.records:,}", f"{np.average(rows.won, weights=rows.weight):.1%}",
        f"{np.average(said[OURS], weights=rows.weight):.1%}",
        *(figures[name] for name in (OURS, LOGISTIC, LIGHTGBM, BASE_RATE)), f"{bound:.3f}", met,
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print(section())
