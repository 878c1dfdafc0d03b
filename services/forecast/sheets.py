"""What an owner's leaf adds to its places in other trees: sheets of scenarios, place by place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.forecast.domain import SCENARIOS, Integers
from services.forecast.moves import Delta
from services.forecast.sources import Place
from services.forecast.spans import Span


@dataclass(frozen=True, slots=True, eq=False)
class Sheets:
    """What each place has: totals of shape (places, parts, SCENARIOS), and sums and counts of shape (places, parts)."""

    total: Integers
    deals: Integers
    open: Integers
    new: list[list[int]]

    @classmethod
    def empty(cls, places: int, parts: int) -> Sheets:
        """With nothing on them."""
        deals, counts = np.zeros((2, places, parts), np.int64)
        new = [[0] * parts for _ in range(places)]
        return cls(np.zeros((places, parts, SCENARIOS), np.int64), deals, counts, new)

    def copy(self) -> Sheets:
        """Of their own."""
        own = [each.copy() for each in (self.total, self.deals, self.open)]
        return Sheets(own[0], own[1], own[2], [list(row) for row in self.new])

    def take_away(self, old: Sheets) -> None:
        """Subtract those of the same places and parts."""
        for mine, others in ((self.total, old.total), (self.deals, old.deals), (self.open, old.open)):
            np.subtract(mine, others, out=mine)
        for own, before in zip(self.new, old.new, strict=True):
            own[:] = [one - other for one, other in zip(own, before, strict=True)]

    def turn(self) -> None:
        """Into what takes all of it away."""
        for each in (self.total, self.deals, self.open):
            np.negative(each, out=each)
        for own in self.new:
            own[:] = [-one for one in own]

    def deltas(self, spans: tuple[Span, ...]) -> Iterator[Delta]:
        """Place by place."""
        numbers = (self.total.sum(axis=2).tolist(), self.open.tolist(), self.deals.tolist(), self.new)
        for total, *own in zip(self.total, *numbers, strict=True):
            rows = [(count, deals, new, sum_ - deals - new) for sum_, count, deals, new in zip(*own, strict=True)]
            yield Delta(spans, total, rows)


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What a leaf adds to places, by part of the grid."""

    spans: tuple[Span, ...]
    places: tuple[Place, ...]
    sheets: Sheets

    @property
    def bytes(self) -> int:
        """What its scenarios take."""
        return self.sheets.total.nbytes

    def copy(self) -> Shared:
        """With sheets of its own."""
        return Shared(self.spans, self.places, self.sheets.copy())

    def instead_of(self, old: Shared) -> Iterator[tuple[Place, Delta]]:
        """What is to be added at each place for this to be there in the place of another; neither can be used again."""
        if (self.spans, self.places) == (old.spans, old.places):
            self.sheets.take_away(old.sheets)
        else:
            old.sheets.turn()
            yield from zip(old.places, old.sheets.deltas(old.spans), strict=True)
        yield from zip(self.places, self.sheets.deltas(self.spans), strict=True)
