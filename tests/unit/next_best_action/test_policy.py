"""The draw: probabilities that sum to one, bounded loss, replayable."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.next_best_action.policy import MOST_NEAR, best_of, draw, propensities, uniform, week_of

VALUES = st.lists(st.tuples(st.floats(-1e12, 1e12, allow_nan=False), st.floats(0, 1e12)), max_size=25)
GAINING = VALUES.filter(lambda values: max((gain for gain, _ in values), default=0) > 0)
SHARES = st.floats(0, 1)


def chances_of(
    values: list[tuple[float, float]], near: float = 0.25, most: float = 0.3, *, explore: bool = True
) -> list[float]:
    gains, sds = [gain for gain, _ in values], [sd for _, sd in values]
    return propensities(gains, sds, near=near, most_exploring=most, explore=explore)


@given(VALUES, SHARES, SHARES, st.booleans())
def test_probabilities_over_actions_and_nothing_sum_to_one(
    values: list[tuple[float, float]], near: float, most: float, explore: bool
) -> None:
    chances = chances_of(values, near, most, explore=explore)
    assert len(chances) == len(values) + 1
    assert all(0 <= chance <= 1 for chance in chances)
    assert sum(chances) == pytest.approx(1, abs=1e-12)


@given(GAINING, SHARES, SHARES)
def test_only_few_actions_near_the_best_are_drawn_and_within_the_bound(
    values: list[tuple[float, float]], near: float, most: float
) -> None:
    chances = chances_of(values, near, most)
    gains = [gain for gain, _ in values]
    best = max(gains)
    assert chances[-1] == 0
    assert 1 - chances[gains.index(best)] <= most + 1e-12
    assert sum(chance > 0 for chance in chances) <= MOST_NEAR
    for gain, chance in zip(gains, chances, strict=False):
        assert chance == 0 or gain >= best * (1 - near)


@given(st.lists(st.tuples(st.floats(-1e12, 0), st.floats(0, 1e12)), max_size=25), SHARES)
def test_nothing_is_certain_when_nothing_gains(values: list[tuple[float, float]], near: float) -> None:
    assert chances_of(values, near) == [0.0] * len(values) + [1.0]


@given(GAINING)
def test_without_exploration_the_best_is_certain(values: list[tuple[float, float]]) -> None:
    gains = [gain for gain, _ in values]
    assert chances_of(values, explore=False)[gains.index(max(gains))] == 1
    assert chances_of(values, most=0.0)[gains.index(max(gains))] == 1


@given(VALUES, st.floats(0, 1, exclude_max=True))
def test_what_is_drawn_had_a_chance(values: list[tuple[float, float]], at: float) -> None:
    chances = chances_of(values)
    assert chances[draw(chances, at)] > 0


@pytest.mark.parametrize(
    ("means", "sds"),
    [([100, 95, 80], [10, 10, 10]), ([100, 99], [1, 30]), ([5, 5, 5, 5], [1, 2, 3, 4]), ([10, 9], [1e-9, 1e-9])],
)
def test_each_is_as_likely_as_it_is_the_best_of_what_may_be_true(means: list[float], sds: list[float]) -> None:
    drawn = np.random.default_rng(0).normal(means, sds, (200_000, len(means))).argmax(axis=1)
    expected = np.bincount(drawn, minlength=len(means)) / len(drawn)
    assert best_of(means, sds) == pytest.approx(expected, abs=0.02)
    assert sum(best_of(means, sds)) == pytest.approx(1, abs=1e-12)


def test_draws_come_as_often_as_their_propensity_says() -> None:
    chances = chances_of([(100.0, 20.0), (95.0, 20.0), (80.0, 20.0), (20.0, 20.0), (-5.0, 20.0)])
    count = 20_000
    at = [uniform(7, f"deal-{i}", date(2026, 1, 5), "default", ("call", "mail")) for i in range(count)]
    drawn = Counter(draw(chances, each) for each in at)
    for index, chance in enumerate(chances):
        assert drawn[index] / count == pytest.approx(chance, abs=4 * (0.25 / count) ** 0.5)


def test_the_draw_depends_on_deal_week_policy_actions_and_seed_alone() -> None:
    week, names = date(2026, 1, 5), ("call", "mail")
    base = uniform(1, "d", week, "default", names)
    assert base == uniform(1, "d", week, "default", reversed(names))
    others = [uniform(2, "d", week, "default", names), uniform(1, "e", week, "default", names),
              uniform(1, "d", date(2026, 1, 12), "default", names), uniform(1, "d", week, "bold", names),
              uniform(1, "d", week, "default", ("call",))]  # fmt: skip
    assert len({base, *others}) == 6


def test_a_draw_holds_for_a_week() -> None:
    assert week_of(date(2026, 1, 5)) == week_of(date(2026, 1, 11)) == date(2026, 1, 5)
    assert week_of(date(2026, 1, 12)) == date(2026, 1, 12)
