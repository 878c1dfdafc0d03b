"""Learns how the effect of actions differs by situation, from what was decided and how it ended.

Partially linear in the log-odds, by residuals (Robinson 1988; the R-learner of Nie & Wager 2021): what the record of
the eve explains of the outcome, and of what was done, is taken off by models that did not see the deal; what is left of
the outcome is explained by what is left of the actions times the keys of the situation. Coefficients are drawn in by
`shrinkage.py`, so that an action's effect in a rare situation is drawn to its effect elsewhere. All decisions of a deal
count: given its state, what is done one week tells nothing of the next. What noise they share is measured by deal
(Liang & Zeger 1986), for each key: a field that never changes varies by deals, one that does by weeks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.next_best_action.logistic import Logistic, OutOfFold
from services.next_best_action.shrinkage import ALWAYS, Shrinkage
from services.next_best_action.situations import SUPPORTED, ActionCoefficients, SituationalEffects

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAST_CHANCE = 1e-4
RECORD_RIDGE = 5_000.0  # on standardised columns of the record: a deal's many rows are no more than one outcome
KEY_RIDGE = 1.0
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Decisions:
    """Rows are decisions. Keys are 0 and 1, the first 1 throughout; record is standardised; done 0 is nothing."""

    names: Sequence[str]  # of keys
    actions: Sequence[str]
    keys: Floats  # (rows, keys)
    record: Floats  # (rows, columns)
    done: Ints  # (rows,) 0 for nothing, else 1 + the place in `actions`
    won: Floats  # (rows,)
    weights: Floats  # (rows,)
    deals: Ints  # (rows,) a number a deal, whose rows stand together, oldest first
    days: Ints  # (rows,) ordinal
    ended: Floats  # (rows,) 1 where the deal was won in the end, 0 lost, nan where that is not known yet


@dataclass(frozen=True, slots=True)
class Left:
    """What the models that did not see the deal leave: chances of each action, of winning, and its variance."""

    chances: Floats  # (rows, 1 + actions)
    expected: Floats
    variance: Floats
    ending: Floats  # (rows,) chance that the deal is won in the end
    habits: Floats  # (1 + actions, 1 + keys): coefficients of doing each, by all deals, the last of the prognosis


@dataclass(frozen=True, slots=True)
class Moments:
    """Information and score of the coefficients, and the sums of squares of deals' scores. They add up over deals."""

    information: Floats
    score: Floats
    squares: Floats

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.information + other.information, self.score + other.score, self.squares + other.squares
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Learned:
    """Coefficients (actions, keys) with their joint covariance (actions × keys squared), and how they were drawn in."""

    mean: Floats
    covariance: Floats
    spreads: Mapping[str, float]
    noise: float  # by how much deals' shared noise widens the errors


def residuals(decisions: Decisions) -> Left:
    """Nuisance models out of fold."""
    keys, weights = decisions.keys[:, 1:], decisions.weights
    penalty = np.concatenate([np.full(keys.shape[1], KEY_RIDGE), np.full(decisions.record.shape[1], RECORD_RIDGE)])
    outcome = OutOfFold(np.column_stack([keys, decisions.record]), decisions.deals, penalty)
    won = outcome.fit(decisions.won, weights)
    # Decisions of deals still open teach nothing of the end.
    known = np.isfinite(decisions.ended)
    ended = outcome.fit(np.nan_to_num(decisions.ended), np.where(known, weights, 0.0), won.coefficients)
    expected = _bounded(won.chances)
    # The prognosis stands for all of the record: who acts by how well a deal stands acts by it.
    prognosis = np.log(expected / (1 - expected))
    told = np.column_stack([keys, (prognosis - prognosis.mean()) / max(float(prognosis.std()), 1e-9)])
    doing = OutOfFold(told, decisions.deals, np.full(told.shape[1], KEY_RIDGE))
    done = [doing.fit((decisions.done == place).astype(np.float64), weights)
            for place in range(len(decisions.actions) + 1)]  # fmt: skip
    chances = np.maximum(np.column_stack([each.chances for each in done]), LEAST_CHANCE)
    return Left(
        chances / chances.sum(axis=1, keepdims=True), expected, np.maximum(expected * (1 - expected), 0.01),
        _bounded(ended.chances), np.array([each.coefficients for each in done]),
    )  # fmt: skip


