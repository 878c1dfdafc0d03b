"""What is kept about a person as a workbook: a sheet for the person, the places, and each table."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, WriteOnlyCell

LONGEST_CELL, LONGEST_NAME = 32_767, 31


def workbook(found: Mapping[str, Any]) -> bytes:
    """The bytes of the file. Texts stay texts, whatever they begin with: nothing in it is a formula."""
    book = Workbook(write_only=True)
    _sheet(book, "person", ("field", "value"), found["person"].items())
    _sheet(book, "places", ("store", "place", "count"), [(e["store"], e["place"], e["count"]) for e in found["found"]])
    for name, rows in found["tables"].items():
        columns = list(rows[0])
        _sheet(book, name, columns, ([row[column] for column in columns] for row in rows))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _sheet(book: Any, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet = book.create_sheet(name[:LONGEST_NAME])
    sheet.append(list(columns))
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: Any, value: Any) -> Cell | None:
    if value is None:
        return None
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 1e15):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub(" ", str(value))[:LONGEST_CELL])
    cell.data_type = "s"
    return cell
