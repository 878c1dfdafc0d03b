"""Curves of what has not all ended yet, checked by hand and against draws whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf

from learning.incidence import NOTHING, Curves, drawn_half, mean_of, wilson


def test_a_small_history_by_hand() -> None:
    """Won after 2, lost after 3 with one given up to watching then, won after 5, one still open after 7."""
    lasted, causes = np.array([2.0, 3.0, 3.0, 5.0, 7.0]), np.array([1, 2, 0, 1, 0])
    found = Curves.of(lasted, causes, 2)
    assert found.times.tolist() == [2, 3, 5]
    assert found.at_risk.tolist() == [5, 4, 2]
    assert found.open == pytest.approx([4 / 5, 4 / 5 * 3 / 4, 4 / 5 * 3 / 4 * 1 / 2])
    assert found.ended[0] == pytest.approx([1 / 5, 1 / 5, 1 / 5 + 3 / 5 * 1 / 2])
    assert found.ended[1] == pytest.approx([0, 4 / 5 * 1 / 4, 4 / 5 * 1 / 4])
    assert found.median().value == 5
    assert found.half_of(1) == 5
    assert found.half_of(2) == 3
    assert found.share(1).value == pytest.approx(0.5)


def test_without_anything_open_it_is_the_plain_share_with_wilsons_interval() -> None:
    causes = np.repeat([1, 2], [14, 26])
    lasted = np.random.default_rng(1).integers(1, 30, 40).astype(float)
    found, plain = Curves.of(lasted, causes, 2).share(1), wilson(14, 40)
    assert (found.value, found.low, found.high) == pytest.approx((plain.value, plain.low, plain.high))
    every = Curves.of(lasted, np.ones(40, np.int64), 2)
    assert every.share(1).value == pytest.approx(1)
    assert every.share(2).high == pytest.approx(wilson(0, 40).high)


def test_the_curve_is_kaplan_and_meiers() -> None:
    dice = np.random.default_rng(2)
    lasted, causes = dice.integers(1, 40, 300).astype(float), dice.integers(0, 3, 300)
    found = Curves.of(lasted, causes, 2)
    other = ecdf(CensoredData(uncensored=lasted[causes > 0], right=lasted[causes == 0])).sf
    assert found.open == pytest.approx(other.evaluate(found.times))
    assert found.open + found.ended.sum(axis=0) == pytest.approx(np.ones(len(found.times)))


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Times to win and to lose exponential, watched for 30 days at most: P(won by 30) and the median are known."""
    dice, held_share, held_median = np.random.default_rng(3), 0, 0
    truth, median = 0.6 * (1 - np.exp(-30 / 20)), 20 * np.log(2)
    for _ in range(300):
        lasted = dice.exponential(20, 80)
        causes = np.where(dice.random(80) < 0.6, 1, 2)
        watched = dice.uniform(10, 60, 80)
        causes, lasted = np.where(lasted <= watched, causes, 0), np.minimum(lasted, watched)
        causes, lasted = np.where(lasted > 30, 0, causes), np.minimum(lasted, 30)
        curves = Curves.of(lasted, causes, 2)
        share, middle = curves.share(1), curves.median()
        assert share.low is not None
        assert share.high is not None
        held_share += share.low <= truth <= share.high
        held_median += (middle.low or 0) <= median <= (middle.high or np.inf)
    assert 0.9 <= held_share / 300 <= 0.99
    assert 0.9 <= held_median / 300 <= 0.99


def test_ends_that_were_not_seen_are_told_as_none() -> None:
    lasted = np.array([1.0, 2.0, 9.0, 9.0, 9.0])
    found = Curves.of(lasted, np.array([1, 1, 0, 0, 0]), 2).median()
    assert (found.value, found.high) == (None, None)
    assert Curves.of(lasted, np.zeros(5, np.int64), 2).share(1) == NOTHING
    assert Curves.of(lasted, np.zeros(5, np.int64), 2).half_of(1) is None


def test_half_of_the_won_with_its_interval() -> None:
    dice = np.random.default_rng(4)
    lasted, causes = dice.integers(10, 50, 200).astype(float), dice.integers(1, 3, 200)
    found = drawn_half(lasted, causes, 1)
    assert found.value == Curves.of(lasted, causes, 2).half_of(1)
    assert found.value == pytest.approx(np.median(lasted[causes == 1]), abs=1)
    ends = [one for one in (found.low, found.value, found.high) if one is not None]
    assert len(ends) == 3
    assert 10 <= ends[0] <= ends[1] <= ends[2] < 50
    assert drawn_half(lasted, causes, 1) == found, "the same every time"


def test_a_mean_and_its_interval() -> None:
    assert mean_of(np.array([])) == NOTHING
    assert mean_of(np.array([5.0])).low is None
    few, many = np.array([1.0, 2.0, 3.0, 10.0]), np.arange(1_000.0)
    small, large = mean_of(few), mean_of(many)
    assert small.value == 4
    assert small.low is not None
    assert small.high is not None
    assert 1 <= small.low < 4 < small.high <= 10
    assert large.value == 499.5
    assert large.high == pytest.approx(499.5 + 1.96 * many.std(ddof=1) / 1_000**0.5, abs=0.1)
