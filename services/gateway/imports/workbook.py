"""Excel workbooks as plain texts: what the sheets show, with what is merged and hidden, in bounded memory.

Formulas count as what they last came to. Macros, links and pictures are never opened.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from kit.errors import InvalidInput, TooLarge
from services.gateway.imports.file_kinds import SUFFIXES, check_workbook
from services.gateway.imports.formulas import SAVE, Cell, Unworked, reference
from services.gateway.privacy.resident_numbers import masked_name

LARGEST_FILE, LARGEST_CONTENT = 64 << 20, 256 << 20
MOST_PARTS, MOST_CELLS, MOST_COLUMNS = 2_000, 1_000_000, 1_000
LONGEST_CELL = 32_767  # as Excel has it
_CHUNK, _OVERLAP = 1 << 20, 8_192  # no formula is longer
_CELL = re.compile(rb"<(?:\w+:)?c[ >/]")


@dataclass(slots=True)
class Sheet:
    """A visible sheet: lines (numbered from 1) → column (from 0) → text, without empty cells."""

    name: str
    rows: dict[int, dict[int, str]]
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)  # first and last line, first and last column
    unworked: frozenset[Cell] = frozenset()  # cells whose formula was never worked out


def is_workbook(path: Path) -> bool:
    """Whether a file is to be read as a workbook."""
    return path.suffix.lower() in SUFFIXES


def read_workbook(path: Path) -> list[Sheet]:
    """The visible sheets that hold anything. Raises InvalidInput or TooLarge naming the file and the mend."""
    stat = path.stat()
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)  # several parts of a mapping may read one file
def _read(path: Path, _: int, size: int) -> list[Sheet]:
    unworked = _check(path, size)
    from openpyxl.reader.excel import ExcelReader

    try:
        reader = ExcelReader(path, data_only=True, keep_links=False)
        reader.read()
        book = reader.wb
        parts = {sheet.name: relation.target for sheet, relation in reader.parser.find_sheets()}
    except Exception:  # a broken file makes openpyxl fail in many ways
        raise _unreadable(path) from None
    try:
        shown = [
            _sheet(each, unworked.cells.get(parts.get(each.title, ""), ()))
            for each in book.worksheets
            if each.sheet_state == "visible"
        ]
        sheets = [sheet for sheet in shown if sheet.rows or sheet.unworked]
        if unworked.too_many and (first := next((each for each in sheets if each.unworked), None)):
            raise never_worked_out(path, first)
        if not sheets:
            raise _nothing(path, book)
    finally:
        book.close()
    return sheets


def _nothing(path: Path, book: Any) -> InvalidInput:
    """Why there is nothing to read: charts alone, hidden sheets alone, or nothing at all."""
    if any(each._cells for each in book.worksheets):
        message, mend = "every sheet with a table is hidden", "show the sheet in Excel, and save it"
    elif book.chartsheets:
        message, mend = "the workbook holds charts, but no table", "save the sheet that the charts are drawn from"
    else:
        message, mend = "the workbook is empty", "save it anew in Excel, or leave it out"
    return InvalidInput(message, field="PATH", value=masked_name(path.name), mend=mend)


def _unreadable(path: Path) -> InvalidInput:
    mend = "open it in Excel and save it as .xlsx, without a password or document protection (DRM)"
    return InvalidInput("this is no workbook that can be read", field="PATH", value=masked_name(path.name), mend=mend)


def never_worked_out(path: Path, sheet: Sheet) -> InvalidInput:
    """Why a workbook is refused whole: by the first of its formulas without a value."""
    place, told = reference(min(sheet.unworked)), masked_name(sheet.name)
    message = f"the formula in {place} of the sheet {told} was never worked out"
    return InvalidInput(message, field="PATH", value=masked_name(path.name), mend=SAVE)


def _check(path: Path, size: int) -> Unworked:
    """Refuse what would not fit into memory, or is not what it seems, before it is unpacked; formulas without value."""
    if size > LARGEST_FILE:
        raise _too_large(path)
    check_workbook(path)
    unworked = Unworked()
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(each.file_size for each in parts) > LARGEST_CONTENT:
                raise _too_large(path)
            texts = [each for each in parts if each.filename.endswith((".xml", ".rels"))]
            cells = sum(_cells(archive, each, path, unworked) for each in texts)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError):
        raise _unreadable(path) from None
    if cells > MOST_CELLS:
        raise _too_large(path)
    if unworked.placeless:
        mend = "open it in Excel and save it, so that the formulas are worked out"
        raise InvalidInput("it holds formulas without a value", field="PATH", value=masked_name(path.name), mend=mend)
    return unworked


def _too_large(path: Path) -> TooLarge:
    mend = f"keep at most {MOST_CELLS:,} cells, or save the sheet as CSV"
    return TooLarge("the workbook is too large", field="PATH", value=masked_name(path.name), mend=mend)


def _cells(archive: zipfile.ZipFile, part: zipfile.ZipInfo, path: Path, unworked: Unworked) -> int:
    """How many cells a part holds; parts that declare entities are refused, formulas without a value taken down."""
    found, of_sheet = 0, part.filename.startswith("xl/worksheets/")
    for chunk, fresh in _chunks(archive, part):
        if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
            raise _unreadable(path)
        if of_sheet:
            unworked.look(part.filename, chunk)
        found += sum(match.start() >= fresh for match in _CELL.finditer(chunk)) if of_sheet else 0
    return found


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[tuple[bytes, int]]:
    """The part piece by piece, each with the end of the one before, and from where on a match is a new one."""
    tail = b""
    with archive.open(part) as stream:
        while data := stream.read(_CHUNK):
            chunk = tail + data
            yield chunk, max(len(tail) - 2, 0)
            tail = chunk[-_OVERLAP:]


def _sheet(source: Any, unworked: Collection[Cell]) -> Sheet:
    rows: dict[int, dict[int, str]] = {}
    for (line, column), cell in sorted(source._cells.items()):  # iterating rows would make a cell for every gap
        if column <= MOST_COLUMNS and (text := text_of(cell.value)):
            rows.setdefault(line, {})[column - 1] = text
    hidden = {line for line, each in source.row_dimensions.items() if each.hidden}
    columns = {
        place - 1
        for each in source.column_dimensions.values()
        if each.hidden
        for place in range(each.min or 1, min(each.max or each.min or 1, MOST_COLUMNS) + 1)
    }
    ranges = [(one.min_row, one.max_row, one.min_col - 1, one.max_col - 1) for one in source.merged_cells.ranges]
    return Sheet(source.title, rows, frozenset(hidden), frozenset(columns), sorted(ranges), frozenset(unworked))


def text_of(value: Any) -> str:
    """A cell's value as text: numbers as Excel shows them at most exactly, days and times as ISO 8601 has them."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return _number(value)
        case datetime():
            moment = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
            return moment.date().isoformat() if moment.time() == time() else moment.isoformat()
        case date() | time():
            return value.isoformat()
    return str(value).strip()[:LONGEST_CELL]


def _number(value: float) -> str:
    text = f"{Decimal(f'{value:.15g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
