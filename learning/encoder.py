"""Columns as features: an Encoder learns from a Table how each column turns into numbers, and serves any later Table.

Columns that are missing, values never seen and other types are fine. A number is a piecewise linear function, a choice
one indicator a level, with a shrunk statistic of the outcome where it has many; a long text is a few coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.columns import MISSING, NO, YES, Codes, Floats, Table, Texts, as_numbers, as_texts
from learning.texts import TextColumn, fit_text, reads_as_text

MAX_LEVELS = 2_000  # that a column tells apart; the rest is pooled
INDICATORS = 360  # of all choices together
MIN_RECORDS = 10.0  # a level with fewer records has no indicator of its own
REPEATED = 1.5  # records from which on a level has a statistic
MANY = 12  # levels from which on a choice has a statistic
STATISTIC_RECORDS = 15.0  # so many records of the average rate are mixed into a level's own
FEW_VALUES = 6  # numbers with fewer different values have no knots
FOLDS = 5  # of the statistics' cross-fitting


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Features: the standardised number z (clipped to `low`…`high`, logarithm of 1 + x where `log`), missing, and
    max(0, z − knot) for each knot."""

    name: str
    low: float
    high: float
    log: bool
    mean: float
    deviation: float
    edges: tuple[float, ...]  # inner bounds of the bins that evidence is counted in
    knots: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        return 2 + len(self.knots)

    @property
    def places(self) -> int:
        """How many values `bins` may have."""
        return len(self.edges) + 2

    def standardise(self, column: Floats | Texts | None, rows: int) -> tuple[Floats, NDArray[np.bool_]]:
        """The standardised numbers, 0 where missing, and where they are missing."""
        values = as_numbers(column, rows)
        missing = np.isnan(values)
        clipped = np.clip(np.where(missing, self.low, values), self.low, self.high)
        if self.log:
            clipped = np.log1p(clipped)
        return np.where(missing, 0.0, (clipped - self.mean) / self.deviation), missing

    def features(self, column: Floats | Texts | None, rows: int) -> Floats:
        """Rows × width."""
        standard, missing = self.standardise(column, rows)
        hinges = [np.where(missing, 0.0, np.maximum(standard - knot, 0.0)) for knot in self.knots]
        return np.column_stack([standard, missing, *hinges])

    def bins(self, column: Floats | Texts | None, rows: int) -> Codes:
        """The evidence bin of each row: 0 … len(edges), and len(edges) + 1 where missing."""
        values = as_numbers(column, rows)
        place = np.searchsorted(np.array(self.edges), values, side="right")
        return np.where(np.isnan(values), len(self.edges) + 1, place).astype(np.int64)


