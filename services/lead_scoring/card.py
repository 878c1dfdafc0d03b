"""The model card: how good a version is beside plain models, how honest, what drives it and where it is weak."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.baselines import BASE_RATE, LIGHTGBM, LOGISTIC, Baselines
from learning.calibration import sigmoid
from learning.columns import Codes, Floats
from learning.curves import SLACK, Judged, calibration_curve, chance_ece, gain_curve
from learning.encoder import ChoiceColumn, Column, NumberColumn
from learning.folds import Fold
from learning.metrics import METRICS, Metric, bootstrap, log_loss
from learning.parallel import Workers
from services.lead_scoring.candidates import thin
from services.lead_scoring.card_segments import segments
from services.lead_scoring.dataset import Dataset
from services.lead_scoring.forward import Forward, fold_weights, folds_of
from services.lead_scoring.model import ScoreModel

FORMAT = 1
OURS, REJECTED = "Dealcast", "rejected blend"
PLAIN = (LOGISTIC, LIGHTGBM)
PLAIN_ROWS = 20_000  # that a plain model learns from at most in a fold, drawn at random
EXPLAINED = 500  # rows, drawn at random, that influence is averaged over
MOST_COLUMNS, LONGEST_NAME = 400, 120
MOST_BYTES = 150_000
DIGITS = 5


@dataclass(frozen=True, slots=True)
class Plain:
    """A fold of a plain model's test: rows to learn from with their weights, rows to score."""

    train: Codes
    weight: Floats  # of the rows to learn from
    test: Codes
    seed: int


def model_card(data: Dataset, forward: Forward, model: ScoreModel, seed: int, run: Workers) -> dict[str, Any]:
    """Everything on the card that evaluation.json does not hold yet, as its `card`; at most MOST_BYTES as JSON.

    models: each metric with its intervals, and gain: how much log loss Dealcast saves beside it; all on the same rows.
    """
    known = forward.tested > 0
    card: dict[str, Any] = {"format": FORMAT, "columns": columns(data, model, seed)}
    if known.any():
        card |= _tested(data, forward, [one["name"] for one in card["columns"] if one["influence"]], seed, run)
    return _bounded(_rounded(card))


def _tested(data: Dataset, forward: Forward, ranked: Sequence[str], seed: int, run: Workers) -> dict[str, Any]:
    known = forward.tested > 0
    told = probabilities(data, forward, seed, run)
    _, groups = np.unique(data.record[known], return_inverse=True)
    of = {
        name: Judged(data.won[known], found[known], forward.tested[known], groups.astype(np.int64))
        for name, found in told.items()
    }
    ours, base = of[OURS], of[BASE_RATE]
    return {
        "models": {name: figures(rows, ours, seed) for name, rows in of.items()},
        "ece_bound": chance_ece(ours, seed) + SLACK,
        "calibration": calibration_curve(ours), "gain": gain_curve(ours, seed),
        "segments": segments(data.table.take(known), ranked, ours, base.probability),
    }  # fmt: skip


def figures(rows: Judged, ours: Judged, seed: int) -> dict[str, Any]:
    """Metrics with their intervals, and the log loss that ours saves beside these, with the paired interval."""
    found = {
        name: bootstrap(metric, rows.won, rows.probability, rows.weight, rows.groups, seed=seed).to_json()
        for name, metric in METRICS.items()
    }
    if rows is not ours:
        found["gain"] = difference(log_loss, rows, ours, seed)
    return found


def difference(metric: Metric, one: Judged, other: Judged, seed: int, resamples: int = 200) -> dict[str, float | None]:
    """A metric of one less that of the other on the same rows, with intervals from resampling records as pairs."""

    def apart(won: Floats, place: Floats, weight: Floats) -> float:
        kept = place.astype(np.int64)
        return metric(won, one.probability[kept], weight) - metric(won, other.probability[kept], weight)

    every = np.arange(len(one.won), dtype=np.float64)
    return bootstrap(apart, one.won, every, one.weight, one.groups, seed=seed, resamples=resamples).to_json()


def probabilities(data: Dataset, forward: Forward, seed: int, run: Workers) -> dict[str, Floats]:
    """By model, each row's probability by a model that had not seen it; nan where a row was in no fold's test."""
    blend, base = sigmoid(forward.scores), sigmoid(forward.base_scores)
    found = {OURS: blend} if forward.predicts else {OURS: base, REJECTED: blend}
    plain = {name: base.copy() for name in PLAIN}
    every = folds_of(data, seed)
    tasks = [plain_of(data, fold, seed) for fold in every]
    for fold, told in zip(every, run(compare, tasks), strict=True):
        for name, values in told.items():
            plain[name][fold.test] = values
    return {**found, **plain, BASE_RATE: base}


def plain_of(data: Dataset, fold: Fold, seed: int) -> Plain:
    """What the plain models learn from in a fold, with the weights of the day as ours does, and score."""
    weight = fold_weights(data, fold, None)
    train = thin(np.flatnonzero(weight > 0), PLAIN_ROWS, seed)
    return Plain(train, weight[train], np.flatnonzero(fold.test), seed)


def compare(data: Dataset, task: Plain) -> Mapping[str, Floats]:
    """What the plain models say of a fold's test rows; none where they cannot be fitted."""
    fitted = Baselines.fit(data.table.take(task.train), data.won[task.train], task.seed, task.weight)
    told = fitted.predict(data.table.take(task.test))
    return {name: told[name] for name in PLAIN if name in told}


def columns(data: Dataset, model: ScoreModel, seed: int) -> list[dict[str, Any]]:
    """The input columns by influence: kind, share missing, and the mean absolute effect on the log-odds (null for
    those that are not used)."""
    labelled = np.flatnonzero(data.labelled)
    rows = thin(labelled, EXPLAINED, seed)
    weight = data.weight[rows] / data.weight[rows].sum()
    influence = dict.fromkeys(model.columns, 0.0)
    for share, score in zip(weight.tolist(), model.explain(data.table.take(rows), top=0), strict=True):
        for name, effect in score.contributions.items():
            if name in influence:
                influence[name] += share * abs(effect)
    used = model.encoded
    found = []
    for name in sorted(data.table.columns, key=lambda one: (-influence.get(one, -1.0), one)):
        column = data.table.columns[name]
        missing = np.isnan(column) if isinstance(column, np.ndarray) else column.codes < 0
        found.append({
            "name": name, "kind": kind_of(data, name, used.get(name)), "missing": float(missing[labelled].mean()),
            "influence": influence.get(name),
        })  # fmt: skip
    return found


def kind_of(data: Dataset, name: str, column: Column | None) -> str:
    """number, date, choice, yes_no or text."""
    if name in data.table.dates:
        return "date"
    if isinstance(column, ChoiceColumn):
        return "yes_no" if column.yes_no else "choice"
    if column is not None and not isinstance(column, NumberColumn):
        return "text"
    return "number" if isinstance(data.table.columns[name], np.ndarray) else "choice"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS) if np.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return value


def _bounded(card: dict[str, Any]) -> dict[str, Any]:
    """The card with as many of the columns as fit."""
    every = [{**one, "name": one["name"][:LONGEST_NAME]} for one in card["columns"]]
    kept = every[:MOST_COLUMNS]
    while kept and len(json.dumps({**card, "columns": kept}, ensure_ascii=False).encode()) > MOST_BYTES:
        kept = kept[: len(kept) // 2]
    return {**card, "columns": kept, "columns_left_out": len(every) - len(kept)}
