"""Whether it is time to train anew: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any

from kit.errors import InvalidInput

LEAST_CLOSED = 50  # scored while open and closed since, to tell drift from chance
LEAST_NEW = 50  # outcomes since the newest version's; with fewer it would only be refused once more
SURE = 3.3  # standard deviations
MOST = 10_000_000
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SCHEDULES = frozenset({*WEEKDAYS, *map(str, range(1, 29))})
SHOWN_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class RetrainingRule:
    """When models are trained by themselves, looked at as the business day changes; None: not for that.

    new_outcomes: since the newest version's. max_age_days: of the newest version's data. drift: when the champion's
    scores of what has closed since are off beyond chance; input_drift: when columns that it reads are spread otherwise
    than at its training; both where there is something new to learn from. schedule: on a weekday (mon to sun) or a day
    of the month (1 to 28), or as soon after as it is looked at.
    """

    new_outcomes: int | None = 200
    max_age_days: int | None = 90
    drift: bool = True
    input_drift: bool = True
    schedule: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> RetrainingRule:
        """Raises InvalidInput naming the field."""
        for name, value in given.items():
            if name not in cls.__slots__:
                mend = "Use " + ", ".join(cls.__slots__)
                raise InvalidInput("the rule has no such field", field=f"retraining.{name}"[:100], mend=mend)
            if name in ("drift", "input_drift"):
                sound, mend = isinstance(value, bool), "Send true or false"
            elif name == "schedule":
                sound = value is None or (isinstance(value, str) and value in SCHEDULES)
                mend = 'Send mon to sun, "1" to "28", or null'
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
    """What there is today. outcomes: closed deals; closed: those the champion has scored; conversions: of leads; moved:
    columns of the champion's that are spread otherwise than at its training."""

    today: date
    outcomes: int
    closed: Sequence[Closed] = ()
    conversions: int = 0
    moved: Sequence[str] = ()


def due(rule: RetrainingRule, versions: Sequence[Mapping[str, Any]], now: Now) -> str:
    """Why it is time, in words; empty where it is not, or no version says what it was trained on."""
    trained = [row["trained"] for row in versions if row.get("trained")]
    if not trained:
        return ""
    known = max(one["outcomes"] + one.get("conversions", now.conversions) for one in trained)
    new = now.outcomes + now.conversions - known
    if rule.new_outcomes is not None and new >= rule.new_outcomes:
        return f"{new} new outcomes (from {rule.new_outcomes} on)"
    newest = max(date.fromisoformat(one["business_day"]) for one in trained)
    age = (now.today - newest).days
    if rule.max_age_days is not None and age >= rule.max_age_days:
        return f"the newest data were {age} days old (from {rule.max_age_days} on)"
    if rule.schedule is not None and newest < (day := scheduled(rule.schedule, now.today)):
        return f"scheduled for {day} ({rule.schedule})"
    if rule.input_drift and now.moved and new >= LEAST_NEW:
        more = f" and {len(now.moved) - SHOWN_COLUMNS} more" if len(now.moved) > SHOWN_COLUMNS else ""
        return f"inputs moved: {', '.join(now.moved[:SHOWN_COLUMNS])}{more}"
    off = drift(now.closed) if rule.drift and new >= LEAST_NEW else None
    if off is not None and abs(off) > SURE:
        return f"scores were off: {len(now.closed)} deals closed {off:+.1f} standard deviations from what was said"
    return ""


def scheduled(schedule: str, today: date) -> date:
    """The last day up to today that the schedule names."""
    if schedule in WEEKDAYS:
        return today - timedelta(days=(today.weekday() - WEEKDAYS.index(schedule)) % 7)
    this = today.replace(day=int(schedule))
    return this if this <= today else (today.replace(day=1) - timedelta(days=1)).replace(day=int(schedule))


def drift(closed: Sequence[Closed]) -> float | None:
    """By how many standard deviations more were won than the scores said; None where there are too few."""
    spread = sqrt(sum(one.probability * (1 - one.probability) for one in closed))
    if len(closed) < LEAST_CLOSED or not spread:
        return None
    return (sum(one.won for one in closed) - sum(one.probability for one in closed)) / spread
