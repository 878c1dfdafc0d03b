"""Validation forward in time: out-of-fold scores, the penalty, the calibration, and whether anything predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from learning.calibration import Calibrator, fit_calibrator, logit, sigmoid
from learning.censoring import known_share, known_weights
from learning.columns import Encoder, Floats
from learning.folds import Fold, Mask, forward_folds
from learning.linear import Fit, fit_logistic
from learning.metrics import log_loss
from services.lead_scoring.dataset import Dataset

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PENALTIES = (300.0, 100.0, 30.0, 10.0, 3.0)  # strong to weak, so that each fit starts near the next
DEFAULT_PENALTY = 2  # index
FOLD_ROWS = 15_000  # beyond these, a fold's fits take a random part of the rows
FEW_RECORDS = 30.0
MATURE = 0.8  # a fold teaches the calibration once this share of its outcomes is known

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
    mature: Floats  # weights of the rows that the calibration has learned from
    tested: Floats  # weights of the rows that the scores are judged on
    predicts: bool


def fit_path(features: csr_array, won: Floats, weight: Floats) -> list[Fit]:
    """A fit per penalty."""
    fits: list[Fit] = []
    for penalty in PENALTIES:
        start = fits[-1] if fits else None
        fits.append(fit_logistic(features, won, weight, penalty, start))
    return fits


def base_log_odds(won: Floats, weight: Floats) -> float:
    """The rate in log-odds, kept away from 0 and 1 by half a record of each."""
    return logit((float(weight @ won) + 0.5) / (float(weight.sum()) + 1.0))


def thin(rows: Mask, most: int, seed: int) -> Mask:
    """At most so many of the rows, drawn at random."""
    index = np.flatnonzero(rows)
    if len(index) <= most:
        return rows
    drawn = np.random.default_rng(seed).choice(index, most, replace=False)
    kept = np.zeros_like(rows)
    kept[drawn] = True
    return kept


def _fold_log_odds(data: Dataset, fold: Fold, seed: int) -> tuple[Floats, float]:
    """The test rows' log-odds under every penalty, and those of the rate alone."""
    weights = known_weights(data.taken, data.closed, data.weight, np.ones(len(data.taken), dtype=np.bool_), fold.cut)
    base = base_log_odds(data.won, weights)
    rows = thin(fold.train, FOLD_ROWS, seed)
    if len(np.unique(data.won[rows])) < 2:
        return np.full((len(PENALTIES), int(fold.test.sum())), base), base
    table = data.table.take(rows)
    encoder = Encoder.fit(table, data.weight[rows])
    if not encoder.width:
        return np.full((len(PENALTIES), int(fold.test.sum())), base), base
    fits = fit_path(encoder.transform(table), data.won[rows], weights[rows])
    tested = encoder.transform(data.table.take(fold.test))
    return np.array([fit.intercept + tested @ fit.weights for fit in fits]), base


def validate_forward(data: Dataset, seed: int, progress: Progress) -> Forward:
    """Run the folds. Every choice for a fold (penalty, calibration) is made from earlier folds' outcomes alone."""
    rows = len(data.taken)
    raw, base = np.full((len(PENALTIES), rows), np.nan), np.full(rows, np.nan)
    scores, base_scores = np.full(rows, np.nan), np.full(rows, np.nan)
    folds = forward_folds(data.taken, data.closed, data.record.tolist())
    for number, fold in enumerate(folds):
        mature = _mature(data, folds[:number], fold.cut)
        best, calibrator = _choose(data, raw, mature)
        raw[:, fold.test], base[fold.test] = _fold_log_odds(data, fold, seed)
        scores[fold.test] = calibrator.apply(raw[best, fold.test])
        base_scores[fold.test] = calibrate(data, base, mature).apply(base[fold.test])
        progress("validating forward in time", (number + 1) / len(folds))
    last = int(max(data.taken.max(), data.closed.max()))
    mature = _mature(data, folds, last)
    best, calibrator = _choose(data, raw, mature)
    tested = known_weights(data.taken, data.closed, data.weight, ~np.isnan(base), last)
    return Forward(
        raw[best], base, scores, base_scores, PENALTIES[best], calibrator, calibrate(data, base, mature), mature,
        tested, _predicts(data, scores, base_scores, tested),
    )  # fmt: skip


def _mature(data: Dataset, folds: Sequence[Fold], cut: int) -> Floats:
    """Weights of the test rows of folds most of whose outcomes are known by the cut; 0 elsewhere."""
    pool = np.zeros(len(data.taken), dtype=np.bool_)
    for fold in folds:
        if known_share(data.taken, data.closed, data.weight, fold.test, cut) >= MATURE:
            pool |= fold.test
    return known_weights(data.taken, data.closed, data.weight, pool, cut)


def calibrate(data: Dataset, log_odds: Floats, weights: Floats) -> Calibrator:
    """A calibrator of weighted rows; one that changes nothing where they are few."""
    if weights.sum() < FEW_RECORDS:
        return Calibrator()
    rows = weights > 0
    return fit_calibrator(log_odds[rows], data.won[rows], weights[rows])


def _choose(data: Dataset, raw: Floats, weights: Floats) -> tuple[int, Calibrator]:
    """The penalty with the least log loss on weighted rows, each after its own calibration."""
    if weights.sum() < FEW_RECORDS:
        return DEFAULT_PENALTY, Calibrator()
    rows = weights > 0
    calibrators = [calibrate(data, one, weights) for one in raw]
    losses = [
        log_loss(data.won[rows], sigmoid(calibrator.apply(one[rows])), weights[rows])
        for one, calibrator in zip(raw, calibrators, strict=True)
    ]
    best = int(np.argmin(losses))
    return best, calibrators[best]


def _predicts(data: Dataset, scores: Floats, base_scores: Floats, weights: Floats) -> bool:
    """Whether the model's loss is below the base rate's by more than a standard error over records."""
    rows = weights > 0
    if not rows.any():
        return False
    gain = _losses(data.won[rows], base_scores[rows]) - _losses(data.won[rows], scores[rows])
    by_record = np.bincount(data.record[rows], weights[rows] * gain)
    records = len(np.unique(data.record[rows]))
    error = float(np.sqrt(max(records * np.square(by_record).sum() - by_record.sum() ** 2, 0.0) / max(records - 1, 1)))
    return float(by_record.sum()) > error


def _losses(won: Floats, log_odds: Floats) -> Floats:
    return np.logaddexp(0.0, log_odds) - won * log_odds
