"""Estimates the effect of actions on winning from what was done and how it ended.

Double machine learning (Robinson 1988; Chernozhukov et al. 2018): what the state of the day explains of the outcome and
of each action is taken off by models that did not see the deal, and what is left of the outcome is regressed on what is
left of all actions at once. The estimate stands when either model is right, and counts most where acting and waiting
were both likely. Standard errors are clustered by deal (Liang & Zeger 1986). An action too rare, too common or too
predictable to compare like with like (overlap of out-of-fold propensities, Crump et al. 2009) is left to the playbook.
Estimates are widened for what the log does not record, and drawn to the playbook's scaled belief by as much as all
actions together stray from it (empirical Bayes, Morris 1983).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.next_best_action.domain import Action, Effect
from services.next_best_action.logistic import OutOfFold
from services.next_best_action.model import INTERVAL
from services.next_best_action.shrinkage import SHARED_SD, UNRECORDED_SD

Floats = NDArray[np.float64]

DIGITS = 9  # kept of effects: below lies rounding noise
RIDGE = 1.0  # on standardised covariates; treatments and intercept are left free
STRAYS = (0.0, 0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.27, 0.4, 0.6)  # sd of effects about the playbook, in log-odds
USUAL_STRAY = 0.15  # sd of the half-normal belief about it
SCALE_SD = 0.5  # of the belief that the playbook is right by a factor of 1
LEAST_DEALS = 40  # treated, and as many untreated
LEAST_OUTCOMES = 8  # won and lost among the treated
PROPENSITY_LOW, PROPENSITY_HIGH = 0.02, 0.98
LEAST_OVERLAP = 0.6  # share of rows whose propensity lies between them


@dataclass(frozen=True, slots=True)
class Design:
    """Rows are deals on days. Covariates are standardised, without an intercept; weights of a deal add up to one."""

    covariates: Floats  # (rows, columns)
    treated: Floats  # (rows, actions) of 0 and 1
    won: Floats  # (rows,) of 0 and 1
    weights: Floats  # (rows,)
    deals: NDArray[np.int64]  # (rows,) a number a deal


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the log says about one action; `why` says what it cannot tell, empty where it can."""

    effect: Effect
    raw: float
    se: float
    treated_deals: int
    treated_won: int
    overlap: float
    why: str = ""


def estimate(design: Design, actions: Sequence[Action]) -> list[Estimate]:
    """One estimate an action (column of `treated`), in order."""
    nuisance = OutOfFold(design.covariates, design.deals, np.full(design.covariates.shape[1], RIDGE))
    fitted = [nuisance.fit(design.treated[:, column], design.weights) for column in range(len(actions))]
    chances = np.column_stack([each.chances for each in fitted])
    checked = [_support(design, column, chances[:, column]) for column in range(len(actions))]
    good = [column for column, (*_, why) in enumerate(checked) if not why]
    raw, spread = np.zeros(0), np.zeros((0, 0))
    if good:
        expected = nuisance.fit(design.won, design.weights).chances
        raw, spread = partial_effects(design, design.treated[:, good] - chances[:, good], expected)
    found = []
    for column, action in enumerate(actions):
        deals, won, overlap, why = checked[column]
        place = good.index(column) if not why else -1
        mean, se = (float(raw[place]), float(np.sqrt(spread[place, place]))) if not why else (0.0, float("inf"))
        belief = _effect(action.odds, action.odds_sd, deals, won, learned=False)
        found.append(Estimate(belief, mean, se, deals, won, overlap, why))
    effects = shrunk(raw, spread, [actions[column] for column in good])
    for column, (mean, sd) in zip(good, effects, strict=True):
        deals, won = found[column].treated_deals, found[column].treated_won
        found[column] = replace(found[column], effect=_effect(mean, sd, deals, won, learned=True))
    return found


