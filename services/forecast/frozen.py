"""A node's totals of one moment, as they are published."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from learning.records import Node
from services.forecast.domain import SCENARIOS, Integers, RollupRow, SpanTotal
from services.forecast.draws import SHARED_FROM, THREADS
from services.forecast.grid import Grid
from services.forecast.leaves import Part
from services.forecast.spans import Months, Span

QUANTILES = 101
_RANKS = np.rint(np.arange(QUANTILES) / (QUANTILES - 1) * (SCENARIOS - 1)).astype(np.int64)
_NOTHING = np.zeros((1, SCENARIOS), dtype=np.int64)

Sums = tuple[int, int, int, int]  # open deals; of deals, new business and correction over scenarios


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A node's parts of one moment, in order of time; vectors has shape (parts, SCENARIOS)."""

    starts: Sequence[date]
    vectors: Integers
    sums: Sequence[Sums]

    @classmethod
    def of(cls, parts: Mapping[Span, Part]) -> Held:
        """A copy."""
        spans = sorted(parts)
        vectors = np.stack([parts[span].total for span in spans]) if spans else _NOTHING[:0]
        sums = [(each.open_deals, each.deals_sum, each.new_sum, each.correction_sum) for each in map(parts.get, spans)
                if each is not None]  # fmt: skip
        return cls([span.start for span in spans], vectors, sums)

    def between(self, start: date, end: date) -> tuple[Integers, Sums]:
        """The sum of the parts from one day to another. Every part counts the same deals."""
        first, last = bisect_left(self.starts, start), bisect_right(self.starts, end)
        if first == last:
            return _NOTHING[0], (0, 0, 0, 0)
        if last == first + 1:
            return self.vectors[first], self.sums[first]
        counts, deals, new, correction = zip(*self.sums[first:last], strict=True)
        return self.vectors[first:last].sum(axis=0), (max(counts), sum(deals), sum(new), sum(correction))


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """A node's total of one moment; its row is worked out when it is wanted, which takes some 0.2 ms."""

    node: Node
    period: Span
    currency: str
    held: Held
    grid: Grid
    day: date

    @property
    def total(self) -> Integers:
        """The period's scenarios, in minor units."""
        return self.held.between(self.period.start, self.period.end)[0]

    def row(self) -> RollupRow:
        """As it is published."""
        others = self._others()
        found = [self.held.between(start, end) for start, end in ((self.period.start, self.period.end), *others)]
        ordered = np.stack([vector for vector, _ in found])
        ordered.sort(axis=1)
        quantiles = [tuple(each) for each in ordered[:, _RANKS].tolist()]
        spans = tuple(
            SpanTotal(start, end, *sums, each)
            for (start, end), (_, sums), each in zip(others, found[1:], quantiles[1:], strict=True)
        )
        return RollupRow(self.node, self.period, self.currency, *found[0][1], quantiles[0], self.day, spans)

    def _others(self) -> list[tuple[date, date]]:
        """First and last days of the period's months that are not over, and of longer spans that end with it."""
        start = self.day + timedelta(days=1) if self.day < date.max else self.day
        parts = self.grid.parts_of(self.period)
        months = [(part.start, part.end) for part in parts if part.end >= start] if len(parts) > 1 else []
        return months + [(run[0].start, self.period.end) for run in self.grid.runs(self.period, start)]


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
                found.append(RollupRow(row.node, span, row.currency, *sums, other.quantiles, row.business_day))
    return found
