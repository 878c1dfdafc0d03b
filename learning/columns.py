"""Rows as columns: numbers, and texts as choices; missing is a value of its own.

Rows (learning.snapshots) become a Table. Yes/no counts as a choice, dates as days from the snapshot's day.
learning.encoder turns Tables into features.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from learning.timeline import Cell

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
MISSING = -1
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Texts:
    """A dictionary-coded column; code -1 means missing."""

    dictionary: Sequence[str]
    codes: Codes


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length by name: numbers (nan means missing) or texts; `dates` names those made of dates."""

    rows: int
    columns: Mapping[str, Floats | Texts] = field(default_factory=dict)
    dates: frozenset[str] = frozenset()

    def take(self, rows: NDArray[np.bool_] | Codes) -> Table:
        """The given rows (a mask or indices) of every column."""
        taken = {
            name: Texts(column.dictionary, column.codes[rows]) if isinstance(column, Texts) else column[rows]
            for name, column in self.columns.items()
        }
        return Table(int(rows.sum()) if rows.dtype == np.bool_ else len(rows), taken, self.dates)

    def without(self, names: Iterable[str]) -> Table:
        """The same rows without some columns."""
        left = set(names)
        return Table(self.rows, {name: column for name, column in self.columns.items() if name not in left}, self.dates)


def table_from_rows(
    rows: Sequence[Mapping[str, Cell]], days: Sequence[date], names: Iterable[str] | None = None
) -> Table:
    """A Table of the rows' columns (all of them, or those named); `days` are the rows' snapshot days."""
    if names is None:
        names = dict.fromkeys(name for row in rows for name in row)
    columns: dict[str, Floats | Texts] = {}
    dates = set[str]()
    for name in names:
        cells = [row.get(name) for row in rows]
        kinds = set(map(type, cells)) - {type(None)}
        if kinds == {date}:
            dates.add(name)
        columns[name] = _column(cells, kinds, days)
    return Table(len(rows), columns, frozenset(dates))


def _column(cells: Sequence[Cell], kinds: set[type], days: Sequence[date]) -> Floats | Texts:
    if kinds <= {float, int}:
        return np.array(cells, dtype=np.float64)
    if kinds == {date}:
        pairs = zip(cells, days, strict=True)
        relative = [float((cell - day).days) if isinstance(cell, date) else np.nan for cell, day in pairs]
        return np.array(relative, dtype=np.float64)
    codes: dict[str, int] = {}
    coded = [MISSING if cell is None else codes.setdefault(_text(cell), len(codes)) for cell in cells]
    return Texts(list(codes), np.array(coded, dtype=np.int64))


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return YES if cell else NO
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def as_numbers(column: Floats | Texts | None, rows: int) -> Floats:
    """A column read as numbers; texts that are none, and an absent column, are missing."""
    if column is None:
        return np.full(rows, np.nan)
    if isinstance(column, Texts):
        values = np.array([*(_number(text) for text in column.dictionary), np.nan])
        return np.asarray(values[column.codes])
    infinite = np.isinf(column)
    return np.where(infinite, np.nan, column) if infinite.any() else column


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def as_texts(column: Floats | Texts | None, rows: int) -> Texts:
    """A column read as choices; an absent one is missing."""
    if column is None:
        return Texts([], np.full(rows, MISSING))
    if isinstance(column, Texts):
        return column
    values, place = np.unique(column, return_inverse=True)
    codes = np.where(np.isnan(column), MISSING, place)
    return Texts([f"{value:g}" for value in values], codes)
