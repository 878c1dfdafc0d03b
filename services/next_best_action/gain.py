"""What following the effects by situation would bring, measured on deals that had no part in learning them.

The best of many estimates is too good by selection. So deals are cut into stretches of time; for each, effects are
learned from the others and choose what to do; that choice is valued on the stretch by what was done and how it ended,
doubly robust against what was usual there (learning.off_policy), with errors by deal. Only choices that the other
stretches are sure of count, and only where the same is not suggested already the week before: what repeating it adds
is left out, as a deal that was helped would not stand there again. What the catalogue's conditions forbid there is not
chosen: it would not be suggested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.calibration import sigmoid
from learning.off_policy.estimators import Log, Overlap, difference, doubly_robust, overlap, snips, spreads
from learning.off_policy.intervals import Estimate
from services.next_best_action.situational import (
    Decisions,
    Floats,
    Ints,
    Learned,
    Left,
    moments,
    posterior,
)
from services.next_best_action.situations import SUPPORTED, SituationalEffects

STRETCHES = 5
LEVEL = 0.9
SURE = 1.0  # standard errors that a choice has to be above what is usual
MOST_SELECTION = 0.15  # log-odds: what was done goes with the prognosis by more: no claim
USUAL = -1  # nothing else is suggested
NONE = Estimate(0.0, 0.0, 0.0, 0.0)
MayDo = Callable[[Ints], NDArray[np.bool_]]  # (rows,) to (rows, 1 + actions)


@dataclass(frozen=True, slots=True)
class Claim:
    """The change of a deal's chance of winning by what `gain.py` counts; and how strongly what was done goes with how
    well deals stood, in log-odds for each standard deviation of the prognosis."""

    gain: Estimate
    rows: Ints  # that it was counted on
    chosen: Ints  # (rows,) what to do there by the other stretches, 0 for nothing
    overlap: Overlap
    selection: float

    @property
    def why(self) -> str:
        """Why no effect by situation is to be used; empty where they are.

        Nobody can see hidden reasons to act. But who acts by how well a deal stands acts by what the record does not
        show of it too: selection on the recorded is the yardstick for the rest (Altonji, Elder & Taber 2005).
        """
        if self.selection > MOST_SELECTION:
            return (
                "poor overlap: what was done goes with how well deals stood, so that like is not compared with like, "
                "and with what the record does not show of it too"
            )
        if not len(self.rows):
            return "the log is too small to tell the gain from chance"
        return "on deals that had no part in it, following the effects would have lost" if self.gain.high <= 0 else ""

    @property
    def verdict(self) -> str:
        """`gain` where one is shown, `unproven` where effects are used without, `none` where they are not used."""
        if self.why:
            return "none"
        return "gain" if self.gain.low > 0 and not self.overlap.why else "unproven"


def claim(
    decisions: Decisions, left: Left, learned: Learned, served: SituationalEffects, may: MayDo | None = None
) -> Claim:
    """The gain that the log speaks of, and how far it can be trusted. may: what conditions allow; all without."""
    often = _often(decisions, served)
    chosen, effects = held_out(decisions, left, learned, often, may)
    known = np.isfinite(decisions.ended)
    rows = np.flatnonzero(_begins(decisions, chosen) & known)
    gain, seen = NONE, Overlap(0, 0.0, 0.0, 1.0)
    if len(rows):
        gain, seen = _valued(decisions, left, chosen, effects, rows)
        share = len(rows) / len(np.unique(decisions.deals[known]))
        gain = Estimate(*(share * each for each in (gain.value, gain.se, gain.low, gain.high)))
    return Claim(gain, rows, chosen[rows], seen, selection(decisions, left))


def held_out(
    decisions: Decisions, left: Left, learned: Learned, often: Floats, may: MayDo | None = None
) -> tuple[Ints, Floats]:
    """(rows,) what to do by what other stretches of time teach, 0 for nothing, USUAL; (rows, 1 + actions) effects."""
    stretch, size = _stretches(decisions), len(decisions.actions) + 1
    above, effects = np.zeros((len(stretch), size)), np.zeros((len(stretch), size))
    sure = np.zeros((len(stretch), size), dtype=np.bool_)
    seen = [moments(decisions, left, stretch == number) for number in range(STRETCHES)]
    for number in range(STRETCHES):
        first, *others = (each for place, each in enumerate(seen) if place != number)
        found = posterior(decisions, sum(others, first), learned.spreads)
        inside = stretch == number
        above[inside], sure[inside] = compared(decisions.keys[inside], found, often[inside])
        effects[inside, 1:] = decisions.keys[inside] @ found.mean.T
    asked = np.flatnonzero((above.argmax(axis=1) > 0) & sure.any(axis=1))
    if may is not None and len(asked):
        above[asked] = np.where(may(asked), above[asked], -np.inf)
    best = above.argmax(axis=1)
    return np.where(sure[np.arange(len(best)), best], best, USUAL), effects


def compared(keys: Floats, learned: Learned, often: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(rows, 1 + actions) how far each is above what is usual there, −inf where it is rare; and whether surely."""
    patterns, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    actions, size = learned.mean.shape
    covariance = learned.covariance.reshape(actions, size, actions, size)
    found = np.zeros((2, len(patterns), actions + 1))
    for place, (pattern, usual) in enumerate(zip(patterns, often[first], strict=True)):
        held = np.flatnonzero(pattern)
        mean = np.append(0.0, learned.mean[:, held].sum(axis=1))
        joint = np.pad(covariance[:, held][..., held].sum(axis=(1, 3)), ((1, 0), (1, 0)))
        against = np.eye(actions + 1) - usual
        found[0, place] = np.where(usual >= SUPPORTED, against @ mean, -np.inf)
        found[1, place] = SURE * np.sqrt(np.maximum(((against @ joint) * against).sum(axis=1), 0.0))
    above, least = found[:, which.reshape(-1)]
    return above, above > least


