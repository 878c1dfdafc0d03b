"""A node's totals of one moment, as they are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from learning.records import Node
from services.forecast.domain import SCENARIOS, RollupRow, SpanTotal
from services.forecast.grid import Grid
from services.forecast.leaves import Part
from services.forecast.spans import Span

QUANTILES = 101
_RANKS = np.rint(np.arange(QUANTILES) / (QUANTILES - 1) * (SCENARIOS - 1)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A node's total of one moment; its row is worked out when it is wanted, which takes some 0.1 ms.

    others: of the period's months, and of longer spans that end with it, by first and last day.
    """

    node: Node
    period: Span
    currency: str
    part: Part
    day: date
    others: Sequence[tuple[date, date, Part]] = ()

    def row(self) -> RollupRow:
        """As it is published."""
        part = self.part
        others = tuple(
            SpanTotal(start, end, each.open_deals, each.deals_sum, each.new_sum, each.correction_sum, quantiles(each))
            for start, end, each in self.others
        )
        return RollupRow(
            self.node, self.period, self.currency, part.open_deals, part.deals_sum, part.new_sum,
            part.correction_sum, quantiles(part), self.day, others,
        )  # fmt: skip


def quantiles(part: Part) -> tuple[int, ...]:
    """Of its scenarios, in minor units at i / (QUANTILES - 1)."""
    return tuple(np.sort(part.total)[_RANKS].tolist())


def summed(parts: Sequence[Part]) -> Part:
    """Several spans' totals of one node as one; a copy. Every span counts the same deals."""
    whole = Part(open_deals=max((part.open_deals for part in parts), default=0))
    for part in parts:
        whole.total += part.total
        whole.deals_sum += part.deals_sum
        whole.new_sum += part.new_sum
        whole.correction_sum += part.correction_sum
    return whole


def freeze(
    node: Node, period: Span, currency: str, held: Mapping[Span, Part], grid: Grid, day: date
) -> Frozen:  # fmt: skip
    """A node's total of a period as it is now, with what else is told of it. held: the node's parts by span."""
    start = date.fromordinal(min(day.toordinal() + 1, date.max.toordinal()))
    others: list[tuple[date, date, Part]] = []
    names = grid.parts_of(period)
    if len(names) > 1:
        others += [(name.start, name.end, summed([held[name]])) for name in names if name in held and name.end >= start]
    for run in grid.runs(period, start):
        found = [held[name] for each in run for name in grid.parts_of(each) if name in held]
        others.append((run[0].start, period.end, summed(found)))
    whole = summed([held[name] for name in names if name in held])
    return Frozen(node, period, currency, whole, day, others)
