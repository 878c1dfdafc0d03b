"""The stack of linear model and trees: non-negative, shrunk, exact at its bounds."""

from __future__ import annotations

import numpy as np
import pytest

from learning.blend import Stack, fit_stack
from learning.calibration import sigmoid

ROWS = 4000


def drawn(log_odds: np.ndarray, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(log_odds)) < sigmoid(log_odds)).astype(np.float64)


@pytest.fixture(name="parts")
def _parts() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    return generator.normal(size=ROWS), generator.normal(size=ROWS)


def test_it_finds_the_weights_that_made_the_outcomes(parts: tuple[np.ndarray, np.ndarray]) -> None:
    linear, trees = parts
    found = fit_stack(linear, trees, drawn(0.3 + 0.6 * linear + 0.5 * trees), np.ones(ROWS))
    assert (found.intercept, found.linear, found.trees) == pytest.approx((0.3, 0.6, 0.5), abs=0.12)


def test_what_points_the_wrong_way_gets_no_weight(parts: tuple[np.ndarray, np.ndarray]) -> None:
    linear, trees = parts
    ones = np.ones(ROWS)
    assert fit_stack(linear, trees, drawn(linear - 0.8 * trees), ones).trees == 0.0
    assert fit_stack(linear, trees, drawn(trees - 0.8 * linear), ones).linear == 0.0
    nothing = fit_stack(linear, trees, drawn(-linear - trees), ones)
    assert (nothing.linear, nothing.trees) == (0.0, 0.0)


def test_few_rows_keep_the_linear_model(parts: tuple[np.ndarray, np.ndarray]) -> None:
    linear, trees = parts
    few = fit_stack(linear[:12], linear[:12], drawn(linear[:12]), np.ones(12))
    assert few.linear > few.trees
    assert few.linear + few.trees == pytest.approx(1.0, abs=0.35)
    assert fit_stack(linear[:0], trees[:0], linear[:0], linear[:0]) == Stack()


def test_a_weight_of_two_is_a_row_twice(parts: tuple[np.ndarray, np.ndarray]) -> None:
    linear, trees = (one[:300] for one in parts)
    won = drawn(linear)
    heavy = fit_stack(linear, trees, won, np.full(300, 2.0))
    twice = fit_stack(np.tile(linear, 2), np.tile(trees, 2), np.tile(won, 2), np.ones(600))
    assert (heavy.intercept, heavy.linear, heavy.trees) == pytest.approx((twice.intercept, twice.linear, twice.trees))


def test_it_adds_in_log_odds(parts: tuple[np.ndarray, np.ndarray]) -> None:
    linear, trees = parts
    np.testing.assert_allclose(Stack(0.1, 0.5, 0.4).apply(linear, trees), 0.1 + 0.5 * linear + 0.4 * trees)
    np.testing.assert_allclose(Stack(0.1, 0.5).apply(linear, None), 0.1 + 0.5 * linear)
