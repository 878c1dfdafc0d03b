"""What is to be added to nodes' totals: whole sheets of scenarios, one row for each part of the grid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from learning.records import Node
from services.forecast.domain import SCENARIOS, Integers
from services.forecast.leaves import NOTHING, Part
from services.forecast.spans import Span

Sums: TypeAlias = tuple[int, int, int, int]  # open deals; of deals, new business and correction over scenarios
Spans: TypeAlias = tuple[Span, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """What is added to some parts of the grid, in order: scenarios by part, and sums. Nobody writes to them."""

    spans: Spans
    rows: Sequence[Integers] | Integers
    sums: Sequence[Sums]

    @classmethod
    def between(cls, old: Mapping[Span, Part], fresh: Mapping[Span, Part]) -> Delta:
        """For fresh parts to take the place of old ones."""
        spans = tuple(sorted({**old, **fresh}))
        after = [fresh.get(span, NOTHING) for span in spans]
        if not old:
            return cls(spans, [part.total for part in after], list(map(_sums, after)))
        before = [old.get(span, NOTHING) for span in spans]
        rows = _block(after)
        rows -= _block(before)
        sums = [_less(_sums(one), _sums(other)) for one, other in zip(after, before, strict=True)]
        return cls(spans, rows, sums)


class Moves:
    """What is to be added to nodes' totals."""

    def __init__(self) -> None:
        self._found: defaultdict[tuple[str, str], list[Delta]] = defaultdict(list)

    def note(self, nodes: Iterable[Node], currency: str, delta: Delta) -> None:
        """To some nodes the same."""
        for node in nodes if delta.spans else ():
            self._found[node.id, currency].append(delta)

    def put(self, totals: Mapping[tuple[str, str], dict[Span, Part]]) -> Iterator[tuple[str, str, Spans]]:
        """Add all to the totals by node and currency, and tell which parts of the grid they change. Nothing is left."""
        found, self._found = self._found, defaultdict(list)
        for (node_id, currency), deltas in found.items():
            held = totals[node_id, currency]
            spans = deltas[0].spans
            if any(delta.spans != spans for delta in deltas):
                spans = tuple(sorted({span for delta in deltas for span in delta.spans}))
            held.update(_added([held.get(span, NOTHING) for span in spans], spans, deltas))
            yield node_id, currency, spans


def _added(parts: Sequence[Part], spans: Spans, deltas: Sequence[Delta]) -> dict[Span, Part]:
    """Parts with what is added to them, their scenarios in one sheet."""
    total, sums = _block(parts), list(map(_sums, parts))
    place = {span: number for number, span in enumerate(spans)}
    for delta in deltas:
        same = delta.spans == spans
        if same and isinstance(delta.rows, np.ndarray):
            total += delta.rows
        numbers = range(len(spans)) if same else [place[span] for span in delta.spans]
        for number, row, own in zip(numbers, delta.rows, delta.sums, strict=True):
            if not (same and isinstance(delta.rows, np.ndarray)):
                total[number] += row
            sums[number] = _more(sums[number], own)
    return {span: Part(row, *own) for span, row, own in zip(spans, total, sums, strict=True)}


def _block(parts: Sequence[Part]) -> Integers:
    return np.concatenate([part.total for part in parts]).reshape(len(parts), SCENARIOS)


def _sums(part: Part) -> Sums:
    return part.open_deals, part.deals_sum, part.new_sum, part.correction_sum


def _more(one: Sums, other: Sums) -> Sums:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _less(one: Sums, other: Sums) -> Sums:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2], one[3] - other[3]
