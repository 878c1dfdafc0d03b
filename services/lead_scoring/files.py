"""Two CSV files of anybody's making, one to learn from and one to score, as the model's own kind of data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from kit.errors import InvalidInput
from learning.cell_numbers import is_missing
from learning.columns import Floats, Table
from learning.csv_file import CsvFile
from learning.guard_histories import Verdict
from learning.guard_rows import Finding, find_in_rows
from learning.identifiers import is_identifier
from learning.tabular import Kind, Raw, Reading, read_column
from learning.tabular_kinds import learn_reading, settle_days, settle_marks
from learning.tabular_later import later_readings
from services.lead_scoring.dataset import Dataset, Ints
from services.lead_scoring.file_columns import (
    Columns,
    Garbage,
    Layout,
    read_into,
    stray_names,
    told_garbage,
    varies,
    worthwhile_parts,
)
from services.lead_scoring.file_flags import ROW_ORDER, FileOptions, Note, counted, find_column, find_columns
from services.lead_scoring.file_reading import Progress, read_raws, told_changes, told_rows, without_footer
from services.lead_scoring.file_scored import TestFile, open_test
from services.lead_scoring.file_target import Target, learn_target, told_repeated, told_unknown
from services.lead_scoring.file_time import Order, comes_after, named_order, own_date, places, told

TRAIN = Note("the training file", "학습 파일")
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Training:
    """The training file: closed rows, open ones (for the guard alone), and what is to be said about them."""

    layout: Layout
    target: Target
    table: Table
    opened: Table | None
    won: Floats
    taken: Ints
    record: Ints
    ids: tuple[str, ...]
    keep: frozenset[str]
    identifiers: tuple[str, ...]
    notes: list[Note]

    def guard(self) -> list[Finding]:
        """What gives the outcome away; the columns of --keep are suspected at most."""
        return find_in_rows(self.table, self.won, self.opened, self.keep)

    def dataset(self, findings: Sequence[Finding] = ()) -> Dataset:
        """The rows to train on, without the columns that were found to be leaks."""
        verdict = Verdict(
            tuple(one.as_dropped() for one in findings if one.drop), tuple(one for one in findings if not one.drop)
        )
        return Dataset(
            self.table.without(verdict.absent), self.ids, self.record, self.taken, self.taken.copy(),
            self.won, np.ones(len(self.won)), verdict, self.layout.order.ordered,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Flags:
    """The flags as columns of the training file; "" where there is none."""

    target: str
    id: str
    time: str
    keep: frozenset[str]
    drop: frozenset[str]

    @classmethod
    def of(cls, options: FileOptions, names: Sequence[str]) -> _Flags:
        time = options.time or ""
        flags = cls(
            find_column(names, options.target, "--target"),
            find_column(names, options.id, "--id") if options.id else "",
            time if time in ("", ROW_ORDER) else find_column(names, time, "--time"),
            find_columns(names, options.keep, "--keep"), find_columns(names, options.drop, "--drop"),
        )  # fmt: skip
        flags._check()
        return flags

    def _check(self) -> None:
        """Raises InvalidInput where two flags want different things of a column."""
        for name, ones in (("--id", {self.id}), ("--time", {self.time}), ("--drop", self.drop), ("--keep", self.keep)):
            if self.target in ones:
                raise InvalidInput("this column is the target", field=name, value=self.target,
                                   mend="name another column")  # fmt: skip
        if both := self.keep & self.drop:
            raise InvalidInput("a column is to be kept and left out", field="--drop", value=min(both),
                               mend="name it in --keep or in --drop")  # fmt: skip
        if self.id in self.keep:
            raise InvalidInput("this column names the rows", field="--keep", value=self.id,
                               mend="leave --id out if models are to learn from it")  # fmt: skip

    def wanted(self, names: Sequence[str]) -> list[str]:
        """The columns to read at all."""
        return [name for name in names if name not in self.drop or name in (self.target, self.id, self.time)]


def read_files(options: FileOptions, progress: Progress) -> tuple[Training, TestFile]:
    """Read the training file, and of the test file what must be known before. Raises DealcastErrors with the mend."""
    file = CsvFile(options.train, "--train")
    flags = _Flags.of(options, file.names)
    test = open_test(options, file.names)
    raws, rows = read_raws(file, flags.wanted(file.names), progress, "reading the training file")
    raws, said = without_footer(raws, flags.target, TRAIN)
    notes = [*told_rows(file, rows, TRAIN), *said]
    key, goal = raws.pop(flags.id, None), raws.pop(flags.target)
    comma = file.delimiter == ";"
    readings = settle_marks({name: learn_reading(raw, comma_likely=comma) for name, raw in raws.items()})
    order = named_order(flags.time, readings) if flags.time else Order()
    days = [name for name, one in readings.items() if one.kind is Kind.DATE]
    numbers = [name for name, one in readings.items() if one.kind is Kind.NUMBER]
    test.look(flags.target, order.column, days, numbers, progress)
    readings = settle_days(readings, test.columns)
    of_test, changes = later_readings(readings, raws, test.columns)
    notes += told_changes(changes)
    later = test.columns.get(flags.target)
    target, said = learn_target(goal, flags.target, options.positive, later, options.not_over)
    notes = [*said, *(told_unknown(target, later) if later is not None else ()), *notes]
    outcome = target.outcomes(goal)
    strays = stray_names(readings, file.names)
    read, garbage = _read_all(raws, readings, strays)
    notes += told_garbage(garbage, readings, strays, TRAIN)
    if not flags.time:
        order, said = _own_order(read, readings, of_test, outcome, test)
        notes += said
    layout, identifiers, said = _lay_out(read, readings, order, flags, file.names, strays)
    layout = replace(layout, later=of_test)
    training = _training(layout, target, read, outcome, key, flags, (*identifiers,), [*notes, *said])
    if key is not None:
        test.compare_ids(key)
    test.target = target
    return training, test


def _read_all(
    raws: dict[str, Raw], readings: Mapping[str, Reading], strays: Mapping[str, Mapping[str, str]]
) -> tuple[Columns, Garbage]:
    """All columns; the raw ones are given up on the way, because both together are large."""
    read: Columns = {}
    garbage: Garbage = {}
    for name in list(raws):
        read_into(read, name, raws.pop(name), readings[name], strays.get(name, {}), garbage)
    return read, garbage


def _own_order(
    read: Columns, readings: Mapping[str, Reading], of_test: Mapping[str, Reading], outcome: Floats, test: TestFile
) -> tuple[Order, list[Note]]:
    """The order by the record's own day, where a column plainly is that."""
    days = {name: read[name] for name, one in readings.items() if one.kind is Kind.DATE}
    numbers = {name: column for name, column in days.items() if isinstance(column, np.ndarray)}
    opened = np.isnan(outcome)
    name = own_date(numbers, opened) if numbers else ""
    order, compared = Order(), False
    if name:
        reading = of_test.get(name, readings[name])
        later = read_column(test.columns[name], reading)[0] if name in test.columns else np.zeros(0)
        order = Order(name, isinstance(later, np.ndarray) and comes_after(numbers[name][~opened], later), dates=True)
        compared = isinstance(later, np.ndarray) and bool(np.isfinite(later).any())
    return order, told(order, named=False, candidates=list(numbers), compared=compared)


