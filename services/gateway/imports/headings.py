"""Where a sheet's table begins: the line, or two lines, that name its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from services.gateway.imports.units import heading_unit, sheet_unit
from services.gateway.imports.workbook import Sheet

SEARCHED = 40  # lines from the top
_REMARKS = re.compile(r"비\s?고|메모|특이\s?사항|참고\s?사항|remarks?|notes?|comments?", re.IGNORECASE)
TITLE = 0.8  # of the columns: a cell merged over more is the table's title, over fewer it groups columns
_NOTE = re.compile(r"\S\s*[:：]\s*\S")  # 기준일: 2026-11-23
_NUMBER = re.compile(r"[\d.,%()₩￦$+\-\u2212/:\sT]+")


@dataclass(slots=True)
class Header:
    """The names of the columns (place in the sheet → name) and where the rows begin; `unit` is told for the whole
    table, `units` by the headings themselves."""

    line: int
    first: int  # line of the first row
    names: dict[int, str] = field(default_factory=dict)
    unit: str = ""
    score: tuple[int, int] = (0, 0)

    @property
    def units(self) -> dict[str, str]:
        """Columns whose headings tell a unit."""
        return {name: unit for name in self.names.values() if (unit := heading_unit(name))}


def find_header(sheet: Sheet, knows: Callable[[str], bool]) -> Header | None:
    """The line that names most columns that are known, of equal ones most columns, of those the uppermost; None where
    no line names two."""
    best: Header | None = None
    for line in sorted(sheet.rows)[:SEARCHED]:
        for names, depth in ((_names(sheet, line), 1), (_double(sheet, line, knows), 2)):
            if len(names) < 2:
                continue
            score = (sum(knows(name) for name in names.values()), len(names))
            if best is None or score > best.score:
                best = Header(line, line + depth, names, score=score)
    if best is None:
        return None
    return Header(best.line, best.first, _distinct(best.names), _unit_above(sheet, best.first), best.score)


def _texts(sheet: Sheet, line: int) -> dict[int, str]:
    row = sheet.rows.get(line, {})
    return {at: " ".join(text.split()) for at, text in row.items() if at not in sheet.hidden_columns}


def _names(sheet: Sheet, line: int) -> dict[int, str]:
    return {at: text for at, text in _texts(sheet, line).items() if not _NUMBER.fullmatch(text)}


def _double(sheet: Sheet, line: int, knows: Callable[[str], bool]) -> dict[int, str]:
    """Names of two lines, where a heading stands merged above several: "금액 예상", "금액 확정". A lower one that is
    known or one of remarks, and stands there once, needs no other."""
    upper, lower = _texts(sheet, line), _texts(sheet, line + 1)
    wide = [one for one in sheet.merged if one[0] == one[1] == line and one[3] > one[2] and one[2] in upper]
    if _is_title(upper, wide, lower):
        return {}
    if not wide or any(_NUMBER.fullmatch(text) for text in lower.values()):
        return {}
    for _, _, first, last in wide:
        upper |= {at: upper[first] for at in range(first, last + 1) if at in lower}
    if not any(at in upper for at in lower):
        return {}
    below = list(lower.values())
    alone = {
        at
        for at, text in lower.items()
        if (knows(text) or _REMARKS.fullmatch(text)) and below.count(text) == 1 and not heading_unit(upper.get(at, ""))
    }
    upper = {at: text for at, text in upper.items() if at not in alone}
    return {at: " ".join(filter(None, (upper.get(at), lower.get(at)))) for at in sorted({*upper, *lower})}


def _is_title(
    upper: Mapping[int, str], wide: Iterable[tuple[int, int, int, int]], lower: Collection[int]
) -> bool:  # fmt: skip
    """Whether a line is the table's title: one text beside notes such as the unit, over (nearly) all columns."""
    texts = {at for at, text in upper.items() if not (sheet_unit(text) or _NOTE.search(text))}
    for _, _, first, last in wide:
        over = sum(first <= at <= last for at in lower)
        if texts <= {first} and over >= TITLE * len(lower):
            return True
    return False


def _distinct(names: dict[int, str]) -> dict[int, str]:
    """A name that was there before gets a number."""
    found: dict[int, str] = {}
    for at in sorted(names):
        name, number = names[at], 2
        while name in found.values():
            name, number = f"{names[at]} ({number})", number + 1
        found[at] = name
    return found


def _unit_above(sheet: Sheet, first: int) -> str:
    texts = (text for line in sorted(sheet.rows) if line < first for text in sheet.rows[line].values())
    return next((unit for text in texts if (unit := sheet_unit(text)) and not _is_of_column(text)), "")


def _is_of_column(text: str) -> bool:
    """Whether the unit belongs to a heading such as "금액 (단위: 천원)" and not to the table."""
    before = re.split(r"[(\[（]?\s*(?:단위|unit)\s*[:：\s]", text, maxsplit=1, flags=re.IGNORECASE)[0]
    return bool(before.strip(" ※*-"))
