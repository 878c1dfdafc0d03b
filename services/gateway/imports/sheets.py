"""Sheets of workbooks row by row, as CSV files are read: with the table found in them and what is no row left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from kit.errors import InvalidInput
from services.gateway.domain import FieldError
from services.gateway.imports.formulas import cell_error
from services.gateway.imports.headings import Header, find_header
from services.gateway.imports.reader import Row, is_added
from services.gateway.imports.resident import check_headings
from services.gateway.imports.units import with_unit
from services.gateway.imports.workbook import Sheet, never_worked_out, read_workbook
from services.gateway.privacy.resident_numbers import masked_name, shown

_TOTAL = re.compile(r"(?:.{0,20}(?:합계|소계|총계|누계)|계|총액|(?:sub|grand)?totals?|sum)(?:[(:].*)?", re.IGNORECASE)
_COUNT = re.compile(r"[\d.,%()₩￦$+\-\u2212\s]+(?:건|개|원|억|만|백만|천원|백만원)*")
_WIDE = 4  # columns
MOST_ALIKE = 0.7  # of a sheet's columns: another that has them looks like a list of the same
_MONTH = re.compile(r"(?<!\d)(1[0-2]|0?[1-9])\s*월|^\D*20\d\d[-._ ]?(0[1-9]|1[0-2])\D*$")
LONGEST_SECTION = 40  # characters
_MARKED = re.compile(r"[■□▣◆◇●○◎▶▷★☆▪•<\[【\-]+\s*(.*?)\s*[>\]】]*")
_REMARK = re.compile(r"[※*#]|(?:비고|주|작성자|출처|note)\s*[:：]", re.IGNORECASE)


@dataclass(slots=True)
class LeftOut:
    """What of a workbook was not read as rows, so that nothing is left out silently."""

    sheet: str = ""
    other_sheets: list[str] = field(default_factory=list)
    header_line: int = 0
    unit: str = ""
    units: dict[str, str] = field(default_factory=dict)
    hidden_columns: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)  # by line, as those below
    hidden_cells: dict[int, list[str]] = field(default_factory=dict)  # of hidden rows, by line
    totals: list[int] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)  # said again
    remarks: list[int] = field(default_factory=list)
    alike: dict[str, int] = field(default_factory=dict)  # other sheets that look like lists of the same, with rows


@dataclass(frozen=True, slots=True)
class Reading:
    """How a workbook is to be read: the sheet by name (else the one that fits best), hidden rows too or not, which
    headings are known, the columns whose cells get the unit of their heading or table, and what is said of sections."""

    sheet: str = ""
    hidden: bool = False
    knows: Callable[[str], bool] = lambda _: False
    amounts: Callable[[str], bool] = lambda _: False
    month: int = 0  # of the file: of sheets that are named by months, this one's
    sections: str = ""  # the name of a column for lines of one cell that stand above others; "" reads no such lines


class SheetTable:
    """The table of a workbook: its columns, and its rows."""

    def __init__(self, path: Path, reading: Reading) -> None:
        """Raises InvalidInput where there is no table, TooLarge, NotFound where no file."""
        self.path, self.encoding, self.delimiter = path, "utf-8", ","
        sheets = read_workbook(path)
        self._sheet, self._header, alike = _chosen(sheets, reading, path)
        self._reading, self._size, self._share = reading, path.stat().st_size, 0.0
        if _without_headings(self._sheet, self._header):
            raise never_worked_out(path, self._sheet)
        self._filled = _filled(self._sheet, self._header)
        hidden = self._sheet.hidden_columns
        names = self._header.names
        self._places = [at for at in sorted(names) if at not in hidden and not is_added(names[at])]
        self.columns = [names[at] for at in self._places]
        check_headings(path, self._header.line, self.columns, self._sheet.name, self._places)
        self._units = [self.unit_of(name) if reading.amounts(name) else "" for name in self.columns]
        self._sections = self._find_sections() if reading.sections else {}
        if self._sections:
            self.columns.append(reading.sections)
            self._units.append("")
        others = [masked_name(each.name) for each in sheets if each is not self._sheet]
        told = masked_name(self._sheet.name)
        self.left_out = LeftOut(told, others, self._header.line, self._header.unit, self._header.units)
        self.left_out.alike = alike
        self.left_out.hidden_columns = sorted({
            shown(" ".join(self._sheet.rows[self._header.line][at].split()))
            for at in hidden if at in self._sheet.rows[self._header.line]
        })  # fmt: skip

    @property
    def header(self) -> list[str]:
        """The columns."""
        return self.columns

    @property
    def above(self) -> list[str]:
        """What stands above the headings."""
        rows = self._sheet.rows
        return [text for line in sorted(rows) if line < self._header.line for text in rows[line].values()]

    def unit_of(self, column: str) -> str:
        """The unit of amounts in a column, by its heading or the note above the table; "" where none is told."""
        return self._header.units.get(column) or self._header.unit

    @property
    def position(self) -> int:
        """Bytes of the file taken so far, about, for progress."""
        return int(self._size * self._share)

    def close(self) -> None:
        """Nothing is held open."""

    def rows(self) -> Iterator[Row]:
        """The rows below the headings; hidden ones, totals, headings said again and remarks are left out and told."""
        unworked = {line for line, at in self._sheet.unworked if at in self._places}
        lines = [line for line in sorted({*self._filled, *unworked}) if line >= self._header.first]
        self.left_out.hidden_rows, self.left_out.totals = [], []
        self.left_out.headings, self.left_out.remarks = [], []
        section = ""
        for number, line in enumerate(lines, 1):
            self._share = number / len(lines)
            if line in self._sections:
                section = self._sections[line]
                continue
            filled = self._filled.get(line, {})
            cells = [filled.get(at, "") for at in self._places] + ([section] if self._sections else [])
            told = self._no_row(line, cells)
            if told is None:
                cells = [with_unit(cell, unit) for cell, unit in zip(cells, self._units, strict=True)]
                yield Row(line, cells, unworked=self._unworked(line) if line in unworked else ())
            else:
                told.append(line)
                if told is self.left_out.hidden_rows:
                    self.left_out.hidden_cells[line] = cells

    def _unworked(self, line: int) -> tuple[FieldError, ...]:
        there = zip(self._places, self.columns, strict=False)
        found = [((line, at), name) for at, name in there if (line, at) in self._sheet.unworked]
        return tuple(cell_error(self._sheet.name, cell, name) for cell, name in found)

    def _find_sections(self) -> dict[int, str]:
        """Lines of one cell that stand above rows, such as "■ 김민수 과장": with a mark, or several without."""
        found: dict[int, str] = {}
        others = self._sheet.hidden_rows | {line for line, _ in self._sheet.unworked}
        lines = [line for line in sorted(self._sheet.rows) if line >= self._header.first]
        for line, after in pairwise(lines):
            own = [text for at in self._places if (text := self._sheet.rows[line].get(at))]
            below = sum(bool(self._sheet.rows[after].get(at)) for at in self._places)
            if len(own) == 1 and below >= 3 and len(self._places) >= _WIDE and after == line + 1:
                remark = _REMARK.match(own[0]) or is_total(own) or _COUNT.fullmatch(own[0])
                if not remark and len(own[0]) <= LONGEST_SECTION and line not in others:
                    found[line] = own[0]
        marked = {line: mark[1] for line, text in found.items() if (mark := _MARKED.fullmatch(text)) and mark[1]}
        return found | marked if marked or len(found) > 1 else {}

    def _no_row(self, line: int, cells: list[str]) -> list[int] | None:
        """Where a line is listed that is no row."""
        left_out, there = self.left_out, self._sheet.rows.get(line, {})
        if not any(there.get(at) or (line, at) in self._sheet.unworked for at in self._places):
            return left_out.remarks if there else None
        if line in self._sheet.hidden_rows and not self._reading.hidden:
            return left_out.hidden_rows
        own = [there.get(at, "") for at in self._places]
        if is_total(own):
            return left_out.totals
        if [" ".join(cell.split()) for cell in own] == self.columns[: len(own)]:
            return left_out.headings
        if sum(map(bool, own)) == 1 and _REMARK.match("".join(own)):
            return left_out.remarks
        return None


def no_deal(cells: Collection[str], key: str) -> str:
    """What a row of a file of deals is that stands for none, such as the lines that reports end with; "" of any other.
    `key` is the cell of its id."""
    if is_total([key]) and is_total(cells):
        return "the row is a total of others"
    if " " in key.strip() and len(cells) >= _WIDE and sum(map(bool, map(str.strip, cells))) == 1:
        return "the row is a remark: only its id is filled, with a sentence"
    return ""


def is_total(cells: Collection[str]) -> bool:
    """Whether a row adds up others: it says so, and beside numbers at most one other thing."""
    said = [cell for cell in cells if cell and not _COUNT.fullmatch(cell)]
    marks = [cell for cell in said if _TOTAL.fullmatch(re.sub(r"[\s\-\[\]<>【】]", "", cell))]
    return bool(marks) and len(said) - len(marks) <= 1


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, with its unit or without, and so no name."""
    return bool(_COUNT.fullmatch(cell.strip()))


