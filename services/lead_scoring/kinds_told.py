"""What is told of each kind of deal and of each pipeline: the target, the model, and how good it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from learning.calibration import sigmoid
from learning.columns import Floats
from learning.metrics import auc, bootstrap, ece, log_loss
from learning.records import DealKind
from services.lead_scoring.dataset import Dataset, Ints
from services.lead_scoring.evaluation import evaluate
from services.lead_scoring.forward import Forward
from services.lead_scoring.model import ANY, ScoreModel
from services.lead_scoring.parts import Learned
from services.lead_scoring.pooled import Pooled

WON, CONVERTED = "won", "converted"
MOST_PIPELINES, LONGEST_NAME = 12, 120
DIGITS = 6


def why_prior(data: Dataset) -> dict[str, str]:
    """Why there is no trained model."""
    won, lost = data.outcomes
    return {"model": "prior", "why": f"{won + lost} outcomes, of which {won} won: a prior until there are more"}


def kinds_told(parts: Sequence[Learned], seed: int) -> list[dict[str, Any]]:
    """By kind, most outcomes first: the target and its horizon, the counts, the model with its figures, pipelines.

    Nothing where all rows are of one kind that nobody names.
    """
    return [_kind(one, seed, alone=len(parts) == 1) for one in parts if one.kind != ANY]


def _kind(one: Learned, seed: int, *, alone: bool) -> dict[str, Any]:
    data, lead = one.data, one.kind == DealKind.LEAD
    won, lost = data.outcomes
    facts: dict[str, Any] = {
        "kind": one.kind, "target": CONVERTED if lead else WON, "horizon_days": data.horizon_days if lead else None,
        "rows": len(data.taken), "records": len(data.deal_ids), "outcomes": won + lost, "won": won,
    }  # fmt: skip
    if one.forward is None:
        return facts | why_prior(data) | {"pipelines": []}
    if not alone:  # else the whole's own figures are these
        facts |= evaluate(data, one.forward, ScoreModel.of(one.model.together), seed)
    return facts | {"pipelines": list(_pipelines(data, one.forward, one.model, seed))}


def _pipelines(data: Dataset, forward: Forward, model: Pooled, seed: int) -> Iterator[dict[str, Any]]:
    """By pipeline, most outcomes first: figures of the score and the rate's log loss, out of fold; `own` is the share
    that what the pipeline teaches alone has in its scores."""
    if data.pipelines is None:
        return
    counts = {}
    for code in np.unique(data.pipelines.codes[data.pipelines.codes >= 0]).tolist():
        rows = np.flatnonzero((data.pipelines.codes == code) & (forward.tested > 0))
        if len(rows):
            counts[data.pipelines.dictionary[code]] = rows
    if len(counts) < 2:
        return
    scores = sigmoid(forward.scores if forward.predicts else forward.base_scores)
    base = sigmoid(forward.base_scores)
    order = sorted(counts, key=lambda name: (-len(np.unique(data.record[counts[name]])), name))
    for name in order[:MOST_PIPELINES]:
        rows = counts[name]
        own = model.own.get(name)
        yield {
            "pipeline": name[:LONGEST_NAME], "own": own.share if own else 0.0,
            **_figures(data, rows, scores, base, forward.tested, seed),
        }  # fmt: skip


def _figures(data: Dataset, rows: Ints, scores: Floats, base: Floats, tested: Floats, seed: int) -> dict[str, Any]:
    won, weight = data.won[rows], tested[rows]
    _, groups = np.unique(data.record[rows], return_inverse=True)
    both = 0 < won.sum() < len(won)

    def told(metric: Callable[[Floats, Floats, Floats], float]) -> dict[str, float | None]:
        return bootstrap(metric, won, scores[rows], weight, groups.astype(np.int64), seed=seed).to_json()

    return {
        "records": len(np.unique(groups)), "rate": round(float(won @ weight / weight.sum()), DIGITS),
        "mean": round(float(scores[rows] @ weight / weight.sum()), DIGITS),
        "auc": told(auc) if both else None, "log_loss": told(log_loss), "ece": told(ece),
        "base_log_loss": round(log_loss(won, base[rows], weight), DIGITS),
    }  # fmt: skip
