"""Effects are drawn in as far as they should be: ranges hold the few large ones too; errors that deals share count."""

from __future__ import annotations

import numpy as np

from services.next_best_action.shrinkage import ANY, RARE, Drawn, Floats, Shrinkage

ACTIONS, KEYS = 6, 9
KINDS = ["always", *["field Blocker"] * (KEYS - 1)]
SIZE = ACTIONS * KEYS
NEVER_RARE = np.zeros(SIZE, dtype=np.bool_)
ERROR = 0.3  # of each coefficient if it stood alone


def told(true: Floats, generator: np.random.Generator, noise: Floats) -> tuple[Floats, Floats]:
    """Information and score of rows that speak of one coefficient each, with errors `noise` times as variable."""
    information = np.eye(SIZE) / ERROR**2
    return information, information @ true + generator.normal(size=SIZE) * np.sqrt(noise) / ERROR


def drawn(information: Floats, score: Floats, noise: Floats) -> tuple[dict[str, float], Drawn]:
    shrinkage = Shrinkage(information, score, noise, KINDS, NEVER_RARE)
    spreads = shrinkage.spreads()
    return spreads, shrinkage.drawn(spreads)


def test_ranges_hold_true_effects_of_which_few_are_large() -> None:
    held, large, small = [], [], []
    for seed in range(12):
        generator, true = np.random.default_rng(seed), np.zeros((ACTIONS, KEYS))
        true[generator.integers(0, ACTIONS, KEYS - 1), np.arange(1, KEYS)] = 1.0
        _, found = drawn(*told(true.ravel(), generator, np.ones(SIZE)), np.ones(SIZE))
        width = 1.645 * np.sqrt(np.diag(found.covariance))
        held += (np.abs(found.mean - true.ravel()) <= width).tolist()
        large += found.mean[true.ravel() > 0].tolist()
        small += found.mean[true.ravel() == 0].tolist()
    assert 0.86 <= np.mean(held) <= 0.98
    assert np.mean(large) > 0.65
    assert abs(np.mean(small)) < 0.1
    assert np.std(small) < 0.6 * ERROR, "what is none is drawn in"


def test_what_varies_only_because_deals_share_it_is_no_effect() -> None:
    generator, noise = np.random.default_rng(1), np.where(np.arange(SIZE) % KEYS > 0, 6.0, 1.0)
    given = told(np.zeros(SIZE), generator, noise)
    ignored, counted = drawn(*given, np.ones(SIZE)), drawn(*given, noise)
    assert counted[0]["field Blocker"] < 0.2 < ignored[0]["field Blocker"]
    assert np.abs(counted[1].mean).max() < np.abs(ignored[1].mean).max()


def test_what_is_hardly_done_has_a_spread_of_its_own_and_the_same_numbers_come_again() -> None:
    generator, rare = np.random.default_rng(2), np.arange(SIZE) // KEYS >= ACTIONS // 2
    true = np.where(rare, 0.0, 0.9 * generator.choice((-1.0, 1.0), SIZE))
    information, score = told(true, generator, np.ones(SIZE))
    shrinkage = Shrinkage(information, score, np.ones(SIZE), KINDS, rare)
    spreads = shrinkage.spreads()
    assert spreads["field Blocker"] > 0.4
    assert spreads[f"field Blocker{RARE}"] < 0.25
    assert spreads[f"field Blocker{ANY}"] < 0.4
    one, two = shrinkage.drawn(spreads), shrinkage.drawn(spreads)
    assert (one.mean == two.mean).all()
    assert (one.covariance == two.covariance).all()
