"""What totals are made of: a deal's latest word, an owner's leaf, a sum in one period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from sys import getsizeof
from typing import TypeAlias

import numpy as np

from learning.placements import REPORTING, WHOLE
from learning.records import Node, Placement
from learning.tree import COMPANY
from services.forecast.domain import SCENARIOS, Integers, Numbers, Parameters
from services.forecast.draws import Draw
from services.forecast.spans import Span

Key: TypeAlias = tuple[object, ...]  # what orders a deal's forecasts
Path: TypeAlias = tuple[Node, ...]
LeafKey: TypeAlias = tuple[tuple[str, ...], str]  # node ids from the company down, currency
NodeKey: TypeAlias = tuple[str, Span, str]
Stand: TypeAlias = tuple[Path, int, int]  # where the part of a deal between two cumulated shares stands
Adding: TypeAlias = tuple[Draw, int, int, int]  # a deal's scenarios, 1 or -1, and the cumulated shares it is between
UNALLOTTED = Node("unallotted", "unallotted", "Not allotted", COMPANY.id)


def placed_at(path: Path) -> Path:
    """A deal without an owner stands under the company, with its like."""
    return path or (COMPANY, Node("owner:", "owner", "", COMPANY.id))


def cut(amounts: Integers, begun: int, until: int) -> Integers:
    """The part of amounts between two cumulated shares; parts next to each other add up to the whole."""
    # At most 10¹² × 10⁴.
    return amounts if until - begun == WHOLE else amounts * until // WHOLE - amounts * begun // WHOLE


@dataclass(frozen=True, slots=True)
class Won:
    """When a deal was won, and for how much: minor units."""

    day: date
    currency: str
    minor: int


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """A deal's latest forecast: parameters is None where it contributes nothing (closed, lead, deleted)."""

    deal_id: str
    key: Key
    business_day: date
    path: Path = ()
    parameters: Parameters | None = None
    placements: tuple[Placement, ...] = ()
    numbers: Numbers | None = None
    won: Won | None = None
    generation: int = 0  # of the model that forecast it

    @property
    def bytes(self) -> int:
        """About what it holds in memory."""
        nodes = [*self.path, *(one for each in self.placements for one in each.path)]
        texts = sum([getsizeof(text) for one in nodes for text in (one.id, one.level, one.name, one.parent)])
        weights = self.parameters.week_weights.nbytes if self.parameters else 0
        return 1_000 + 100 * len(nodes) + texts + weights

    def same(self, other: Update | None) -> bool:
        """Whether it says exactly what another one says."""
        if other is None or self._told() != other._told():
            return False
        if self.parameters is None or other.parameters is None:
            return self.parameters is other.parameters
        return self.parameters.fingerprint == other.parameters.fingerprint

    def _told(self) -> tuple[object, ...]:
        return self.key, self.business_day, self.path, self.placements

    def by_tree(self) -> dict[str, list[Stand]]:
        """Where it stands in each tree, the reporting line first."""
        found: dict[str, list[Stand]] = {REPORTING: []}
        for each in self.placements:
            stands = found.setdefault(each.tree, [])
            begun = stands[-1][2] if stands else 0
            stands.append((each.path, begun, begun + each.share))
        found[REPORTING] = found[REPORTING] or [(placed_at(self.path), 0, WHOLE)]
        return found


@lru_cache(maxsize=4096)
def _following(first: Span, count: int) -> tuple[Span, ...]:
    return tuple(first.next(index) for index in range(count))


@dataclass(slots=True, eq=False)
class Leaf:
    """An owner's place in the tree, in one currency."""

    path: Path
    currency: str
    blocks: dict[Span, Integers] = field(default_factory=dict)  # by first period: spans × SCENARIOS cells
    lent: set[Span] = field(default_factory=set)  # blocks that parts look into: copied before they change
    counts: dict[Span, int] = field(default_factory=dict)  # open deals by first period
    parts: dict[Span, Part] = field(default_factory=dict)  # as last added up

    @property
    def deals(self) -> int:
        """Open deals."""
        return sum(self.counts.values())

    def add(self, parts: Sequence[Adding]) -> None:
        """Add or subtract open deals' scenarios, or the parts of them between two cumulated shares.

        Parts next to each other add up to the whole in every scenario.
        """
        kinds: defaultdict[tuple[tuple[Span, ...], int], list[Adding]] = defaultdict(list)
        for each in parts:
            kinds[each[0].periods, each[1]].append(each)
        for (periods, sign), alike in kinds.items():
            block = self._block(periods)
            cells = np.concatenate([draw.cells for draw, *_ in alike]).astype(np.intp)
            amounts = np.concatenate([cut(draw.amounts, begun, until) for draw, _, begun, until in alike])
            (np.add if sign > 0 else np.subtract).at(block, cells, amounts)
            self.counts[periods[0]] = self.counts.get(periods[0], 0) + sign * len(alike)
        for first in [first for first, count in self.counts.items() if not count]:
            del self.counts[first], self.blocks[first]
            self.lent.discard(first)

    def _block(self, periods: tuple[Span, ...]) -> Integers:
        """The cells of some periods, to be written to."""
        first = periods[0]
        if first not in self.blocks:
            self.blocks[first] = np.zeros(len(periods) * SCENARIOS, dtype=np.int64)
        elif first in self.lent:
            self.blocks[first] = self.blocks[first].copy()
            self.lent.remove(first)
        return self.blocks[first]

    def deal_parts(self) -> dict[Span, Part]:
        """What its open deals add to each period."""
        parts: dict[Span, Part] = {}
        for first, block in self.blocks.items():
            rows = block.reshape(-1, SCENARIOS)
            self.lent.add(first)
            totals = rows.sum(axis=1).tolist()
            for span, row, total in zip(_following(first, len(rows)), rows, totals, strict=True):
                part = Part(row, self.counts[first], total)
                parts[span] = part if span not in parts else added([parts[span], part])
        return parts


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A sum of leaves in one period; sums are over scenarios, in minor units. Nobody writes to its total."""

    total: Integers = field(default_factory=lambda: np.zeros(SCENARIOS, dtype=np.int64))
    open_deals: int = 0
    deals_sum: int = 0
    new_sum: int = 0
    correction_sum: int = 0


def added(parts: Sequence[Part]) -> Part:
    """The sum of some."""
    if len(parts) == 1:
        return parts[0]
    total = parts[0].total + parts[1].total
    for part in parts[2:]:
        total += part.total
    return Part(
        total, sum([part.open_deals for part in parts]), sum([part.deals_sum for part in parts]),
        sum([part.new_sum for part in parts]), sum([part.correction_sum for part in parts]),
    )  # fmt: skip


NOTHING = Part()
