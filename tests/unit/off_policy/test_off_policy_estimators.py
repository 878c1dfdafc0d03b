"""Estimates from logs whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from learning.off_policy.estimators import (
    Log,
    difference,
    doubly_robust,
    interval,
    overlap,
    snips,
    spreads,
)
from learning.off_policy.intervals import Floats, normal, wilson

RATES = np.array([0.02, 0.05, 0.08])


def biased_log(seed: int, rows: int = 3_000) -> tuple[Log, Floats]:
    """A log in which a feature drives both the action and the reward, and that feature."""
    generator = np.random.default_rng(seed)
    feature = generator.normal(size=rows)
    odds = np.exp(np.outer(feature, [0.0, 0.8, -0.8]))
    chances = odds / odds.sum(axis=1, keepdims=True)
    actions = (chances.cumsum(axis=1) < generator.random((rows, 1))).sum(axis=1).clip(0, 2)
    rewards = (generator.random(rows) < RATES[actions] * np.exp(0.5 * feature - 0.125)).astype(float)
    return Log(actions, rewards, chances[np.arange(rows), actions]), feature


def test_intervals_cover_the_truth_where_the_naive_mean_does_not() -> None:
    hits: dict[str, list[bool]] = {"snips": [], "dr": [], "naive": []}
    for seed in range(150):
        log, feature = biased_log(seed)
        model = 0.05 * np.exp(0.4 * feature)
        taken = (log.actions == 1).astype(float)
        spread = spreads(log, log.rewards - model)
        plain, robust = snips(log, taken, spread), doubly_robust(log, taken, model, model, spread)
        for name, valued in (("snips", plain), ("dr", robust)):
            found = interval(log, valued)
            hits[name].append(found.low <= RATES[1] <= found.high)
        naive = log.rewards[log.actions == 1]
        hits["naive"].append(abs(naive.mean() - RATES[1]) <= 1.96 * naive.std() / len(naive) ** 0.5)
    assert 0.9 <= np.mean(hits["snips"]) <= 0.995
    assert 0.9 <= np.mean(hits["dr"]) <= 0.995
    assert np.mean(hits["naive"]) < 0.5


def test_the_logged_policy_is_the_plain_mean() -> None:
    log, _ = biased_log(0)
    found = snips(log, log.propensities, np.zeros(len(log.rewards)))
    assert found.value == pytest.approx(log.rewards.mean())
    assert found.ess == pytest.approx(len(log.rewards))
    kish = overlap(log, (log.actions == 1).astype(float))
    assert 0 < kish.ess < kish.rows
    assert kish.why == ""


def test_a_policy_minus_itself_is_zero() -> None:
    log, _ = biased_log(1)
    spread = spreads(log, log.rewards)
    one = snips(log, (log.actions == 1).astype(float), spread)
    same = difference(log, one, one, spread)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert not same.significant


def test_an_action_without_any_reward_has_no_point_for_an_interval() -> None:
    actions = np.repeat([0, 1], [1_000, 100])
    rewards = np.zeros(1_100)
    rewards[:30] = 1
    log = Log(actions, rewards, np.repeat([10 / 11, 1 / 11], [1_000, 100]))
    spread = spreads(log, rewards - rewards.mean())
    found = interval(log, snips(log, (actions == 1).astype(float), spread))
    assert found.value == found.low == 0
    assert 0.02 < found.high < 0.1


def test_what_was_never_done_is_not_valued() -> None:
    log, _ = biased_log(2, 100)
    spread = spreads(log, log.rewards)
    never = snips(log, np.zeros(100), spread)
    assert np.isnan(interval(log, never).value)
    assert np.isnan(difference(log, never, never, spread).value)
    assert "never done" in overlap(log, np.zeros(100)).why


def test_what_could_not_be_done_in_every_row_is_told() -> None:
    log = Log(np.array([0, 1] * 200), np.ones(400), np.ones(400))
    assert "hardly ever done" in overlap(log, (log.actions == 0).astype(float)).why


def test_rows_of_a_group_count_as_one() -> None:
    log, _ = biased_log(3, 400)
    log = Log(log.actions, np.random.default_rng(0).random(400), log.propensities)
    twice = Log(np.repeat(log.actions, 4), np.repeat(log.rewards, 4), np.repeat(log.propensities, 4))
    grouped = Log(twice.actions, twice.rewards, twice.propensities, np.repeat(np.arange(400), 4))
    nothing = np.zeros(1_600)
    alone, together, single = (
        interval(each, snips(each, each.propensities, nothing[: len(each.rewards)])).se
        for each in (twice, grouped, log)
    )
    assert alone == pytest.approx(together / 2, rel=0.05)
    assert together == pytest.approx(single, rel=0.05)


def test_wilson_is_the_textbook_interval_for_equal_weights() -> None:
    share, rows = 0.1, 1_000_000
    found = wilson(share, share * 0.9 / 100, share, rows, 0.95)
    assert (found.low, found.high) == pytest.approx((0.0552, 0.1744), abs=5e-4)


def test_skewness_moves_the_interval_to_the_long_tail() -> None:
    money = np.random.default_rng(0).lognormal(0, 1.5, 500)
    influence = (money - money.mean()) / 500
    found = normal(float(money.mean()), influence, float((influence**2).sum()), 500, 0.95)
    assert found.high - found.value > 1.2 * (found.value - found.low)
    mirrored = normal(0.0, -influence, float((influence**2).sum()), 500, 0.95)
    assert mirrored.high - mirrored.value == pytest.approx(found.value - found.low)
