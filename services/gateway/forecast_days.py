"""The daily record of the forecast: how the number moved, and how good it and the people's numbers were."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial
from time import monotonic
from typing import Any

import structlog

from kit.errors import DealcastError, InvalidInput, Unavailable
from kit.money import decimals, format_minor
from learning.fiscal import FiscalPeriod
from services.gateway.amount_types import AMOUNT, AmountType
from services.gateway.domain import LOCAL, Principal
from services.gateway.forecast_totals import forecast_totals
from services.gateway.live import wait_either
from services.gateway.own_record import WHY, hidden_of
from services.gateway.past_booked import booked_in
from services.gateway.rollup import COMPANY
from services.gateway.service import Gateway
from services.gateway.store.interface import ForecastDay

log = structlog.get_logger(__name__)

KEPT = (
    "booked", "mean", "p10", "p50", "p90", "adjusted", "submitted", "submitted_below", "quota", "commit", "best_case",
    "pipeline",
)  # fmt: skip
BEGINS = "begins"  # the ordinal of the period's first day, beside these
SOURCES = ("mean", "p50", "adjusted", "submitted", "commit")  # whose accuracy is told; commit with what is booked
SHARES = (0.0, 1 / 3, 2 / 3)  # of a period, where a number is looked at again
WRITTEN = 2  # quarters: the current one and the next
EVERY_SECONDS = 30.0
TYPES_SECONDS = 600.0  # the forecast service makes their totals for whoever asks


class Diary:
    """Writes down what is said of every node, so that the last of each business day stays."""

    name = "forecast-diary"
    ready = True

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._written: dict[tuple[str, str, str], list[ForecastDay]] = {}
        self._seen: tuple[object, ...] | None = None
        self._seen_of_types: tuple[object, ...] | None = None
        self._types_due = 0.0  # monotonic

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; a store that is away is asked again."""
        while not stop.is_set():
            try:
                await self.write()
            except InvalidInput:
                pass  # the clock was set to another day meanwhile
            except DealcastError as error:
                log.warning("forecast_not_written_down", error=error.problem)
            await wait_either(stop, stop, EVERY_SECONDS)

    async def write(self) -> int:
        """Write down what changed of the current period and the next, of amounts and other types; how many nodes'
        numbers."""
        workspace = self._gateway.workspace
        count, now = 0, monotonic()
        seen = (workspace.business_day, workspace.forecast_types, await self._gateway.store.last_event_id())
        if seen != self._seen:  # every change of a deal, a total or a call is an event
            count += await self._write(None)
            self._seen = seen
        if seen != self._seen_of_types and now >= self._types_due:
            try:
                for kind in workspace.forecast_types:
                    count += await self._write(kind)
            except Unavailable:
                return count  # once the forecast service is there
            self._seen_of_types, self._types_due = seen, now + TYPES_SECONDS
        return count

    async def _write(self, kind: AmountType | None) -> int:
        count, workspace = 0, self._gateway.workspace
        first = workspace.calendar.current(workspace.business_day)
        for period in (first.next(ahead) for ahead in range(WRITTEN)):
            source = await self._gateway.source(kind, period)
            totals = partial(forecast_totals, self._gateway.store, workspace, LOCAL, period, source=source)
            found = await totals(COMPANY, "")
            for currency in dict.fromkeys([*found["currencies"], found["currency"]]):
                days = day_rows(await totals("", currency))
                key = (kind.name if kind else AMOUNT, str(period), currency)
                if days and days != self._written.get(key):
                    await self._gateway.store.save_forecast_days(days)
                    self._written[key] = days
                    count += len(days)
        return count


def day_rows(forecast: Mapping[str, Any]) -> list[ForecastDay]:
    """What a forecast says of its nodes, in whole minor units; nodes with nothing at all are left out."""
    day, currency = date.fromisoformat(forecast["business_day"]), forecast["currency"]
    begins = {BEGINS: date.fromisoformat(forecast["start_date"]).toordinal()}
    rows = []
    for node in forecast["nodes"]:
        body = {name: to_minor(node[name], currency) for name in KEPT}
        if any(body.values()):
            rows.append(ForecastDay(forecast["period"], currency, node["node"], day, body | begins, forecast["type"]))
    return rows


def said_of(period: FiscalPeriod, days: Iterable[ForecastDay]) -> list[ForecastDay]:
    """Those that were said of these days: under another fiscal year the name was that of others."""
    begins = period.start.toordinal()
    return [one for one in days if one.body.get(BEGINS, begins) == begins]


def to_minor(text: str | None, currency: str) -> int | None:
    """A decimal text in whole minor units, rounded half to even."""
    if text is None:
        return None
    places, quantum = decimals(currency)
    return int(Decimal(text).quantize(quantum, rounding=ROUND_HALF_EVEN).scaleb(places))


