"""Tables as CSV and as NDJSON."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import orjson

from services.gateway.exports.columns import Cell, Row, Table
from services.gateway.json_values import time_text

# Spreadsheets take such a text for a formula, wherever it came from. Its quotes are counted in, so that one can be
# taken off again without a doubt.
FORMULA = re.compile("'*(?:[\t\r\n]|\\s*[=+\\-@\uff0b\uff0d\uff1d\uff20])")


def safe_text(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would reckon."""
    return f"'{text}" if FORMULA.match(text) else text


class CsvFile:
    """UTF-8 with a byte order mark, commas, lines ending in CRLF (RFC 4180)."""

    def __init__(self, path: Path, table: Table, language: str) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([safe_text(each.headings[language]) for each in table.columns])

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows."""
        self._writer.writerows([_csv_cell(cell) for cell in row] for row in rows)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return safe_text(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, date):  # times are, too
        return time_text(cell)
    return "" if cell is None else str(cell)


class NdjsonFile:
    """An object a line, by the columns' names. Money is decimal text, as in REST."""

    def __init__(self, path: Path, table: Table, language: str) -> None:
        self._file = path.open("wb")
        self._names = [each.name for each in table.columns]

    def append(self, rows: Sequence[Row]) -> None:
        """Write rows."""
        lines = (dict(zip(self._names, map(_json_cell, row), strict=True)) for row in rows)
        self._file.writelines(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _json_cell(cell: Cell) -> Cell:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return time_text(cell) if isinstance(cell, datetime) else cell
