"""Leads of the sample company: the chance to convert within a horizon, trained on the past, tested on what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from accuracy.lead_scoring_snapshots import METRICS, OURS, both_ways
from accuracy.told import told
from learning.baselines import BASE_RATE, LIGHTGBM, LOGISTIC
from learning.curves import SLACK, Judged, chance_ece
from learning.history import read_history
from learning.metrics import ece
from learning.records import DealHistory, DealKind
from services.lead_scoring.dataset import Dataset, build_dataset

DEALS, SEED, TODAY = 4_000, 7, date(2026, 11, 21)
HORIZONS = (14, 28, 90)
PAST = 0.7  # of the span, that is learned from


def section() -> str:
    """The part of docs/accuracy.md."""
    from demo.generate import generate

    with TemporaryDirectory() as place, threadpool_limits(1):
        generate(Path(place) / "history", DEALS, SEED, TODAY)
        folder = read_history(Path(place) / "history")
        histories, end = list(folder.deals()), folder.manifest.business_day
        rows = [told(row) for horizon in HORIZONS for row in _rows(histories, end, horizon)]
    return "\n".join([_INTRODUCTION, _HEAD, *rows])


_INTRODUCTION = f"""### Leads that convert within a horizon

Leads of a simulated company of {DEALS:,} deals: learned from what was known on a day after {PAST:.0%} of its span,
tested on snapshots from then on whose horizon ended before the last day, so that every answer is known. AUC /
log loss / ECE, judged by snapshots and by days as above. It shows that the target is learned as it is meant, not how
well real leads can be told apart. Bar: the ECE is within the bound that chance sets (as on files)."""
_HEAD = """
| days | leads | judged | converted | said | Dealcast | logistic regression | LightGBM | base rate | ECE bound | bar |
|---|---|---|---|---|---|---|---|---|---|---|"""


def leads_of(data: Dataset) -> Dataset:
    """The rows of leads."""
    assert data.kinds is not None
    return data.take(np.flatnonzero(data.kinds.codes == data.kinds.dictionary.index(DealKind.LEAD)))


def _rows(histories: Sequence[DealHistory], end: date, horizon: int) -> list[str]:
    later = leads_of(build_dataset(histories, end, horizon_days=horizon))
    first, last = int(later.taken.min()), end.toordinal() - horizon
    cut = int(first + PAST * (last - first))
    tested = np.flatnonzero((later.taken > cut) & (later.taken <= last))
    assert later.labelled[tested].all()
    learned = leads_of(build_dataset(histories, date.fromordinal(cut), horizon_days=horizon))
    return [_told(horizon, way, models) for way, models in both_ways(learned, later.take(tested)).items()]


def _told(horizon: int, way: str, models: Mapping[str, Judged]) -> str:
    rows = models[OURS]
    bound = chance_ece(rows) + SLACK
    figures = {
        name: " / ".join(f"{metric(one.won, one.probability, one.weight):.3f}" for metric in METRICS)
        for name, one in models.items()
    }
    met = "met" if ece(rows.won, rows.probability, rows.weight) <= bound else "not met"
    cells = [
        str(horizon), f"{rows.records:,}", way, f"{np.average(rows.won, weights=rows.weight):.1%}",
        f"{np.average(rows.probability, weights=rows.weight):.1%}",
        *(figures[name] for name in (OURS, LOGISTIC, LIGHTGBM, BASE_RATE)), f"{bound:.3f}", met,
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print(section())