def _valued(
    decisions: Decisions, left: Left, chosen: Ints, effects: Floats, rows: Ints
) -> tuple[Estimate, Overlap]:  # fmt: skip
    """A decision's mean gain over what is usual there."""
    expected = left.ending[rows]
    usual, found, count = left.chances[rows], effects[rows], np.arange(len(rows))
    steep = expected * (1 - expected)
    promised = expected[:, None] + steep[:, None] * (found - (usual * found).sum(axis=1, keepdims=True))
    done, wanted = decisions.done[rows], chosen[rows]
    deals = np.unique(decisions.deals[rows], return_inverse=True)[1].astype(np.int64)
    log = Log(done, decisions.ended[rows], usual[count, done], deals)
    spread = spreads(log, log.rewards - promised[count, done])
    match = (done == wanted).astype(np.float64)
    ours = doubly_robust(log, match, promised[count, wanted], promised[count, done], spread)
    theirs = snips(log, log.propensities, spread)
    return difference(log, ours, theirs, spread, LEVEL), overlap(log, match)


def _begins(decisions: Decisions, chosen: Ints) -> NDArray[np.bool_]:
    """(rows,) something is suggested that was not suggested on the deal the time before."""
    again = np.zeros(len(chosen), dtype=np.bool_)
    again[1:] = (decisions.deals[1:] == decisions.deals[:-1]) & (chosen[1:] == chosen[:-1])
    return np.asarray((chosen != USUAL) & ~again)


def _stretches(decisions: Decisions) -> Ints:
    """(rows,) number of the stretch of time in which the deal came to its first decision."""
    first = np.full(int(decisions.deals.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, decisions.deals, decisions.days)
    order = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    return np.asarray((order * STRETCHES // max(len(first), 1))[decisions.deals], dtype=np.int64)


def _often(decisions: Decisions, served: SituationalEffects) -> Floats:
    """(rows, 1 + actions) how often each is done in the situation."""
    habits = np.array([served.habit, *(served.actions[name].habit for name in decisions.actions)])
    often: Floats = sigmoid(decisions.keys @ habits.T)
    return np.asarray(often / often.sum(axis=1, keepdims=True))


def selection(decisions: Decisions, left: Left) -> float:
    """How strongly what is done goes with the prognosis, beyond what the situation explains."""
    often = np.bincount(decisions.done, decisions.weights, len(left.habits)) / decisions.weights.sum()
    return float(often @ np.abs(left.habits[:, -1]))
