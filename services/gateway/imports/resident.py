"""Cells that hold a resident registration number: the row is refused, its notes are masked, and nothing repeats it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from services.gateway.domain import FieldError
from services.gateway.imports.schema import FileSpec
from services.gateway.privacy.resident_numbers import MEND, MESSAGE, holds_resident_number, masked

SHORTEST = 13  # characters of such a number
_NOTES = re.compile(r"메모|비고|내용|특이|참고|코멘트|\b(?:notes?|memo|comments?|remarks?)\b", re.IGNORECASE)


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
