"""The draw: probabilities that sum to one, bounded loss, replayable."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.next_best_action.domain import Policy
from services.next_best_action.policy import draw, propensities, uniform

GAINS = st.lists(st.floats(-1e12, 1e12, allow_nan=False), max_size=25)
POLICIES = st.builds(Policy, near=st.floats(0, 1), temperature=st.floats(1e-3, 10))


@given(GAINS, POLICIES, st.booleans())
def test_probabilities_over_actions_and_nothing_sum_to_one(gains: list[float], policy: Policy, explore: bool) -> None:
    chances = propensities(gains, policy, explore=explore)
    assert len(chances) == len(gains) + 1
    assert all(0 <= chance <= 1 for chance in chances)
    assert sum(chances) == pytest.approx(1, abs=1e-12)


@given(GAINS.filter(lambda gains: max(gains, default=0) > 0), POLICIES)
def test_only_actions_near_the_best_are_drawn_and_the_best_is_likeliest(gains: list[float], policy: Policy) -> None:
    chances = propensities(gains, policy, explore=True)
    best = max(gains)
    assert chances[gains.index(best)] == max(chances)
    assert chances[-1] == 0
    for gain, chance in zip(gains, chances, strict=False):
        assert chance == 0 or gain >= best * (1 - policy.near)


@given(GAINS.filter(lambda gains: max(gains, default=0) <= 0), POLICIES)
def test_nothing_is_certain_when_nothing_gains(gains: list[float], policy: Policy) -> None:
    assert propensities(gains, policy, explore=True) == [0.0] * len(gains) + [1.0]


@given(GAINS.filter(lambda gains: max(gains, default=0) > 0))
def test_without_exploration_the_best_is_certain(gains: list[float]) -> None:
    assert propensities(gains, Policy(), explore=False)[gains.index(max(gains))] == 1


@given(GAINS, POLICIES, st.floats(0, 1, exclude_max=True))
def test_what_is_drawn_had_a_chance(gains: list[float], policy: Policy, at: float) -> None:
    chances = propensities(gains, policy, explore=True)
    assert chances[draw(chances, at)] > 0


def test_draws_come_as_often_as_their_propensity_says() -> None:
    chances = propensities([100.0, 95.0, 80.0, 20.0, -5.0], Policy(), explore=True)
    count = 20_000
    drawn = Counter(draw(chances, uniform(7, f"deal-{i}", 1, date(2026, 1, 1))) for i in range(count))
    for index, chance in enumerate(chances):
        assert drawn[index] / count == pytest.approx(chance, abs=4 * (0.25 / count) ** 0.5)


def test_the_draw_depends_on_deal_revision_day_and_seed_alone() -> None:
    base = uniform(1, "d", 2, date(2026, 1, 1))
    assert base == uniform(1, "d", 2, date(2026, 1, 1))
    others = [uniform(2, "d", 2, date(2026, 1, 1)), uniform(1, "e", 2, date(2026, 1, 1)),
              uniform(1, "d", 3, date(2026, 1, 1)), uniform(1, "d", 2, date(2026, 1, 2))]  # fmt: skip
    assert base not in others
    assert len(set(others)) == 4
