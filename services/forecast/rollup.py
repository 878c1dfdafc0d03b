"""The team's totals: scenario vectors at the leaves of the reporting tree, added up exactly.

A leaf is an owner's place in the tree (the whole path) in one currency. It holds the scenarios of its open deals,
the business its owner will yet create, and the correction; every node is the sum of the leaves below it, in int64
minor units, so that replacing a deal is subtracting its old draw and adding its new one, without any error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import numpy as np

from learning.periods import Period
from learning.records import Node
from services.forecast.domain import PERIODS, SCENARIOS, Integers, Parameters, RollupRow
from services.forecast.draws import CELLS, Drawer
from services.forecast.newbusiness import OwnerRate

Key: TypeAlias = tuple[object, ...]  # what orders a deal's forecasts
Path: TypeAlias = tuple[Node, ...]
LeafKey: TypeAlias = tuple[tuple[str, ...], str]  # node ids from the company down, currency
NodeKey: TypeAlias = tuple[str, Period, str]
NewWins: TypeAlias = Mapping[Period, Integers]

QUANTILES = 101
_RANKS = np.rint(np.arange(QUANTILES) / (QUANTILES - 1) * (SCENARIOS - 1)).astype(np.int64)
_COMPANY = Node("company", "company", "Company")


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """A deal's latest forecast: parameters is None where it contributes nothing (closed, lead, deleted)."""

    deal_id: str
    key: Key
    business_day: date
    path: Path = ()
    parameters: Parameters | None = None


@dataclass(slots=True, eq=False)
class _Leaf:
    path: Path
    currency: str
    blocks: dict[Period, Integers] = field(default_factory=dict)  # by first period: PERIODS × SCENARIOS cells
    counts: dict[Period, int] = field(default_factory=dict)  # open deals by first period
    parts: dict[Period, _Part] = field(default_factory=dict)  # as last added up

    @property
    def deals(self) -> int:
        return sum(self.counts.values())


@dataclass(slots=True, eq=False)
class _Part:
    """A sum of leaves in one period; sums are over scenarios, in minor units."""

    total: Integers = field(default_factory=lambda: np.zeros(SCENARIOS, dtype=np.int64))
    open_deals: int = 0
    deals_sum: int = 0
    new_sum: int = 0
    correction_sum: int = 0

    def add(self, other: _Part, sign: int) -> None:
        if sign > 0:
            self.total += other.total
        else:
            self.total -= other.total
        self.open_deals += sign * other.open_deals
        self.deals_sum += sign * other.deals_sum
        self.new_sum += sign * other.new_sum
        self.correction_sum += sign * other.correction_sum


