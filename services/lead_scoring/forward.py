"""Validation forward in time: out-of-fold scores, the penalty, the calibration, and whether anything predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from learning.calibration import Calibrator, fit_calibrator, logit, sigmoid
from learning.columns import Encoder, Floats, Table
from learning.folds import Fold, Mask, forward_folds
from learning.linear import Fit, fit_logistic
from learning.metrics import log_loss
from services.lead_scoring.dataset import MAX_ROWS, Dataset

PENALTIES = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0)  # strong to weak, so that each fit starts near the next
DEFAULT_PENALTY = 2  # index
FEW_RECORDS = 30.0

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Forward:
    """What was learned forward in time.

    raw: log-odds before calibration under the chosen penalty, nan where a row lies before the first cut; `base` the
    same for the rate alone. `scores` and `base_scores`, with the penalty and the calibration that were known at each
    fold's cut, are honest forecasts.
    """

    raw: Floats
    base: Floats
    scores: Floats
    base_scores: Floats
    penalty: float
    calibrator: Calibrator
    base_calibrator: Calibrator
    predicts: bool


def fit_path(features: Floats, data: Dataset, rows: Mask) -> list[Fit]:
    """A fit per penalty."""
    fits: list[Fit] = []
    for penalty in PENALTIES:
        start = fits[-1] if fits else None
        fits.append(fit_logistic(features, data.won[rows], data.weight[rows], penalty, start))
    return fits


def thin(rows: Mask, seed: int) -> Mask:
    """At most MAX_ROWS of the rows, drawn at random."""
    index = np.flatnonzero(rows)
    if len(index) <= MAX_ROWS:
        return rows
    drawn = np.random.default_rng(seed).choice(index, MAX_ROWS, replace=False)
    kept = np.zeros_like(rows)
    kept[drawn] = True
    return kept


def base_log_odds(data: Dataset, rows: Mask) -> float:
    """The rate of the rows' records in log-odds, kept away from 0 and 1 by half a record of each."""
    weight = data.weight[rows]
    return logit((float((weight * data.won[rows]).sum()) + 0.5) / (float(weight.sum()) + 1.0))


def _fold_log_odds(data: Dataset, fold: Fold, seed: int) -> Floats:
    rows = thin(fold.train, seed)
    table: Table = data.table.take(rows)
    if len(np.unique(data.won[rows])) < 2:
        return np.full((len(PENALTIES), int(fold.test.sum())), base_log_odds(data, fold.train))
    encoder = Encoder.fit(table, data.weight[rows])
    fits = fit_path(encoder.transform(table), data, rows)
    tested = encoder.transform(data.table.take(fold.test))
    return np.array([fit.intercept + tested @ fit.weights for fit in fits])


def validate_forward(data: Dataset, seed: int, progress: Progress) -> Forward:
    """Run the folds. Every choice for a fold (penalty, calibration) is made from earlier folds' outcomes alone."""
    rows = len(data.taken)
    raw, base = np.full((len(PENALTIES), rows), np.nan), np.full(rows, np.nan)
    scores, base_scores = np.full(rows, np.nan), np.full(rows, np.nan)
    folds = forward_folds(data.taken, data.closed, data.record.tolist())
    for number, fold in enumerate(folds):
        known = data.labelled & (data.closed <= fold.cut) & ~np.isnan(base)
        best, calibrator = _choose(data, raw, known)
        base_calibrator = _calibrate(data, base, known)
        raw[:, fold.test] = _fold_log_odds(data, fold, seed)
        base[fold.test] = base_log_odds(data, fold.train)
        scores[fold.test] = calibrator.apply(raw[best, fold.test])
        base_scores[fold.test] = base_calibrator.apply(base[fold.test])
        progress("validating forward in time", (number + 1) / len(folds))
    known = data.labelled & ~np.isnan(base)
    best, calibrator = _choose(data, raw, known)
    predicts = _predicts(data, scores, base_scores, known)
    return Forward(
        raw[best], base, scores, base_scores, PENALTIES[best], calibrator, _calibrate(data, base, known), predicts
    )  # fmt: skip


def _calibrate(data: Dataset, log_odds: Floats, known: Mask) -> Calibrator:
    if data.weight[known].sum() < FEW_RECORDS:
        return Calibrator()
    return fit_calibrator(log_odds[known], data.won[known], data.weight[known])


def _choose(data: Dataset, raw: Floats, known: Mask) -> tuple[int, Calibrator]:
    """The penalty with the least log loss on known rows, each after its own calibration."""
    if data.weight[known].sum() < FEW_RECORDS:
        return DEFAULT_PENALTY, Calibrator()
    calibrators = [_calibrate(data, one, known) for one in raw]
    losses = [
        log_loss(data.won[known], sigmoid(calibrator.apply(one[known])), data.weight[known])
        for one, calibrator in zip(raw, calibrators, strict=True)
    ]
    best = int(np.argmin(losses))
    return best, calibrators[best]


def _predicts(data: Dataset, scores: Floats, base_scores: Floats, known: Mask) -> bool:
    """Whether the model's loss is below the base rate's by more than a standard error over records."""
    if not known.any():
        return False
    won, weight = data.won[known], data.weight[known]
    gain = _losses(won, base_scores[known]) - _losses(won, scores[known])
    by_record = np.bincount(data.record[known], weight * gain)
    records = len(np.unique(data.record[known]))
    error = float(np.sqrt(max(records * np.square(by_record).sum() - by_record.sum() ** 2, 0.0) / max(records - 1, 1)))
    return float(by_record.sum()) > error


def _losses(won: Floats, log_odds: Floats) -> Floats:
    return np.logaddexp(0.0, log_odds) - won * log_odds