@dataclass(frozen=True, slots=True)
class ChoiceColumn:
    """Features: one for each of the `shown` most frequent levels, one for all other values (rare or never seen), one
    for missing, and the level's statistic where there are `statistics` (per bin, in log-odds beside the rate's)."""

    name: str
    levels: tuple[str, ...]
    yes_no: bool = False
    shown: int = -1
    statistics: tuple[float, ...] = ()
    _places: dict[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._places.update({level: index for index, level in enumerate(self.levels)})
        if self.shown < 0:
            object.__setattr__(self, "shown", len(self.levels))

    @property
    def width(self) -> int:
        return self.shown + 2 + bool(self.statistics)

    @property
    def places(self) -> int:
        """How many values `bins` may have."""
        return len(self.levels) + 2

    def bins(self, column: Floats | Texts | None, rows: int) -> Codes:
        """The place of each row: the level's index, len(levels) for another value, len(levels) + 1 for missing."""
        if self.yes_no and isinstance(column, np.ndarray):
            column = Texts([NO, YES], np.where(np.isnan(column), MISSING, column != 0).astype(np.int64))
        texts = as_texts(column, rows)
        other = len(self.levels)
        lookup = np.array([*(self._places.get(text, other) for text in texts.dictionary), other + 1], dtype=np.int64)
        return np.asarray(lookup[texts.codes])

    def by_bin(self) -> Floats:
        """Places × width: the features of every bin."""
        table = np.zeros((self.places, self.width))
        index = np.arange(self.places)
        column = np.minimum(index, self.shown)
        column[-1] = self.shown + 1
        table[index, column] = 1.0
        if self.statistics:
            table[:, -1] = self.statistics
        return table

    def features(self, column: Floats | Texts | None, rows: int) -> Floats:
        """Rows × width."""
        return np.asarray(self.by_bin()[self.bins(column, rows)])


Column = NumberColumn | ChoiceColumn | TextColumn


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What the statistics of choices are learned from; `groups` (a record's rows go together) cross-fits them."""

    won: Floats
    weight: Floats
    groups: Codes


@dataclass(frozen=True, slots=True)
class Encoder:
    """Turns Tables into features, column by column in a fixed order."""

    columns: tuple[Column, ...]

    @classmethod
    def fit(cls, table: Table, weight: Floats, outcomes: Outcomes | None = None) -> Encoder:
        """Learn every column that varies, in order of name. Weights add up to records."""
        names = sorted(table.columns)
        fitted = [fit_column(name, table.columns[name], weight, outcomes is not None) for name in names]
        columns = _within_budget([column for column in fitted if column is not None])
        if outcomes is not None:
            columns = [_with_statistics(column, table, outcomes) for column in columns]
        return cls(tuple(columns))

    @property
    def width(self) -> int:
        """Features in all."""
        return sum(column.width for column in self.columns)

    def transform(self, table: Table) -> Floats:
        """Rows × width, dense: for training, and for what is small."""
        blocks = [column.features(table.columns.get(column.name), table.rows) for column in self.columns]
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((table.rows, 0))

    def transform_training(self, table: Table, outcomes: Outcomes) -> Floats:
        """The same of the rows it was fitted on: no row's own outcome is in its statistics (cross-fitted)."""
        features = self.transform(table)
        start = 0
        for column in self.columns:
            if isinstance(column, ChoiceColumn) and column.statistics:
                bins = column.bins(table.columns.get(column.name), table.rows)
                features[:, start + column.width - 1] = _cross_fitted(bins, column.places, outcomes)
            start += column.width
        return features

    def to_json(self) -> list[dict[str, Any]]:
        """Plain JSON, read back by `from_json`; the arrays of texts go beside it (`TextColumn.arrays`)."""
        return [_to_json(column) for column in self.columns]

    @classmethod
    def from_json(cls, data: Iterable[Mapping[str, Any]], arrays: Mapping[str, Floats] | None = None) -> Encoder:
        """The inverse of `to_json`."""
        return cls(tuple(_from_json(one, index, arrays or {}) for index, one in enumerate(data)))


def fit_column(name: str, column: Floats | Texts, weight: Floats, statistics: bool = False) -> Column | None:
    """How a column turns into features; None where it never varies. Weights add up to records."""
    if isinstance(column, Texts):
        return fit_text(name, column) if reads_as_text(column) else _fit_choice(name, column, weight, statistics)
    return _fit_number(name, column, float(weight.sum()))


def _fit_choice(name: str, column: Texts, weight: Floats, statistics: bool) -> ChoiceColumn | None:
    counts = np.bincount(column.codes + 1, weight, len(column.dictionary) + 1)[1:]
    ordered = sorted((-count, text) for text, count in zip(column.dictionary, counts.tolist(), strict=True) if count)
    shown = min(sum(-count >= MIN_RECORDS for count, _ in ordered), MAX_LEVELS)
    repeated = [text for count, text in ordered[:MAX_LEVELS] if -count >= REPEATED]
    many = statistics and len(repeated) > MANY
    levels = tuple(repeated if many else [text for _, text in ordered[:shown]])
    fitted = ChoiceColumn(name, levels, set(column.dictionary) <= {YES, NO}, shown)
    if many:  # filled in by `_with_statistics`
        fitted = replace(fitted, statistics=(0.0,) * fitted.places)
    return fitted if len(np.unique(fitted.bins(column, len(weight)))) > 1 else None


def _fit_number(name: str, values: Floats, records: float) -> NumberColumn | None:
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
    mean = float(shaped.mean())
    knots = _knots((shaped - mean) / deviation, records)
    return NumberColumn(name, low, high, log, mean, deviation, tuple(edges), knots)


def _knots(standard: Floats, records: float) -> tuple[float, ...]:
    """Up to five inner quantiles, fewer where records or different values are few."""
    different = np.unique(standard)
    if len(different) < FEW_VALUES or records < 60:
        return ()
    shares = [0.1, 0.3, 0.5, 0.7, 0.9] if records >= 1000 else [0.25, 0.5, 0.75] if records >= 300 else [0.5]
    found = {round(float(one), 6) for one in np.quantile(standard, shares)}
    return tuple(sorted(one for one in found if different[0] < one < different[-1]))


def _within_budget(columns: list[Column]) -> list[Column]:
    """Indicators for at most so many levels of all choices together, the same bound for each."""
    shown = [column.shown for column in columns if isinstance(column, ChoiceColumn)]
    most = max(shown, default=0)
    while most > 3 and sum(min(one, most) for one in shown) > INDICATORS:
        most -= 1
    return [
        replace(column, shown=min(column.shown, most)) if isinstance(column, ChoiceColumn) else column
        for column in columns
    ]


def _statistic(won: Floats, total: Floats, rate: float) -> Floats:
    """Log-odds of the rates of groups, shrunk towards the overall one, beside the overall one."""
    shrunk = (won + STATISTIC_RECORDS * rate) / (total + STATISTIC_RECORDS)
    return np.asarray(np.log(shrunk / (1 - shrunk)) - np.log(rate / (1 - rate)))


def _rate(outcomes: Outcomes) -> float:
    return (float(outcomes.weight @ outcomes.won) + 0.5) / (float(outcomes.weight.sum()) + 1.0)


def _with_statistics(column: Column, table: Table, outcomes: Outcomes) -> Column:
    if not isinstance(column, ChoiceColumn) or not column.statistics:
        return column
    bins = column.bins(table.columns.get(column.name), table.rows)
    total = _counts(bins, outcomes.weight, column.places)
    won = _counts(bins, outcomes.weight * outcomes.won, column.places)
    found = _statistic(won, total, _rate(outcomes))
    found[-2] = 0.0  # a value never seen says nothing
    return replace(column, statistics=tuple(round(float(one), 6) for one in found))


def _counts(places: Codes, weight: Floats, count: int) -> Floats:
    return np.bincount(places, weight, count).astype(np.float64)


def _cross_fitted(bins: Codes, places: int, outcomes: Outcomes) -> Floats:
    """Each row's statistic, learned from other groups' rows."""
    fold = np.random.default_rng(0).permutation(int(outcomes.groups.max()) + 1)[outcomes.groups] % FOLDS
    pairs = fold * places + bins
    shape = (FOLDS, places)
    total = _counts(pairs, outcomes.weight, FOLDS * places).reshape(shape)
    won = _counts(pairs, outcomes.weight * outcomes.won, FOLDS * places).reshape(shape)
    found = _statistic(won.sum(axis=0) - won, total.sum(axis=0) - total, _rate(outcomes))
    found[:, -2] = 0.0
    return np.asarray(found[fold, bins])


def _to_json(column: Column) -> dict[str, Any]:
    if isinstance(column, TextColumn):
        return column.to_json()
    if isinstance(column, ChoiceColumn):
        described = {"name": column.name, "levels": list(column.levels), "yes_no": column.yes_no}
        return described | {"shown": column.shown, "statistics": list(column.statistics)}
    numbers = {name: getattr(column, name) for name in ("low", "high", "log", "mean", "deviation")}
    return {"name": column.name, **numbers, "edges": list(column.edges), "knots": list(column.knots)}


def _from_json(data: Mapping[str, Any], index: int, arrays: Mapping[str, Floats]) -> Column:
    if "buckets" in data:
        return TextColumn.from_json(data, arrays[f"text{index}"])
    if "levels" in data:
        return ChoiceColumn(
            data["name"], tuple(data["levels"]), data["yes_no"], data["shown"], tuple(data["statistics"])
        )
    shape = (data["low"], data["high"], data["log"], data["mean"], data["deviation"])
    return NumberColumn(data["name"], *shape, tuple(data["edges"]), tuple(data["knots"]))
