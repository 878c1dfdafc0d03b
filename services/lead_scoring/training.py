"""Training: history in; model, evaluation and time-forward scores out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from learning.calibration import Calibrator, fit_calibrator, sigmoid
from learning.columns import Encoder, Floats
from learning.history import read_history
from learning.linear import LinearScorer, fit_logistic, mean_contributions
from learning.metrics import METRICS, bootstrap
from learning.reasons import count_evidence
from services.lead_scoring.dataset import Dataset, build_dataset
from services.lead_scoring.domain import MIN_OUTCOMES
from services.lead_scoring.forward import Forward, Progress, base_log_odds, thin, validate_forward
from services.lead_scoring.model import REFITS, ScoreModel, constant_model, prior_model

MODEL_FOLDER, SCORES_FILE, EVALUATION_FILE = "model", "scores.parquet", "evaluation.json"
DIGITS = 9  # of weights: below these lies rounding noise
SCORES = pa.schema([("deal_id", pa.string()), ("day", pa.date32()), ("probability", pa.float64())])


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and the time-forward scores (log-odds, nan before the first cut) of the rows it was trained on."""

    model: ScoreModel
    data: Dataset
    scores: Floats


def train(data: Dataset, seed: int, progress: Progress) -> Trained:
    """Fit, validate forward in time, calibrate, and evaluate. Never refuses: fewer data give a plainer model."""
    won, lost = data.outcomes
    facts = _facts(data, seed)
    if won + lost < MIN_OUTCOMES or not won or not lost:
        facts |= {"model": "prior", "why": f"{won + lost} outcomes, of which {won} won: a prior until there are more"}
        return Trained(prior_model(won, lost, facts), data, np.full(len(data.taken), np.nan))
    forward = validate_forward(data, seed, progress)
    facts |= _evaluate(data, forward, seed)
    scores = forward.scores if forward.predicts else forward.base_scores
    progress("fitting", 0.0)
    if forward.predicts:
        model = _fit_final(data, forward, seed, facts, progress)
    else:
        facts["why"] = "these fields do not predict the outcome: every open record gets the company's rate"
        model = constant_model("base_rate", _base_intercepts(data, forward, seed), facts)
    return Trained(model, data, scores)


def _facts(data: Dataset, seed: int) -> dict[str, Any]:
    won, lost = data.outcomes
    weight = data.weight[data.labelled]
    days = data.taken
    return {
        "rows": len(days), "labelled_rows": int(data.labelled.sum()), "records": len(data.deal_ids),
        "outcomes": won + lost, "won": won, "seed": seed,
        "base_rate": round(float(data.won[data.labelled] @ weight / weight.sum()), 6) if len(weight) else None,
        "window": [date.fromordinal(int(day)).isoformat() for day in (days.min(), days.max())] if len(days) else [],
        "columns": sorted(data.table.columns), "dropped": [one.to_json() for one in data.dropped],
    }  # fmt: skip


def _evaluate(data: Dataset, forward: Forward, seed: int) -> dict[str, Any]:
    """Metrics of the time-forward scores on rows whose outcome is known, beside the base rate on the same rows."""
    known = data.labelled & ~np.isnan(forward.base_scores)
    facts: dict[str, Any] = {
        "model": "logistic" if forward.predicts else "base_rate", "penalty": forward.penalty,
        "calibration": {
            "intercept": round(forward.calibrator.intercept, 6), "slope": round(forward.calibrator.slope, 6)
        },
    }  # fmt: skip
    if not known.any():
        return facts | {"test": None, "baseline": None}
    won, weight = data.won[known], data.weight[known]
    _, groups = np.unique(data.record[known], return_inverse=True)
    days = data.taken[known]
    test = {"rows": int(known.sum()), "records": int(groups.max()) + 1, "rate": round(float(won @ weight / weight.sum()), 6),
            "window": [date.fromordinal(int(day)).isoformat() for day in (days.min(), days.max())]}  # fmt: skip
    model, base = sigmoid(forward.scores[known]), sigmoid(forward.base_scores[known])
    for name, metric in METRICS.items():
        test[name] = bootstrap(metric, won, model, weight, groups.astype(np.int64), seed=seed).to_json()
    baseline = {name: round(metric(won, base, weight), 6) for name, metric in METRICS.items() if name != "lift"}
    return facts | {"test": test, "baseline": {"name": "base rate", **baseline}}


