"""Effects learned from logs whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from learning.calibration import sigmoid
from services.next_best_action.domain import Action
from services.next_best_action.effects import Design, estimate, playbook_scale, shrunk
from services.next_best_action.model import ActionModel, playbook

CALL = Action("call", "", "", activities=("call",), odds=0.1, odds_sd=0.3)
VISIT = Action("visit", "", "", activities=("visit",), odds=0.2, odds_sd=0.1)


def simulated(effect: float, *, deals: int = 4_000, confounding: float = 1.5, seed: int = 0) -> Design:
    """Two days a deal; likelier deals are called more, so that callers look better than calling is."""
    generator = np.random.default_rng(seed)
    score = np.repeat(generator.normal(size=deals), 2)
    called = (generator.random(2 * deals) < sigmoid(confounding * score - 0.5)).astype(float)
    won = (generator.random(deals) < sigmoid(score[::2] - 0.3 + effect * (called[::2] + called[1::2]) / 2)).astype(
        float
    )
    visited = np.zeros(2 * deals)
    visited[:10] = 1
    return Design(score[:, None], np.column_stack([called, visited]), np.repeat(won, 2), np.full(2 * deals, 0.5),
                  np.repeat(np.arange(deals), 2))  # fmt: skip


def test_the_adjusted_estimate_is_near_the_truth_where_the_naive_one_is_not() -> None:
    # Two half treatments a deal: each row's own coefficient is about half of the deal's effect.
    design = simulated(0.0)
    call, _ = estimate(design, [CALL, VISIT])
    treated = design.treated[:, 0] > 0
    naive = design.won[treated].mean() - design.won[~treated].mean()
    assert naive > 0.15
    assert abs(call.raw) < 3 * call.se
    assert call.se < 0.1


@pytest.mark.parametrize("effect", [0.0, 1.0])
def test_intervals_are_honest(effect: float) -> None:
    found = [estimate(simulated(effect, deals=1_500, seed=seed), [CALL, VISIT])[0] for seed in range(20)]
    signs = [each.raw > 0 for each in found]
    assert all(signs) if effect else 3 <= sum(signs) <= 17
    if not effect:
        assert sum(each.effect.low <= 0 <= each.effect.high for each in found) >= 18


def test_rare_actions_are_left_to_the_playbook_and_said_so() -> None:
    _, visit = estimate(simulated(0.0), [CALL, VISIT])
    assert "too few" in visit.why
    assert not visit.effect.learned
    assert visit.effect.mean == VISIT.odds


def test_poor_overlap_is_said() -> None:
    call, _ = estimate(simulated(0.0, confounding=25.0), [CALL, VISIT])
    assert "poor overlap" in call.why


def test_actions_taken_only_on_won_deals_teach_nothing() -> None:
    design = simulated(0.0)
    design.treated[:, 0] *= design.won
    call, _ = estimate(design, [CALL, VISIT])
    assert "too few outcomes" in call.why


def test_the_playbook_is_scaled_by_what_the_log_bears_out() -> None:
    harmful = estimate(simulated(-1.0), [CALL, VISIT])
    scale = playbook_scale(harmful, [CALL, VISIT])
    assert 0.25 <= scale < 1
    assert playbook_scale([], []) == 1
    hoped = ActionModel(playbook_scale=scale).effect(VISIT)
    assert hoped.mean == pytest.approx(VISIT.odds * scale)
    assert playbook(-8.0, 0.5, scale).mean == -8.0


def test_estimates_borne_out_by_nothing_shrink_together() -> None:
    actions = [Action(f"a{number}", "", "", activities=("call",), odds=0.1, odds_sd=0.3) for number in range(6)]
    noisy = np.array([0.3, -0.2, 0.25, -0.1, 0.2, 0.1])
    sure = shrunk(noisy, np.eye(6) * 0.01**2, actions)
    unsure = shrunk(noisy, np.eye(6) * 0.3**2, actions)
    strays = [np.ptp([mean for mean, _ in found]) for found in (sure, unsure)]
    assert strays[1] < 0.3 * strays[0]
    assert all(sd > other for (_, sd), (_, other) in zip(unsure, sure, strict=True)) or strays[1] < 0.05
    assert shrunk(np.zeros(0), np.zeros((0, 0)), []) == []
