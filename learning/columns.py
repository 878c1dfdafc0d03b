"""Columns as models read them: numbers, and choices of any cardinality; missing is a value of its own.

Rows (learning.snapshots) become a Table; an Encoder learns from a Table how each column turns into features and
serves any later Table: columns that are missing, values never seen, other types. Yes/no counts as a choice, dates
as days from the snapshot's day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from learning.timeline import Cell

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
MAX_LEVELS = 150
MIN_RECORDS = 10.0  # a level with fewer records is pooled
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


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Features: the standardised number (clipped to `low`…`high`, logarithm of 1 + x where `log`), and missing."""

    name: str
    low: float
    high: float
    log: bool
    mean: float
    deviation: float
    edges: tuple[float, ...]  # inner bounds of the bins that evidence is counted in

    @property
    def width(self) -> int:
        return 2

    def standardise(self, column: Floats | Texts | None, rows: int) -> tuple[Floats, NDArray[np.bool_]]:
        """The standardised numbers, 0 where missing, and where they are missing."""
        values = as_numbers(column, rows)
        missing = np.isnan(values)
        clipped = np.clip(np.where(missing, self.low, values), self.low, self.high)
        if self.log:
            clipped = np.log1p(clipped)
        return np.where(missing, 0.0, (clipped - self.mean) / self.deviation), missing

    def bins(self, column: Floats | Texts | None, rows: int) -> Codes:
        """The evidence bin of each row: 0 … len(edges), and len(edges) + 1 where missing."""
        values = as_numbers(column, rows)
        place = np.searchsorted(np.array(self.edges), values, side="right")
        return np.where(np.isnan(values), len(self.edges) + 1, place).astype(np.int64)


@dataclass(frozen=True, slots=True)
class ChoiceColumn:
    """Features: one per level, then one for all other values (rare or never seen), then one for missing."""

    name: str
    levels: tuple[str, ...]
    yes_no: bool = False
    _places: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._places.update({level: index for index, level in enumerate(self.levels)})

    @property
    def width(self) -> int:
        return len(self.levels) + 2

    def bins(self, column: Floats | Texts | None, rows: int) -> Codes:
        """The feature of each row: the level's index, len(levels) for another value, len(levels) + 1 for missing."""
        if self.yes_no and isinstance(column, np.ndarray):
            column = Texts([NO, YES], np.where(np.isnan(column), MISSING, column != 0).astype(np.int64))
        texts = as_texts(column, rows)
        other = len(self.levels)
        lookup = np.array([*(self._places.get(text, other) for text in texts.dictionary), other + 1], dtype=np.int64)
        return np.asarray(lookup[texts.codes])


Column = NumberColumn | ChoiceColumn


def fit_column(name: str, column: Floats | Texts, weight: Floats) -> Column | None:
    """How a column turns into features; None where it never varies. Weights add up to records."""
    if isinstance(column, Texts):
        return _fit_choice(name, column, weight)
    return _fit_number(name, column)


def _fit_choice(name: str, column: Texts, weight: Floats) -> ChoiceColumn | None:
    counts = np.bincount(column.codes + 1, weight, len(column.dictionary) + 1)[1:]
    frequent = [(-count, text) for text, count in zip(column.dictionary, counts, strict=True) if count >= MIN_RECORDS]
    levels = tuple(text for _, text in sorted(frequent)[:MAX_LEVELS])
    fitted = ChoiceColumn(name, levels, set(column.dictionary) <= {YES, NO})
    return fitted if len(np.unique(fitted.bins(column, len(weight)))) > 1 else None


def _fit_number(name: str, values: Floats) -> NumberColumn | None:
    known = values[np.isfinite(values)]
    if not len(known) or (known.min() == known.max() and len(known) == len(values)):
        return None
    low, middle, high = (float(q) for q in np.quantile(known, [0.005, 0.5, 0.995]))
    log = bool(known.min() >= 0 and high > 20 * max(middle, 1.0))
    clipped = np.clip(known, low, high)
    shaped = np.log1p(clipped) if log else clipped
    deviation = float(shaped.std())
    if deviation < 1e-9:  # varies in its outermost values or in being missing only
        low, high, log = float(known.min()), float(known.max()), False
        shaped, deviation = known, float(known.std()) or 1.0
    quantiles = np.quantile(known, [0.1, 0.25, 0.5, 0.75, 0.9]).tolist()
    edges = sorted({float(f"{one:.3g}") for one in quantiles} - {float(known.min())})  # people read them
    return NumberColumn(name, low, high, log, float(shaped.mean()), deviation, tuple(edges))


@dataclass(frozen=True, slots=True)
class Encoder:
    """Turns Tables into feature matrices, column by column in a fixed order."""

    columns: tuple[Column, ...]

    @classmethod
    def fit(cls, table: Table, weight: Floats) -> Encoder:
        """Learn every column that varies, in order of name."""
        fitted = (fit_column(name, table.columns[name], weight) for name in sorted(table.columns))
        return cls(tuple(column for column in fitted if column is not None))

    @property
    def width(self) -> int:
        """Features in all."""
        return sum(column.width for column in self.columns)

    def transform(self, table: Table) -> csr_array:
        """A sparse matrix, rows × width: every column has exactly one feature a row that is not zero. For training."""
        from scipy.sparse import csr_array

        shape = (table.rows, len(self.columns))
        places, values = np.empty(shape, dtype=np.int32), np.ones(shape)
        start = 0
        for index, column in enumerate(self.columns):
            source = table.columns.get(column.name)
            if isinstance(column, NumberColumn):
                standard, missing = column.standardise(source, table.rows)
                places[:, index] = start + missing
                values[:, index] = np.where(missing, 1.0, standard)
            else:
                places[:, index] = start + column.bins(source, table.rows)
            start += column.width
        ends = np.arange(0, places.size + 1, max(len(self.columns), 1), dtype=np.int32)[: table.rows + 1]
        if not self.columns:
            ends = np.zeros(table.rows + 1, dtype=np.int32)
        return csr_array((values.ravel(), places.ravel(), ends), shape=(table.rows, self.width))

    def to_json(self) -> list[dict[str, Any]]:
        """Plain JSON, read back by `from_json`."""
        return [_to_json(column) for column in self.columns]

    @classmethod
    def from_json(cls, data: Iterable[Mapping[str, Any]]) -> Encoder:
        """The inverse of `to_json`."""
        return cls(tuple(_from_json(one) for one in data))


def _to_json(column: Column) -> dict[str, Any]:
    if isinstance(column, ChoiceColumn):
        return {"name": column.name, "levels": list(column.levels), "yes_no": column.yes_no}
    numbers = {name: getattr(column, name) for name in ("low", "high", "log", "mean", "deviation")}
    return {"name": column.name, **numbers, "edges": list(column.edges)}


def _from_json(data: Mapping[str, Any]) -> Column:
    if "levels" in data:
        return ChoiceColumn(data["name"], tuple(data["levels"]), data["yes_no"])
    return NumberColumn(
        data["name"], data["low"], data["high"], data["log"], data["mean"], data["deviation"], tuple(data["edges"])
    )