def _lay_out(
    read: Columns, readings: Mapping[str, Reading], order: Order, flags: _Flags, names: Sequence[str],
    strays: Mapping[str, Mapping[str, str]],
) -> tuple[Layout, list[str], list[Note]]:  # fmt: skip
    """Which columns models see, which name the rows, and what is said about those."""
    dates = {
        name: column for name, one in readings.items()
        if one.kind is Kind.DATE and isinstance(column := read[name], np.ndarray)
    }  # fmt: skip
    identifiers = [
        name for name in readings
        if name not in dates and name not in flags.keep and name != order.column and is_identifier(read[name])
    ]  # fmt: skip
    aside = {*identifiers, order.column, *(name for name, one in readings.items() if one.kind is Kind.EMPTY)}
    features = tuple(name for name in readings if name not in aside)
    coded = [name for name in features if readings[name].codes]
    newest = {name: float(np.nanmax(days)) for name, days in dates.items()}
    shown = Order() if order.column in flags.drop else order
    parts = worthwhile_parts({name: dates[name] for name in dates if name not in flags.drop}, shown, names)
    layout = Layout(readings, features, order, newest, parts, strays)
    notes = []
    if coded:
        listed = ", ".join(f"“{name}”" for name in coded)
        notes.append(Note(
            f"Read as codes, not as quantities, because their numbers are far apart and come again: {listed}.",
            f"수량이 아닌 코드로 읽은 열(값이 띄엄띄엄 반복됨): {listed}.",
        ))  # fmt: skip
    same = [name for name in features if name not in dates and not varies(read[name])]
    if same:
        listed = ", ".join(f"“{name}”" for name in same)
        notes.append(
            Note(f"The same in every row, so of no use: {listed}.", f"모든 행의 값이 같아 쓰이지 않는 열: {listed}.")
        )
    if identifiers:
        listed = ", ".join(f"“{name}”" for name in identifiers)
        notes.append(Note(
            f"Left out because every row has its own value, as numbers and codes of records do: {listed} (--keep).",
            f"행마다 값이 다른 식별자로 보여 뺐습니다: {listed} (--keep).",
        ))  # fmt: skip
    return layout, identifiers, notes


def _training(
    layout: Layout, target: Target, read: Columns, outcome: Floats, key: Raw | None, flags: _Flags,
    identifiers: tuple[str, ...], notes: list[Note],
) -> Training:  # fmt: skip
    rows = len(outcome)
    moment = read.get(layout.order.column)
    moments = moment if isinstance(moment, np.ndarray) else None
    table = layout.assemble(read, moments, rows)
    closed = np.isfinite(outcome)
    taken = places(moments, rows, dates=layout.order.dates)[closed]
    record, ids = _records(key, closed)
    if key is not None:
        notes += told_repeated(record, outcome[closed])
    if moments is not None and (gone := int(np.isnan(moments[closed]).sum())):
        name = layout.order.column
        notes.append(Note(
            f"{counted(gone, 'row')} without “{name}”: taken to lie in the middle.",
            f"“{name}” 값이 없는 행 {gone:,}개는 기간의 중간으로 보았습니다.",
        ))  # fmt: skip
    opened = table.take(~closed) if not closed.all() else None
    closed_table = table if opened is None else table.take(closed)
    return Training(
        layout, target, closed_table, opened, outcome[closed], taken, record, ids, flags.keep, identifiers, notes
    )


def _records(key: Raw | None, closed: Mask) -> tuple[Ints, tuple[str, ...]]:
    """Which record each closed row is of: rows that share an id are of one. The records' ids."""
    count = int(closed.sum())
    if key is None:
        return np.arange(count), tuple(str(row) for row in (np.flatnonzero(closed) + 1).tolist())
    codes = key.codes[closed]
    nameless = np.array([is_missing(text) for text in key.texts.to_pylist()], dtype=np.bool_)
    own = np.where(nameless[codes], len(key.texts) + np.arange(count), codes)
    kept, record = np.unique(own, return_inverse=True)
    texts = pc.take(key.texts, np.minimum(kept, len(key.texts) - 1)).to_pylist() if count else []
    return record.astype(np.int64), tuple(texts)
