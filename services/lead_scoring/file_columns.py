"""A file's cells as the model's columns: what is read how, days made relative, parts of the calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from learning.columns import MISSING, Floats, Table, Texts
from learning.csv_file import distinct_names
from learning.tabular import Kind, Raw, Reading, read_column
from services.lead_scoring.file_flags import Note
from services.lead_scoring.file_time import Order

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PART_ROWS = 1_000  # fewer rows cannot tell what a weekday means
WEEKDAY_SPAN, MONTH_SPAN = 56, 730  # days that a file must span for a part to come again
CLOCK_SHARE = 0.5
MOST_DATES = 5  # without an order, so many columns of days get parts


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the calendar that becomes a column of its own."""

    name: str
    source: str
    part: str  # weekday, month or hour


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file's columns are read: learned on the training file, it serves the test file too.

    newest: by column of days, the last one in training, which days count from where no moment orders the rows.
    """

    readings: Mapping[str, Reading]  # of every column that is read, the moment's too
    features: tuple[str, ...]
    order: Order
    newest: Mapping[str, float]
    parts: tuple[Part, ...]

    def table(self, raws: Mapping[str, Raw], rows: int, garbage: Counter[str]) -> tuple[Table, Floats | None]:
        """The feature columns and the rows' moments. `garbage` gains the cells that are none of their column's kind.

        Columns that the file lacks are missing throughout.
        """
        read: dict[str, Floats | Texts] = {}
        for name in (*self.features, *([self.order.column] if self.order.column else [])):
            if name in raws and name not in read:
                read[name], bad = read_column(raws[name], self.readings[name])
                garbage[name] += bad
        moment = read.get(self.order.column)
        moments = moment if isinstance(moment, np.ndarray) else None
        return self.assemble(read, moments, rows), moments

    def assemble(self, read: Mapping[str, Floats | Texts], moments: Floats | None, rows: int) -> Table:
        """The columns that models see, from columns as read."""
        columns: dict[str, Floats | Texts] = {}
        dates = set[str]()
        for name in self.features:
            column = read.get(name)
            if column is None:
                continue
            if self.readings[name].kind is Kind.DATE and isinstance(column, np.ndarray):
                since = moments if self.order.dates and moments is not None else self.newest[name]
                column = np.floor(column) - np.floor(since)
                dates.add(name)
            columns[name] = column
        for part in self.parts:
            source = read.get(part.source)
            if isinstance(source, np.ndarray):
                columns[part.name] = calendar_part(source, part.part)
        return Table(rows, columns, frozenset(dates))


def varies(column: Floats | Texts) -> bool:
    """Whether not all rows say the same; missing is something of its own."""
    values = column.codes if isinstance(column, Texts) else column
    return len(values) > 0 and not bool((values == values[0]).all() or (values != values).all())


def calendar_part(days: Floats, part: str) -> Floats | Texts:
    """The weekday or month of days as a choice, the hour as a number."""
    if part == "hour":
        return np.floor((days % 1.0) * 24 + 1e-6)
    known = np.isfinite(days)
    whole = np.where(known, days, 1.0).astype(np.int64)
    if part == "weekday":
        return Texts(WEEKDAYS, np.where(known, (whole - 1) % 7, MISSING))
    ordinals, place = np.unique(whole, return_inverse=True)
    months = np.array([date.fromordinal(day).month - 1 for day in ordinals.tolist()])
    return Texts([f"{month:02d}" for month in range(1, 13)], np.where(known, months[place], MISSING))


def worthwhile_parts(read: Mapping[str, Floats], order: Order, names: Collection[str]) -> tuple[Part, ...]:
    """Parts of the record's own day, or of the days there are, that come again often enough to be learned."""
    sources = [order.column] if order.column and order.dates else []
    if not order.column:
        sources = [name for name in read if name != order.column][:MOST_DATES]
    parts: list[Part] = []
    for source in sources:
        known = read[source][np.isfinite(read[source])]
        if len(known) < PART_ROWS:
            continue
        span = float(known.max() - known.min())
        told = {
            "weekday": span >= WEEKDAY_SPAN and len(np.unique(np.floor(known) % 7)) > 1,
            "month": span >= MONTH_SPAN,
            "hour": float((known % 1.0 > 0).mean()) >= CLOCK_SHARE and len(np.unique(np.floor(known % 1.0 * 24))) > 1,
        }
        for part in (part for part, good in told.items() if good):
            taken = [*names, *(one.name for one in parts)]
            parts.append(Part(distinct_names([*taken, f"{source}: {part}"])[-1], source, part))
    return tuple(parts)


def told_garbage(garbage: Mapping[str, int], readings: Mapping[str, Reading], where: Note) -> list[Note]:
    """What is said about cells that were taken for missing."""
    korean = {Kind.NUMBER: "숫자", Kind.DATE: "날짜"}
    return [
        Note(
            f"“{name}” in {where.en}: {count:,} cells are no {readings[name].kind.value} and count as missing.",
            f"{where.ko}의 “{name}”: {korean[readings[name].kind]}가 아닌 값 {count:,}개를 빈 값으로 보았습니다.",
        )
        for name, count in garbage.items()
        if count
    ]