class Rollup:
    """Totals of every node, kept current deal by deal. Not for several threads at once."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._deals: dict[str, Update] = {}
        self._leaves: dict[LeafKey, _Leaf] = {}
        self._by_owner: dict[str, set[LeafKey]] = {}
        self._nodes: dict[str, Node] = {}
        self._totals: dict[NodeKey, _Part] = {}
        self._dirty_leaves: set[LeafKey] = set()
        self._dirty: set[NodeKey] = set()
        self._new: dict[LeafKey, NewWins] = {}
        self._new_owners: dict[tuple[str, str], tuple[OwnerRate, NewWins]] = {}
        self._placed: dict[tuple[str, str], LeafKey] = {}
        self._correction = 1.0
        self.business_day: date | None = None

    def __len__(self) -> int:
        return len(self._deals)

    def key_of(self, deal_id: str) -> Key | None:
        """What the deal's forecast held here is ordered by."""
        held = self._deals.get(deal_id)
        return held.key if held else None

    def apply(self, updates: Sequence[Update], *, forget_order: Iterable[str] = ()) -> None:
        """Take each update that is not older than what is held of its deal.

        Of deals in `forget_order` anything is taken: the stream they came from is gone.
        """
        anew = set(forget_order)
        latest: dict[str, Update] = {}
        for update in updates:
            held = latest.get(update.deal_id) or self._deals.get(update.deal_id)
            forgiven = update.deal_id in anew and update.deal_id not in latest
            if held is None or forgiven or update.key >= held.key:
                latest[update.deal_id] = update
        out = [held for deal_id in latest if (held := self._deals.get(deal_id))]
        pairs = [(update, -1) for update in out] + [(update, 1) for update in latest.values()]
        moving = [(update, sign, update.parameters) for update, sign in pairs if update.parameters is not None]
        draws = self._drawer.draw([parameters for _, _, parameters in moving])
        for (update, sign, parameters), draw in zip(moving, draws, strict=True):
            leaf = self._leaf(update.path, parameters.currency)
            self._add(leaf, draw.periods[0], draw.cells, draw.amounts, sign)
        self._deals |= latest
        for update in latest.values():
            if self.business_day is None or update.business_day > self.business_day:
                self.business_day = update.business_day

    def _leaf(self, path: Path, currency: str) -> _Leaf:
        path = path or (_COMPANY, Node("owner:", "owner", "", _COMPANY.id))
        leaf_key = (tuple(node.id for node in path), currency)
        leaf = self._leaves.get(leaf_key)
        if leaf is None:
            leaf = self._leaves[leaf_key] = _Leaf(path, currency)
            self._by_owner.setdefault(path[-1].id, set()).add(leaf_key)
        elif leaf.path != path:
            leaf.path = max(leaf.path, path, key=str)
        self._nodes |= {node.id: node for node in leaf.path}
        self._dirty_leaves.add(leaf_key)
        return leaf

    @staticmethod
    def _add(leaf: _Leaf, first: Period, cells: np.ndarray, amounts: Integers, sign: int) -> None:
        leaf.counts[first] = leaf.counts.get(first, 0) + sign
        block = leaf.blocks.get(first)
        if block is None:
            block = leaf.blocks[first] = np.zeros(CELLS, dtype=np.int64)
        block[cells] += sign * amounts
        if not leaf.counts[first]:
            del leaf.counts[first], leaf.blocks[first]

    def set_extras(self, new: Mapping[tuple[str, str], tuple[OwnerRate, NewWins]], correction: float) -> None:
        """Replace the business not yet created, by (owner id, currency), and actual / forecast of past replays."""
        self._new_owners = dict(new)
        self._correction = correction
        self._dirty_leaves |= self._leaves.keys()
        self._place(self._placed.keys() | self._new_owners.keys())

    def _place(self, owners: Iterable[tuple[str, str]]) -> None:
        """Put new business where the owner's open deals stand now, or where training saw him."""
        for owner in owners:
            before = self._placed.pop(owner, None)
            if before is not None:
                self._new.pop(before, None)
                self._dirty_leaves.add(before)
            if owner in self._new_owners:
                rate, wins = self._new_owners[owner]
                leaves = [self._leaves[each] for each in self._by_owner.get(f"owner:{rate.owner_id}", ())]
                live = [leaf for leaf in leaves if leaf.deals]
                best = max(live, key=lambda leaf: (leaf.deals, str(leaf.path)), default=None)
                path = best.path if best else rate.path
                self._leaf(path, rate.currency)
                place = (tuple(node.id for node in path), rate.currency)
                self._placed[owner] = place
                self._new[place] = wins

    def settle(self) -> None:
        """Bring the nodes up to their leaves."""
        touched = {self._leaves[each].path[-1].id for each in self._dirty_leaves if each in self._leaves}
        self._place([owner for owner in self._new_owners if f"owner:{owner[0]}" in touched])
        for leaf_key in self._dirty_leaves:
            leaf = self._leaves[leaf_key]
            fresh = self._parts(leaf_key, leaf)
            for period in leaf.parts.keys() | fresh.keys():
                for node in leaf.path:
                    self._move(node.id, period, leaf, fresh.get(period))
            leaf.parts = fresh
        self._dirty_leaves.clear()

    def _move(self, node_id: str, period: Period, leaf: _Leaf, fresh: _Part | None) -> None:
        node_key = (node_id, period, leaf.currency)
        total = self._totals.get(node_key)
        if total is None:
            total = self._totals[node_key] = _Part()
        if period in leaf.parts:
            total.add(leaf.parts[period], -1)
        if fresh is not None:
            total.add(fresh, 1)
        self._dirty.add(node_key)

    def _parts(self, leaf_key: LeafKey, leaf: _Leaf) -> dict[Period, _Part]:
        """What a leaf adds to each period now."""
        new = self._new.get(leaf_key, {})
        parts: dict[Period, _Part] = {period: _Part() for period in new}
        for first, block in leaf.blocks.items():
            for index in range(PERIODS):
                part = parts.setdefault(first.next(index), _Part())
                part.total += block[index * SCENARIOS : (index + 1) * SCENARIOS]
                part.open_deals += leaf.counts[first]
        for period, part in parts.items():
            part.deals_sum = int(part.total.sum())
            if period in new:
                part.new_sum = int(new[period].sum())
                part.total += new[period]
            if self._correction != 1.0:
                correction = np.rint((self._correction - 1.0) * part.total).astype(np.int64)
                part.correction_sum = int(correction.sum())
                part.total += correction
        return parts

    def empty(self, node: Node, period: Period, currency: str) -> None:
        """Make sure that a node published earlier is published again, with zeros where nothing stands in it now."""
        node_key = (node.id, period, currency)
        self._nodes.setdefault(node.id, node)
        if node_key not in self._totals:
            self._totals[node_key] = _Part()
            self._dirty.add(node_key)

    def take_dirty(self) -> list[RollupRow]:
        """What changed since the last call, as rows; afterwards nothing is dirty."""
        self.settle()
        dirty, self._dirty = sorted(self._dirty), set()
        return self._rows(dirty)

    def mark(self, rows: Iterable[RollupRow]) -> None:
        """Rows that could not be published: they are dirty again."""
        self._dirty |= {(row.node.id, row.period, row.currency) for row in rows}

    def mark_all(self) -> None:
        """Everything is to be published again."""
        self._dirty |= self._totals.keys()

    def rows(self, node: str = "", period: Period | None = None) -> list[RollupRow]:
        """Totals now, of one node or period or of all."""
        self.settle()
        wanted = [each for each in self._totals if node in ("", each[0]) and period in (None, each[1])]
        return self._rows(sorted(wanted))

    def rows_of(self, keys: Iterable[NodeKey]) -> list[RollupRow]:
        """Totals of the given nodes, periods and currencies; those nothing is known of are left out."""
        self.settle()
        return self._rows(sorted(each for each in set(keys) if each in self._totals))

    def _rows(self, keys: Sequence[NodeKey]) -> list[RollupRow]:
        day = self.business_day or date.min
        rows = []
        for node_id, period, currency in keys:
            part = self._totals[node_id, period, currency]
            quantiles = tuple(np.sort(part.total)[_RANKS].tolist())
            rows.append(
                RollupRow(
                    self._nodes[node_id], period, currency, part.open_deals, part.deals_sum, part.new_sum,
                    part.correction_sum, quantiles, day,
                )
            )  # fmt: skip
        return rows
