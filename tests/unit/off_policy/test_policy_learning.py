"""Policies learned from logs whose best policy is known."""

from __future__ import annotations

import numpy as np
import pytest

from learning.off_policy.estimators import Log
from learning.off_policy.intervals import Floats
from learning.off_policy.policies import BOOSTED, LINEAR, LOGGED, SINGLE, learn
from learning.off_policy.propensities import estimate
from learning.off_policy.shrinkage import fit_effects


def context(seed: int, rows: int) -> Floats:
    return np.random.default_rng(seed).normal(size=(rows, 3))


def randomised(features: Floats, means: Floats, seed: int = 1) -> Log:
    generator = np.random.default_rng(seed)
    rows, count = means.shape
    actions = np.asarray(generator.integers(0, count, rows), dtype=np.int64)
    rewards = means[np.arange(rows), actions] + generator.normal(size=rows)
    return Log(actions, rewards, np.full(rows, 1 / count))


def test_effects_that_depend_on_the_context_make_a_personal_policy() -> None:
    features = context(0, 3_000)
    means = np.column_stack([features[:, 0], -features[:, 0], np.zeros(3_000)])
    policy = learn(features, randomised(features, means), 3, None)
    assert policy.kind in (LINEAR, BOOSTED)
    assert policy.gains[LINEAR].low > 0
    chosen = policy.chances(features)
    assert np.allclose(chosen.sum(axis=1), 1)
    assert (chosen * means).sum(axis=1).mean() > 0.9 * np.abs(features[:, 0]).mean()
    assert policy.rewards(features).shape == (3_000, 3)


def test_effects_that_do_not_leave_the_best_single_action() -> None:
    features = context(0, 3_000)
    kinds = []
    for seed in range(5):
        means = np.tile([0.0, 0.4, 0.1], (3_000, 1)) + features[:, :1]
        policy = learn(features, randomised(features, means, seed), 3, None)
        assert policy.best == 1
        kinds.append(policy.kind)
    assert kinds.count(SINGLE) >= 4


def test_an_action_done_a_few_times_is_never_chosen() -> None:
    features = context(0, 1_000)
    log = randomised(features, np.zeros((1_000, 2)))
    log.actions[:5] = 2
    log.rewards[:5] = 50.0
    policy = learn(features, log, 3, None)
    assert not policy.able[2]
    assert policy.chances(features)[:, 2].max() == 0


def test_what_follows_from_the_context_leaves_what_was_done() -> None:
    features = context(0, 2_000)
    actions = (features[:, 0] > 0).astype(np.int64)
    found = estimate(features, actions, 2)
    log = Log(actions, actions + features[:, 1], found.chances[np.arange(2_000), actions])
    policy = learn(features, log, 2, found)
    assert policy.kind == LOGGED
    assert np.mean(policy.chances(features).argmax(axis=1) == actions) > 0.98


def test_hundreds_of_rare_actions_shrink_to_nearly_nothing() -> None:
    generator = np.random.default_rng(0)
    actions, rewards = generator.integers(0, 300, 6_000), (generator.random(6_000) < 0.01).astype(float)
    effects = fit_effects(context(0, 6_000), actions, 300, rewards - rewards.mean(), np.full(6_000, 300.0))
    assert np.abs(effects.coefficients).max() < 0.01
    raw = np.bincount(actions, rewards) / np.bincount(actions)
    assert raw.max() > 0.1


def test_propensities_of_a_randomised_log_stay_frequencies() -> None:
    features = context(0, 2_000)
    found = estimate(features, np.random.default_rng(0).integers(0, 3, 2_000), 3)
    assert found.chances.std(axis=0).max() < 0.06
    assert found.clipped == 0


def test_propensities_follow_the_context_out_of_fold() -> None:
    features = context(0, 3_000)
    truth = 1 / (1 + np.exp(-1.5 * features[:, 0]))
    actions = (np.random.default_rng(1).random(3_000) < truth).astype(np.int64)
    found = estimate(features, actions, 2)
    assert found.by in ("logistic", "boosted")
    assert np.abs(found.chances[:, 1] - np.clip(truth, 0.01, 0.99)).mean() < 0.04
    assert found.predict(features).sum(axis=1) == pytest.approx(1)