def _chosen(sheets: list[Sheet], reading: Reading, path: Path) -> tuple[Sheet, Header, dict[str, int]]:
    """The sheet that is named, else the one whose headings are known best, of equal ones the longest; and which others
    look like it, with how many rows."""
    if reading.sheet:
        sheets = [each for each in sheets if each.name == reading.sheet]
    found = [(each, header) for each in sheets if (header := find_header(each, reading.knows)) is not None]
    if not found and (blank := next((each for each in sheets if each.unworked), None)):
        raise never_worked_out(path, blank)
    if not found:
        mend = "name the columns in one line, each once" if sheets else "name a visible sheet that holds a table"
        raise InvalidInput("the workbook has no readable table", field="sheet", value=masked_name(path.name), mend=mend)
    best = max(found, key=lambda one: (one[1].score[0], _month(one[0].name) == reading.month > 0, len(one[0].rows)))
    alike = {masked_name(each.name): _count(each, header) for each, header in found if _alike(each, header, *best)}
    return *best, {name: rows for name, rows in alike.items() if rows}


def _alike(sheet: Sheet, header: Header, chosen: Sheet, by: Header) -> bool:
    """Whether another sheet has nearly the columns of the one chosen; sheets of other months are meant to."""
    if sheet is chosen or (_month(sheet.name) and _month(chosen.name)):
        return False
    names = set(by.names.values())
    return len(names & set(header.names.values())) >= max(MOST_ALIKE * len(names), 3)


def _count(sheet: Sheet, header: Header) -> int:
    """How many rows stand below the headings, about."""
    lines = [list(cells.values()) for line, cells in sheet.rows.items() if line >= header.first]
    return sum(len(cells) > 1 and not is_total(cells) for cells in lines)


def _without_headings(sheet: Sheet, header: Header) -> bool:
    """Whether headings are formulas that were never worked out: in the line found, or in one above that is no note."""
    lines = Counter(line for line, _ in sheet.unworked if line < header.first)
    return any(line >= header.line or count > 1 for line, count in lines.items())


def _month(name: str) -> int:
    """The month that a sheet's name tells; 0 where it tells none."""
    found = _MONTH.search(name)
    return int(found[1] or found[2]) if found else 0


def _filled(sheet: Sheet, header: Header) -> dict[int, dict[int, str]]:
    """The lines, with what stands merged over several lines of a column written into each of them."""
    rows = {line: dict(cells) for line, cells in sheet.rows.items() if line >= header.first}
    for first, last, left, _ in sheet.merged:
        text = sheet.rows.get(first, {}).get(left)
        if text and first >= header.first:
            for line in range(first, last + 1):
                if line in rows:
                    rows[line].setdefault(left, text)
    return rows
