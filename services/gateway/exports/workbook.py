"""Tables as xlsx workbooks, row after row: days, times and money as cells that can be reckoned with, text as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from kit.errors import TooLarge
from kit.money import decimals, is_currency
from services.gateway.exports.columns import Cell, Kind, Row, Table
from services.gateway.exports.text_files import FORMULA
from services.gateway.web.words import Words

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
LONGEST_TEXT = 32_767
NARROWEST, WIDEST = 8, 60  # characters
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_FORMATS = {Kind.SHARE: "0.0%", Kind.DAY: "yyyy-mm-dd", Kind.TIME: "yyyy-mm-dd hh:mm", Kind.INTEGER: "#,##0"}
# XML knows no control characters: the format writes them as _x000D_, and so that text itself with its _ escaped.
_ESCAPED = re.compile("[\x01-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


class XlsxFile:
    """One sheet with its headings frozen and filters on them."""

    def __init__(self, path: Path, table: Table, language: str) -> None:
        if len(table.columns) > MOST_COLUMNS:
            raise _too_large(f"{len(table.columns):,} columns", f"{MOST_COLUMNS:,}")
        self._path, self._columns = path, table.columns
        self._words = Words(language)
        self._coded = [(at, each.codes) for at, each in enumerate(table.columns) if each.codes]
        self._headings = [each.headings[language] for each in table.columns]
        names = [each.name for each in table.columns]
        self._currency = [names.index(each.currency) if each.currency else -1 for each in table.columns]
        self._book = Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet(table.titles[language])
        self._styles: dict[str, Any] = {}
        # A cell a column, used for row after row: making and checking one takes as long as a third of writing it.
        self._cells = [WriteOnlyCell(self._sheet) for _ in table.columns]
        self._plain = self._cells[0]._style
        quoted = WriteOnlyCell(self._sheet)
        quoted.quotePrefix = True
        self._quoted = quoted._style
        self._count = 0

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows; the first of them decide how wide the columns are. Raises TooLarge beyond a sheet's rows."""
        if self._coded:
            rows = [self._worded(row) for row in rows]
        if not self._count:
            self._begin(rows)
        self._count += len(rows)
        if self._count >= MOST_ROWS:
            raise _too_large("more rows", f"{MOST_ROWS - 1:,}")
        for row in rows:
            self._sheet.append([self._cell(at, row) for at in range(len(row))])

    def close(self) -> None:
        """Finish the file."""
        if not self._count:
            self._begin([])
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._columns))}{self._count + 1}"
        self._book.save(self._path)

    def _begin(self, rows: Sequence[Row]) -> None:
        """Widths and panes stand before the first row in the file."""
        self._sheet.freeze_panes = "A2"
        for at, heading in enumerate(self._headings):
            widest = max([_width(heading) + 3, *(_width(_shown(row[at])) + 1 for row in rows)])
            self._sheet.column_dimensions[get_column_letter(at + 1)].width = min(max(widest, NARROWEST), WIDEST)
        cells = [self._text(heading) for heading in self._headings]
        for cell in cells:
            cell.font, cell.alignment = Font(bold=True), Alignment(vertical="top")
        self._sheet.append(cells)

    def _worded(self, row: Row) -> Row:
        """The row with its codes as pages call them."""
        cells = list(row)
        for at, section in self._coded:
            if isinstance(code := cells[at], str):
                known = code if self._words.knows(section, code) else code.lower()
                cells[at] = self._words.name(section, known) or None if self._words.knows(section, known) else code
        return cells

    def _cell(self, at: int, row: Row) -> Any:
        value, kind = row[at], self._columns[at].kind
        if value is None or isinstance(value, bool):
            return value
        cell = self._cells[at]
        if isinstance(value, str):
            cell._value, cell.data_type = _fitting(value), "s"
            # so that it is not taken for a formula when it is edited either
            cell._style = self._quoted if FORMULA.match(value) else self._plain
            return cell
        cell.data_type = "d" if isinstance(value, date) else "n"
        shown = _FORMATS.get(kind, "General")
        if kind is Kind.MONEY:
            places = _places(row[self._currency[at]])
            shown = "#,##0" + ("." + "0" * places if places else "")
            if isinstance(value, Decimal):  # a format alone would leave a mean's fractions to who copies the cell
                value = value.quantize(Decimal(1).scaleb(-places), context=_EXACT) or Decimal(0)  # never -0
        if isinstance(value, datetime):
            value = value.replace(tzinfo=None)  # such cells have no zone; the heading says UTC
        elif isinstance(value, Decimal | float):
            value = f"{value:f}" if isinstance(value, Decimal) else repr(value)  # else cut to 16 digits
        cell._value = value
        cell._style = self._styles.get(shown) or self._style(shown)
        return cell

    def _style(self, shown: str) -> Any:
        """The style of a number format, looked up once: a tenth of setting it."""
        cell = WriteOnlyCell(self._sheet)
        cell.number_format = shown
        self._styles[shown] = cell._style
        return cell._style

    def _text(self, text: str) -> Any:
        """Text stays text, also where it begins like a formula or is spelled like an error; longer than a cell takes
        is cut."""
        cell = WriteOnlyCell(self._sheet, _fitting(text))
        cell.data_type = "s"
        if FORMULA.match(text):
            cell.quotePrefix = True  # so that it is not taken for a formula when it is edited either
        return cell


def _fitting(text: str) -> str:
    """The text as a cell holds it: escaped, and cut where it is longer than one takes."""
    escaped = _escaped(text)
    return escaped if len(escaped) <= LONGEST_TEXT else _cut(text)


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _cut(text: str) -> str:
    """As much of the text, escaped, as a cell takes, never within an escape."""
    room = LONGEST_TEXT - 1
    while len(escaped := _escaped(text[:room])) >= LONGEST_TEXT:
        room = room * 9 // 10
    return escaped + "…"


def _places(currency: Cell) -> int:
    return decimals(currency)[0] if isinstance(currency, str) and is_currency(currency) else 2


def _shown(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return "2017-09-30 12:00"
    return "2017-09-30" if isinstance(cell, date) else str(cell) if cell is not None else ""


def _width(text: str) -> int:
    """In characters of a sheet; Korean ones are two wide."""
    start = text.split("\n", 1)[0][:WIDEST]
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in start)


def _too_large(what: str, most: str) -> TooLarge:
    return TooLarge(f"the table has {what}; a sheet takes {most}", field="format", value="xlsx", mend="Use csv")
