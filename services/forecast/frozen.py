"""A node's totals of one moment, as they are published."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from learning.records import Node
from services.forecast.below import Age
from services.forecast.domain import SCENARIOS, Integers, RollupRow, SpanTotal
from services.forecast.draws import SHARED_FROM, THREADS
from services.forecast.grid import Grid
from services.forecast.leaves import NOTHING, Part
from services.forecast.spans import Months, Span

QUANTILES = 101
_RANKS = np.rint(np.arange(QUANTILES) / (QUANTILES - 1) * (SCENARIOS - 1)).astype(np.int64)
Sums = tuple[int, int, int, int]  # open deals; of deals, new business and correction over scenarios


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A node's parts of one moment, in order of time."""

    starts: Sequence[date]
    parts: Sequence[Part]

    @classmethod
    def of(cls, parts: Mapping[Span, Part]) -> Held:
        """Parts never change: nothing is copied."""
        spans = sorted(parts)
        return cls([span.start for span in spans], [parts[span] for span in spans])

    def between(self, start: date, end: date, into: Integers) -> Sums:
        """The sum of the parts from one day to another, whose scenarios are put where they are wanted.

        Every part counts the same deals.
        """
        first, last = bisect_left(self.starts, start), bisect_right(self.starts, end)
        found = self.parts[first:last] or [NOTHING]
        np.copyto(into, found[0].total)
        for part in found[1:]:
            into += part.total
        return (
            max([part.open_deals for part in found]), sum([part.deals_sum for part in found]),
            sum([part.new_sum for part in found]), sum([part.correction_sum for part in found]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """A node's total of one moment; its row is worked out when it is wanted, which takes some 0.2 ms."""

    node: Node
    period: Span
    currency: str
    held: Held
    grid: Grid
    day: date
    oldest: Age | None = None  # of its deals

    @property
    def total(self) -> Integers:
        """The period's scenarios, in minor units."""
        found = np.empty(SCENARIOS, dtype=np.int64)
        self.held.between(self.period.start, self.period.end, found)
        return found

    def row(self) -> RollupRow:
        """As it is published."""
        spans = ((self.period.start, self.period.end), *_others(self.grid, self.period, self.day))
        ordered = np.empty((len(spans), SCENARIOS), dtype=np.int64)
        sums = [self.held.between(start, end, into) for (start, end), into in zip(spans, ordered, strict=True)]
        if int(ordered.view(np.uint64).max()) < 2**32:  # sorted twice as fast
            ordered = ordered.astype(np.uint32)
        ordered.sort(axis=1)
        quantiles = list(map(tuple, ordered.take(_RANKS, axis=1).tolist()))
        others = [
            SpanTotal(*span, *own, each) for span, own, each in zip(spans[1:], sums[1:], quantiles[1:], strict=True)
        ]
        generation, day = self.oldest or (None, self.day)
        named = (self.node, self.period, self.currency)
        return RollupRow(*named, *sums[0], quantiles[0], day, tuple(others), generation)


@lru_cache(maxsize=4096)
def _others(grid: Grid, period: Span, day: date) -> tuple[tuple[date, date], ...]:
    """First and last days of the period's months that are not over, and of longer spans that end with it."""
    start = day + timedelta(days=1) if day < date.max else day
    parts = grid.parts_of(period)
    months = [(part.start, part.end) for part in parts if part.end >= start] if len(parts) > 1 else []
    return tuple(months + [(run[0].start, period.end) for run in grid.runs(period, start)])


def rows_of(frozen: Sequence[Frozen]) -> list[RollupRow]:
    """The rows of many totals, in their order."""
    if len(frozen) < SHARED_FROM:
        return [each.row() for each in frozen]
    with ThreadPoolExecutor(THREADS) as threads:  # sorting lets go of the interpreter's lock
        return list(threads.map(Frozen.row, frozen))


def within(rows: Sequence[RollupRow], period: str) -> list[RollupRow]:
    """Those of one period: a quarter, a month of one, or months that end with one; all quarters without a period."""
    found = []
    for row in rows:
        if period in ("", str(row.period)):
            found.append(row)
        for other in row.others if period else ():
            if str(Months(other.start, other.end)) == period:
                sums = (other.open_deals, other.deals_sum, other.not_yet_created_sum, other.correction_sum)
                span = Months(other.start, other.end)
                age = (row.business_day, (), row.generation)
                found.append(RollupRow(row.node, span, row.currency, *sums, other.quantiles, *age))
    return found
