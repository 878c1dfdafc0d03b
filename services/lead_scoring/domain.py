"""Rules of lead scoring that no machine stands behind: what a score is, and what closed records get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from learning.reasons import Reason
from learning.records import Deal, Outcome

SERVICE = "lead_scoring"
PRIOR_VERSION = "prior"
MIN_OUTCOMES = 40  # with fewer, the score is a prior shrunk towards the company's rate
TOP_REASONS = 8
DIGITS = 6  # of contributions, in log-odds
SMALL = 1e-12


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
    contributions: Mapping[str, float] = field(default_factory=dict)


def shares(named: Iterable[tuple[str, float]], total: float) -> dict[str, float]:
    """Effects by name without those that are nothing, rounded; "" takes what is left of their total."""
    kept = {name: rounded for name, effect in named if (rounded := round(effect, DIGITS))}
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
