"""From which places of other trees an owner's money comes: what open deals are expected to bring, and a year's wins."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeAlias

from learning.placements import REPORTING
from services.forecast.domain import SCENARIOS
from services.forecast.leaves import Path, Update

YEAR = timedelta(days=366)  # how long a win says where the next ones come from

Place: TypeAlias = tuple[str, ...]  # node ids from the tree's top down
Mix: TypeAlias = Mapping[str, Sequence[tuple[Place, int]]]  # by tree its places, each with its weight


def place_of(path: Path) -> Place:
    """A path's node ids."""
    return tuple([node.id for node in path])


class Sources:
    """Weights of places by node of the reporting line and currency: a function of the deals held and the day."""

    def __init__(self) -> None:
        self._weights: defaultdict[tuple[str, str], dict[str, dict[Place, int]]] = defaultdict(dict)
        self._open: Counter[str] = Counter()  # open deals by tree: other trees are no longer defined
        self._won: dict[str, Update] = {}
        self._won_in_trees = 0
        self.paths: dict[Place, Path] = {}
        self.touched: set[str] = set()  # ends of the paths whose weights moved

    def __bool__(self) -> bool:
        """Whether any deal that counts stands in another tree."""
        return bool(self._won_in_trees or self.trees)

    @property
    def trees(self) -> tuple[str, ...]:
        """Those that open deals stand in."""
        return tuple(sorted(tree for tree, deals in self._open.items() if deals))

    def add_open(self, update: Update, currency: str, worth: int, sign: int) -> None:
        """Add (1) or subtract (-1) an open deal; worth: the sum over its scenarios."""
        for tree in update.by_tree():
            if tree != REPORTING:
                self._open[tree] += sign
        self._add(update, currency, worth, sign)

    def take_won(self, old: Update | None, fresh: Update | None, day: date | None) -> None:
        """A deal's win in the place of what was known of it."""
        if old is not None and self._won.pop(old.deal_id, None) is not None:
            self._count_won(old, -1)
        if fresh is not None and fresh.won is not None and (day is None or fresh.won.day > day - YEAR):
            self._won[fresh.deal_id] = fresh
            self._count_won(fresh, 1)

    def forget(self, day: date) -> None:
        """Leave out the wins that are too old by the end of a day."""
        for deal_id, update in list(self._won.items()):
            if update.won is not None and update.won.day <= day - YEAR:
                del self._won[deal_id]
                self._count_won(update, -1)

    def _count_won(self, update: Update, sign: int) -> None:
        assert update.won is not None
        self._won_in_trees += sign * any(each.tree != REPORTING for each in update.placements)
        self._add(update, update.won.currency, max(update.won.minor, 0) * SCENARIOS, sign)

    def _add(self, update: Update, currency: str, worth: int, sign: int) -> None:
        by_tree = update.by_tree()
        owners = by_tree.pop(REPORTING)
        self.touched |= {path[-1].id for path, _, _ in owners} if by_tree else set()
        for tree, stands in by_tree.items():
            for path, begun, until in stands:
                place = place_of(path)
                held = self.paths.get(place)
                self.paths[place] = path if held is None else max(held, path, key=str)
                for owner_path, first, last in owners:
                    weight = sign * worth * (until - begun) * (last - first)
                    for node in owner_path if weight else ():
                        self._count(self._weights[node.id, currency].setdefault(tree, {}), place, weight)

    @staticmethod
    def _count(places: dict[Place, int], place: Place, weight: int) -> None:
        places[place] = places.get(place, 0) + weight
        if not places[place]:
            del places[place]

    def of(self, path: Path, currency: str) -> tuple[Mix, bool]:
        """The places that an owner's money comes from, and whether all of that is the owner's own record.

        For an owner without any it is that of the nearest node above. Empty where a tree has none at all.
        """
        found: dict[str, list[tuple[Place, int]]] = {}
        own = True
        for tree in self.trees:
            near = (self._weights.get((node.id, currency), {}).get(tree) for node in reversed(path))
            depth, weights = next(((depth, each) for depth, each in enumerate(near) if each), (0, {}))
            if not weights:
                return {}, False
            found[tree] = sorted(weights.items())
            own = own and depth == 0
        return found, own
