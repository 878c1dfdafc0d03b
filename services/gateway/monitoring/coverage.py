"""How often the forecast's ranges held what was booked in the end: of owners, a third into each past period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import Any

from kit.errors import DealcastError
from learning.fiscal import FiscalPeriod
from services.gateway.domain import Principal
from services.gateway.forecast_days import said_of, to_minor
from services.gateway.rollup import COMPANY, OWNER
from services.gateway.service import Gateway
from services.gateway.store.interface import ForecastDay

NOMINAL = 0.8  # what lies between p10 and p90
MOST_PERIODS = 8
LOOK = 1 / 3  # of the period
# Student's t, 97.5 %, by degrees of freedom.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365}


@dataclass(frozen=True, slots=True)
class Held:
    """One node's range of one period, and what was booked, in minor units."""

    period: str
    node: str
    p10: int
    p90: int
    booked: int

    @property
    def inside(self) -> bool:
        """Whether the range held it."""
        return self.p10 <= self.booked <= self.p90


async def coverage(gateway: Gateway, principal: Principal) -> dict[str, Any]:
    """By period, newest first, and together with a 95 % interval over periods."""
    day, money = gateway.workspace.business_day, gateway.workspace.currency
    nodes = [one.id for one in await gateway.store.tree(principal, day) if one.id.startswith(OWNER)]
    said: dict[str, list[ForecastDay]] = {}
    for node in (COMPANY, *nodes):
        for one in await gateway.store.forecast_days(principal, node, money):
            said.setdefault(one.period, []).append(one)
    calendar = gateway.workspace.calendar
    over = [period for period in map(calendar.parse, said) if period.end <= day]
    over = sorted(over, key=lambda each: (each.end, each.start), reverse=True)[:MOST_PERIODS]
    found: list[Held] = []
    for period in over:
        found += await _held(gateway, principal, period, said_of(period, said[str(period)]), money)
    return together(found) if found else {"why": "no_past_periods"}


async def _held(
    gateway: Gateway, principal: Principal, period: FiscalPeriod, days: Sequence[ForecastDay], money: str
) -> list[Held]:
    try:
        totals = (await gateway.forecast(principal, str(period), "", money))["nodes"]
    except DealcastError:
        return []  # its quarters begin elsewhere by now
    booked = {one["node"]: to_minor(one["booked"], money) for one in totals}
    return ranges(period, days, booked)


def ranges(period: FiscalPeriod, days: Sequence[ForecastDay], booked: Mapping[str, int | None]) -> list[Held]:
    """What stood a third into the period, by node; nodes with nothing uncertain are left out."""
    length = (period.end - period.start).days + 1
    first, look = period.start - timedelta(days=1), period.start - timedelta(days=1) + timedelta(round(LOOK * length))
    stood: dict[str, ForecastDay] = {}
    for one in days:
        if first <= one.day <= look and one.day >= stood.get(one.node, one).day:
            stood[one.node] = one
    found = []
    for node, one in stood.items():
        low, high, came = one.body.get("p10"), one.body.get("p90"), booked.get(node)
        if low is not None and high is not None and came is not None and low < high:
            found.append(Held(str(period), node, low, high, came))
    return found


def together(found: Sequence[Held]) -> dict[str, Any]:
    """The share that was held. People of one period sell in one market, so the interval is over periods, and at least
    as wide as if each range stood for itself; of one period there is none."""
    periods: dict[str, list[Held]] = {}
    for one in found:
        periods.setdefault(one.period, []).append(one)
    owners = {period: [one for one in of if one.node != COMPANY] or of for period, of in periods.items()}
    shares = {period: sum(one.inside for one in of) / len(of) for period, of in owners.items()}
    count, ranges_ = len(shares), sum(map(len, owners.values()))
    mean = sum(shares.values()) / count
    spread = sqrt(sum((one - mean) ** 2 for one in shares.values()) / (count - 1)) if count > 1 else 0.0
    error = max(spread / sqrt(count), sqrt(NOMINAL * (1 - NOMINAL) / ranges_))
    reach = STUDENT.get(count - 1, 0.0) * error if count > 1 else 1.0
    return {
        "nominal": NOMINAL, "share": round(mean, 4), "low": round(max(0.0, mean - reach), 4),
        "high": round(min(1.0, mean + reach), 4),
        "periods": [
            {"period": period, "ranges": len(owners[period]), "held": round(share, 4), "company": _company(of)}
            for (period, of), share in zip(periods.items(), shares.values(), strict=True)
        ],
    }  # fmt: skip


def _company(of: Sequence[Held]) -> bool | None:
    """Whether the company's own range held; None where there was none."""
    return next((one.inside for one in of if one.node == COMPANY), None)
