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
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from learning.calibration import sigmoid
from learning.censoring import known_weights
from learning.columns import Encoder, Floats
from learning.history import read_history
from learning.linear import LinearScorer, fit_logistic, mean_contributions, one_step_refits
from learning.reasons import count_evidence
from learning.scores import SCORES
from services.lead_scoring.dataset import Dataset, build_dataset
from services.lead_scoring.domain import MIN_OUTCOMES
from services.lead_scoring.evaluation import evaluate, facts_of
from services.lead_scoring.forward import Forward, Progress, base_log_odds, calibrate, thin, validate_forward
from services.lead_scoring.model import REFITS, ScoreModel, constant_model, prior_model

ARTIFACT_FOLDER, SCORES_FILE, EVALUATION_FILE = "artifact", "scores.parquet", "evaluation.json"
MAX_ROWS = 40_000  # beyond these, the fit takes a random part of the rows
DIGITS = 9  # of weights: below these lies rounding noise


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and the time-forward scores (log-odds, nan before the first cut) of the rows it was trained on."""

    model: ScoreModel
    data: Dataset
    scores: Floats


def train(data: Dataset, seed: int, progress: Progress) -> Trained:
    """Fit, validate forward in time, calibrate, and evaluate. Never refuses: fewer data give a plainer model."""
    won, lost = data.outcomes
    facts = facts_of(data, seed)
    if won + lost < MIN_OUTCOMES or not won or not lost:
        facts |= {"model": "prior", "why": f"{won + lost} outcomes, of which {won} won: a prior until there are more"}
        return Trained(prior_model(won, lost, facts), data, np.full(len(data.taken), np.nan))
    forward = validate_forward(data, seed, progress)
    facts |= evaluate(data, forward, seed)
    scores = forward.scores if forward.predicts else forward.base_scores
    progress("fitting", 0.0)
    if forward.predicts:
        model = _fit_final(data, forward, seed, facts, progress)
    else:
        facts["why"] = "these fields do not predict the outcome: every open record gets the company's rate"
        model = constant_model("base_rate", _base_intercepts(data, forward, seed), facts)
    return Trained(model, data, scores)


def _draws(data: Dataset, seed: int) -> list[Floats]:
    """Bootstrap multiplicities of each row, drawn by record."""
    generator = np.random.default_rng(seed)
    count = len(data.deal_ids)
    draws = (np.bincount(generator.integers(0, count, count), minlength=count) for _ in range(REFITS))
    return [times[data.record].astype(np.float64) for times in draws]


def prior_draws(width: int, penalty: float, seed: int) -> Floats:
    """What each refit is shrunk towards: weights drawn from the prior that the penalty stands for, N(0, 1 / penalty).

    Resampling alone shows how a shrunken fit varies but not how far shrinking moves it from the truth; with these
    draws the refits spread as the posterior does (randomised maximum a posteriori, Bardsley et al. 2014; that
    posterior intervals cover the truth on average over rows: Wahba 1983).
    """
    return np.random.default_rng([seed, 1]).normal(0.0, penalty**-0.5, (REFITS, width))


def _fit_final(data: Dataset, forward: Forward, seed: int, facts: dict[str, Any], progress: Progress) -> ScoreModel:
    """The fit on all outcomes, its bootstrap refits beside it, calibration folded into the weights."""
    rows = thin(data.labelled, MAX_ROWS, seed)
    table = data.table.take(rows)
    won, weight = data.won[rows], _final_weights(data)[rows]
    encoder = Encoder.fit(table, data.weight[rows])
    features = encoder.transform(table)
    fit = fit_logistic(features, won, weight, forward.penalty)
    weights = [fit.weights * forward.calibrator.slope]
    intercepts = [float(forward.calibrator.apply(np.array(fit.intercept)))]
    draws = _draws(data, seed)
    refits = one_step_refits(
        features, won, weight, forward.penalty, fit, [times[rows] for times in draws],
        prior_draws(encoder.width, forward.penalty, seed),
    )  # fmt: skip
    progress("fitting", 0.5)
    for times, refit in zip(draws, refits, strict=True):
        calibrator = calibrate(data, forward.raw, forward.mature * times)
        weights.append(refit.weights * calibrator.slope)
        intercepts.append(float(calibrator.apply(np.array(refit.intercept))))
    progress("fitting", 1.0)
    stacked = np.round(np.array(weights).T, DIGITS)
    means = np.round(mean_contributions(encoder, features, stacked[:, 0], weight), DIGITS)
    scorer = LinearScorer(encoder, stacked, np.round(np.array(intercepts), DIGITS), means)
    known = data.labelled
    evidence = count_evidence(encoder, data.table.take(known), data.record[known], data.won[known])
    return ScoreModel("logistic", scorer, evidence, facts)


def _final_weights(data: Dataset) -> Floats:
    every = np.ones(len(data.taken), dtype=np.bool_)
    last = int(max(data.taken.max(), data.closed.max()))
    return known_weights(data.taken, data.closed, data.weight, every, last)


def _base_intercepts(data: Dataset, forward: Forward, seed: int) -> list[float]:
    """The rate's log-odds, calibrated like any other score, and those of bootstrap draws."""
    weights = _final_weights(data)
    intercepts = [float(forward.base_calibrator.apply(np.array(base_log_odds(data.won, weights))))]
    for times in _draws(data, seed):
        drawn = np.array(base_log_odds(data.won, weights * times))
        intercepts.append(float(calibrate(data, forward.base, forward.mature * times).apply(drawn)))
    return [round(one, DIGITS) for one in intercepts]


def train_folder(history: Path, out: Path, seed: int, progress: Progress) -> Trained:
    """Train on a folder in the history format and write `out`: artifact/ (the model), evaluation.json (its copy) and
    scores.parquet (deal_id, day, probability: time-forward scores for other models to train on)."""
    folder = read_history(history)
    progress("reading the history", 0.0)
    data = build_dataset(folder.deals(), folder.manifest.business_day)
    progress("reading the history", 1.0)
    with threadpool_limits(1):  # beside other work, threads that wait for each other cost more than they give
        trained = train(data, seed, progress)
    trained.model.save(out / ARTIFACT_FOLDER)
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
