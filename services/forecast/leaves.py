"""What totals are made of: a deal's latest word, an owner's leaf, a sum in one period."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from sys import getsizeof
from typing import TypeAlias

import numpy as np

from learning.records import Node
from services.forecast.domain import SCENARIOS, Integers, Parameters
from services.forecast.draws import Draw
from services.forecast.spans import Span

Key: TypeAlias = tuple[object, ...]  # what orders a deal's forecasts
Path: TypeAlias = tuple[Node, ...]
LeafKey: TypeAlias = tuple[tuple[str, ...], str]  # node ids from the company down, currency
NodeKey: TypeAlias = tuple[str, Span, str]


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """A deal's latest forecast: parameters is None where it contributes nothing (closed, lead, deleted)."""

    deal_id: str
    key: Key
    business_day: date
    path: Path = ()
    parameters: Parameters | None = None

    @property
    def bytes(self) -> int:
        """About what it holds in memory."""
        texts = sum([getsizeof(text) for one in self.path for text in (one.id, one.level, one.name, one.parent)])
        weights = self.parameters.week_weights.nbytes if self.parameters else 0
        return 1_000 + 100 * len(self.path) + texts + weights

    def same(self, other: Update | None) -> bool:
        """Whether it says exactly what another one says."""
        if other is None or (self.key, self.business_day, self.path) != (other.key, other.business_day, other.path):
            return False
        if self.parameters is None or other.parameters is None:
            return self.parameters is other.parameters
        return self.parameters.fingerprint == other.parameters.fingerprint


@dataclass(slots=True, eq=False)
class Leaf:
    """An owner's place in the tree, in one currency."""

    path: Path
    currency: str
    blocks: dict[Span, Integers] = field(default_factory=dict)  # by first period: spans × SCENARIOS cells
    counts: dict[Span, int] = field(default_factory=dict)  # open deals by first period
    parts: dict[Span, Part] = field(default_factory=dict)  # as last added up

    @property
    def deals(self) -> int:
        """Open deals."""
        return sum(self.counts.values())

    def add(self, draw: Draw, sign: int) -> None:
        """Add (1) or subtract (-1) an open deal's scenarios."""
        first = draw.periods[0]
        self.counts[first] = self.counts.get(first, 0) + sign
        block = self.blocks.get(first)
        if block is None:
            block = self.blocks[first] = np.zeros(len(draw.periods) * SCENARIOS, dtype=np.int64)
        block[draw.cells] += sign * draw.amounts
        if not self.counts[first]:
            del self.counts[first], self.blocks[first]


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
