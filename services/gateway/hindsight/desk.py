"""What there is to tell of a node's past quarters, and what is missing where it is too little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kit.errors import NotFound
from kit.money import decimals
from learning.fiscal import FiscalPeriod, Grain
from services.gateway.domain import Principal
from services.gateway.forecast_days import said_of
from services.gateway.hindsight.quarters import (
    PEOPLE,
    Look,
    PastQuarter,
    Verdict,
    from_backtests,
    from_record,
    joined,
    recorded,
    verdict,
    without,
)
from services.gateway.own_record import hidden_of
from services.gateway.past_booked import booked_in
from services.gateway.rollup import COMPANY
from services.gateway.service import Gateway
from services.gateway.store.interface import ForecastDay

MOST_POINTS = 40  # of the period under way
MOST_QUARTERS = 12  # read back from the days that were written down
LEAST_QUARTERS = 3  # that a share is told of: of fewer it says next to nothing


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Past quarters, oldest first, and how the current one's number has moved so far; nodes that can be asked for.

    lacking: why there is no backtest of the node: untrained, older (than backtests that keep this), too_early (too few
    wins before its quarters), not_kept (of this node), other_currency; '' where there is one.
    """

    node: str
    currency: str
    quarters: Sequence[PastQuarter]
    current: FiscalPeriod
    so_far: Sequence[Look]
    nodes: Sequence[Mapping[str, Any]]
    recorded_since: date | None
    lacking: str
    hidden: frozenset[str] = frozenset()  # whose numbers are not told beside what came: people's, for others


async def hindsight(
    gateway: Gateway, principal: Principal, evaluations: Sequence[Mapping[str, Any]], node: str, currency: str,
    days: Sequence[ForecastDay] | None = None,
) -> Hindsight:  # fmt: skip
    """`evaluations` of the forecast's versions, newest first; `days` that were written of the node, where they were
    read already. Raises NotFound for a node that is not there, or not seen whole: its totals would tell of
    colleagues."""
    found = await gateway.forecast(principal, "", "", currency)
    seen = [row for row in found["nodes"] if row["booked"] is not None]
    chosen = node or next((row["node"] for row in seen), COMPANY)
    if chosen not in {row["node"] for row in seen}:
        raise NotFound("there is no such node", field="node", value=node[:60], mend="Choose one of the list")
    money: str = found["currency"]
    if days is None:
        days = await gateway.store.forecast_days(principal, chosen, money)
    calendar = gateway.workspace.calendar
    current = calendar.current(gateway.workspace.business_day)
    own = money == gateway.workspace.currency
    backtested = from_backtests(evaluations, chosen, calendar) if own else []
    written = await _written(gateway, principal, chosen, money, days)
    now = said_of(current, [one for one in days if one.period == str(current)])
    so_far = [recorded(one, current, decimals(money)[0]) for one in now]
    shown = (await gateway.own_record(principal)).shown(chosen)
    hidden = hidden_of(PEOPLE, shown)
    return Hindsight(
        chosen, money, [without(one, hidden) for one in joined(backtested, written)], current,
        _thinned([look for look in so_far if look.day >= current.start - timedelta(days=1)]), seen,
        min((one.day for one in days), default=None),
        "" if backtested else _lacking(evaluations, own), hidden,
    )  # fmt: skip


async def reached(
    gateway: Gateway, principal: Principal, evaluations: Sequence[Mapping[str, Any]], node: str, currency: str,
    days: Sequence[ForecastDay],
) -> Verdict | None:  # fmt: skip
    """How often a node's past quarters ended within the range of their eve, as the page of past quarters counts them;
    None of too few, and of a node that is none now or is not seen whole."""
    try:
        found = verdict((await hindsight(gateway, principal, evaluations, node, currency, days)).quarters)
    except NotFound:
        return None
    return found if found.of >= LEAST_QUARTERS else None


async def _written(
    gateway: Gateway, principal: Principal, node: str, currency: str, days: Sequence[ForecastDay]
) -> list[PastQuarter]:
    """The newest quarters that are over, as they were written down, with what is booked in them now."""
    by_period: dict[FiscalPeriod, list[ForecastDay]] = {}
    for one in days:
        by_period.setdefault(gateway.workspace.calendar.parse(one.period), []).append(one)
    over = [
        one for one in by_period if one.grain is Grain.QUARTER and one.end <= gateway.workspace.business_day
    ]  # fmt: skip
    newest = [one for one in sorted(over, key=lambda one: one.end)[-MOST_QUARTERS:] if said_of(one, by_period[one])]
    came = await booked_in(gateway, principal, newest, node, currency)
    places = decimals(currency)[0]
    return [
        from_record(one, Decimal(actual).scaleb(-places), said_of(one, by_period[one]), places)
        for one, actual in came.items()
    ]


def _lacking(evaluations: Sequence[Mapping[str, Any]], own: bool) -> str:
    if not own:
        return "other_currency"
    reports = [one.get("backtest") or {} for one in evaluations]
    if not reports:
        return "untrained"
    if not any((one.get("path") or {}).get("rows") for one in reports):
        return "too_early" if any("why" in one for one in reports) else "older"
    return "not_kept"


def _thinned(looks: Sequence[Look]) -> list[Look]:
    """At most so many, the newest among them."""
    step = -(-len(looks) // MOST_POINTS) or 1
    return list(looks[::-1][::step][::-1])
