"""Formulas of a workbook that were never worked out, as programs leave them that write files without Excel."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from services.gateway.domain import FieldError
from services.gateway.privacy.resident_numbers import masked_name

MOST = 20_000  # cells that are refused by themselves; a workbook with more is refused whole
NEVER, SAVE = "the formula was never worked out", "open the file in Excel, save it once, and import it again"
_UNWORKED = re.compile(  # of a formula that came to an empty text, Excel says t="str"
    rb'<(?:\w+:)?c(?![^>]*\bt="str")([^>]*)>\s*<(?:\w+:)?f(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>|</(?:\w+:)?c>)"
)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
Cell = tuple[int, int]  # line from 1, column from 0


@dataclass(slots=True)
class Unworked:
    """Such cells by the part of the archive that they stand in; `placeless` where a cell does not say where it is."""

    cells: dict[str, set[Cell]] = field(default_factory=dict)
    placeless: bool = False

    def look(self, part: str, chunk: bytes) -> None:
        """Find those of a piece of a part."""
        for found in _UNWORKED.finditer(chunk):
            place = _PLACE.search(found[1])
            if place is None:
                self.placeless = True
            elif not self.too_many:
                self.cells.setdefault(part, set()).add((int(place[2]), _column(place[1])))

    @property
    def too_many(self) -> bool:
        """Whether they are too many to be told one by one."""
        return sum(map(len, self.cells.values())) >= MOST


def _column(letters: bytes) -> int:
    place = 0
    for each in letters:
        place = place * 26 + each - ord("A") + 1
    return place - 1


def reference(cell: Cell) -> str:
    """What Excel calls a cell."""
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(cell[1] + 1)}{cell[0]}"


def cell_error(sheet: str, cell: Cell, heading: str) -> FieldError:
    """Why a row with such a cell is refused."""
    return FieldError(heading, f"{masked_name(sheet)}!{reference(cell)}", NEVER, SAVE)
