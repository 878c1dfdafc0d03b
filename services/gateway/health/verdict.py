"""Whether the records are enough and good enough for the models, in one word, with why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from kit.clock import utc_day
from learning.minimums import MIN_OUTCOMES
from learning.records import Outcome
from services.gateway.health.checks import pace
from services.gateway.health.deals import MAYBE, counted_once
from services.gateway.health.findings import Finding
from services.gateway.health.records import DealRow, Records
from services.gateway.imports.weekly.checks import few_lost

READY, LIMITED, NOT_YET = "ready", "limited", "not_yet"
YEAR = 365  # days of history in which every season was seen
MUCH = 0.2  # of the open opportunities, or of the records
FLAWED = 0.1
FEW_MOVES = 0.1  # of the closed deals that show a change of stage; fewer: only how deals ended is known
LATE = 0.2  # of the closed deals that came in when they had ended already


def verdict(records: Records, found: Sequence[Finding]) -> dict[str, Any]:
    """{"state", "reasons": [{"code", …figures}], "outcomes": {…}}; the gravest reason first."""
    gone = counted_once([one for one in found if one.finding == "duplicate_deals"])
    junk = {one.id for one in found if one.finding == "junk_deals"}
    deals = [deal for deal in records.deals if deal.opportunity and deal.id not in gone and deal.id not in junk]
    outcomes = Counter(deal.outcome for deal in deals)
    won, lost = outcomes[Outcome.WON.value], outcomes[Outcome.LOST.value]
    stops = _stops(won, lost)
    limits = [
        *_of_losses(won, lost), *_of_late(deals), *_of_history(records, deals), *_of_amounts(records),
        *_of_flaws(records, found),
    ]  # fmt: skip
    state = NOT_YET if stops else LIMITED if limits else READY
    told = {"won": won, "lost": lost, "open": outcomes[Outcome.OPEN.value], "least": MIN_OUTCOMES}
    return {"state": state, "reasons": [*stops, *limits], "outcomes": told}


def _stops(won: int, lost: int) -> list[dict[str, Any]]:
    if won + lost < MIN_OUTCOMES:
        return [{"code": "few_outcomes", "count": won + lost, "least": MIN_OUTCOMES}]
    if not won or not lost:
        return [{"code": "one_outcome", "won": won, "lost": lost}]
    return []


def _of_losses(won: int, lost: int) -> list[dict[str, Any]]:
    """Deals that were lost without a record make every deal look as if it were won."""
    few = lost and few_lost({Outcome.WON.value: won, Outcome.LOST.value: lost})
    return [{"code": "few_lost", "won": won, "lost": lost}] if few else []


def _of_late(deals: Sequence[DealRow]) -> list[dict[str, Any]]:
    """Deals that came in when they had ended: what they were like while open, which models learn from, nobody knows."""
    closed = [deal for deal in deals if not deal.open]
    late = sum(deal.late for deal in closed)
    return [{"code": "never_open", "count": late, "of": len(closed)}] if late > LATE * len(closed) else []


def _of_history(records: Records, deals: Sequence[DealRow]) -> list[dict[str, Any]]:
    started = [utc_day(deal.created) for deal in deals if deal.created]
    closed = [deal for deal in deals if not deal.open and not deal.late]  # of others it is told already
    reasons: list[dict[str, Any]] = []
    if started:
        days, needed = (records.day - min(started)).days, max(YEAR, 2 * (pace(records.deals) or 0))
        if days < needed:
            reasons.append({"code": "short_history", "days": days, "least": round(needed)})
    moved = sum(deal.stages > 1 for deal in closed)
    if closed and moved < FEW_MOVES * len(closed):
        reasons.append({"code": "no_moves", "count": moved, "of": len(closed)})
    return reasons


def _of_amounts(records: Records) -> list[dict[str, Any]]:
    asked = [deal for deal in records.deals if deal.open and deal.opportunity]
    lacking = sum(not records.worth(deal) for deal in asked)
    if asked and lacking > MUCH * len(asked):
        return [{"code": "missing_amounts", "count": lacking, "of": len(asked)}]
    return []


def _of_flaws(records: Records, found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Open deals that are stale or promised for a day that has passed, and records that are none or stand twice."""
    open_ones = {deal.id for deal in records.deals if deal.open and deal.opportunity}
    asked = len(open_ones)
    lying = len(open_ones & {one.id for one in found if one.finding in ("stale_open", "past_close_date")})
    sure = [one for one in found if one.finding == "duplicate_deals" and one.score >= MAYBE]
    flawed = len({one.id for one in [*sure, *(one for one in found if one.finding == "junk_deals")]})
    reasons = []
    if lying > MUCH * asked:
        reasons.append({"code": "lying", "count": lying, "of": asked})
    if flawed > FLAWED * len(records.deals):
        reasons.append({"code": "flawed", "count": flawed, "of": len(records.deals)})
    return reasons
