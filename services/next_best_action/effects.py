"""Estimates the effect of actions on winning from what was done and how it ended.

One logistic regression of the outcome on the treatments (was the action done in the window after the day?), with the
out-of-fold lead score and what is known on the day as covariates; standard errors clustered by deal (Liang & Zeger
1986). An action whose treatment is too rare, too common or too predictable to compare like with like (propensity score
overlap, Crump et al. 2009) is left to the playbook. Estimates are shrunk towards the playbook's belief by precision,
after widening them for what the log does not record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.calibration import sigmoid
from services.next_best_action.domain import Action, Effect
from services.next_best_action.model import INTERVAL

Floats = NDArray[np.float64]

DIGITS = 9  # kept of effects: below lies rounding noise
RIDGE = 1.0  # on standardised covariates; treatments and intercept are left free
UNRECORDED_SD = 0.1  # log-odds: how far unrecorded reasons to act may push an estimate either way
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
    checked = [_support(design, column) for column in range(len(actions))]
    good = [column for column, (*_, why) in enumerate(checked) if not why]
    raw, se = np.zeros(len(actions)), np.full(len(actions), np.inf)
    if good:
        features = np.column_stack([design.treated[:, good], design.covariates])
        penalty = np.concatenate([np.full(len(good), 1e-3), np.full(design.covariates.shape[1], RIDGE)])
        coefficients, hessian = fit(features, design.won, design.weights, penalty)
        spread = clustered(features, design.won, design.weights, design.deals, coefficients, hessian)
        raw[good], se[good] = coefficients[1 : 1 + len(good)], np.sqrt(np.diag(spread))[1 : 1 + len(good)]
    found = []
    for column, action in enumerate(actions):
        deals, won, overlap, why = checked[column]
        effect = shrunk(action, float(raw[column]), float(se[column]), deals, won, learned=not why)
        found.append(Estimate(effect, float(raw[column]), float(se[column]), deals, won, overlap, why))
    return found


def shrunk(action: Action, raw: float, se: float, deals: int, won: int, *, learned: bool) -> Effect:
    """Posterior of a normal estimate under the playbook's normal prior."""
    precision = 1 / action.odds_sd**2
    total, mean = precision, action.odds
    if learned:
        evidence = 1 / (se**2 + UNRECORDED_SD**2)
        total = precision + evidence
        mean = (precision * action.odds + evidence * raw) / total
    width = INTERVAL / total**0.5
    low, mean, high = (round(odds, DIGITS) for odds in (mean - width, mean, mean + width))
    return Effect(mean, low, high, learned, deals, won)


def playbook_scale(estimates: Sequence[Estimate], actions: Sequence[Action]) -> float:
    """How much of the playbook's hopes the log bears out, for the actions it cannot tell about; 1 without evidence.

    Regression through the origin of estimates on hopes, with a prior of 1 ± 0.5; kept within 0.25 to 1.5.
    """
    numerator = denominator = 1 / 0.5**2
    for each, action in zip(estimates, actions, strict=True):
        if not each.why and action.odds > 0:
            evidence = 1 / (each.se**2 + UNRECORDED_SD**2)
            numerator += evidence * action.odds * each.raw
            denominator += evidence * action.odds**2
    return round(float(min(max(numerator / denominator, 0.25), 1.5)), DIGITS)


def fit(features: Floats, target: Floats, weights: Floats, penalty: Floats) -> tuple[Floats, Floats]:
    """Ridge logistic regression by Newton's method: (intercept and coefficients, penalised Hessian)."""
    matrix = np.column_stack([np.ones(len(features)), features])
    ridge = np.concatenate([[1e-6], penalty])
    rate = float(np.clip(np.average(target, weights=weights), 1e-3, 1 - 1e-3))
    coefficients = np.zeros(matrix.shape[1])
    coefficients[0] = np.log(rate / (1 - rate))
    hessian = np.diag(ridge)
    for _ in range(30):
        p = sigmoid(matrix @ coefficients)
        hessian = (matrix * (weights * p * (1 - p))[:, None]).T @ matrix + np.diag(ridge)
        gradient = matrix.T @ (weights * (target - p)) - ridge * np.concatenate([[0.0], coefficients[1:]])
        step = np.linalg.solve(hessian, gradient)
        coefficients = coefficients + np.clip(step, -2, 2)
        if np.max(np.abs(step)) < 1e-8:
            break
    return coefficients, hessian


def clustered(
    features: Floats, target: Floats, weights: Floats, groups: NDArray[np.int64], coefficients: Floats, hessian: Floats
) -> Floats:
    """Sandwich covariance of the coefficients, scores added up within groups."""
    matrix = np.column_stack([np.ones(len(features)), features])
    scores = matrix * (weights * (target - sigmoid(matrix @ coefficients)))[:, None]
    count = int(groups.max()) + 1
    sums = np.column_stack([np.bincount(groups, column, count) for column in scores.T])
    bread = np.linalg.inv(hessian)
    covariance: Floats = bread @ (sums.T @ sums) @ bread
    return covariance


def _support(design: Design, column: int) -> tuple[int, int, float, str]:
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
    penalty = np.full(design.covariates.shape[1], RIDGE)
    coefficients, _ = fit(design.covariates, treated, design.weights, penalty)
    chance = sigmoid(coefficients[0] + design.covariates @ coefficients[1:])
    overlap = float(np.mean((chance >= PROPENSITY_LOW) & (chance <= PROPENSITY_HIGH)))
    why = "" if overlap >= LEAST_OVERLAP else f"poor overlap: comparable situations are {overlap:.0%} of all"
    return len(deals), won, overlap, why
