"""Rules of lead scoring that no machine stands behind: what a score is, and what closed records get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from learning.columns import Floats
from learning.reasons import Reason
from learning.records import Deal, Outcome

SERVICE = "lead_scoring"
PRIOR_VERSION = "prior"
TOP_REASONS = 8
DIGITS = 6  # of contributions, in log-odds
SMALL = 1e-12
LISTED = ("pipeline", "stage", "category")  # fields whose values a company sets up, so that an unknown one is a slip
MOST_KNOWN = 1_000  # values of each that a model keeps; of a field with more it keeps none
HALF, LARGE = 1e-6, 1e9  # at most so large, a product's last bit is below that


@dataclass(frozen=True, slots=True)
class Score:
    """P(won), or P(converts) for a lead, with its 90 % interval and what it is made of.

    Where reasons are asked for, base_log_odds + the effects of all reasons = log-odds of probability, and so with
    the contributions: every column's effect by name, "" for what is not listed.
    """

    probability: float
    low: float
    high: float
    base_log_odds: float = 0.0
    reasons: tuple[Reason, ...] = ()
    prior: bool = False
    nothing_predicts: bool = False  # the rate, which every open record gets
    contributions: Mapping[str, float] = field(default_factory=dict)
    horizon_days: int = 0  # within which a lead is to convert; 0: at all, or an opportunity's outcome in the end


def rounded(effects: Floats) -> Floats:
    """As `round` to DIGITS of each, all at once."""
    scaled = effects * 10.0**DIGITS
    whole = np.rint(scaled)
    found = whole / 10.0**DIGITS
    # Where the product's own last bit may tell which way a half goes, or is no fraction any more.
    unsure = (np.abs(np.abs(scaled - whole) - 0.5) < HALF) | (np.abs(scaled) > LARGE)
    if unsure.any():
        found[unsure] = [round(one, DIGITS) for one in effects[unsure].tolist()]
    return np.asarray(found)


def shares(named: Iterable[tuple[str, float]], total: float) -> dict[str, float]:
    """Effects by name without those that are nothing, rounded; "" takes what is left of their total."""
    return listed(((name, round(effect, DIGITS)) for name, effect in named), total)


def listed(named: Iterable[tuple[str, float]], total: float) -> dict[str, float]:
    """The same of effects that are rounded already."""
    kept = {name: effect for name, effect in named if effect}
    rest = total - sum(kept.values())
    if abs(rest) > SMALL:
        kept[""] = kept.get("", 0.0) + rest
    return kept


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model is serving, and what is known of it."""

    version: str
    generation: int
    digest: str
    prior: bool
    columns: tuple[str, ...] = ()
    evaluation: dict[str, Any] = field(default_factory=dict)


def settled(deal: Deal) -> Score | None:
    """The score of a record that is over: its outcome, and 0 for a deleted one. None while it is open."""
    if deal.deleted:
        return Score(0.0, 0.0, 0.0)
    if deal.outcome is Outcome.OPEN:
        return None
    won = 1.0 if deal.outcome is Outcome.WON else 0.0
    return Score(won, won, won)
