"""What following the effects by situation would bring, measured on deals that had no part in learning them.

The best of many estimates is too good by selection. So deals are cut into stretches of time; for each, effects are
learned from the others and choose what to do; that choice is valued on the stretch by what was done and how it ended,
doubly robust against what was usual there (learning.off_policy), with errors by deal. Only choices that the other
stretches are sure of count, and only where the same is not suggested already the week before: what repeating it adds
is left out, as a deal that was helped would not stand there again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from learning.calibration import sigmoid
from learning.off_policy.estimators import Log, Overlap, difference, doubly_robust, overlap, snips, spreads
from learning.off_policy.intervals import Estimate
from services.next_best_action.effects import fit
from services.next_best_action.situational import (
    KEY_RIDGE,
    RECORD_RIDGE,
    Decisions,
    Floats,
    Ints,
    Learned,
    Left,
    moments,
    out_of_fold,
    posterior,
)
from services.next_best_action.situations import SUPPORTED, SituationalEffects

STRETCHES = 5
LEVEL = 0.9
SURE = 1.0  # standard errors that a choice has to be above what is usual
MOST_SELECTION = 0.15  # log-odds: what was done goes with the prognosis by more: no claim
USUAL = -1  # nothing else is suggested
NONE = Estimate(0.0, 0.0, 0.0, 0.0)


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


def claim(decisions: Decisions, left: Left, learned: Learned, served: SituationalEffects) -> Claim:
    """The gain that the log speaks of, and how far it can be trusted."""
    often = _often(decisions, served)
    chosen, effects = held_out(decisions, left, learned, often)
    known = np.isfinite(decisions.ended)
    rows = np.flatnonzero(_begins(decisions, chosen) & known)
    gain, seen = NONE, Overlap(0, 0.0, 0.0, 1.0)
    if len(rows):
        gain, seen = _valued(decisions, left, chosen, effects, rows)
        share = len(rows) / len(np.unique(decisions.deals[known]))
        gain = Estimate(*(share * each for each in (gain.value, gain.se, gain.low, gain.high)))
    return Claim(gain, rows, chosen[rows], seen, selection(decisions, left))


def held_out(decisions: Decisions, left: Left, learned: Learned, often: Floats) -> tuple[Ints, Floats]:
    """(rows,) what to do by what other stretches of time teach, 0 for nothing, USUAL; (rows, 1 + actions) effects."""
    stretch = _stretches(decisions)
    chosen, effects = np.full(len(stretch), USUAL), np.zeros((len(stretch), len(decisions.actions) + 1))
    seen = [moments(decisions, left, stretch == number) for number in range(STRETCHES)]
    for number in range(STRETCHES):
        first, *others = (each for place, each in enumerate(seen) if place != number)
        found = posterior(decisions, sum(others, first), learned.spreads)
        inside = stretch == number
        chosen[inside] = choices(decisions.keys[inside], found, often[inside])
        effects[inside, 1:] = decisions.keys[inside] @ found.mean.T
    return chosen, effects


def choices(keys: Floats, learned: Learned, often: Floats) -> Ints:
    """(rows,) the action, 0 for nothing, that is best of those not rare there, if surely above what is usual."""
    patterns, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    actions, size = learned.mean.shape
    covariance = learned.covariance.reshape(actions, size, actions, size)
    chosen = np.full(len(patterns), USUAL)
    for place, (pattern, usual) in enumerate(zip(patterns, often[first], strict=True)):
        held = np.flatnonzero(pattern)
        mean = np.append(0.0, learned.mean[:, held].sum(axis=1))
        joint = np.pad(covariance[:, held][..., held].sum(axis=(1, 3)), ((1, 0), (1, 0)))
        against = np.eye(actions + 1) - usual
        above = np.where(usual >= SUPPORTED, against @ mean, -np.inf)
        best = int(above.argmax())
        if above[best] > SURE * float(np.sqrt(max(against[best] @ joint @ against[best], 0.0))):
            chosen[place] = best
    return chosen[which.reshape(-1)]


def _valued(
    decisions: Decisions, left: Left, chosen: Ints, effects: Floats, rows: Ints
) -> tuple[Estimate, Overlap]:  # fmt: skip
    """A decision's mean gain over what is usual there."""
    expected = _expected(decisions)[rows]
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


def _expected(decisions: Decisions) -> Floats:
    """(rows,) chance that the deal is won in the end, out of fold; decisions of deals still open teach nothing."""
    keys = decisions.keys[:, 1:]
    penalty = np.concatenate([np.full(keys.shape[1], KEY_RIDGE), np.full(decisions.record.shape[1], RECORD_RIDGE)])
    known = np.isfinite(decisions.ended)
    weighted = replace(decisions, weights=np.where(known, decisions.weights, 0.0))
    return out_of_fold(np.column_stack([keys, decisions.record]), np.nan_to_num(decisions.ended), weighted, penalty)


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
