"""Learns how the effect of actions differs by situation, from what was decided and how it ended.

Partially linear in the log-odds, by residuals (Robinson 1988; the R-learner of Nie & Wager 2021): what the record of
the eve explains of the outcome, and of what was done, is taken off by models that did not see the deal; what is left of
the outcome is explained by what is left of the actions times the keys of the situation. Coefficients are normal about
zero, each kind of key with its own spread, chosen by marginal likelihood (empirical Bayes, Morris 1983), so that an
action's effect in a rare situation is drawn to its effect elsewhere. All decisions of a deal count: given its state,
what is done one week tells nothing of the next. What noise they share is measured by deal (Liang & Zeger 1986).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.calibration import sigmoid
from services.next_best_action.effects import SHARED_SD, UNRECORDED_SD, fit
from services.next_best_action.situations import INTERVAL, SUPPORTED, ActionCoefficients, SituationalEffects

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FOLDS = 3
RECORD_RIDGE = 5_000.0  # on standardised columns of the record: a deal's many rows are no more than one outcome
KEY_RIDGE = 1.0
SPREADS = (0.0, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6)  # of coefficients, in log-odds
USUAL_SPREAD = 0.3  # sd of the half-normal belief about them
TELLS_OF_DEALS = ("always any", "stage any")
MOST_SELECTION = 0.15  # log-odds: what was done goes with the prognosis by more: no claim
SWEEPS = 4
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
    deals: Ints  # (rows,) a number a deal


@dataclass(frozen=True, slots=True)
class Left:
    """What the models that did not see the deal leave: chances of each action, of winning, and its variance."""

    chances: Floats  # (rows, 1 + actions)
    expected: Floats
    variance: Floats


@dataclass(frozen=True, slots=True)
class Learned:
    """Coefficients (actions, keys) with their joint covariance (actions × keys squared), and how they were drawn in."""

    mean: Floats
    covariance: Floats
    spreads: Mapping[str, float]
    noise: float  # by how much deals' shared noise widens the errors


def residuals(decisions: Decisions) -> Left:
    """Nuisance models out of fold."""
    keys = decisions.keys[:, 1:]
    penalty = np.concatenate([np.full(keys.shape[1], KEY_RIDGE), np.full(decisions.record.shape[1], RECORD_RIDGE)])
    expected = _out_of_fold(np.column_stack([keys, decisions.record]), decisions.won, decisions, penalty)
    # The prognosis stands for all of the record: who acts by how well a deal stands acts by it.
    prognosis = np.log(expected / (1 - expected))
    known = np.column_stack([keys, (prognosis - prognosis.mean()) / max(float(prognosis.std()), 1e-9)])
    penalty = np.full(known.shape[1], KEY_RIDGE)
    chances = np.column_stack([
        _out_of_fold(known, (decisions.done == place).astype(np.float64), decisions, penalty)
        for place in range(len(decisions.actions) + 1)
    ])  # fmt: skip
    chances = np.maximum(chances, 1e-4)
    return Left(chances / chances.sum(axis=1, keepdims=True), expected, np.maximum(expected * (1 - expected), 0.01))


def _out_of_fold(features: Floats, target: Floats, decisions: Decisions, penalty: Floats) -> Floats:
    count = int(decisions.deals.max(initial=-1)) + 1
    folds = np.random.default_rng(0).permutation(count)[decisions.deals] % FOLDS
    chances = np.zeros(len(target))
    for fold in range(FOLDS):
        inside = folds != fold
        coefficients, _ = fit(features[inside], target[inside], decisions.weights[inside], penalty)
        chances[~inside] = sigmoid(coefficients[0] + features[~inside] @ coefficients[1:])
    return np.clip(chances, 1e-4, 1 - 1e-4)


def learn(decisions: Decisions, left: Left) -> Learned:
    """The posterior of all coefficients."""
    information, score, noise = _moments(decisions, left)
    kinds = _kinds(decisions)
    information, score = information / noise, score / noise
    bias = SHARED_SD**2 * kinds["always any"] + UNRECORDED_SD**2 * kinds["always"]
    spreads = _spreads(information, score, kinds, bias)
    # That deals on which anything at all is done do better, at any stage, says more of the deals than of the deeds.
    bias += sum(spreads[name] ** 2 * kinds[name] for name in TELLS_OF_DEALS if name in kinds)
    prior = sum(
        (spreads[name] ** 2 * kind for name, kind in kinds.items() if name not in TELLS_OF_DEALS), np.zeros_like(bias)
    )
    total = prior + bias + 1e-8 * np.eye(len(score))
    mean, covariance = _posterior(information, score, total)
    # Of what was found, the part that unrecorded reasons to act may account for is taken off again.
    share = np.linalg.solve(total, prior).T
    mean, covariance = share @ mean, prior - share @ prior + share @ covariance @ share.T
    covariance = covariance + UNRECORDED_SD**2 * kinds["always"]  # no log is so large that it tells all
    return Learned(mean.reshape(len(decisions.actions), -1), covariance, spreads, noise)


def _moments(decisions: Decisions, left: Left) -> tuple[Floats, Floats, float]:
    """Information and score of the coefficients, and the variance of deals' scores over what rows alone would have."""
    away = (decisions.done[:, None] == np.arange(1, len(decisions.actions) + 1)) - left.chances[:, 1:]
    design = (away[:, :, None] * decisions.keys[:, None, :]).reshape(len(away), -1)
    weights = decisions.weights
    information = (design * (weights * left.variance)[:, None]).T @ design
    scores = design * (weights * (decisions.won - left.expected))[:, None]
    sums = np.zeros((int(decisions.deals.max(initial=-1)) + 1, design.shape[1]))
    np.add.at(sums, decisions.deals, scores)
    noise = float((sums**2).sum() / max(float(np.trace(information)), 1e-9))
    return information, scores.sum(axis=0), max(noise, 1.0)


