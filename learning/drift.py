"""How far later rows have moved from those a model was trained on, column by column and in their outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from learning.columns import Floats, Table, Texts, as_numbers, as_texts

BINS = 20
MOST_LEVELS = 200
MOVED = 0.1  # of all rows are elsewhere
SURE = 12.0  # standard deviations beyond what chance moves
RATE_SURE = 3.3


@dataclass(frozen=True, slots=True)
class Moved:
    """A column whose values are spread differently; `share` of the rows are elsewhere, `new` have values never seen."""

    column: str
    share: float
    new: float


@dataclass(frozen=True, slots=True)
class Bins:
    """Where a column's values belong: between the edges, or by the place of a level (`edges` None). The last two are
    a value never seen (or not among the most frequent), and missing."""

    edges: Floats | None
    places: Mapping[str, int]

    @classmethod
    def of(cls, column: Floats | Texts, bins: int = BINS, least: float = 1) -> Bins:
        """As many rows in each bin of numbers; the most frequent levels, these first, that hold `least` rows each."""
        if isinstance(column, Texts):
            counts = np.bincount(column.codes + 1, minlength=len(column.dictionary) + 1)[1:]
            frequent = np.argsort(-counts, kind="stable")[:MOST_LEVELS].tolist()
            return cls(
                None, {column.dictionary[code]: place for place, code in enumerate(frequent) if counts[code] >= least}
            )
        known = column[np.isfinite(column)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.zeros(0)
        if len(edges) and edges[-1] == known.max():  # beyond what half the rows share is elsewhere
            edges = np.append(edges, np.nextafter(edges[-1], np.inf))
        return cls(edges, {})

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.places) + 2 if self.edges is None else len(self.edges) + 3

    def count(self, column: Floats | Texts | None, rows: int) -> Floats:
        """Rows in each."""
        if self.edges is not None:
            values = as_numbers(column, rows)
            place = np.searchsorted(self.edges, values, side="right")
            place = np.where(np.isnan(values), self.size - 1, place)
        else:
            texts = as_texts(column, rows)
            lookup = [*(self.places.get(text, self.size - 2) for text in texts.dictionary), self.size - 1]
            place = np.array(lookup)[texts.codes]
        return np.bincount(place, minlength=self.size).astype(np.float64)


@dataclass(slots=True)
class _Column:
    bins: Bins
    before: Floats
    after: Floats


@dataclass(slots=True)
class Drift:
    """Learned from the rows trained on; the later ones are added piece by piece."""

    columns: dict[str, _Column] = field(default_factory=dict)

    @classmethod
    def fit(cls, table: Table) -> Drift:
        """Bins of numbers, the most frequent levels of choices."""
        return cls({name: _fit(column, table.rows) for name, column in table.columns.items()})

    def add(self, table: Table) -> None:
        """Count later rows."""
        for name, one in self.columns.items():
            one.after += one.bins.count(table.columns.get(name), table.rows)

    def moved(self) -> list[Moved]:
        """Columns that moved further than chance and habit do, the furthest first."""
        found = [_moved(name, one) for name, one in self.columns.items()]
        return sorted((one for one in found if one is not None), key=lambda one: -one.share)


def _fit(column: Floats | Texts, rows: int) -> _Column:
    bins = Bins.of(column)
    return _Column(bins, bins.count(column, rows), np.zeros(bins.size))


def _moved(name: str, one: _Column) -> Moved | None:
    before, after = one.before.sum(), one.after.sum()
    if not before or not after:
        return None
    together = (one.before + one.after) / (before + after)
    share = float(np.abs(one.before / before - one.after / after).sum() / 2)
    noise = np.sqrt(together * (1 - together) * (1 / before + 1 / after))
    # mean and spread of the total variation that chance alone gives
    expected = float(noise.sum() * np.sqrt(2 / np.pi) / 2)
    spread = float(np.sqrt(np.square(noise).sum() * (1 - 2 / np.pi)) / 2)
    if share < MOVED or share < expected + SURE * spread:
        return None
    new = float(one.after[-2] / after) if one.bins.edges is None and not one.before[-2] else 0.0
    return Moved(name, share, new)


def rate_moved(before: tuple[float, float], after: tuple[float, float]) -> bool:
    """Whether a rate differs by more than chance; (won, all) before and after."""
    if not before[1] or not after[1]:
        return False
    together = (before[0] + after[0]) / (before[1] + after[1])
    error = np.sqrt(together * (1 - together) * (1 / before[1] + 1 / after[1]))
    return bool(error > 0 and abs(before[0] / before[1] - after[0] / after[1]) > RATE_SURE * error)
