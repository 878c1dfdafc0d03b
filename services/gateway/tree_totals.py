"""The totals of a period over a tree beside the reporting line.

The company's row is that of the reporting line. Below it stand the tree's nodes, and where nothing tells a place of
what no deal brings (business not yet created and the correction), one for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kit.errors import Forbidden, NotFound
from learning.fiscal import MONTHS, FiscalPeriod
from learning.placements import Tree, cut_at, depth_of, tree_of
from learning.records import Node, Outcome
from learning.tree import COMPANY
from services.gateway.domain import InsightKind, Principal, Scope
from services.gateway.forecast_source import Source
from services.gateway.forecast_totals import AMOUNTS, forecast_totals, quotas_of
from services.gateway.quarter_totals import View
from services.gateway.record_cautions import of_new_business, with_cautions
from services.gateway.rollup import SUMS, Parts, nodes_json
from services.gateway.store.interface import CategorySum, PlacedDeal, Store, StoredRollup, Won
from services.gateway.workspace import UNTRAINED, Workspace

UNALLOTTED = "unallotted"


async def tree_totals(
    store: Store, workspace: Workspace, principal: Principal, period: FiscalPeriod, tree: Tree, node: str,
    currency: str, source: Source = AMOUNTS,
) -> dict[str, Any]:  # fmt: skip
    """As `forecast_totals`, over another tree. Raises Forbidden for who does not see all."""
    if principal.scope is not Scope.ALL:
        raise Forbidden("totals of this tree tell of deals you do not see", field="tree", value=tree.name,
                        mend="Ask for the reporting line")  # fmt: skip
    whole = await forecast_totals(store, workspace, principal, period, COMPANY.id, currency, source)
    view, today, money = View.of(period, workspace), workspace.business_day, str(whole["currency"])
    won = await source.placed(store, principal, Outcome.WON, period.start, min(period.end, today))
    promised = [] if view.over else await source.placed(store, principal, Outcome.OPEN, period.start, period.end)
    told = {} if view.over else {one.node: one for one in await source.rollups(store, principal, view, money)}
    mine = {name: one for name, one in told.items() if name == UNALLOTTED or tree_of(name) == tree.name}
    rates, day = await store.rates(), min(period.end, today)
    _, quotas, months = await quotas_of(store, principal, period, rates, day, source.name)
    parts = Parts(
        money, list(_nodes(tree, (*won, *promised), mine, {each.node for each in quotas})), _won(tree, won),
        _promised(tree, promised), (), mine, view.over, today.isoformat(), workspace.generations[InsightKind.FORECAST],
        node_quotas=[each for each in quotas if tree_of(each.node) == tree.name],
        spoken=COMPANY.id in told or source.told, forecast=view.quarters is not None, leaves=_leaves(tree),
        exchange=workspace.exchange_edition, prior=whole["model_version"] == UNTRAINED, months=months.of(money),
        of_months=MONTHS[period.grain],
    )  # fmt: skip
    below = with_cautions([row for row in nodes_json(parts) if row["node"] != COMPANY.id], {})
    if not view.over and not source.told:
        below = of_new_business(below, await store.record_facts(principal), today)
    rows = [*whole["nodes"], *below]
    shown = [row for row in rows if not node or row["node"] == node]
    if not shown:
        raise NotFound("there is no such node", field="node", value=node, mend="Leave node out to see all nodes")
    behind = not _whole(mine, told, tree) or any(row["stale"] for row in shown)
    return whole | {"tree": tree.name, "stale": bool(whole["stale"] or behind), "nodes": shown}


def _leaves(tree: Tree) -> Any:
    return lambda node: node == UNALLOTTED or depth_of(node) == len(tree.levels)


def _whole(mine: Mapping[str, StoredRollup], told: Mapping[str, StoredRollup], tree: Tree) -> bool:
    """Whether the deals of the tree are those of the company: not while they are on the way to their new places."""
    company = told.get(COMPANY.id)
    tops = [one for name, one in mine.items() if name != UNALLOTTED and depth_of(name) == 1]
    return company is None or sum(one.body["deals_sum"] for one in tops) == company.body["deals_sum"]


def _nodes(
    tree: Tree, deals: Iterable[PlacedDeal], rollups: Mapping[str, StoredRollup], quotas: set[str]
) -> Iterator[Node]:
    """The company, the nodes in which anything stands or that have a quota by name, and what is not allotted last."""
    found: dict[str, Node] = {}
    for deal in deals:
        for each in deal.placements:
            if each.tree == tree.name:
                found |= {node.id: node for node in each.path}
    for name, one in rollups.items():
        if name != UNALLOTTED and (name in quotas or one.body["open_deals"] or any(one.body[sums] for sums in SUMS)):
            found.setdefault(name, _node_of(one))
    yield COMPANY
    for depth in range(1, len(tree.levels) + 1):
        yield from sorted((one for one in found.values() if depth_of(one.id) == depth), key=lambda one: one.id)
    if UNALLOTTED in rollups:
        yield _node_of(rollups[UNALLOTTED])


def _node_of(rollup: StoredRollup) -> Node:
    return Node(rollup.node, rollup.body["level"], rollup.body["name"], rollup.body["parent"])


def _parts_of(tree: Tree, deal: PlacedDeal) -> Iterator[tuple[str, int]]:
    """The leaves that a deal stands in, each with its part of the amount."""
    mine = [each for each in deal.placements if each.tree == tree.name]
    for each, minor in zip(mine, cut_at(deal.minor, [one.share for one in mine]), strict=True):
        yield each.path[-1].id, minor


def _won(tree: Tree, deals: Sequence[PlacedDeal]) -> list[Won]:
    return [Won(leaf, deal.currency, minor, 1) for deal in deals for leaf, minor in _parts_of(tree, deal)]


def _promised(tree: Tree, deals: Sequence[PlacedDeal]) -> list[CategorySum]:
    return [
        CategorySum(leaf, deal.currency, deal.category, minor, 1, deal.suggested)
        for deal in deals
        for leaf, minor in _parts_of(tree, deal)
    ]
