"""The forecast of the reporting tree: what the forecast service says of open business, and what is booked already.

Everything is summed in minor units (and in whole scenarios), so every level adds up exactly. Quantiles do not add up:
each node's come from its own scenarios.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from math import lcm
from typing import Any

from kit.money import format_minor
from learning.records import Node, Quota
from services.gateway import calls as people
from services.gateway import quotas as quota_figures
from services.gateway.domain import NodeQuota
from services.gateway.store.interface import CategorySum, StoredRollup, Won

COMPANY, OWNER = "company", "owner:"
CATEGORIES = ("commit", "best_case", "pipeline")
AMOUNTS = (
    "booked", "deals", "not_yet_created", "correction", "mean", "p10", "p50", "p90", "quota", *CATEGORIES,
    *quota_figures.MEMBERS, *people.MEMBERS,
)  # fmt: skip
NOBODYS = frozenset({OWNER, "unallotted"})  # leaves that nobody answers for
SUMS = ("deals_sum", "not_yet_created_sum", "correction_sum")
ADDITIVE = (*SUMS, "open_deals")


def committed(row: Mapping[str, Any]) -> Decimal:
    """What people commit of a node whose totals may be seen: what is booked, and open deals in that category."""
    return Decimal(row["booked"]) + Decimal(row["commit"])


@dataclass(frozen=True)
class Parts:
    """Everything one forecast is made of, for one period and currency."""

    currency: str
    tree: Sequence[Node]
    won: Sequence[Won]
    categories: Sequence[CategorySum]
    quotas: Sequence[Quota]
    rollups: Mapping[str, StoredRollup]  # by node
    past: bool = False  # the period is over: nothing is open in it
    business_day: str = ""
    generation: int = 0
    seen: frozenset[str] | None = None  # nodes whose totals may be shown; None: all
    node_quotas: Sequence[NodeQuota] = ()  # set on nodes above the owners
    calls: Sequence[people.Call] = ()  # submissions and adjustments that stand
    forecast: bool = True  # the forecast service tells of this period
    leaves: Callable[[str], bool] | None = None  # of a tree beside the reporting line, which names no owners
    spoken: bool = False  # the forecast service has spoken of the company, also where that is not shown
    exchange: int = 0  # the edition of the exchange rates that hold
    prior: bool = False  # no trained model tells of this period
    months: Mapping[str, int] = field(default_factory=dict)  # that a node's quota is of; without, all
    of_months: int = 0  # of the period

    def leaf(self, name: str) -> str:
        """The leaf of what is told of an owner, or of a leaf itself."""
        return name if self.leaves else OWNER + name

    def is_leaf(self, node: str) -> bool:
        """Whether a node is what others are the sums of."""
        return self.leaves(node) if self.leaves else node.startswith(OWNER)

    @cached_property
    def scenarios(self) -> int:
        """What sums over scenarios are brought to before they are added."""
        return lcm(*(rollup.body["scenarios"] for rollup in self.rollups.values()))


@dataclass(slots=True)
class Totals:
    """A node's own sums in minor units, before its children are added."""

    booked: int = 0
    quota_set: int | None = None
    quota_below: int | None = None
    outranked: bool = False  # the one set is of a part of the period, and those below are of more
    categories: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CATEGORIES, 0))
    called: people.Called = field(default_factory=people.Called)
    rests: quota_figures.Rests = field(default_factory=quota_figures.Rests)
    open_business: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ADDITIVE, 0))  # × Parts.scenarios

    @property
    def quota(self) -> int | None:
        """The node's own, or the sum of those of its children."""
        return self.quota_below if self.quota_set is None or self.outranked else self.quota_set

    def settle_quota(self, months: int, of_months: int) -> None:
        """Choose between the one set on the node, of so many months, and those below, which are all taken in."""
        if self.quota_set is not None:
            self.outranked = self.rests.outranked(months, of_months)
            if not self.outranked:
                self.rests.settle(months)

    @property
    def counts(self) -> bool:
        """Whether anything is won, open, expected or asked for."""
        return bool(self.booked or self.quota_set is not None or any(self.open_business.values()))