def partial_effects(design: Design, left: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Effects in log-odds and their covariance.

    left: (rows, actions) treatments minus their propensities; expected: (rows,) chance of winning. Both out of fold.
    """
    variance = np.maximum(expected * (1 - expected), 0.01)
    bread = np.linalg.inv((left * (design.weights * variance)[:, None]).T @ left + 1e-9 * np.eye(left.shape[1]))
    effects = bread @ (left.T @ (design.weights * (design.won - expected)))
    scores = left * (design.weights * (design.won - expected - variance * (left @ effects)))[:, None]
    count = int(design.deals.max()) + 1
    sums = np.column_stack([np.bincount(design.deals, column, count) for column in scores.T])
    return effects, np.asarray(bread @ (sums.T @ sums) @ bread)


def shrunk(raw: Floats, spread: Floats, actions: Sequence[Action]) -> list[tuple[float, float]]:
    """Posterior mean and standard deviation of each effect.

    Effects are normal about the playbook's hopes times a common factor (1 ± SCALE_SD). How far they stray from it is
    averaged over, each distance by how likely it makes the estimates together.
    """
    if not len(raw):
        return []
    noise = spread + UNRECORDED_SD**2 * np.eye(len(raw)) + SHARED_SD**2
    hopes = np.array([action.odds for action in actions])
    logs, means, variances = [], [], []
    for stray in STRAYS:
        prior = stray**2 * np.eye(len(raw)) + SCALE_SD**2 * np.outer(hopes, hopes)
        total = noise + prior
        gap = raw - hopes
        solved = np.linalg.solve(total, gap)
        logs.append(-0.5 * (gap @ solved + np.linalg.slogdet(total)[1] + (stray / USUAL_STRAY) ** 2))
        means.append(hopes + prior @ solved)
        variances.append(np.diag(prior - prior @ np.linalg.solve(total, prior)))
    shares = np.exp(np.array(logs) - max(logs))
    shares /= shares.sum()
    mean = shares @ np.array(means)
    variance = shares @ (np.array(variances) + (np.array(means) - mean) ** 2)
    return [(float(each), float(max(width, 0.0)) ** 0.5) for each, width in zip(mean, variance, strict=True)]


def _effect(mean: float, sd: float, deals: int, won: int, *, learned: bool) -> Effect:
    low, middle, high = (round(odds, DIGITS) for odds in (mean - INTERVAL * sd, mean, mean + INTERVAL * sd))
    return Effect(middle, low, high, learned, deals, won)


def playbook_scale(estimates: Sequence[Estimate], actions: Sequence[Action]) -> float:
    """How much of the playbook's hopes the log bears out, for the actions it cannot tell about; 1 without evidence.

    Regression through the origin of estimates on hopes, with a prior of 1 ± 0.5; kept within 0.25 to 1.5.
    """
    numerator = denominator = 1 / SCALE_SD**2
    for each, action in zip(estimates, actions, strict=True):
        if not each.why and action.odds > 0:
            evidence = 1 / (each.se**2 + UNRECORDED_SD**2 + SHARED_SD**2)
            numerator += evidence * action.odds * each.raw
            denominator += evidence * action.odds**2
    return round(float(min(max(numerator / denominator, 0.25), 1.5)), DIGITS)


def _support(design: Design, column: int, chance: Floats) -> tuple[int, int, float, str]:
    """Treated deals, how many of them were won, overlap, and why the log cannot tell (empty where it can)."""
    treated = design.treated[:, column]
    deals = np.unique(design.deals[treated > 0])
    outcome = np.zeros(int(design.deals.max(initial=-1)) + 1)
    outcome[design.deals] = design.won
    won, others = int(outcome[deals].sum()), len(np.unique(design.deals)) - len(deals)
    rows_without = len(np.unique(design.deals[treated == 0]))
    if len(deals) < LEAST_DEALS or rows_without < LEAST_DEALS:
        return len(deals), won, 0.0, f"too few: {len(deals)} closed deals with it, {others} never"
    if min(won, len(deals) - won) < LEAST_OUTCOMES:
        return len(deals), won, 0.0, f"too few outcomes: {won} won and {len(deals) - won} lost with it"
    overlap = float(np.mean((chance >= PROPENSITY_LOW) & (chance <= PROPENSITY_HIGH)))
    why = "" if overlap >= LEAST_OVERLAP else f"poor overlap: comparable situations are {overlap:.0%} of all"
    return len(deals), won, overlap, why
