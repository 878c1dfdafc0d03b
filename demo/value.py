"""True probabilities by dynamic programming over stage, situation and health.

Backward induction (Bellman 1957): the chance of winning from a state is the mean over the policy's actions and the
week's events of the chance from the state they lead to. Exact up to the grid of health (linear in between).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.hazards import ACTIONS, LEAD_STAGES, NOISE, SKILL_CLASSES, STAGES, Market, event_chances
from demo.seasons import Calendar, Floats

GRID = np.linspace(-4.0, 4.0, 41)
STEP = float(GRID[1] - GRID[0])
SEGMENTS = 2  # sheltered, exposed to the shock


@dataclass(frozen=True, slots=True)
class Values:
    """Chances by (week, skill class or 1, segment, stage, situation, health on GRID); week `weeks` is the end."""

    win: Floats  # under what the reps do
    convert: Floats  # of a lead becoming an opportunity, under what the reps do
    oracle: Floats  # of winning when the best action is taken every week


@dataclass(frozen=True, slots=True)
class Steps:
    """A week's change of health and situation under a policy, as matrices over GRID: (C, 1, K, Z, health, health).

    A state's value is `settled` times the values with nothing in the way plus `lasting` times those as they stand.
    """

    settled: Floats
    lasting: Floats

    def mean(self, market: Market, after: Floats) -> Floats:
        """Mean over actions, noise and situations of `after`, (classes, segments, K, Z, health)."""
        begun = np.einsum("kz,cskzx->cskx", market.arrive, after)
        same = np.concatenate([begun[..., None, :], after[..., 1:, :]], axis=-2)
        value = np.matmul(self.settled, after[..., :1, :, None]) + np.matmul(self.lasting, same[..., None])
        result: Floats = value[..., 0]
        return result


def build_steps(market: Market) -> Steps:
    """The weekly matrices of every skill class."""
    shift = shift_matrices(market)
    chances = np.broadcast_to(market.policy[..., None, :], (*market.policy.shape[:-1], GRID.size, len(ACTIONS)))
    chances = market.chances(chances, np.broadcast_to(GRID, chances.shape[:-1]))
    settled = np.einsum("ckzxa,kza,kzaxy->ckzxy", chances, market.settle, shift, optimize=True)
    lasting = np.einsum("ckzxa,kza,kzaxy->ckzxy", chances, 1 - market.settle, shift, optimize=True)
    return Steps(settled[:, None], lasting[:, None])


def shift_matrices(market: Market) -> Floats:
    """What an action and the week's noise do to health: (K, Z, A, health before, health after)."""
    spread = np.sqrt(3) * NOISE  # Gauss–Hermite with three points: exact to the fifth moment
    matrices = np.zeros((*market.gain.shape, GRID.size, GRID.size))
    for offset, weight in ((0.0, 2 / 3), (spread, 1 / 6), (-spread, 1 / 6)):
        low, share = grid_place(GRID + market.gain[..., None] + offset)
        np.put_along_axis(
            matrices,
            low[..., None],
            np.take_along_axis(matrices, low[..., None], -1) + weight * (1 - share[..., None]),
            -1,
        )
        np.put_along_axis(
            matrices,
            low[..., None] + 1,
            np.take_along_axis(matrices, low[..., None] + 1, -1) + weight * share[..., None],
            -1,
        )
    return matrices


def solve(market: Market, calendar: Calendar) -> Values:
    """Values for every simulated week and the one after it."""
    shape = (calendar.weeks + 1, len(SKILL_CLASSES), SEGMENTS, len(STAGES), market.arrive.shape[1], GRID.size)
    win, convert = np.zeros(shape), np.zeros((*shape[:3], LEAD_STAGES, *shape[4:]))
    oracle = np.zeros((shape[0], 1, *shape[2:]))
    now_win, now_convert, now_oracle = np.zeros(shape[1:]), np.zeros(shape[1:]), np.zeros(oracle.shape[1:])
    steps, shift = build_steps(market), shift_matrices(market)
    for week in range(calendar.win_pace.size - 1, -1, -1):
        now_win = steps.mean(market, after_events(calendar, week, now_win))
        now_convert[:, :, LEAD_STAGES:] = 1.0
        now_convert = steps.mean(market, after_events(calendar, week, now_convert))
        now_oracle = action_values(market, shift, after_events(calendar, week, now_oracle)).max(axis=-2)
        if week <= calendar.weeks:
            win[week], convert[week], oracle[week] = now_win, now_convert[:, :, :LEAD_STAGES], now_oracle
    return Values(win, convert, oracle)


def action_values(market: Market, shift: Floats, after: Floats) -> Floats:
    """Chance of winning from each state and action: (classes, segments, K, Z, A, health).

    `after` holds values before this week's event, (classes, segments, K, Z, health): see after_events.
    """
    settle = market.settle[..., None]
    moved = settle * after[..., :1, None, :] + (1 - settle) * after[..., :, None, :]
    moved[..., 0, :, :] = np.einsum("kz,cskzx->cskx", market.arrive, after)[..., None, :]
    result: Floats = np.matmul(shift, moved[..., None])[..., 0]
    return result


def after_events(calendar: Calendar, week: int, following: Floats) -> Floats:
    """Values once the week's health is settled and before its event, from next week's values."""
    stage = np.arange(len(STAGES))
    up, down = np.minimum(stage + 1, stage[-1]), np.maximum(stage - 1, 0)
    after = np.empty_like(following)
    for segment in range(SEGMENTS):
        health = np.broadcast_to(GRID + calendar.shock[segment, week], (stage.size, GRID.size))
        chances = event_chances(stage[:, None], health, calendar.win_pace[week], calendar.lose_pace[week])[:, None]
        after[:, segment] = (
            chances[..., 0] * following[:, segment]
            + chances[..., 1] * following[:, segment, up]
            + chances[..., 2] * following[:, segment, down]
            + chances[..., 3]
        )
    return after


def grid_place(health: Floats) -> tuple[np.ndarray, Floats]:
    """Index of the grid point below, and the share of the way to the next."""
    position = np.clip((health - GRID[0]) / STEP, 0, GRID.size - 1 - 1e-9)
    low = position.astype(np.int64)
    return low, position - low
