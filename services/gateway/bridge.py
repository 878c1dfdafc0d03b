"""What happened to a period between two moments: from the total at one to the total at the other, deal by deal.

A deal is worth its amount to the period: as open business while it is promised in it, as booked once it is won in it.
Of a period that is over counts what is booked alone, as in its totals: what is still open then was pushed out of it.
Between two moments it takes a few steps, each from the state the one before left it in, so that what they make
of its worth adds up to the whole difference, whatever happened meanwhile and in which order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from kit.money import Money
from learning.exchange import Rates
from learning.placements import cut_at
from learning.records import DealKind, Outcome
from services.gateway.store.interface import PastDeal

CAUSES = (
    "first_seen", "new", "won", "lost", "pulled_in", "pushed_out", "exchange_rates", "up", "down", "reopened",
    "moved_owner", "deleted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counting:
    """By which rates deals count at the two moments: won ones by that of the day they were won on, others by the newest
    of the moment's own day."""

    rates: Rates
    first: date = date.min
    last: date = date.min


AS_IS = Counting(Rates())  # each in its own currency


@dataclass(frozen=True, slots=True)
class State:
    """A deal as far as it matters to a period; `day` is the promised one, of a won deal the one it was won on."""

    holders: tuple[tuple[str, int], ...]  # the owners whose it is, with their shares in ten-thousandths
    currency: str
    minor: int
    outcome: Outcome
    day: date | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What is open and what is booked, in minor units."""

    open: int = 0
    booked: int = 0

    def __add__(self, other: Worth) -> Worth:
        return Worth(self.open + other.open, self.booked + other.booked)

    def __neg__(self) -> Worth:
        return Worth(-self.open, -self.booked)


NOTHING = Worth()


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a period, both included."""

    start: date
    end: date

    def holds(self, day: date | None) -> bool:
        """Whether a day is one of them."""
        return day is not None and self.start <= day <= self.end

    def over(self, moment: date) -> bool:
        """Whether totals as of a day take it as over: from its last day on."""
        return self.end <= moment


@dataclass(frozen=True, slots=True)
class Move:
    """What one step made of an owner's total in one currency."""

    cause: str
    owner_id: str
    currency: str
    worth: Worth


def counts(deal: PastDeal | None) -> bool:
    """Whether it is a deal that totals know of: there, an opportunity, and not deleted."""
    return deal is not None and deal.kind == DealKind.OPPORTUNITY and not deal.deleted


def rated_on(deal: PastDeal, moment: date) -> date:
    """The day whose rate a deal counts by at a moment."""
    return deal.closed_date if deal.outcome == Outcome.WON and deal.closed_date else moment


def state_of(deal: PastDeal, rates: Rates, day: date) -> State:
    """As far as it matters, with its amount as it counts by the rate of a day."""
    outcome, money = Outcome(deal.outcome), rates.counted(Money(deal.currency, deal.minor), day)
    promised = deal.closed_date if outcome is Outcome.WON else deal.close_date
    return State(tuple(deal.holders), money.currency, money.minor, outcome, promised)


def state_at(deal: PastDeal, span: Span, rates: Rates, moment: date) -> State:
    """As it stands at a moment: what is open then is promised in no period that is over."""
    state = state_of(deal, rates, rated_on(deal, moment))
    return replace(state, day=None) if state.outcome is Outcome.OPEN and span.over(moment) else state


def worth(state: State | None, span: Span) -> Worth:
    """What a deal is worth to a period."""
    if state is None or not span.holds(state.day) or state.outcome is Outcome.LOST:
        return NOTHING
    return Worth(booked=state.minor) if state.outcome is Outcome.WON else Worth(open=state.minor)


def parted(state: State, value: Worth) -> Iterator[tuple[str, Worth]]:
    """What each owner has of a deal's worth; together the whole of it."""
    if len(state.holders) == 1:
        yield state.holders[0][0], value
        return
    shares = [share for _, share in state.holders]
    pairs = zip(cut_at(value.open, shares), cut_at(value.booked, shares), strict=True)
    for (owner, _), (still, booked) in zip(state.holders, pairs, strict=True):
        yield owner, Worth(still, booked)


def moves(
    before: PastDeal | None, after: PastDeal | None, span: Span, counting: Counting = AS_IS, *, there: bool = False
) -> list[Move]:
    """The steps from one moment to another, without those that made nothing of anybody's total. there: of a deal that
    nothing tells of at the first one, whether it was there before it was first seen: then it is not new."""
    found: list[Move] = []
    for cause, old, new in _steps(before, after, span, counting, there=there):
        if old == new:
            continue
        differences: dict[tuple[str, str], Worth] = {}
        for state, sign in ((old, -1), (new, 1)):
            for owner, value in parted(state, worth(state, span)) if state is not None else ():
                key = (owner, state.currency) if state is not None else ("", "")
                differences[key] = differences.get(key, NOTHING) + (value if sign > 0 else -value)
        for (owner_id, currency), value in differences.items():
            if value != NOTHING:
                name = cause or ("up" if value.open + value.booked > 0 else "down")
                found.append(Move(name, owner_id, currency, value))
    return found


Step = tuple[str, State | None, State | None]


def _steps(
    before: PastDeal | None, after: PastDeal | None, span: Span, counting: Counting, *, there: bool
) -> Iterator[Step]:
    rates, first, last = counting.rates, counting.first, counting.last
    old = state_at(before, span, rates, first) if before is not None and counts(before) else None
    new = state_at(after, span, rates, last) if after is not None and counts(after) else None
    if old is not None and new is not None and before is not None and after is not None:
        rated = replace(state_of(before, rates, rated_on(after, last)), day=old.day)
        if new.outcome is not Outcome.LOST:
            yield "exchange_rates", old, rated
            old = rated
    if new is None:
        if old is not None:
            yield "deleted", old, None
        return
    if old is None:
        restored = before is not None and before.kind == DealKind.OPPORTUNITY
        state = replace(new, outcome=Outcome.OPEN)
        known = there and before is None
        yield ("first_seen" if known else "reopened" if restored else "new"), None, state
    else:
        state = old
        for step in _between(old, new, span):
            yield step
            state = step[2] or state
    if new.outcome is not state.outcome:
        yield ("won" if new.outcome is Outcome.WON else "lost"), state, new


def _between(old: State, new: State, span: Span) -> Iterator[Step]:
    """Owner, reopening, day, amount; a lost deal is lost with the day and the amount it had."""
    state = replace(old, holders=new.holders)
    yield "moved_owner", old, state
    if state.outcome not in (Outcome.OPEN, new.outcome):
        day = state.day if new.outcome is Outcome.LOST else new.day
        opened = replace(state, outcome=Outcome.OPEN, day=day)
        yield "reopened", state, opened
        state = opened
    if new.outcome is Outcome.LOST:
        return
    dated = replace(state, day=new.day)
    yield ("pulled_in" if span.holds(dated.day) else "pushed_out"), state, dated
    yield "", dated, replace(dated, currency=new.currency, minor=new.minor)