async def moved(
    gateway: Gateway, principal: Principal, period: FiscalPeriod, node: str, currency: str,
    kind: AmountType | None = None,
) -> dict[str, Any]:  # fmt: skip
    """How a node's number moved, day by day; once the period is over, what people said to them and those above them.
    Raises NotFound for a node that is not there."""
    chosen, type_name = node or COMPANY, kind.name if kind else AMOUNT
    money = (await gateway.forecast(principal, str(period), chosen, currency, kind=kind))["currency"]
    days = said_of(period, await gateway.store.forecast_days(principal, chosen, money, str(period), type_name))
    hidden = frozenset[str]()
    if period.end <= gateway.workspace.business_day:
        hidden = hidden_of(KEPT, (await gateway.own_record(principal)).shown(chosen))
    return {
        "period": str(period),
        "type": type_name,
        "node": chosen,
        "currency": money,
        "people_withheld": WHY if hidden else None,
        "days": [{"day": one.day.isoformat()} | _texts(one.body, money, hidden) for one in days],
    }


def _texts(body: Mapping[str, int | None], currency: str, hidden: frozenset[str]) -> dict[str, str | None]:
    minors = {name: None if name in hidden else body.get(name) for name in KEPT}
    return {name: None if minor is None else format_minor(currency, minor) for name, minor in minors.items()}


async def accuracy(
    gateway: Gateway, principal: Principal, node: str, currency: str, periods: int, kind: AmountType | None = None,
    written: Sequence[ForecastDay] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Of past periods, newest first: what was booked, and what the forecast had said on the way; what people had, to
    them and those above them. `written`: the node's days, where they were read already."""
    chosen, calendar = node or COMPANY, gateway.workspace.calendar
    money, type_name = currency or gateway.workspace.currency, kind.name if kind else AMOUNT
    records: dict[str, list[ForecastDay]] = {}
    if written is None:
        written = await gateway.store.forecast_days(principal, chosen, money, type_name=type_name)
    for one in written:
        records.setdefault(one.period, []).append(one)
    known = [calendar.parse(text) for text in records]
    over = [each for each in known if each.end <= gateway.workspace.business_day]
    newest = sorted(over, key=lambda each: (each.end, each.start), reverse=True)[:periods]
    came = await booked_in(gateway, principal, newest, chosen, money, kind)
    rows = [judged(period, money, actual, said_of(period, records[str(period)])) for period, actual in came.items()]
    hidden = hidden_of(SOURCES, (await gateway.own_record(principal)).shown(chosen))
    for found in rows:
        found["sources"] |= dict.fromkeys(hidden)
    withheld = WHY if hidden else None
    return {"node": chosen, "type": type_name, "currency": money, "people_withheld": withheld, "periods": rows}


def judged(period: FiscalPeriod, currency: str, actual: int, days: Sequence[ForecastDay]) -> dict[str, Any]:
    """One period: `error` is the mean of |said - booked| / booked over the days said, `bias` that of the signed
    difference, both None where nothing was booked; `said` what stood at its beginning, a third and two thirds in."""
    known = [one for one in days if period.start - timedelta(days=1) <= one.day <= period.end]
    length = (period.end - period.start).days + 1
    looks = [period.start - timedelta(days=1) + timedelta(days=round(share * length)) for share in SHARES]
    ranges = [(one.body.get("p10"), one.body.get("p90")) for one in known]
    inside = [low <= actual <= high for low, high in ranges if low is not None and high is not None]
    return {
        "period": str(period),
        "booked": format_minor(currency, actual),
        "days": len(known),
        "range_held": round(sum(inside) / len(inside), 4) if inside else None,
        "sources": {name: _source(name, currency, actual, known, looks) for name in SOURCES},
    }


def _source(
    name: str, currency: str, actual: int, days: Sequence[ForecastDay], looks: Sequence[date]
) -> dict[str, Any]:
    said = [(one.day, value) for one in days if (value := _said(name, one.body)) is not None]
    misses = [(value - actual) / actual for _, value in said] if actual else []
    at = [next((value for day, value in reversed(said) if day <= look), None) for look in looks]
    return {
        "days": len(said),
        "error": round(sum(map(abs, misses)) / len(misses), 4) if misses else None,
        "bias": round(sum(misses) / len(misses), 4) if misses else None,
        "said": [None if value is None else format_minor(currency, value) for value in at],
    }


def _said(name: str, body: Mapping[str, int | None]) -> int | None:
    value = body.get(name)
    return value if value is None or name != "commit" else value + (body.get("booked") or 0)