def nodes_json(parts: Parts, only: str = "") -> list[dict[str, Any]]:
    """The nodes, parents before children; with `only` just that node. Amounts are exact decimal texts.

    Nodes above what may be seen are there by name, with nothing but nulls: what is seen of them is not their total.
    """
    tree = parts.tree if parts.leaves else with_unplaced(parts.tree, _owners(parts))
    totals = add_up(tree, parts)
    spoken = parts.spoken or COMPANY in parts.rollups
    known = parts.forecast and spoken  # then a node without a rollup has nothing open
    return [
        node_json(node, totals[node.id], parts, known=known)
        if parts.seen is None or node.id in parts.seen
        else hidden_json(node)
        for node in tree
        if not only or node.id == only
    ]


def with_unplaced(tree: Sequence[Node], owners: Iterable[str]) -> list[Node]:
    """The tree, and below the company a node for each owner with business who stands nowhere in it."""
    nodes = list(tree) or [Node(COMPANY, "company", "Company")]
    known = {node.id for node in nodes}
    missing = sorted({owner for owner in owners if f"owner:{owner}" not in known})
    root = nodes[0].id
    return nodes + [Node(f"owner:{owner}", "owner", owner, root) for owner in missing]


def add_up(tree: Sequence[Node], parts: Parts) -> dict[str, Totals]:
    """All that adds up, of every node: the owners' own, summed towards the company.

    What the forecast service says of inner nodes is not used here: it may be of another moment than the owners' rows.
    """
    totals = _own_totals(parts)
    for node in reversed(tree):
        own = totals[node.id]
        own.settle_quota(parts.months.get(node.id, parts.of_months), parts.of_months)
        if node.parent:
            _add(totals[node.parent], own)
    return totals


def _own_totals(parts: Parts) -> defaultdict[str, Totals]:
    totals: defaultdict[str, Totals] = defaultdict(Totals)
    for won in parts.won:
        if won.currency == parts.currency:
            totals[parts.leaf(won.owner_id)].booked += won.minor
    _take_what_people_set(totals, parts)
    for promised in parts.categories:
        name = (promised.category or promised.suggested or "pipeline").lower()
        if promised.currency == parts.currency and name in CATEGORIES:
            totals[parts.leaf(promised.owner_id)].categories[name] += promised.minor
    for node_id, rollup in parts.rollups.items():
        if parts.is_leaf(node_id) and not parts.past:
            totals[node_id].open_business |= _own_sums(rollup.body, parts.scenarios)
    for node_id, own in totals.items():
        own.rests.of = int(parts.is_leaf(node_id) and node_id not in NOBODYS and own.counts)
    return totals


def _take_what_people_set(totals: defaultdict[str, Totals], parts: Parts) -> None:
    for quota in parts.quotas:
        if quota.amount.currency == parts.currency:
            own = totals[f"owner:{quota.owner_id}"]
            own.quota_set = (own.quota_set or 0) + quota.amount.minor
    for each in parts.node_quotas:
        if each.amount.currency == parts.currency:
            totals[each.node].quota_set = each.amount.minor
    for call in people.standing(parts.calls, parts.currency):
        totals[call.node].called.take(call)


def _add(above: Totals, below: Totals) -> None:
    above.booked += below.booked
    if below.quota is not None:
        above.quota_below = (above.quota_below or 0) + below.quota
    above.called.add(below.called)
    above.rests.add(below.rests)
    for name in CATEGORIES:
        above.categories[name] += below.categories[name]
    for name in ADDITIVE:
        above.open_business[name] += below.open_business[name]


def _own_sums(body: Mapping[str, Any], scenarios: int) -> dict[str, int]:
    scale = scenarios // body["scenarios"]
    return {name: body[name] * scale for name in SUMS} | {"open_deals": body["open_deals"]}


def hidden_json(node: Node) -> dict[str, Any]:
    """A node whose totals tell of owners that are not seen."""
    return _named(node) | dict.fromkeys((*AMOUNTS, "quota_probability", "quota_of", "open_deals")) | {"stale": False}


def _named(node: Node) -> dict[str, Any]:
    return {"node": node.id, "level": node.level, "name": node.name, "parent": node.parent}


