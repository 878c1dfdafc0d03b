"""The totals of a period over the reporting tree: the use case over the store, for months, quarters, halves and years.

The forecast service tells of calendar quarters. A period that its quarters tile, as far as it is not over, is their
sum: means add up exactly, quantiles do not and are told of one quarter alone. Of any other period, what is booked,
promised, set and said is told, and nothing of what the forecast service would have to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from typing import Any

from kit.errors import InvalidInput, NotFound
from kit.money import Money
from learning.fiscal import FiscalPeriod
from learning.periods import Period, current_period
from learning.placements import REPORTING
from learning.records import Quota
from services.gateway.domain import LOCAL, NodeQuota, Principal
from services.gateway.json_values import time_text
from services.gateway.rollup import ADDITIVE, COMPANY, Parts, currencies, nodes_json
from services.gateway.store.interface import Store, StoredRollup
from services.gateway.workspace import Workspace

HORIZON = 4  # the current quarter and the next three
Setting = dict[tuple[str, str], int]  # by owner or node, and currency


@dataclass(frozen=True, slots=True)
class View:
    """A period as of a business day, and the calendar quarters that tell of what is open in it."""

    period: FiscalPeriod
    over: bool
    quarters: Sequence[Period] | None  # None: they do not tile it, or are beyond the horizon

    @classmethod
    def of(cls, period: FiscalPeriod, workspace: Workspace) -> View:
        """Raises InvalidInput where the period begins beyond the forecast's horizon."""
        today = workspace.business_day
        current = current_period(today)
        last = current.next(HORIZON - 1)
        if period.start > last.end:
            own = workspace.calendar.current(today)
            known = ", ".join(str(own.next(ahead)) for ahead in range(HORIZON))
            raise InvalidInput(
                "the period is beyond the forecast's horizon", field="period", value=str(period),
                mend=f"Ask for a past period or one of {known}",
            )  # fmt: skip
        if period.end <= today:
            return cls(period, over=True, quarters=())
        ahead = [current.next(count) for count in range(HORIZON)]
        inside = [one for one in ahead if one.start >= period.start and one.end <= period.end]
        first = max(period.start, current.start)
        tiled = bool(inside) and inside[0].start == first and inside[-1].end == period.end
        return cls(period, over=False, quarters=inside if tiled else None)


async def forecast_totals(
    store: Store, workspace: Workspace, principal: Principal, period: FiscalPeriod, node: str, currency: str
) -> dict[str, Any]:
    """All nodes or one. Raises InvalidInput beyond the horizon, NotFound for a node that is not there."""
    view, today = View.of(period, workspace), workspace.business_day
    won = await store.won(principal, period.start, min(period.end, today))
    promised = [] if view.over else await store.categories(principal, period.start, period.end)
    rollups = await rollups_of(store, principal, view)
    traded = currencies(won, promised, rollups)
    own = workspace.currency
    money = currency.upper() or (own if own in traded or not traded else traded[0])
    day = min(period.end, today)  # of a past period the tree as it stood at its end
    company = await rollups_of(store, LOCAL, view, money, COMPANY)
    owners, nodes = await quotas_of(store, principal, period)
    parts = Parts(
        money, await store.tree(principal, day), won, promised, owners,
        {each.node: each for each in rollups if each.currency == money}, view.over, today.isoformat(),
        workspace.serving["forecast"].generation, await store.nodes_within(principal, day), nodes,
        await store.standing_calls(principal, str(period)), spoken=bool(company),
        forecast=view.quarters is not None, quantiles=len(view.quarters or ()) < 2,
    )  # fmt: skip
    rows = nodes_json(parts, node)
    if node and not rows:
        raise NotFound("there is no such node", field="node", value=node, mend="Leave node out to see all nodes")
    total = next(iter((*company, *parts.rollups.values())), None)
    return {
        "period": str(period),
        "tree": REPORTING,
        "start_date": period.start.isoformat(),
        "end_date": period.end.isoformat(),
        "as_of": total.body["as_of"] if total else time_text(workspace.now()),
        "business_day": parts.business_day,
        "currency": money,
        "currencies": traded,
        "model_version": total.body["model_version"] if total else None,
        "stale": any(each["stale"] for each in rows),
        "nodes": rows,
    }


async def rollups_of(
    store: Store, principal: Principal, view: View, currency: str = "", node: str = ""
) -> list[StoredRollup]:  # fmt: skip
    """What is open in the period, node by node."""
    found: dict[tuple[str, str], list[StoredRollup]] = {}
    quarters = view.quarters or ()
    for quarter in quarters:
        for one in await store.rollups(principal, str(quarter), currency, node):
            found.setdefault((one.node, one.currency), []).append(one)
    return [each[0] if len(quarters) == 1 else together(str(view.period), each) for each in found.values()]


def together(period: str, rollups: Sequence[StoredRollup]) -> StoredRollup:
    """A node's totals of several quarters as one: sums added, without quantiles, as old as the oldest."""
    scenarios = lcm(*(one.body["scenarios"] for one in rollups))
    body = {
        name: sum(one.body[name] * (scenarios // one.body["scenarios"]) for one in rollups)
        for name in ADDITIVE if name != "open_deals"
    }  # fmt: skip
    oldest = min(rollups, key=lambda one: (one.body["business_day"], one.body["model_generation"], one.body["as_of"]))
    told = {name: oldest.body[name] for name in ("as_of", "business_day", "model_version", "model_generation")}
    open_deals = max(one.body["open_deals"] for one in rollups)  # the same deals, quarter by quarter
    first = rollups[0]
    whole = {**body, **told, "scenarios": scenarios, "open_deals": open_deals, "quantiles": []}
    return StoredRollup(first.node, period, first.currency, whole)


async def quotas_of(
    store: Store, principal: Principal, period: FiscalPeriod
) -> tuple[list[Quota], list[NodeQuota]]:  # fmt: skip
    """Everybody's quotas of a period: those set for it, else the sum of those set for its parts."""
    owners, nodes = await store.quotas_in(principal, [str(one) for one in _within(period)])
    of_owners: dict[str, Setting] = {}
    for quota in owners:
        of_owners.setdefault(quota.period, {})[quota.owner_id, quota.amount.currency] = quota.amount.minor
    of_nodes: dict[str, Setting] = {}
    for each in nodes:
        of_nodes.setdefault(each.period, {})[each.node, each.amount.currency] = each.amount.minor
    text = str(period)
    return (
        [Quota(owner, text, Money(code, minor)) for (owner, code), minor in settled(period, of_owners).items()],
        [NodeQuota(node, text, Money(code, minor)) for (node, code), minor in settled(period, of_nodes).items()],
    )


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
