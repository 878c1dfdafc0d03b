"""The team's totals: scenario vectors at the leaves of the reporting tree, added up exactly.

A leaf is an owner's place in the tree (the whole path) in one currency. It holds the scenarios of its open deals,
the business its owner will yet create, and the correction; every node is the sum of the leaves below it, in int64
minor units, so that replacing a deal is subtracting its old draw and adding its new one, without any error.

Vectors are held by the parts of a grid (months in the service), and published by its wholes (quarters), whose sums
they are. In other trees owners' scenarios are shared out over the places that their business stands in
(other_trees.py), so that every tree adds up to the company, in every scenario.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache

from learning.placements import REPORTING
from learning.records import Node
from learning.tree import COMPANY
from services.forecast.below import Below
from services.forecast.blend import Correction, branch_of
from services.forecast.domain import Integers, RollupRow
from services.forecast.draws import Draw, Drawer, drawn_ahead
from services.forecast.extras import Extras, Owner
from services.forecast.frozen import Frozen, Held, rows_of
from services.forecast.grid import Grid
from services.forecast.leaves import Adding, Key, Leaf, LeafKey, NodeKey, Part, Path, Update, placed_at
from services.forecast.months import Allotments, leaf_parts
from services.forecast.moves import Delta, Moves, Spans
from services.forecast.newbusiness import NewWins, OwnerRate
from services.forecast.other_trees import OtherTrees
from services.forecast.spans import Span

SETTLED_AT_ONCE = 32  # leaves shared out over other trees: some 3 MB each
TURN_SECONDS = 0.01  # of settling, until others have a turn
BATCH = 2_048  # deals drawn at once: some 20 MB, while as many are added up


class Rollup:
    """Totals of every node, kept current deal by deal. Not for several threads at once."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self.grid = drawer.grid
        self._deals: dict[str, Update] = {}
        self._leaves: dict[LeafKey, Leaf] = {}
        self._by_owner: dict[str, set[LeafKey]] = {}
        self._nodes: dict[str, Node] = {}
        self._totals: defaultdict[tuple[str, str], dict[Span, Part]] = defaultdict(dict)  # by node and currency
        self._known: set[NodeKey] = set()  # by whole, as all that is dirty
        self._dirty_leaves: set[LeafKey] = set()
        self._dirty: set[NodeKey] = set()
        self._extras = Extras()
        self._below = Below()
        self._other_trees = OtherTrees(drawer)
        self.business_day: date | None = None

    def __len__(self) -> int:
        return len(self._deals)

    def deal_ids(self) -> set[str]:
        """Every deal a forecast is held of."""
        return set(self._deals)

    @property
    def held(self) -> Mapping[str, Update]:
        """The last word on each deal."""
        return self._deals

    def key_of(self, deal_id: str) -> Key | None:
        """What the deal's forecast held here is ordered by."""
        return self._deals[deal_id].key if deal_id in self._deals else None

    def apply(self, updates: Sequence[Update], *, anew: Container[str] = ()) -> None:
        """Take each update that is not older than what is held of its deal.

        Of deals in `anew` anything is taken: the stream that their order came from is gone.
        """
        latest: dict[str, Update] = {}
        for update in updates:
            held = latest.get(update.deal_id) or self._deals.get(update.deal_id)
            forgiven = update.deal_id in anew and update.deal_id not in latest
            if held is None or forgiven or update.key >= held.key:
                latest[update.deal_id] = update
        changed = {deal_id: update for deal_id, update in latest.items() if not update.same(self._deals.get(deal_id))}
        self._replace(changed)
        for update in latest.values():
            if self.business_day is None or update.business_day > self.business_day:
                self.business_day = update.business_day

    def simulate(self, updates: Sequence[Update]) -> tuple[list[RollupRow], list[RollupRow]]:
        """The totals of the nodes that the updates touch, as they are and as they would be; nothing stays changed."""
        self.settle()
        dirty, self._dirty = self._dirty, set()
        after = {update.deal_id: update for update in updates}
        before = {deal_id: self._deals.get(deal_id) for deal_id in after}
        touched = [each for each in (*after.values(), *before.values()) if each and each.parameters]
        paths = [path for each in touched for tree in each.by_tree().values() for path, _, _ in tree]
        nodes = {node.id for path in paths for node in path}
        currencies = {one.currency for one in self._drawer.draw([one.parameters for one in touched if one.parameters])}
        try:
            self._replace(after)
            self.settle()
            nodes |= {key[0] for key in self._dirty}
            keys = sorted(key for key in self._known if key[0] in nodes and key[2] in currencies)
            simulated = rows_of(self._frozen(keys))
        finally:
            self._replace(before)
            self.settle()
            self._dirty = dirty
        return rows_of(self._frozen(keys)), simulated

    def _replace(self, updates: Mapping[str, Update | None]) -> None:
        """Subtract what is held of each deal and add what is given."""
        pairs = [*((self._deals.get(deal_id), -1) for deal_id in updates), *((each, 1) for each in updates.values())]
        moving = [(update, sign) for update, sign in pairs if update and update.parameters]
        batches = [moving[at : at + BATCH] for at in range(0, len(moving), BATCH)]
        drawn = drawn_ahead(self._drawer, [[one.parameters for one, _ in some if one.parameters] for some in batches])
        for some, draws in zip(batches, drawn, strict=True):
            self._add(some, draws)
        for deal_id, given in updates.items():
            self._other_trees.take_won(self._deals.get(deal_id), given, self.business_day)
            if given is not None:
                self._deals[deal_id] = given
            else:
                self._deals.pop(deal_id, None)

    def _add(self, moving: Sequence[tuple[Update, int]], draws: Sequence[Draw]) -> None:
        """Add (1) or subtract (-1) deals."""
        by_leaf: defaultdict[LeafKey, list[Adding]] = defaultdict(list)
        for (update, sign), draw in zip(moving, draws, strict=True):
            by_tree = update.by_tree()
            owners = {stand[1:]: self._leaf(stand[0], draw.currency) for stand in by_tree[REPORTING]}
            for part, leaf_key in owners.items():
                by_leaf[leaf_key].append((draw, sign, *part))
            self._other_trees.add(update, by_tree, draw, sign, owners)
            self._below.add(update, by_tree, owners.values(), draw, sign)
        for leaf_key, parts in by_leaf.items():
            self._leaves[leaf_key].add(parts)

    def _leaf(self, path: Path, currency: str) -> LeafKey:
        """The leaf that stands there, made if need be."""
        leaf_key = (tuple([node.id for node in path]), currency)
        self._dirty_leaves.add(leaf_key)
        leaf = self._leaves.get(leaf_key)
        if leaf is not None and leaf.path == path:
            return leaf_key
        if leaf is not None:
            leaf.path = max(leaf.path, path, key=str)
        else:
            leaf = self._leaves[leaf_key] = Leaf(path, currency)
            self._by_owner.setdefault(path[-1].id, set()).add(leaf_key)
        self._nodes |= {node.id: node for node in leaf.path}
        return leaf_key

    def set_extras(
        self, new: Mapping[Owner, tuple[OwnerRate, NewWins]], correction: Correction,
        allotted: Mapping[Owner, Allotments] | None = None,
    ) -> None:  # fmt: skip
        """Replace the business not yet created, by (owner id, currency), what totals are corrected by, and how both
        fall into months."""
        self._dirty_leaves |= self._leaves.keys()
        self._place(self._extras.replace(new, correction, allotted or {}))

    def _place(self, owners: Iterable[Owner]) -> None:
        """Put new business where the owner's open deals stand now, or where training saw him."""
        for owner in owners:
            if (before := self._extras.lift(owner)) is not None:
                self._dirty_leaves.add(before)
            if (rate := self._extras.rate(owner)) is not None:
                leaves = [self._leaves[each] for each in self._by_owner.get(f"owner:{rate.owner_id}", ())]
                live = [leaf for leaf in leaves if leaf.deals]
                best = max(live, key=lambda leaf: (leaf.deals, str(leaf.path)), default=None)
                path = placed_at(best.path if best else rate.path)
                self._extras.put(owner, self._leaf(path, rate.currency))

    def settle(self) -> None:
        """Bring the nodes up to their leaves."""
        for _ in self.settling():
            pass

    def settling(self) -> Iterator[None]:
        """As `settle`, with turns in which others may go on: between them nodes stand for the leaves brought up so far.
        What changes in a turn is left for the next time."""
        touched = {self._leaves[each].path[-1].id for each in self._dirty_leaves if each in self._leaves}
        self._place(self._extras.of_nodes(touched))
        self._dirty_leaves |= self._other_trees.concerned(self.business_day, self._leaves, self._by_owner)
        moves, used, began = Moves(), self._other_trees.used, time.perf_counter()
        for number, leaf_key in enumerate(list(self._dirty_leaves), 1):
            if leaf_key not in self._dirty_leaves:
                continue  # brought up in a turn
            self._settle_leaf(leaf_key, moves, used)
            self._dirty_leaves.discard(leaf_key)
            late = time.perf_counter() - began > TURN_SECONDS
            if late or (used and number % SETTLED_AT_ONCE == 0):
                self._put(moves)
            if late:
                yield
                began = time.perf_counter()
        self._put(moves)

    def _settle_leaf(self, leaf_key: LeafKey, moves: Moves, used: bool) -> None:
        leaf = self._leaves[leaf_key]
        deals, beside = leaf.deal_parts(), self._extras.at(leaf_key)
        correction = self._extras.correction.of(leaf.currency)
        old = leaf.parts
        leaf.parts = leaf_parts(self.grid, deals, beside, correction, branch_of(leaf.path), self._start)
        moves.note(leaf.path, leaf.currency, Delta.between(old, leaf.parts))
        if used:
            self._other_trees.settle(leaf_key, leaf, deals, beside, correction, moves)

    def _put(self, moves: Moves) -> None:
        if self._other_trees.used:
            self._nodes |= self._other_trees.nodes()
        for node_id, currency, spans in moves.put(self._totals):
            changed = [(node_id, whole, currency) for whole in _wholes(self.grid, spans)]
            self._known.update(changed)
            self._dirty.update(changed)

    @property
    def _start(self) -> date:
        """The first day that is yet to come."""
        return (self.business_day or date.min) + timedelta(days=1)

    def empty(self, node: Node, period: Span, currency: str) -> None:
        """Make sure that a node published earlier is published again, with zeros where nothing stands in it now.

        Periods of another grid are nobody's any more.
        """
        part = self.grid.parts_of(period)[0]
        if self.grid.whole(part) != period:
            return
        self._nodes.setdefault(node.id, node)
        if (node.id, period, currency) not in self._known:
            self._totals[node.id, currency].setdefault(part, Part())
            self._known.add((node.id, period, currency))
            self._dirty.add((node.id, period, currency))

    def _told_later(self) -> set[NodeKey]:
        """The totals that tell of longer spans which hold one that changed."""
        later = [each for each in self.grid.wholes(self._start) if self.grid.runs(each, self._start)]
        return self._known & {(key[0], each, key[2]) for key in self._dirty for each in later if key[1] < each}

    def freeze_dirty(self) -> list[Frozen]:
        """The totals that changed since they were last taken, as they are now: one state, whatever changes later.

        The company comes last, so that whoever reads it has read what it is made of.
        """
        self.settle()
        dirty = sorted(self._dirty | self._told_later(), key=lambda key: (key[0] == COMPANY.id, key))
        self._dirty.clear()
        return self._frozen(dirty)

    def take_dirty(self) -> list[RollupRow]:
        """The rows of `freeze_dirty`."""
        return rows_of(self.freeze_dirty())

    def mark(self, rows: Iterable[RollupRow | Frozen]) -> None:
        """Rows that could not be published: they are dirty again."""
        self._dirty |= {(row.node.id, row.period, row.currency) for row in rows}

    def mark_all(self) -> None:
        """Everything is to be published again."""
        self._dirty |= self._known

    def rows(self, node: str = "", period: Span | None = None) -> list[RollupRow]:
        """Totals now, of one node or period or of all."""
        self.settle()
        wanted = [key for key in self._known if node in ("", key[0]) and period in (None, key[1])]
        return rows_of(self._frozen(sorted(wanted)))

    def vectors(self) -> list[tuple[Node, Span, str, Integers]]:
        """Every total with its scenarios, in minor units."""
        self.settle()
        frozen = self._frozen(sorted(self._known))
        return [(each.node, each.period, each.currency, each.total) for each in frozen]

    def _frozen(self, keys: Sequence[NodeKey]) -> list[Frozen]:
        held: dict[tuple[str, str], Held] = {}
        found = []
        for node, period, currency in keys:
            if (node, currency) not in held:
                own = self._below.counted_once(node, currency, self._totals[node, currency])
                held[node, currency] = Held.of(own)
            day = self.business_day or date.min
            oldest = self._below.oldest(node, currency)
            found.append(Frozen(self._nodes[node], period, currency, held[node, currency], self.grid, day, oldest))
        return found


@lru_cache(maxsize=1_024)
def _wholes(grid: Grid, spans: Spans) -> Sequence[Span]:
    return list(dict.fromkeys(grid.whole(span) for span in spans))
