"""What is known of a version when it has been trained: the content of evaluation.json."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from learning.calibration import sigmoid
from learning.columns import Floats
from learning.metrics import METRICS, bootstrap
from services.lead_scoring.dataset import Dataset, Ints
from services.lead_scoring.forward import Forward, last_day
from services.lead_scoring.model import ScoreModel
from services.lead_scoring.verdict import too_few_to_tell

NOTHING_PREDICTS = "these fields do not predict the outcome: every open record gets the company's rate"
TOO_FEW = "too few outcomes to tell whether these fields predict: every open record gets the company's rate"


def facts_of(data: Dataset, seed: int) -> dict[str, Any]:
    """Rows, records, outcomes, window, and which columns were read, dropped or suspected, and why."""
    won, lost = data.outcomes
    weight = data.weight[data.labelled]
    days = data.taken
    return {
        "rows": len(days), "labelled_rows": int(data.labelled.sum()), "records": len(data.deal_ids),
        "outcomes": won + lost, "won": won, "never_open": data.never_open, "seed": seed,
        "base_rate": round(float(data.won[data.labelled] @ weight / weight.sum()), 6) if len(weight) else None,
        "window": _window(days), "last_day": date.fromordinal(last_day(data)).isoformat() if len(days) else None,
        "columns": sorted(data.table.columns), **data.guard.to_json(),
    }  # fmt: skip


def evaluate(data: Dataset, forward: Forward, scorer: ScoreModel, seed: int) -> dict[str, Any]:
    """Metrics of the time-forward scores on rows whose outcome is known, beside the base rate on the same rows."""
    known = forward.tested > 0
    facts: dict[str, Any] = {
        "model": scorer.kind, "penalty": forward.penalty, "rounds": forward.rounds,
        "half_life_days": forward.half_life, "widening": scorer.widening,
        "stack": {name: round(getattr(forward.choice.stack, name), 6) for name in ("intercept", "linear", "trees")},
    }  # fmt: skip
    if not forward.predicts:
        facts["why"] = TOO_FEW if too_few_to_tell(_by_record(data)) else NOTHING_PREDICTS
    if not known.any():
        return facts | {"test": None, "baseline": None}
    won, weight = data.won[known], forward.tested[known]
    _, groups = np.unique(data.record[known], return_inverse=True)
    test: dict[str, Any] = {
        "rows": int(known.sum()), "records": int(groups.max()) + 1,
        "rate": round(float(won @ weight / weight.sum()), 6), "window": _window(data.taken[known]),
    }  # fmt: skip
    model, base = sigmoid(forward.scores[known]), sigmoid(forward.base_scores[known])
    for name, metric in METRICS.items():
        test[name] = bootstrap(metric, won, model, weight, groups.astype(np.int64), seed=seed).to_json()
    baseline = {name: round(metric(won, base, weight), 6) for name, metric in METRICS.items() if name != "lift"}
    return facts | {"test": test, "baseline": {"name": "base rate", **baseline}}


def _by_record(data: Dataset) -> Floats:
    """Of each record whose outcome is known: 1 where it was won."""
    rows = data.labelled
    won = np.bincount(data.record[rows], data.won[rows], len(data.deal_ids)) > 0
    return won[np.unique(data.record[rows])].astype(np.float64)


def _window(days: Ints) -> list[str]:
    return [date.fromordinal(int(day)).isoformat() for day in (days.min(), days.max())] if len(days) else []
