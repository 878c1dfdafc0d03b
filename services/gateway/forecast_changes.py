"""What happened to a period between two days: the use case over the store."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

from kit.clock import day_end
from kit.errors import InvalidInput, NotFound
from learning.fiscal import FiscalPeriod
from services.gateway.amount_types import AMOUNT, AmountType
from services.gateway.bridge import Counting, Span
from services.gateway.bridge_rows import Bridge, deal_rows, node_rows
from services.gateway.domain import Principal
from services.gateway.forecast_calls import last_submission
from services.gateway.gap import owners_below
from services.gateway.json_values import time_text
from services.gateway.record_begun import there_before
from services.gateway.rollup import COMPANY
from services.gateway.service import Gateway
from services.gateway.store.interface import PastDeal, Recorded

EARLIEST = date(1900, 1, 2)


async def changes(
    gateway: Gateway, principal: Principal, period: FiscalPeriod, node: str, currency: str, since: date | None,
    until: date | None, kind: AmountType | None = None, *, changed: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The bridge of every node, or of one, from the end of a day (else from the eve of the period, or of the current
    one where that lies ahead) to the end of another (else now). Raises InvalidInput, NotFound."""
    day = until or gateway.workspace.business_day
    end = day_end(until) if until else gateway.workspace.now()
    start = first_moment(gateway, period, since, day)
    return await between(gateway, principal, period, node, currency, (start, max(start, end)), kind, changed=changed)


def first_moment(gateway: Gateway, period: FiscalPeriod, since: date | None, day: date) -> datetime:
    """Where the bridge up to a day begins: at the end of `since`, else of the eve of the period, or of the current one
    where that lies ahead. Raises InvalidInput."""
    current = gateway.workspace.calendar.current(gateway.workspace.business_day, period.grain)
    eve = min(period.start, current.start) - timedelta(days=1)
    start = day_end(since or min(eve, day))
    if not EARLIEST <= start.date() <= day:
        mend = "Name a first day that is not after the last one"
        raise InvalidInput("the days are out of order", field="from", value=start.date().isoformat(), mend=mend)
    return start


async def since_submission(
    gateway: Gateway, principal: Principal, period: FiscalPeriod, node: str, currency: str, until: date | None,
    kind: AmountType | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The bridge since the submission that stands for the node, else the company. Raises NotFound without one."""
    call = await last_submission(gateway, principal, period, node, kind.name if kind else AMOUNT)
    if call is None:
        mend = "Submit one, or name a day"
        raise NotFound("nothing is submitted for this node and period", field="from", value=node, mend=mend)
    end = day_end(until) if until else gateway.workspace.now()
    money = currency or (await gateway.store.rates()).counted(call.amount, call.time.date()).currency
    ends, recorded = (call.time, max(call.time, end)), (call.recorded, None)
    return await between(gateway, principal, period, node, money, ends, kind, recorded=recorded)


async def between(
    gateway: Gateway, principal: Principal, period: FiscalPeriod, node: str, currency: str,
    ends: tuple[datetime, datetime], kind: AmountType | None = None, *, changed: bool = False,
    recorded: Recorded = (None, None),
) -> dict[str, Any]:  # fmt: skip
    """The bridge between two moments, over the tree as it stands at the later one. With `changed` only of the deals
    that changed meanwhile, of the node's owners: their rows are whole, the totals at both ends and what rates did are
    not. `recorded`: what was recorded only later was not known at a moment, whenever it was effective."""
    store, workspace = gateway.store, gateway.workspace
    day = min(period.end, ends[1].date())
    days, field = (period.start, period.end), kind.field if kind else ""
    there = await there_before(store, ends[0].date())
    tree = await store.tree(principal, day)
    seen = await store.nodes_within(principal, day)
    mine = owners_below(tree, node) if changed and node not in ("", COMPANY) else None
    pairs = await store.deal_pairs(principal, *ends, *days, field, changed, there, mine, recorded)
    if mine is not None:
        pairs = [
            pair for pair in pairs if any(one and mine.intersection(_owners(one)) for one in (pair.before, pair.after))
        ]
    counting = Counting(await store.rates(), ends[0].date(), ends[1].date())
    span = Span(period.start, period.end)

    def made() -> tuple[Bridge, list[dict[str, Any]], list[dict[str, Any]]]:
        bridge = Bridge.of(pairs, span, tree, seen, currency.upper(), workspace.currency, counting)
        whole = not node or seen is None or node in seen
        return bridge, node_rows(bridge, seen, node), deal_rows(bridge, bridge.below(node or COMPANY)) if whole else []

    bridge, rows, deals = await asyncio.to_thread(made)  # of many deals: other requests go on meanwhile
    if node and not rows:
        raise NotFound("there is no such node", field="node", value=node, mend="Leave node out to see all nodes")
    return {
        "period": str(period),
        "type": kind.name if kind else AMOUNT,
        "from": time_text(ends[0].replace(microsecond=0)),
        "to": time_text(ends[1].replace(microsecond=0)),
        "currency": bridge.currency,
        "currencies": list(bridge.currencies),
        "nodes": rows,
        "deals": deals,
    }


def _owners(deal: PastDeal) -> list[str]:
    return [owner for owner, _ in deal.holders]
