"""Metrics, calibration, folds and censoring weights against what can be computed by hand or by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import roc_auc_score

from learning.calibration import fit_calibrator, logit, sigmoid
from learning.censoring import known_share, known_weights
from learning.folds import forward_folds
from learning.metrics import Array, auc, bootstrap, ece, lift, log_loss


def sample(rows: int, seed: int = 0) -> tuple[Array, Array, Array]:
    generator = np.random.default_rng(seed)
    probability = np.round(generator.random(rows), 2)
    return (generator.random(rows) < probability).astype(np.float64), probability, generator.random(rows) + 0.1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 50))
def test_auc_and_log_loss_are_scikit_learn_s(seed: int) -> None:
    won, p, weight = sample(200, seed)
    assert auc(won, p, weight) == pytest.approx(roc_auc_score(won, p, sample_weight=weight))
    clipped = np.clip(p, 1e-12, 1 - 1e-12)
    assert log_loss(won, p, weight) == pytest.approx(sklearn_log_loss(won, clipped, sample_weight=weight), rel=1e-6)


def test_ece_and_lift() -> None:
    ones = np.ones(10)
    won = np.array([1.0] * 5 + [0.0] * 5)
    assert ece(won, np.full(10, 0.5), ones) == pytest.approx(0.0)
    assert ece(won, np.full(10, 0.8), ones) == pytest.approx(0.3)
    assert lift(won, won * 0.5 + 0.2, ones) == pytest.approx(2.0)
    assert np.isnan(lift(np.zeros(10), ones, ones))
    assert np.isnan(auc(ones, ones, ones))


def test_bootstrap_intervals_hold_the_value_and_go_by_group() -> None:
    won, p, weight = sample(2000)
    single = bootstrap(log_loss, won, p, weight, np.arange(2000), seed=1)
    assert single.low95 <= single.low90 <= single.value <= single.high90 <= single.high95
    assert single == bootstrap(log_loss, won, p, weight, np.arange(2000), seed=1)
    groups = np.tile(np.arange(2000), 4)
    copied = bootstrap(log_loss, np.tile(won, 4), np.tile(p, 4), np.tile(weight, 4), groups, seed=1)
    # Copies of rows tell nothing new, so they must not make the interval narrower.
    assert copied.high90 - copied.low90 == pytest.approx(single.high90 - single.low90)


def test_calibration_finds_the_line_and_keeps_the_order() -> None:
    generator = np.random.default_rng(0)
    log_odds = generator.normal(0, 2, 20_000)
    won = (generator.random(20_000) < sigmoid(0.5 * log_odds - 0.7)).astype(np.float64)
    found = fit_calibrator(log_odds, won, np.ones(20_000))
    assert found.intercept == pytest.approx(-0.7, abs=0.06)
    assert found.slope == pytest.approx(0.5, abs=0.04)
    turned = fit_calibrator(log_odds, 1 - won, np.ones(20_000))
    assert turned.slope == 0.0
    assert turned.intercept == pytest.approx(logit(1 - won.mean()), abs=0.01)
    none = fit_calibrator(np.zeros(0), np.zeros(0), np.zeros(0))
    assert (none.intercept, none.slope) == (0.0, 1.0)


def test_folds_never_know_the_future() -> None:
    generator = np.random.default_rng(0)
    taken = generator.integers(1000, 1300, 500)
    closed = np.where(generator.random(500) < 0.8, taken + generator.integers(1, 60, 500), 0)
    folds = forward_folds(taken, closed, list(range(500)))
    assert len(folds) == 4
    tested = np.zeros(500, dtype=int)
    for fold in folds:
        assert (closed[fold.train] <= fold.cut).all()
        assert (closed[fold.train] > 0).all()
        assert (taken[fold.test] > fold.cut).all()
        tested += fold.test
    assert tested.max() == 1
    assert forward_folds(taken, np.zeros(500, dtype=np.int64), list(range(500))) == []


def test_censoring_weights_undo_the_hurry_of_quick_outcomes() -> None:
    """Won deals take 10 days and lost ones 100; of recent deals only the wins are known, yet half of all are won."""
    generator = np.random.default_rng(0)
    taken = generator.integers(1, 300, 4000)
    won = generator.random(4000) < 0.5
    closed = taken + np.where(won, 10, 100)
    closed[closed > 300] = 0
    everything = np.ones(4000, dtype=bool)
    weights = known_weights(taken, closed, np.ones(4000), everything, 300)
    assert won[closed > 0].mean() > 0.58
    assert weights @ won / weights.sum() == pytest.approx(0.5, abs=0.02)
    assert (weights[closed == 0] == 0).all()
    assert known_share(taken, closed, np.ones(4000), everything, 300) == pytest.approx((closed > 0).mean())
    assert known_weights(taken, closed, np.ones(4000), everything, 0).sum() == 0
