"""The totals of a period over the reporting tree: the use case over the store, for months, quarters, halves and years.

The forecast service tells of months, quarters and sums of quarters, each from its own scenarios. Of a period that ends
beyond its horizon, what is booked, promised, set and said is told, and nothing of what it would have to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kit.errors import NotFound
from kit.money import Money
from learning.exchange import Rates
from learning.fiscal import MONTHS, FiscalPeriod
from learning.placements import REPORTING
from learning.records import Quota
from services.gateway.amount_types import AMOUNT
from services.gateway.calls import counted_calls
from services.gateway.cautions import apart, no_model, no_new_business, quotas_apart
from services.gateway.domain import LOCAL, InsightKind, NodeQuota, Principal
from services.gateway.forecast_source import OfAmounts, Source
from services.gateway.json_values import time_text
from services.gateway.quarter_totals import View
from services.gateway.record_begun import creating_since
from services.gateway.record_cautions import is_young, of_new_business, of_nodes, record_cautions, with_cautions
from services.gateway.rollup import COMPANY, OWNER, Parts, currencies, nodes_json
from services.gateway.store.interface import Store
from services.gateway.workspace import UNTRAINED, Workspace

AMOUNTS = OfAmounts()
Setting = dict[tuple[str, str], int]  # by owner or node, and currency


@dataclass(frozen=True, slots=True)
class Set:
    """Of how many months owners' and nodes' quotas are."""

    owners: Setting
    nodes: Setting

    def of(self, currency: str) -> dict[str, int]:
        """By node, of quotas in a currency."""
        nodes = {node: months for (node, code), months in self.nodes.items() if code == currency}
        return nodes | {OWNER + name: months for (name, code), months in self.owners.items() if code == currency}


async def forecast_totals(
    store: Store, workspace: Workspace, principal: Principal, period: FiscalPeriod, node: str, currency: str,
    source: Source = AMOUNTS,
) -> dict[str, Any]:  # fmt: skip
    """All nodes or one. Raises InvalidInput beyond the horizon, NotFound for a node that is not there."""
    view, today = View.of(period, workspace), workspace.business_day
    won = await source.won(store, principal, period.start, min(period.end, today))
    promised = [] if view.over else await source.promised(store, principal, period)
    rollups = await source.rollups(store, principal, view)
    traded = currencies(won, promised, rollups)
    own = workspace.currency
    money = currency.upper() or (own if own in traded or not traded else traded[0])
    day = min(period.end, today)  # of a past period the tree as it stood at its end
    company = await source.rollups(store, LOCAL, view, money, COMPANY)
    rates = await store.rates()
    owners, nodes, months = await quotas_of(store, principal, period, rates, day, source.name)
    calls = await store.standing_calls(principal, str(period), source.name)
    told = {each.node: each for each in rollups if each.currency == money}
    version = next((one.body["model_version"] for one in (*company, *told.values())), None)
    serving, text = workspace.generations[InsightKind.FORECAST], today.isoformat()
    parts = Parts(
        money, await store.tree(principal, day), won, promised, owners,
        told, view.over, text, serving, await store.nodes_within(principal, day), nodes,
        counted_calls(calls, rates), spoken=bool(company) or source.told,
        forecast=view.quarters is not None, exchange=workspace.exchange_edition,
        prior=version == UNTRAINED, months=months.of(money), of_months=MONTHS[period.grain],
    )  # fmt: skip
    rows = nodes_json(parts)
    if view.over or source.told:
        rows = with_cautions(rows, {})
    else:
        facts = await store.record_facts(LOCAL)
        mine = facts if parts.seen is None else of_nodes(facts, {row["node"] for row in rows})
        rows = with_cautions(rows, record_cautions(mine, parts.tree, rates, money, today))
        since = await creating_since(store, today) if is_young(facts, today) else None
        rows = of_new_business(rows, facts, today, since)
    total = next(iter((*company, *told.values())), None)
    alone = no_new_business(company) if source.told and not view.over else []
    whole = {
        "period": str(period),
        "type": source.name,
        "tree": REPORTING,
        "start_date": period.start.isoformat(),
        "end_date": period.end.isoformat(),
        "as_of": total.body["as_of"] if total else time_text(workspace.now()),
        "business_day": parts.business_day,
        "currency": money,
        "currencies": traded,
        "cautions": [
            *no_model(None if view.over else version),
            *alone,
            *apart(rates, today, won, promised, rollups, money, own),
            *quotas_apart((*owners, *nodes), traded, money),
        ],
        "model_version": version,
        "stale": any(each["stale"] for each in rows),
        "nodes": rows,
    }
    return totals_of_node(whole, node) if node else whole


def totals_of_node(whole: Mapping[str, Any], node: str) -> dict[str, Any]:
    """One node's of the totals of all nodes. Raises NotFound for a node that is not there."""
    rows = [row for row in whole["nodes"] if row["node"] == node]
    if not rows:
        raise NotFound("there is no such node", field="node", value=node, mend="Leave node out to see all nodes")
    return {**whole, "stale": any(row["stale"] for row in rows), "nodes": rows}


async def quotas_of(
    store: Store, principal: Principal, period: FiscalPeriod, rates: Rates, day: date, type_name: str = AMOUNT
) -> tuple[list[Quota], list[NodeQuota], Set]:  # fmt: skip
    """Everybody's quotas of a period: those set for it, else the sum of those set for its parts; in several currencies
    they add up as they count on a day. Last, how many of its months they are of."""
    owners, nodes = await store.quotas_in(principal, [str(one) for one in _within(period)], type_name)
    of_owners = counted([(each.period, each.owner_id, each.amount) for each in owners], rates, day)
    of_nodes = counted([(each.period, each.node, each.amount) for each in nodes], rates, day)
    text = str(period)
    mine, above = settled(period, of_owners), settled(period, of_nodes)
    return (
        [Quota(owner, text, Money(code, minor)) for (owner, code), minor in mine.items()],
        [NodeQuota(node, text, Money(code, minor)) for (node, code), minor in above.items()],
        Set(covered(period, of_owners), covered(period, of_nodes)),
    )


def counted(given: Iterable[tuple[str, str, Money]], rates: Rates, day: date) -> dict[str, Setting]:
    """What is set for periods, of whom and how much, in the currencies that it counts in on a day."""
    found: dict[str, Setting] = {}
    for period, name, amount in given:
        money, setting = rates.counted(amount, day), found.setdefault(period, {})
        setting[name, money.currency] = setting.get((name, money.currency), 0) + money.minor
    return found


def covered(period: FiscalPeriod, given: Mapping[str, Setting]) -> Setting:
    """Of how many months of a period something is set."""
    found: Setting = {}
    for part in period.parts:
        for key, months in covered(part, given).items():
            found[key] = found.get(key, 0) + months
    return found | dict.fromkeys(given.get(str(period), {}), MONTHS[period.grain])


def _within(period: FiscalPeriod) -> Iterator[FiscalPeriod]:
    yield period
    for part in period.parts:
        yield from _within(part)


def settled(period: FiscalPeriod, given: Mapping[str, Setting]) -> Setting:
    """What is set for a period, else the sum over its parts as far as something is set for them."""
    whole: Setting = {}
    for part in period.parts:
        for key, minor in settled(part, given).items():
            whole[key] = whole.get(key, 0) + minor
    return whole | given.get(str(period), {})
