"""What a person answered to a suggestion, and for how long that keeps the action away from the deal.

The gateway asks when it shows, next best action when it ranks: both by this rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from kit.money import Money
from learning.records import Deal


class Verb(StrEnum):
    """The answers."""

    ACCEPT = "accept"
    DONE = "done"
    DISMISS = "dismiss"
    SNOOZE = "snooze"
    UNDO = "undo"


HIDDEN_DAYS: Mapping[Verb, int] = {Verb.DONE: 7, Verb.DISMISS: 14}  # for so long such an answer keeps the action away
SAME_AMOUNT = 0.1  # a change of the amount by up to this share leaves the deal what it was


@dataclass(frozen=True, slots=True)
class About:
    """What the deal was when the answer was given."""

    stage: str = ""
    amount: Money | None = None
    close_date: date | None = None

    @classmethod
    def of(cls, deal: Deal) -> About:
        """The deal as it is."""
        return cls(deal.stage, deal.amount, deal.close_date)

    def still(self, deal: Deal) -> bool:
        """Whether the deal is materially the same: in its stage, its promised close date and, about, its amount."""
        return (self.stage, self.close_date) == (deal.stage, deal.close_date) and _alike(self.amount, deal.amount)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that stands."""

    action: str
    verb: Verb
    day: date
    until: date | None = None  # of a snooze
    about: About | None = None


def hidden_until(one: Answered, deal: Deal, today: date) -> date | None:
    """The day from which on the action may be shown again; None where the answer does not keep it away.

    A snooze lasts until its day, done counts for a week, a dismissal for two or until the deal is another one.
    """
    if one.verb is Verb.SNOOZE:
        again = one.until
    else:
        days = HIDDEN_DAYS.get(one.verb)
        again = one.day + timedelta(days=days) if days is not None else None
    if again is None or today >= again:
        return None
    if one.verb is Verb.DISMISS and one.about is not None and not one.about.still(deal):
        return None
    return again


def _alike(one: Money | None, other: Money | None) -> bool:
    if one is None or other is None or one.currency != other.currency:
        return one == other
    return abs(one.minor - other.minor) <= SAME_AMOUNT * abs(one.minor)
