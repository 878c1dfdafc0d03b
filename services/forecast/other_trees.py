"""Totals over trees beside the reporting line, owner by owner: what changed at a leaf changes its places there."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from learning.records import Node
from services.forecast.blend import Correction, branch_of
from services.forecast.draws import Draw, Drawer
from services.forecast.leaves import UNALLOTTED, Leaf, LeafKey, Part, Stand, Update
from services.forecast.months import Beside
from services.forecast.moves import Moves
from services.forecast.shared_out import Standing, kept_shares, pieces_of, shared_out, stood_at
from services.forecast.sheets import Shared
from services.forecast.sources import Mix, Sources
from services.forecast.spans import Span

MANY_DEALS = 30
MOST_HELD = 64 * 2**20  # bytes


class OtherTrees:
    """What owners' leaves add to other trees. Of what was added little is held: it is worked out again."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._grid = drawer.grid
        self._sources = Sources()
        self._deals: defaultdict[LeafKey, dict[tuple[str, tuple[int, int]], Update]] = defaultdict(dict)
        self._standings: dict[LeafKey, Standing] = {}
        self._held: OrderedDict[LeafKey, tuple[Standing, Shared]] = OrderedDict()  # newest last
        self._borrowing: set[LeafKey] = set()  # leaves whose owners have no places of their own
        self._settled: tuple[bool, tuple[str, ...]] = (False, ())  # whether there are any, and which
        self._day: date | None = None

    @property
    def used(self) -> bool:
        """Whether anything stands in them, or did and is to be taken out."""
        return self._settled[0] or bool(self._standings)

    def add(
        self, update: Update, by_tree: Mapping[str, Sequence[Stand]], draw: Draw, sign: int,
        leaves: Mapping[tuple[int, int], LeafKey],
    ) -> None:  # fmt: skip
        """Add (1) or subtract (-1) an open deal. leaves: of its owners, by their cumulated shares."""
        if len(by_tree) > 1:
            self._sources.add_open(update, draw.currency, int(draw.amounts.sum()), sign)
        for part, leaf in leaves.items():
            if sign < 0:
                del self._deals[leaf][update.deal_id, part]
            else:
                self._deals[leaf][update.deal_id, part] = update

    def take_won(self, old: Update | None, fresh: Update | None, day: date | None) -> None:
        """See Sources."""
        self._sources.take_won(old, fresh, day)

    def concerned(
        self, day: date | None, leaves: Mapping[LeafKey, Leaf], owned: Mapping[str, Iterable[LeafKey]]
    ) -> set[LeafKey]:
        """The leaves whose places may be others since this was last asked. owned: leaves by owner."""
        if day is not None and day != self._day:
            self._day = day
            self._sources.forget(day)
        touched, self._sources.touched = self._sources.touched, set()
        now = bool(self._sources), self._sources.trees
        if self._settled != now:
            self._settled = now
            return set(leaves)
        found = {leaf for owner in touched for leaf in owned.get(owner, ())}
        for leaf in self._borrowing if touched else ():
            if self._sources.of(leaves[leaf].path, leaf[1])[0] != self._standings[leaf].mix:
                found.add(leaf)
        return found

    def settle(
        self, leaf_key: LeafKey, leaf: Leaf, deals: Mapping[Span, Part], beside: Beside, correction: Correction,
        moves: Moves,
    ) -> None:  # fmt: skip
        """Note what a leaf's new state changes at its places. deals: what its open deals alone add to each part."""
        before, now = self._standings.pop(leaf_key, None), None
        self._borrowing.discard(leaf_key)
        if self._settled[0]:
            mix, own = self._sources.of(leaf.path, leaf.currency)
            now = self._standing(leaf_key, leaf, deals, beside, correction, mix)
            self._standings[leaf_key] = now
            if not own:
                self._borrowing.add(leaf_key)
        held, old = self._held.pop(leaf_key, (None, None))
        if old is None or held is not before:
            old = shared_out(before, self._drawer, self._grid)
        fresh = shared_out(now, self._drawer, self._grid)
        self._hold(leaf_key, now, fresh)
        for place, delta in fresh.instead_of(old):
            moves.note(self._sources.paths.get(place, (UNALLOTTED,)), leaf.currency, delta)

    def _hold(self, leaf_key: LeafKey, standing: Standing | None, shared: Shared) -> None:
        """Keep what a leaf with many deals added: it is taken away with the next change of one of them."""
        if standing is None or len(standing.deals) < MANY_DEALS:
            return
        self._held[leaf_key] = (standing, shared.copy())
        while sum(one.bytes for _, one in self._held.values()) > MOST_HELD:
            self._held.popitem(last=False)

    def _standing(
        self, leaf_key: LeafKey, leaf: Leaf, alone: Mapping[Span, Part], beside: Beside, correction: Correction,
        mix: Mix,
    ) -> Standing:  # fmt: skip
        branch = branch_of(leaf.path)
        kept = kept_shares(self._grid, alone, leaf.parts, beside, correction, branch)
        pieces = pieces_of(self._grid, leaf.parts, beside)
        name = "/".join([*leaf_key[0], leaf_key[1]])
        deals = [stood_at(update, *part) for (_, part), update in self._deals[leaf_key].items()]
        return Standing(name, leaf.parts, kept, pieces, deals, mix)

    def nodes(self) -> dict[str, Node]:
        """Every node that anything stood in, and the one for what has no place."""
        return {UNALLOTTED.id: UNALLOTTED} | {node.id: node for path in self._sources.paths.values() for node in path}
