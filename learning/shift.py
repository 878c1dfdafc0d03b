"""Whether columns are spread otherwise than they once were, with a bound on how often that is said by chance.

Each column's rows then and now are counted in the bins of then, rare ones put together, and the two counts are
compared by the chi-squared test of homogeneity (Pearson 1911) at a level that Bonferroni's bound shares among all
columns: however they hang together, no more than FALSE_ALARM of the comparisons in which nothing moved name a column.
A column must also have moved far enough to matter. Rows on either side must not repeat a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from learning.columns import Floats, Table
from learning.drift import Bins

LEAST_ROWS = 50  # on either side
FALSE_ALARM = 0.001  # of comparisons of all columns
FAR = 0.1  # of all rows are elsewhere
LEAST_CELL = 5.0  # rows expected in a cell, for the test to hold
MOST_BINS, ROWS_A_BIN = 10, 10
# A level with fewer rows, or a smaller share, joins those never seen: which rare ones came up then was chance.
LEAST_LEVEL, RARE = 10, 0.02


@dataclass(frozen=True, slots=True)
class Shift:
    """A column then and now.

    share: of the rows that are elsewhere now; psi: the population stability index; p: of the test, for this column
    alone; new: by how much values that were rare or unseen then have grown, of all rows; missing: then and now.
    """

    column: str
    share: float
    psi: float
    p: float
    moved: bool
    new: float
    missing: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """As programs see it."""
        return {
            "column": self.column, "share": round(self.share, 4), "psi": round(self.psi, 4),
            "p": float(f"{self.p:.3g}"), "moved": self.moved, "new": round(self.new, 4),
            "missing": [round(one, 4) for one in self.missing],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reference:
    """How the rows of then are spread: bounded, and without any row of its own."""

    rows: int
    columns: Mapping[str, tuple[Bins, Floats]]

    @classmethod
    def of(cls, table: Table, names: Iterable[str]) -> Reference:
        """The named columns, as far as the table has them; constant ones too, as they may begin to vary."""
        found = {}
        bins = max(2, min(MOST_BINS, table.rows // ROWS_A_BIN))
        for name in sorted(set(names) & set(table.columns)):
            place = Bins.of(table.columns[name], bins, max(LEAST_LEVEL, RARE * table.rows))
            found[name] = (place, place.count(table.columns[name], table.rows))
        return cls(table.rows, found)

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        columns = {name: {**_told(bins), "counts": counts.tolist()} for name, (bins, counts) in self.columns.items()}
        return {"rows": self.rows, "columns": columns}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Reference:
        """Raises ValueError, LookupError or TypeError for what `to_json` never wrote."""
        columns = {name: _read(one) for name, one in dict(told["columns"]).items()}
        return cls(int(told["rows"]), columns)

    def compare(self, table: Table) -> list[Shift]:
        """Every column, those that moved first and the furthest of them first; none with too few rows to tell."""
        if min(self.rows, table.rows) < LEAST_ROWS or not self.columns:
            return []
        level = FALSE_ALARM / len(self.columns)
        found = [
            _shift(name, bins, then, bins.count(table.columns.get(name), table.rows), level)
            for name, (bins, then) in self.columns.items()
        ]
        return sorted(found, key=lambda one: (not one.moved, -one.share, one.column))


def _told(bins: Bins) -> dict[str, Any]:
    return {"levels": list(bins.places)} if bins.edges is None else {"edges": bins.edges.tolist()}


def _read(told: Mapping[str, Any]) -> tuple[Bins, Floats]:
    edges = np.array(told["edges"], dtype=np.float64) if "edges" in told else None
    levels = [] if edges is not None else [str(one) for one in told["levels"]]
    bins = Bins(edges, {level: place for place, level in enumerate(levels)})
    counts = np.array(told["counts"], dtype=np.float64)
    if counts.shape != (bins.size,) or not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError("counts that are none")
    return bins, counts


def _shift(name: str, bins: Bins, then: Floats, now: Floats, level: float) -> Shift:
    before, after = then.sum(), now.sum()
    one, other = _cells(then, now)
    share = float(np.abs(one / before - other / after).sum() / 2)
    p = _homogeneous(one, other)
    new = max(0.0, float(now[-2] / after - then[-2] / before)) if bins.edges is None else 0.0
    missing = (float(then[-1] / before), float(now[-1] / after))
    return Shift(name, share, _psi(one, other), p, p <= level and share >= FAR, new, missing)


def _cells(then: Floats, now: Floats) -> tuple[Floats, Floats]:
    """Neighbours put together until chance alone would fill each on both sides; missing stays apart where it can.

    What is put together hangs on both sides' sum alone, so that the test stays true.
    """
    expected = (then + now) * min(then.sum(), now.sum()) / (then.sum() + now.sum())
    place, filled, number = np.zeros(len(then), dtype=np.int64), 0.0, 0
    for cell in range(len(then)):
        if filled >= LEAST_CELL and expected[cell:].sum() >= LEAST_CELL:
            filled, number = 0.0, number + 1
        place[cell] = number
        filled += expected[cell]
    one, other = (np.bincount(place, rows).astype(np.float64) for rows in (then, now))
    return one, other


def _homogeneous(one: Floats, other: Floats) -> float:
    """The chance of counts at least as far apart from one distribution."""
    if len(one) < 2:
        return 1.0
    ratio = np.sqrt(other.sum() / one.sum())
    far = np.square(ratio * one - other / ratio) / (one + other)
    return float(chdtrc(len(one) - 1, far.sum()))


def _psi(one: Floats, other: Floats) -> float:
    """Sum of (q − p)·ln(q / p); half a row in each cell keeps it finite."""
    p, q = (one + 0.5) / (one.sum() + 0.5 * len(one)), (other + 0.5) / (other.sum() + 0.5 * len(other))
    return float(((q - p) * np.log(q / p)).sum())
