"""Figures of how deals end and how long they take: win rates, cycle length, slip rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from learning.incidence import UNDER_WAY, Curves, Range, drawn_half, wilson
from learning.records import Outcome
from services.gateway.figures.counting import Asked, Group, Line, Unit, closed_in, created_in, told, untold
from services.gateway.figures.facts import Facts, end_of
from services.gateway.figures.spans import Span

IS_WON, IS_LOST = 1, 2
CAUSES = {Outcome.OPEN.value: UNDER_WAY, Outcome.WON.value: IS_WON, Outcome.LOST.value: IS_LOST}


def win_rate(group: Group, span: Span, _: Asked) -> list[Line]:
    """Of what was closed in the period, the share won."""
    closed = closed_in(group.deals, span)
    won = sum(deal.outcome == Outcome.WON for deal in closed)
    counts = {"won": won, "lost": len(closed) - won}
    note = "" if closed else "none_closed"
    return [told("win_rate", Unit.SHARE, wilson(won, len(closed)), len(closed), counts=counts, note=note)]


def win_rate_created(group: Group, span: Span, asked: Asked) -> list[Line]:
    """Of what was created in the period, the share that is won; what is open still counts as undecided."""
    created = created_in(group.deals, span)
    counts = _outcomes(created)
    if not created or not counts["won"] + counts["lost"]:
        note = "none_decided" if created else "none_created"
        return [untold("win_rate_created", Unit.SHARE, note, len(created), counts=counts)]
    lasted, causes = _lives(created, asked.today)
    share = Curves.of(lasted, causes, 2).share(IS_WON)
    note = "some_open" if counts["open"] else ""
    return [told("win_rate_created", Unit.SHARE, share, len(created), counts=counts, note=note)]


def cycle_length(group: Group, span: Span, asked: Asked) -> list[Line]:
    """Of what was created in the period, the days until half are decided, and until half of the won ones are won."""
    created = created_in(group.deals, span)
    counts = _outcomes(created)
    if not created:
        return [untold("cycle_length", Unit.DAYS, "none_created", part=part) for part in ("decided", "won")]
    lasted, causes = _lives(created, asked.today)
    curves = Curves.of(lasted, causes, 2)
    decided = curves.median()
    won = drawn_half(lasted, causes, IS_WON) if counts["won"] else Range(None, None, None)
    return [
        told("cycle_length", Unit.DAYS, decided, len(created), part="decided", counts=counts,
             note="" if decided.value is not None else "median_ahead"),
        told("cycle_length", Unit.DAYS, won, len(created), part="won", counts=counts,
             note=("some_open" if counts["open"] else "") if counts["won"] else "none_won"),
    ]  # fmt: skip


def slip_rate(group: Group, span: Span, asked: Asked) -> list[Line]:
    """Of the open deals promised, on its eve, for the period: the share whose promised day was pushed past its end."""
    eve, end = end_of(span.start - 1), end_of(min(span.end, asked.today))
    fates: Counter[str] = Counter()
    for deal in group.deals:
        if deal.open_at(eve) and span.holds(deal.promised_at(eve)):
            fates[_fate(deal, span, end, over=asked.today >= span.end)] += 1
    count = sum(fates.values())
    counts = {name: fates[name] for name in ("won", "lost", "pushed", "overdue", "pending")}
    note = "so_far" if count and asked.today < span.end else "" if count else "none_promised"
    return [told("slip_rate", Unit.SHARE, wilson(fates["pushed"], count), count, counts=counts, note=note)]


def _fate(deal: Facts, span: Span, end: int, *, over: bool) -> str:
    if not deal.open_at(end):
        return deal.outcome.lower()
    if deal.promised_at(end) > span.end:
        return "pushed"
    return "overdue" if over else "pending"


def _outcomes(deals: Sequence[Facts]) -> dict[str, int]:
    found = Counter(deal.outcome for deal in deals)
    return {"won": found["WON"], "lost": found["LOST"], "open": found["OPEN"]}


def _lives(deals: Sequence[Facts], today: int) -> tuple[np.ndarray, np.ndarray]:
    """Days from creation to the end, or to today, and how each ended."""
    lasted = [max((deal.closed or today) - deal.created, 0) for deal in deals]
    return np.array(lasted, np.float64), np.array([CAUSES[deal.outcome] for deal in deals], np.int64)