def _bounded(chances: Floats) -> Floats:
    return np.clip(chances, LEAST_CHANCE, 1 - LEAST_CHANCE)


def learn(decisions: Decisions, left: Left) -> Learned:
    """The posterior of all coefficients."""
    return posterior(decisions, moments(decisions, left, np.ones(len(decisions.won), dtype=np.bool_)))


def posterior(decisions: Decisions, seen: Moments, spreads: Mapping[str, float] | None = None) -> Learned:
    """The same from what the rows, or a part of them, add up to; with given spreads, else the likeliest."""
    actions = len(decisions.actions)
    independent = np.diag(seen.information).copy()
    by_key = [each.reshape(actions, -1).sum(axis=0) for each in (seen.squares, independent)]
    noise = np.tile(np.maximum(by_key[0] / np.maximum(by_key[1], 1e-9), 1.0), actions)
    drawing = Shrinkage(seen.information, seen.score, noise, _kinds(decisions.names), _rare(decisions))
    spreads = drawing.spreads() if spreads is None else spreads
    drawn = drawing.drawn(spreads)
    shared = float(seen.squares.sum()) / max(float(independent.sum()), 1e-9)
    return Learned(drawn.mean.reshape(actions, -1), drawn.covariance, spreads, max(shared, 1.0))


def moments(decisions: Decisions, left: Left, rows: NDArray[np.bool_]) -> Moments:
    """What the rows say; those of a deal are all in or all out."""
    away = (decisions.done[rows, None] == np.arange(1, len(decisions.actions) + 1)) - left.chances[rows, 1:]
    design = (away[:, :, None] * decisions.keys[rows, None, :]).reshape(len(away), -1)
    weights = decisions.weights[rows]
    information = (design * (weights * left.variance[rows])[:, None]).T @ design
    scores = design * (weights * (decisions.won[rows] - left.expected[rows]))[:, None]
    begins = np.flatnonzero(np.diff(decisions.deals[rows], prepend=-1))
    sums = np.add.reduceat(scores, begins) if len(begins) else scores
    return Moments(information, scores.sum(axis=0), (sums**2).sum(axis=0))


def _kinds(names: Sequence[str]) -> list[str]:
    """Of each key: the field or the first word; each has its own spread."""
    return [name.partition("=")[0] if name.startswith("field") else name.partition(" ")[0] or ALWAYS for name in names]


def _rare(decisions: Decisions) -> NDArray[np.bool_]:
    """(actions × keys,) the action is done in too small a share of the decisions that a key holds in to be compared."""
    done = decisions.done[:, None] == np.arange(1, len(decisions.actions) + 1)
    return np.asarray((done.T @ decisions.keys < SUPPORTED * decisions.keys.sum(axis=0)).reshape(-1))


def served(decisions: Decisions, left: Left, learned: Learned, fields: Sequence[str]) -> SituationalEffects:
    """What serving needs, with how often each action is done by situation."""
    doing = Logistic(decisions.keys[:, 1:], np.full(decisions.keys.shape[1] - 1, KEY_RIDGE))
    habits = [doing.fit((decisions.done == place).astype(np.float64), decisions.weights, start[:-1])
              for place, start in enumerate(left.habits)]  # fmt: skip
    size = len(decisions.names)
    found = {}
    for place, name in enumerate(decisions.actions):
        block = learned.covariance[place * size : (place + 1) * size, place * size : (place + 1) * size]
        deals = np.unique(decisions.deals[decisions.done == place + 1])
        won = np.unique(decisions.deals[(decisions.done == place + 1) & (decisions.won > 0)])
        found[name] = ActionCoefficients(
            _rounded(learned.mean[place]), [_rounded(row) for row in block], _rounded(habits[place + 1]), len(deals),
            len(won),
        )  # fmt: skip
    return SituationalEffects(list(decisions.names), list(fields), _rounded(habits[0]), found)


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), DIGITS) for value in values]