def node_json(node: Node, totals: Totals, parts: Parts, *, known: bool) -> dict[str, Any]:
    """One node. Where the forecast service has not spoken yet (`known` is false) its members are null."""
    row = _named(node) | {"booked": format_minor(parts.currency, totals.booked)}
    rollup = parts.rollups.get(node.id)
    if parts.past or rollup is not None or known:
        row |= _open_business(rollup.body["quantiles"] if rollup and not parts.past else (), totals, parts)
    else:
        row |= dict.fromkeys(("deals", "not_yet_created", "correction", "mean", "p10", "p50", "p90"))
        row["quota_probability"] = None
    row["quota"] = None if totals.quota is None else format_minor(parts.currency, totals.quota)
    row |= {name: format_minor(parts.currency, amount) for name, amount in totals.categories.items()}
    row |= quota_figures.shared(totals.quota_set, totals.quota_below, parts.currency)
    row["quota_of"] = None if totals.quota is None else totals.rests.to_json(parts.of_months)
    if not totals.rests.whole(parts.of_months):
        row["quota_probability"] = None
    standing = _standing(totals, parts, told=row["mean"] is not None)
    row |= quota_figures.figures(standing)
    row |= totals.called.members(parts.currency, standing.expected_sum, parts.scenarios)
    told = rollup is not None and not parts.past  # then by its own count: parts of a deal stand below it
    row["open_deals"] = rollup.body["open_deals"] if rollup and told else totals.open_business["open_deals"]
    row["stale"] = parts.forecast and not parts.past and is_behind(rollup, parts, known=known)
    return row


def _standing(totals: Totals, parts: Parts, *, told: bool) -> quota_figures.Standing:
    expected = totals.booked * parts.scenarios + sum(totals.open_business[name] for name in SUMS)
    return quota_figures.Standing(
        parts.currency, totals.quota, totals.booked, sum(totals.categories.values()), expected if told else None,
        totals.open_business["deals_sum"], parts.scenarios,
    )  # fmt: skip


def is_behind(rollup: StoredRollup | None, parts: Parts, *, known: bool) -> bool:
    """Whether the forecast service has not caught up with the business day, the model or the exchange rates."""
    if rollup is None:
        return not known
    body = rollup.body
    behind = body["business_day"] < parts.business_day or body["model_generation"] < parts.generation
    return bool(behind or body.get("exchange_edition", 0) < parts.exchange)


def _open_business(quantiles: Sequence[int], totals: Totals, parts: Parts) -> dict[str, Any]:
    sums = [totals.open_business[name] for name in SUMS]
    scenarios, grid = parts.scenarios, quantiles or (0, 0)
    deals, new, correction = (format_minor(parts.currency, each, scenarios) for each in sums)
    row: dict[str, Any] = {"deals": deals, "not_yet_created": new, "correction": correction}
    total = totals.booked * scenarios + sum(sums)
    row["mean"] = format_minor(parts.currency, total, scenarios)
    for name, share in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
        row[name] = format_minor(parts.currency, totals.booked + round(quantile(grid, share)))
    row["quota_probability"] = None if totals.quota is None else chance(grid, totals.quota - totals.booked)
    return row if parts.past or not parts.prior else row | {"quota_probability": None}


def quantile(grid: Sequence[int], share: float) -> Decimal:
    """The quantile by linear interpolation on a grid of quantiles at i / (n - 1), in minor units."""
    if len(grid) == 1:
        return Decimal(grid[0])
    place = Decimal(str(share)) * (len(grid) - 1)
    low = min(int(place), len(grid) - 2)
    return grid[low] + (place - low) * (grid[low + 1] - grid[low])


def chance(grid: Sequence[int], needed: int) -> float:
    """P(total ≥ needed), by interpolation on the grid of quantiles."""
    if needed <= grid[0]:
        return 1.0
    if needed > grid[-1]:
        return 0.0
    above = bisect_left(grid, needed)  # the first grid point that reaches it
    low, high = grid[above - 1], grid[above]
    share = (above - 1 + (needed - low) / (high - low)) / (len(grid) - 1)
    return round(1.0 - share, 6)


def currencies(won: Sequence[Won], categories: Sequence[CategorySum], rollups: Sequence[StoredRollup]) -> list[str]:
    """Every currency that has business in the period."""
    told = {one.currency for one in rollups if one.body["open_deals"] or any(one.body[name] for name in SUMS)}
    return sorted({one.currency for one in won} | {one.currency for one in categories} | told)


def _owners(parts: Parts) -> set[str]:
    booked = {won.owner_id for won in parts.won if won.currency == parts.currency}
    promised = {each.owner_id for each in parts.categories if each.currency == parts.currency}
    named = {node.removeprefix("owner:") for node in parts.rollups if node.startswith("owner:") and not parts.past}
    return booked | promised | named | {quota.owner_id for quota in parts.quotas}
