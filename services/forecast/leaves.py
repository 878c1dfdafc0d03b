"""What totals are made of: a deal's latest word, an owner's leaf, a sum in one period."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from sys import getsizeof
from typing import TypeAlias

import numpy as np

from learning.placements import REPORTING, WHOLE
from learning.records import Node, Placement
from learning.tree import COMPANY
from services.forecast.domain import SCENARIOS, Integers, Parameters
from services.forecast.draws import Draw
from services.forecast.spans import Span

Key: TypeAlias = tuple[object, ...]  # what orders a deal's forecasts
Path: TypeAlias = tuple[Node, ...]
LeafKey: TypeAlias = tuple[tuple[str, ...], str]  # node ids from the company down, currency
NodeKey: TypeAlias = tuple[str, Span, str]
Stand: TypeAlias = tuple[Path, int, int]  # where the part of a deal between two cumulated shares stands
UNALLOTTED = Node("unallotted", "unallotted", "Not allotted", COMPANY.id)


def placed_at(path: Path) -> Path:
    """A deal without an owner stands under the company, with its like."""
    return path or (COMPANY, Node("owner:", "owner", "", COMPANY.id))


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """A deal's latest forecast: parameters is None where it contributes nothing (closed, lead, deleted)."""

    deal_id: str
    key: Key
    business_day: date
    path: Path = ()
    parameters: Parameters | None = None
    placements: tuple[Placement, ...] = ()

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

    def trees(self) -> list[list[Stand]]:
        """Where it stands in each tree, the reporting line first."""
        found: dict[str, list[Stand]] = {REPORTING: []}
        for each in self.placements:
            stands = found.setdefault(each.tree, [])
            begun = stands[-1][2] if stands else 0
            stands.append((each.path, begun, begun + each.share))
        found[REPORTING] = found[REPORTING] or [(placed_at(self.path), 0, WHOLE)]
        return list(found.values())


@lru_cache(maxsize=4096)
def _following(first: Span, count: int) -> tuple[Span, ...]:
    return tuple(first.next(index) for index in range(count))


@dataclass(slots=True, eq=False)
class Leaf:
    """An owner's place in the tree, in one currency."""

    path: Path
    currency: str
    blocks: dict[Span, Integers] = field(default_factory=dict)  # by first period: spans × SCENARIOS cells
    counts: dict[Span, int] = field(default_factory=dict)  # open deals by first period
    parts: dict[Span, Part] = field(default_factory=dict)  # as last added up
    rest: dict[Span, Part] = field(default_factory=dict)  # what of them no deal brings, where other trees need it

    @property
    def reporting(self) -> bool:
        """Whether it is a place in the reporting line; leaves of other trees hold deals and nothing else."""
        return self.path[0] == COMPANY

    @property
    def deals(self) -> int:
        """Open deals."""
        return sum(self.counts.values())

    def add(self, draw: Draw, sign: int, begun: int = 0, until: int = WHOLE) -> None:
        """Add (1) or subtract (-1) an open deal's scenarios, or the part of them between two cumulated shares.

        Parts next to each other add up to the whole in every scenario.
        """
        amounts = draw.amounts
        if until - begun != WHOLE:
            amounts = amounts * until // WHOLE - amounts * begun // WHOLE  # at most 10¹² × 10⁴
        first = draw.periods[0]
        self.counts[first] = self.counts.get(first, 0) + sign
        block = self.blocks.get(first)
        if block is None:
            block = self.blocks[first] = np.zeros(len(draw.periods) * SCENARIOS, dtype=np.int64)
        put = np.add if sign > 0 else np.subtract
        put.at(block, draw.cells.astype(np.intp), amounts)
        if not self.counts[first]:
            del self.counts[first], self.blocks[first]

    def deal_parts(self) -> dict[Span, Part]:
        """What its open deals add to each period."""
        parts: dict[Span, Part] = {}
        for first, block in self.blocks.items():
            rows = block.reshape(-1, SCENARIOS).copy()
            for span, row in zip(_following(first, len(rows)), rows, strict=True):
                if span in parts:
                    parts[span].total += row
                    parts[span].open_deals += self.counts[first]
                else:
                    parts[span] = Part(row, self.counts[first])
        for part in parts.values():
            part.deals_sum = int(part.total.sum())
        return parts

    def rest_parts(self) -> dict[Span, Part]:
        """What its parts hold beside its open deals: business not yet created and the correction."""
        deals, found = self.deal_parts(), {}
        for period, part in self.parts.items():
            found[period] = Part(part.total.copy(), 0, 0, part.new_sum, part.correction_sum)
            if period in deals:
                found[period].total -= deals[period].total
        return found


@dataclass(slots=True, eq=False)
class Part:
    """A sum of leaves in one period; sums are over scenarios, in minor units."""

    total: Integers = field(default_factory=lambda: np.zeros(SCENARIOS, dtype=np.int64))
    open_deals: int = 0
    deals_sum: int = 0
    new_sum: int = 0
    correction_sum: int = 0

    def add(self, other: Part, sign: int) -> None:
        """Add (1) or subtract (-1) another sum."""
        if sign > 0:
            self.total += other.total
        else:
            self.total -= other.total
        self.open_deals += sign * other.open_deals
        self.deals_sum += sign * other.deals_sum
        self.new_sum += sign * other.new_sum
        self.correction_sum += sign * other.correction_sum

    def copy(self) -> Part:
        """Of its own."""
        return replace(self, total=self.total.copy())
