"""What a node's expected number is made of, deal by deal: what was won in the period, and open deals with what each is
expected to bring to it. The rest, business not yet created and the correction, is in the totals.

Deals are read as they stand, a bounded number of them, those that bring most first. What the others bring together is
what is left of the totals, so that the parts make the number whatever its size: a rep's shares of deals of others are
there too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from kit.money import Money
from learning.exchange import Rates
from learning.fiscal import Grain
from learning.placements import WHOLE, cut_at, holders
from services.gateway.domain import InsightKind, Principal, Record
from services.gateway.quarter_totals import View
from services.gateway.service import Gateway
from services.gateway.store.interface import Query

SHOWN, PAGE, MOST_PAGES = 50, 100, 4
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Brought:
    """A deal and what it brings to the node, in major units: of a won one its amount, of an open one what is expected
    of it in the period, each as far as it is the node's. amount: the whole deal's, as it counts."""

    record: Record
    amount: Money | None
    brings: Decimal
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The deals that bring most, and what all others bring together: `more` of them, as far as that is known."""

    total: Decimal
    deals: tuple[Brought, ...]
    more: int | None

    @property
    def rest(self) -> Decimal:
        """What the others bring."""
        return self.total - sum((one.brings for one in self.deals), Decimal(0))


@dataclass(frozen=True, slots=True)
class Node:
    """Whose number it is: its row of the totals, their currency, the owners at or below it."""

    row: Mapping[str, Any]
    currency: str
    owners: Set[str]

    def share(self, record: Record) -> list[bool]:
        """Which of the deal's holders are the node's."""
        return [owner in self.owners for owner, _ in holders(record.history.deal)]


async def deals_of(gateway: Gateway, principal: Principal, view: View, node: Node) -> tuple[Part, Part]:
    """What was won, and what is open; of a period that is over, nothing is."""
    rates, today = await gateway.store.rates(), gateway.workspace.business_day
    start, end = view.period.start - DAY, min(view.period.end, today)
    mine = Query.of_node(str(node.row["node"]), kind="OPPORTUNITY")
    ended = replace(mine, outcome="WON", sort="-amount", closes_after=start, closes_by=end)
    won, more = await _read(gateway, principal, ended, lambda one: _won(one, node, rates), SHOWN)
    first = Part(Decimal(node.row["booked"]), won, None if more else 0)
    if view.over or node.row["mean"] is None:
        return first, Part(Decimal(0), (), 0)
    current = view.period == gateway.workspace.calendar.current(today)
    sort, enough = ("-expected_amount", SHOWN) if current else ("-amount", PAGE * MOST_PAGES)  # kept of this quarter
    still = replace(mine, outcome="OPEN", sort=sort)
    found, _ = await _read(gateway, principal, still, lambda one: _open(one, view, node), enough)
    return first, Part(Decimal(node.row["deals"]), found, max(0, int(node.row["open_deals"]) - len(found)))


async def _read(
    gateway: Gateway, principal: Principal, query: Query, told: Callable[[Record], Brought | None], enough: int
) -> tuple[tuple[Brought, ...], bool]:
    """Those of the node that bring most, and whether there may be more of them; looked for until so many are found."""
    found: list[Brought] = []
    cursor = ""
    for _ in range(MOST_PAGES):
        page = await gateway.store.list_records(principal, query, cursor, PAGE)
        found += [one for record in page.records if (one := told(record)) is not None]
        cursor = page.next_cursor
        if not cursor or len(found) > enough:
            break
    found.sort(key=lambda one: (-one.brings, one.record.history.deal.id))
    return tuple(found[:SHOWN]), bool(cursor) or len(found) > SHOWN


def _won(record: Record, node: Node, rates: Rates) -> Brought | None:
    deal = record.history.deal
    if deal.amount is None or deal.closed_date is None:
        return None
    money = rates.counted(deal.amount, deal.closed_date)
    mine = node.share(record)
    parts = cut_at(money.minor, [share for _, share in holders(deal)])
    minor = sum(part for part, inside in zip(parts, mine, strict=True) if inside)
    if money.currency != node.currency or not any(mine):
        return None
    return Brought(record, money, Decimal(Money(money.currency, minor).value))


def _open(record: Record, view: View, node: Node) -> Brought | None:
    insight = record.insights.get(InsightKind.FORECAST)
    spans = _spans(view, insight.body) if insight else []
    if not spans or any(one["expected"]["currency"] != node.currency for one in spans):
        return None
    deal, mine = record.history.deal, node.share(record)
    share = sum(part for (_, part), inside in zip(holders(deal), mine, strict=True) if inside)
    expected = sum((Decimal(one["expected"]["value"]) for one in spans), Decimal(0))
    chance = sum(float(one["probability"]) for one in spans)
    return Brought(record, deal.amount, expected * share / WHOLE, chance) if share else None


def _spans(view: View, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a deal's forecast says of the days that a view is of."""
    parts = body.get("months" if view.period.grain is Grain.MONTH else "periods", ())
    first, last = view.start.isoformat(), view.period.end.isoformat()
    inside = [one for one in parts if first <= one["start_date"] and one["end_date"] <= last]
    return [one for one in inside if one.get("expected")]
