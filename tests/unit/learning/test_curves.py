"""Curves of calibration and gain on made-up probabilities whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from learning.curves import Judged, calibration_curve, chance_ece, gain_curve, gap
from learning.metrics import ece


def judged(rows: int, shift: float = 0.0, each: int = 1) -> Judged:
    """Rows whose stated probability is the true one plus a shift; `each` rows share a record."""
    generator = np.random.default_rng(0)
    truth = np.repeat(generator.uniform(0.1, 0.8, rows // each), each)
    won = np.repeat((generator.random(rows // each) < truth[::each]).astype(np.float64), each)
    return Judged(won, truth + shift, np.full(rows, 1 / each), np.repeat(np.arange(rows // each), each))


def test_a_true_score_lies_within_its_intervals_and_a_shifted_one_outside() -> None:
    inside = [one["rate_low"] <= one["mean"] <= one["rate_high"] for one in calibration_curve(judged(4000))]
    assert len(inside) == 10
    assert sum(inside) >= 7
    moved = calibration_curve(judged(4000, 0.15))
    assert not any(one["rate_low"] <= one["mean"] <= one["rate_high"] for one in moved)
    assert sum(one["records"] for one in moved) == 4000


def test_rows_of_a_record_count_once() -> None:
    plain, repeated = gap(judged(1000)), gap(judged(4000, each=4))
    assert repeated.records == 1000
    assert repeated.error == pytest.approx(plain.error, rel=0.15)


def test_few_rows_that_ended_alike_are_not_certain() -> None:
    seen = gap(Judged(np.ones(5), np.full(5, 0.9), np.ones(5), np.arange(5)))
    assert seen.error > 0.05


def test_the_gain_curve_grows_to_everything_and_starts_steep() -> None:
    found = gain_curve(judged(2000), 0)
    won = [one["won"] for one in found]
    assert won == sorted(won)
    assert won[-1] == pytest.approx(1.0)
    assert found[0]["lift"] > 1.3
    assert all(one["won_low"] <= one["won"] + 0.02 and one["won"] <= one["won_high"] + 0.02 for one in found)
    nothing = judged(100)
    assert gain_curve(Judged(np.zeros(100), nothing.probability, nothing.weight, nothing.groups), 0) == []


def test_chance_alone_explains_the_error_of_a_true_score_but_not_of_a_shifted_one() -> None:
    true, shifted = judged(3000), judged(3000, 0.1)
    generator = np.random.default_rng(7)
    drawn = [(generator.random(3000) < true.probability).astype(np.float64) for _ in range(100)]
    bound = chance_ece(true)
    assert sum(ece(won, true.probability, true.weight) <= bound for won in drawn) >= 88
    assert ece(shifted.won, shifted.probability, shifted.weight) > chance_ece(shifted)
    assert chance_ece(judged(300)) > bound
