"""A file's cells as the model's columns: what is read how, days made relative, parts of the calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from learning.columns import MISSING, Floats, Table, Texts
from learning.csv_file import distinct_names
from learning.tabular import Kind, Raw, Reading, read_cells
from learning.texts import reads_as_text
from services.lead_scoring.file_flags import Note, counted
from services.lead_scoring.file_time import Order

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PART_ROWS = 1_000  # fewer rows cannot tell what a weekday means
WEEKDAY_SPAN, MONTH_SPAN = 56, 730  # days that a file must span for a part to come again
CLOCK_SHARE = 0.5
MOST_DATES = 5  # without an order, so many columns of days get parts
MOST_GARBAGE = 6  # columns of it that are told one by one
MOST_WORDS, SHOWN_WORDS, SHOWN_WORD = 200, 3, 30  # among numbers: remembered, told, characters of each

Garbage = dict[str, Counter[str]]  # by column, the cells that are none of its kind
Columns = dict[str, Floats | Texts]


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
    strays: by column and word that stands among its numbers or days, the name of the column that says where.
    later: the readings of columns that the test file writes in a way of its own.
    """

    readings: Mapping[str, Reading]  # of every column that is read, the moment's too
    features: tuple[str, ...]
    order: Order
    newest: Mapping[str, float]
    parts: tuple[Part, ...]
    strays: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    later: Mapping[str, Reading] = field(default_factory=dict)

    def table(self, raws: Mapping[str, Raw], rows: int, garbage: Garbage) -> tuple[Table, Floats | None]:
        """The feature columns of the test file and the rows' moments. `garbage` gains the cells that are none of their
        column's kind.

        Columns that the file lacks are missing throughout.
        """
        read: Columns = {}
        for name in (*self.features, *([self.order.column] if self.order.column else [])):
            if name in raws and name not in read:
                reading = self.later.get(name, self.readings[name])
                read_into(read, name, raws[name], reading, self.strays.get(name, {}), garbage)
        moment = read.get(self.order.column)
        moments = moment if isinstance(moment, np.ndarray) else None
        return self.assemble(read, moments, rows), moments

    def assemble(self, read: Mapping[str, Floats | Texts], moments: Floats | None, rows: int) -> Table:
        """The columns that models see, from columns as read."""
        columns: Columns = {}
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
            columns |= {one: read[one] for one in self.strays.get(name, {}).values() if one in read}
        for part in self.parts:
            source = read.get(part.source)
            if isinstance(source, np.ndarray):
                columns[part.name] = calendar_part(source, part.part)
        return Table(rows, columns, frozenset(dates))


def read_into(
    read: Columns, name: str, raw: Raw, reading: Reading, strays: Mapping[str, str], garbage: Garbage
) -> None:
    """Read a column, and those that say where its stray words stand, into `read`; what is none of its kind, into
    `garbage`."""
    cells = read_cells(raw, reading)
    read[name] = cells.column
    read |= {strays[word]: column for word, column in cells.strays.items() if word in strays}
    if cells.garbage:
        words = garbage.setdefault(name, Counter())
        words.update(cells.garbage)
        if len(words) > MOST_WORDS:
            kept = dict(words.most_common(MOST_WORDS - 1))
            kept["…"] = kept.get("…", 0) + words.total() - sum(kept.values())
            garbage[name] = Counter(kept)


def stray_names(readings: Mapping[str, Reading], names: Collection[str]) -> dict[str, dict[str, str]]:
    """By column and stray word, a name that no column has."""
    found: dict[str, dict[str, str]] = {}
    taken = [*names]
    for name, reading in readings.items():
        for word in reading.strays:
            taken.append(distinct_names([*taken, f"{name} = {word}"])[-1])
            found.setdefault(name, {})[word] = taken[-1]
    return found


def kinds_read(table: Table, readings: Mapping[str, Reading]) -> dict[str, list[str]]:
    """The columns of a table by what they were read as: number, date, yes/no, choice, codes or text."""
    found: dict[str, list[str]] = {}
    for name, column in table.columns.items():
        reading = readings.get(name)
        if reading is None or not varies(column):
            continue
        kind = str(reading.kind)
        if reading.kind is Kind.TEXT and isinstance(column, Texts):
            kind = "codes" if reading.codes else "text" if reads_as_text(column) else "choice"
        found.setdefault(kind, []).append(name)
    return found


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


def told_garbage(
    garbage: Mapping[str, Counter[str]], readings: Mapping[str, Reading], strays: Mapping[str, Mapping[str, str]],
    where: Note,
) -> list[Note]:  # fmt: skip
    """What is said about cells that were taken for missing."""
    korean = {Kind.NUMBER: "숫자", Kind.DATE: "날짜"}
    notes = []
    told = sorted((name for name, words in garbage.items() if words), key=lambda name: -garbage[name].total())
    for name in told[:MOST_GARBAGE]:
        words, kind = garbage[name], readings[name].kind
        total = words.total()
        often = [f"“{word[:SHOWN_WORD]}” {count:,}" for word, count in words.most_common(SHOWN_WORDS) if word != "…"]
        listed = ", ".join(often) + (", …" if len(words) > len(often) else "")
        apart = ", ".join(f"“{one}”" for one in strays.get(name, {}).values())
        are = "is" if total == 1 else "are"
        counts = "counts" if total == 1 else "count"
        notes.append(Note(
            f"“{name}” in {where.en}: {counted(total, 'cell')} {are} no {kind.value} and {counts} as missing ({listed})"
            + (f"; columns of their own say where they stand: {apart}." if apart else "."),
            f"{where.ko}의 “{name}”: {korean[kind]}가 아닌 값 {total:,}개를 빈 값으로 보았습니다({listed})."
            + (f" 별도 열로 구분: {apart}." if apart else ""),
        ))  # fmt: skip
    if others := told[MOST_GARBAGE:]:
        total = sum(garbage[name].total() for name in others)
        notes.append(Note(
            f"The same in {counted(len(others), 'more column')} of {where.en}: {counted(total, 'cell')}.",
            f"{where.ko}의 다른 열 {len(others)}개도 같음: 값 {total:,}개.",
        ))  # fmt: skip
    return notes