def _kinds(decisions: Decisions) -> dict[str, Floats]:
    """Covariances of coefficients of each kind of key: of each action by itself, and of any action alike."""
    actions, keys = len(decisions.actions), len(decisions.names)
    kinds: dict[str, Floats] = {}
    for place, name in enumerate(decisions.names):
        kind = name.partition("=")[0] if name.startswith("field") else name.partition(" ")[0] or "always"
        own, alike = (kinds.setdefault(f"{kind}{ending}", np.zeros((actions * keys,) * 2)) for ending in ("", " any"))
        rows = np.arange(actions) * keys + place
        own[rows, rows] = 1.0
        alike[np.ix_(rows, rows)] = 1.0
    return kinds


def _spreads(information: Floats, score: Floats, kinds: Mapping[str, Floats], bias: Floats) -> dict[str, float]:
    """The spread of each kind that makes the data likeliest, one after the other until none changes."""
    spreads = dict.fromkeys(kinds, 0.08)

    def likelihood(tried: Mapping[str, float]) -> float:
        prior = sum((tried[name] ** 2 * kind for name, kind in kinds.items()), bias + 1e-8 * np.eye(len(score)))
        root, inner = _roots(information, prior)
        seen = np.linalg.solve(inner, root.T @ score)
        fits = 0.5 * float(seen @ seen) - float(np.log(np.diag(inner)).sum())
        return fits - 0.5 * sum((one / USUAL_SPREAD) ** 2 for one in tried.values())

    best = likelihood(spreads)
    for _ in range(SWEEPS):
        before = dict(spreads)
        for name in kinds:
            for spread in SPREADS:
                tried = {**spreads, name: spread}
                reached = likelihood(tried)
                if reached > best + 1e-9:
                    best, spreads = reached, tried
        if spreads == before:
            break
    return spreads