def _draws(data: Dataset, seed: int) -> list[Floats]:
    """Bootstrap multiplicities of each row, drawn by record."""
    generator = np.random.default_rng(seed)
    count = len(data.deal_ids)
    return [np.bincount(generator.integers(0, count, count), minlength=count)[data.record] * 1.0 for _ in range(REFITS)]


def _recalibrated(data: Dataset, log_odds: Floats, times: Floats) -> Calibrator:
    known = data.labelled & ~np.isnan(log_odds) & (times > 0)
    return fit_calibrator(log_odds[known], data.won[known], (data.weight * times)[known])


def _fit_final(data: Dataset, forward: Forward, seed: int, facts: dict[str, Any], progress: Progress) -> ScoreModel:
    """The fit on all outcomes, its bootstrap refits beside it, calibration folded into the weights."""
    rows = thin(data.labelled, seed)
    table = data.table.take(rows)
    won, weight = data.won[rows], data.weight[rows]
    encoder = Encoder.fit(table, weight)
    features = encoder.transform(table)
    fit = fit_logistic(features, won, weight, forward.penalty)
    weights, intercepts = (
        [fit.weights * forward.calibrator.slope],
        [float(forward.calibrator.apply(np.array(fit.intercept)))],
    )
    raw = forward.raw[[index for index, one in enumerate(_penalties()) if one == forward.penalty][0]]
    for number, times in enumerate(_draws(data, seed)):
        drawn = times[rows] > 0
        refit = fit
        if len(np.unique(won[drawn])) == 2:
            refit = fit_logistic(features[drawn], won[drawn], (weight * times[rows])[drawn], forward.penalty, fit)
        calibrator = _recalibrated(data, raw, times)
        weights.append(refit.weights * calibrator.slope)
        intercepts.append(float(calibrator.apply(np.array(refit.intercept))))
        progress("fitting", (number + 1) / REFITS)
    stacked = np.round(np.array(weights).T, DIGITS)
    means = np.round(mean_contributions(encoder, features, stacked[:, 0], weight), DIGITS)
    scorer = LinearScorer(encoder, stacked, np.round(np.array(intercepts), DIGITS), means)
    known = data.labelled
    evidence = count_evidence(encoder, data.table.take(known), data.record[known], data.won[known])
    return ScoreModel("logistic", scorer, evidence, facts)


def _penalties() -> tuple[float, ...]:
    from services.lead_scoring.forward import PENALTIES

    return PENALTIES


def _base_intercepts(data: Dataset, forward: Forward, seed: int) -> list[float]:
    rate = np.array([base_log_odds(data, data.labelled)])
    intercepts = [float(forward.base_calibrator.apply(rate)[0])]
    for times in _draws(data, seed):
        weight = (data.weight * times)[data.labelled]
        share = (float(weight @ data.won[data.labelled]) + 0.5) / (float(weight.sum()) + 1.0)
        drawn = np.array([np.log(share) - np.log1p(-share)])
        intercepts.append(float(_recalibrated(data, forward.base, times).apply(drawn)[0]))
    return [round(one, DIGITS) for one in intercepts]


def train_folder(history: Path, out: Path, seed: int, progress: Progress) -> Trained:
    """Train on a folder in the history format and write `out`: model/ (the artifact), evaluation.json (its copy) and
    scores.parquet (deal_id, day, probability: time-forward scores for other models to train on)."""
    folder = read_history(history)
    progress("reading the history", 0.0)
    data = build_dataset(folder.deals(), folder.manifest.business_day)
    progress("reading the history", 1.0)
    trained = train(data, seed, progress)
    trained.model.save(out / MODEL_FOLDER)
    text = json.dumps(trained.model.evaluation, ensure_ascii=False, sort_keys=True, indent=2)
    (out / EVALUATION_FILE).write_text(text, encoding="utf-8")
    _write_scores(trained, out / SCORES_FILE)
    return trained


def _write_scores(trained: Trained, path: Path) -> None:
    data, known = trained.data, ~np.isnan(trained.scores)
    columns = [
        pa.array([data.deal_ids[record] for record in data.record[known].tolist()], pa.string()),
        pa.array([date.fromordinal(day) for day in data.taken[known].tolist()], pa.date32()),
        pa.array(sigmoid(trained.scores[known])),
    ]
    pq.write_table(pa.table(columns, schema=SCORES), path, compression="zstd")
