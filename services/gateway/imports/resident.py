"""Cells that hold a resident registration number: the row is refused, its notes are masked, and nothing repeats it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from kit.errors import InvalidInput
from services.gateway.domain import FieldError
from services.gateway.imports.schema import FileSpec
from services.gateway.privacy.resident_numbers import (
    MEND,
    MESSAGE,
    holds_resident_number,
    masked,
    masked_name,
    shown,
    shows_resident_number,
)

SHORTEST = 13  # characters of such a number
_NOTES = re.compile(r"메모|비고|내용|특이|참고|코멘트|\b(?:notes?|memo|comments?|remarks?)\b", re.IGNORECASE)


def check_headings(
    path: Path, line: int, columns: Sequence[str], sheet: str = "", places: Sequence[int] | None = None
) -> None:
    """Raises InvalidInput naming file, sheet, line and column where a heading holds one: a heading becomes the name of
    a field, and is remembered. `places` are those of the columns in the sheet, from 0."""
    for at, name in enumerate(columns):
        if not shows_resident_number(name):
            continue
        file = masked_name(path.name) + (f" / {masked_name(sheet)}" if sheet else "")
        column = _letters(places[at]) if places else str(at + 1)
        message = f"the heading of column {column} in line {line} of {file} holds a resident registration number"
        mend = "name the column otherwise, or delete it"
        raise InvalidInput(message, field="header", value=shown(name), mend=mend)


def _letters(place: int) -> str:
    """What Excel calls a column."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(place + 1))


def note_columns(spec: FileSpec) -> set[str]:
    """Columns that the mapping reads as the text of an activity."""
    return {source.column for source in spec.columns.get("text", ())}


def refused(
    columns: Sequence[str], cells: list[str], used: Collection[int], notes: Collection[str]
) -> list[FieldError]:
    """An error for each cell that holds one, by its column alone; in notes they are masked instead, in place."""
    found = []
    for at in used:
        if at >= len(cells) or len(cells[at]) < SHORTEST:
            continue
        heading = columns[at]
        if heading in notes or _NOTES.search(heading):
            cells[at] = masked(cells[at])
        elif holds_resident_number(cells[at], heading):
            found.append(FieldError(heading, "", MESSAGE, MEND))
    return found


def unrepeated(
    columns: Sequence[str], cells: Sequence[str], errors: Sequence[FieldError]
) -> tuple[list[str], list[FieldError]]:
    """Cells and errors of a refused row as they may be written down: with every such number masked."""
    headings = [*columns, *[""] * max(0, len(cells) - len(columns))]
    told = [
        masked(cell, heading) if len(cell) >= SHORTEST else cell for cell, heading in zip(cells, headings, strict=False)
    ]
    hidden = [replace(one, value=masked(one.value, one.field)) if len(one.value) >= SHORTEST else one for one in errors]
    return told, hidden