def _roots(information: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """Of the prior, and of the information as it stands in the prior's scale; both lower triangular."""
    root = np.linalg.cholesky(prior)
    return np.asarray(root), np.asarray(np.linalg.cholesky(np.eye(len(prior)) + root.T @ information @ root))


def _posterior(information: Floats, score: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """Mean and covariance."""
    root, inner = _roots(information, prior)
    whitened = np.linalg.solve(inner, root.T)
    return whitened.T @ (whitened @ score), whitened.T @ whitened


def served(decisions: Decisions, learned: Learned, fields: Sequence[str]) -> SituationalEffects:
    """What serving needs, with how often each action is done by situation."""
    keys, penalty = decisions.keys[:, 1:], np.full(decisions.keys.shape[1] - 1, KEY_RIDGE)
    habits = [fit(keys, (decisions.done == place).astype(np.float64), decisions.weights, penalty)[0]
              for place in range(len(decisions.actions) + 1)]  # fmt: skip
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


@dataclass(frozen=True, slots=True)
class Claim:
    """What doing the best of the supported actions for once would bring, summed over a deal's decisions, as a change of
    the chance of winning; and how strongly what was done goes with how well deals stood, in log-odds for each standard
    deviation of the prognosis, averaged over all that was done."""

    gain: float
    sd: float
    selection: float

    @property
    def low(self) -> float:
        """Lower end of the 90 % interval."""
        return self.gain - INTERVAL * self.sd

    @property
    def why(self) -> str:
        """Why the log does not bear the claim; empty where it does.

        Nobody can see hidden reasons to act. But who acts by how well a deal stands acts by what the record does not
        show of it too: selection on the recorded is the yardstick for the rest (Altonji, Elder & Taber 2005).
        """
        if self.selection > MOST_SELECTION:
            return (
                "poor overlap: what was done goes with how well deals stood, so that like is not compared with like, "
                "and with what the record does not show of it too"
            )
        return "" if self.low > 0 else "the log is too small to tell the gain from chance"


def claim(decisions: Decisions, left: Left, learned: Learned, served_: SituationalEffects) -> Claim:
    """The gain that the log speaks of, and how far it can be trusted."""
    better = _policy(decisions, learned, served_) - left.chances[:, 1:]
    pull = (better * (decisions.weights * left.variance)[:, None]).T @ decisions.keys / len(np.unique(decisions.deals))
    flat = pull.reshape(-1)
    variance = float(flat @ learned.covariance @ flat)
    return Claim(float(flat @ learned.mean.reshape(-1)), max(variance, 0.0) ** 0.5, selection(decisions, left))


def selection(decisions: Decisions, left: Left) -> float:
    """How strongly what is done goes with the prognosis, beyond what the situation explains."""
    prognosis = np.log(left.expected / (1 - left.expected))
    standard = (prognosis - prognosis.mean()) / max(float(prognosis.std()), 1e-9)
    known = np.column_stack([decisions.keys[:, 1:], standard])
    penalty = np.full(known.shape[1], KEY_RIDGE)
    found = 0.0
    for place in range(len(decisions.actions) + 1):
        done = (decisions.done == place).astype(np.float64)
        coefficients, _ = fit(known, done, decisions.weights, penalty)
        found += float(done.mean()) * abs(float(coefficients[-1]))
    return found


def _policy(decisions: Decisions, learned: Learned, served_: SituationalEffects) -> Floats:
    """(rows, actions) 1 for the best supported action of each row; all 0 where doing nothing is."""
    habits = np.array([served_.habit, *(served_.actions[name].habit for name in decisions.actions)])
    often: Floats = sigmoid(decisions.keys @ habits.T)
    often = often / often.sum(axis=1, keepdims=True)
    values = np.where(often[:, 1:] >= SUPPORTED, decisions.keys @ learned.mean.T, -np.inf)
    rows, best = np.arange(len(values)), values.argmax(axis=1)
    policy = np.zeros(values.shape)
    policy[rows, best] = values[rows, best] > 0
    return policy
