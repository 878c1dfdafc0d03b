"""Whether it is time to train anew: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any

from kit.errors import InvalidInput

LEAST_CLOSED = 50  # scored while open and closed since, to tell drift from chance
LEAST_NEW = 50  # outcomes since the newest version's; with fewer it would only be refused once more
SURE = 3.3  # standard deviations
MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class RetrainingRule:
    """When models are trained by themselves, looked at as the business day changes; None: not for that.

    new_outcomes: since the newest version's. max_age_days: of the newest version's data. drift: when the champion's
    scores of what has closed since are off beyond chance, and there is something new to learn from.
    """

    new_outcomes: int | None = 200
    max_age_days: int | None = 90
    drift: bool = True

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> RetrainingRule:
        """Raises InvalidInput naming the field."""
        for name, value in given.items():
            if name not in cls.__slots__:
                mend = "Use " + ", ".join(cls.__slots__)
                raise InvalidInput("the rule has no such field", field=f"retraining.{name}"[:100], mend=mend)
            if name == "drift":
                sound, mend = isinstance(value, bool), "Send true or false"
            else:
                whole = isinstance(value, int) and not isinstance(value, bool)
                sound, mend = value is None or (whole and 1 <= value <= MOST), "Send a whole number from 1 on, or null"
            if not sound:
                raise InvalidInput("out of range", field=f"retraining.{name}", value=str(value)[:60], mend=mend)
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Closed:
    """An opportunity that has closed: the last probability the champion gave it while open, and how it ended."""

    probability: float
    won: bool


@dataclass(frozen=True, slots=True)
class Now:
    """What there is today. outcomes: closed deals; closed: those the champion has scored; conversions: of leads."""

    today: date
    outcomes: int
    closed: Sequence[Closed] = ()
    conversions: int = 0


def due(rule: RetrainingRule, versions: Sequence[Mapping[str, Any]], now: Now) -> str:
    """Why it is time, in words; empty where it is not, or no version says what it was trained on."""
    trained = [row["trained"] for row in versions if row.get("trained")]
    if not trained:
        return ""
    known = max(one["outcomes"] + one.get("conversions", now.conversions) for one in trained)
    new = now.outcomes + now.conversions - known
    if rule.new_outcomes is not None and new >= rule.new_outcomes:
        return f"{new} new outcomes (from {rule.new_outcomes} on)"
    age = (now.today - max(date.fromisoformat(one["business_day"]) for one in trained)).days
    if rule.max_age_days is not None and age >= rule.max_age_days:
        return f"the newest data were {age} days old (from {rule.max_age_days} on)"
    off = drift(now.closed) if rule.drift and new >= LEAST_NEW else None
    if off is not None and abs(off) > SURE:
        return f"scores were off: {len(now.closed)} deals closed {off:+.1f} standard deviations from what was said"
    return ""


def drift(closed: Sequence[Closed]) -> float | None:
    """By how many standard deviations more were won than the scores said; None where there are too few."""
    spread = sqrt(sum(one.probability * (1 - one.probability) for one in closed))
    if len(closed) < LEAST_CLOSED or not spread:
        return None
    return (sum(one.won for one in closed) - sum(one.probability for one in closed)) / spread
