"""Quotas as people paste them from a sheet: names beside an amount, or beside one a period."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from kit.errors import InvalidInput
from kit.money import Money
from learning.fiscal import FiscalCalendar, FiscalPeriod, Grain
from learning.records import Quota
from services.gateway.domain import NodeQuota
from services.gateway.imports.sheets import is_total
from services.gateway.imports.units import heading_unit, sheet_unit, unit_named, with_unit
from services.gateway.imports.values import parse_amount, too_large
from services.gateway.imports.weekly.meanings import plain_letters
from services.gateway.json_checks import is_rounded
from services.gateway.quota_rows import OWNER, AnyQuota
from services.gateway.web.pasted_lines import HEADINGS
from services.gateway.web.quota_places import MANAGER, Places

MOST_LINES, MOST_CELLS = 2_000, 24
_APART = re.compile(r"(.*?\D)[\s,;:]+((?:[₩￦$€¥£(\-\u2212△▲]|[A-Z]{3}\s)*\s*\d.*)")
_QUARTER = re.compile(r"(?:(\d{4})\s*(?:년|[-./])?\s*)?(?:Q\s?([1-4])|([1-4])\s?(?:Q|분기))", re.IGNORECASE)
_QUOTA = re.compile(r"\s*(?:영업|매출|수주)?\s*(?:목표|quotas?|targets?)\s*(?:금?액)?", re.IGNORECASE)
_NOTE = re.compile(r"[(\[（]?\s*(?:단위|units?)\b", re.IGNORECASE)  # begins a cell that tells a unit
_MEANT = re.compile(r"(?:[A-Z]{3}\b)?[\W_]*\d")  # begins what is meant as an amount, also where it is none
_MONTH = re.compile(r"(?:(\d{4})\s*(?:년|[-./])\s*)?(1[0-2]|0?[1-9])\s?월|(\d{4})[-./](1[0-2]|0?[1-9])\.?")
_HEADINGS = frozenset().union(*HEADINGS.values()) | {
    "구분", "팀", "부서", "소속", "번호", "순번", "기간", "분기", "통화", "비고", "금액", "할당", "계획", "성함",
    "담당", "영업사원", "상위자", "대상", "team", "owner", "who", "no", "period", "quarter", "amount", "note",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastedRow:
    """One amount: of whom, for when and how much, else the key of what is wrong with it, in words.toml's quotas."""

    line: int
    said: str  # the name, as it was pasted
    cell: str  # the amount, as it was pasted
    period: str
    node: str = ""
    name: str = ""
    amount: Money | None = None
    wrong: str = ""
    unit: str = ""  # that headings or titles told and the amount was read in

    @property
    def bare(self) -> bool:
        """Whether the amount is a number without any unit: then it is taken for whole units of the currency."""
        return not self.unit and with_unit(self.cell, "천원") != self.cell

    @property
    def quota(self) -> AnyQuota | None:
        """What it sets; None where something is wrong with it."""
        if self.amount is None:
            return None
        if self.node.startswith(OWNER):
            return Quota(self.node.removeprefix(OWNER), self.period, self.amount)
        return NodeQuota(self.node, self.period, self.amount)


@dataclass(frozen=True, slots=True)
class PastedTotal:
    """A line that adds up others: left out. `added` is what they come to."""

    said: str
    period: str
    amount: Money
    added: Money
    agrees: bool


@dataclass(frozen=True, slots=True)
class Pasted:
    """A pasted table as it was read: every line that says something is in one of these."""

    rows: list[PastedRow]
    totals: list[PastedTotal]
    headings: list[str] = field(default_factory=list)  # lines above the first row
    passed: list[str] = field(default_factory=list)  # lines without an amount


def read_pasted(text: str, places: Places, calendar: FiscalCalendar, period: FiscalPeriod, currency: str) -> Pasted:
    """The amounts of a pasted table. Without a title or a line of headings that names one, they are of `period`; units
    told in headings, in titles or in lines of their own count. Totals and empty cells are left out.

    Raises InvalidInput for more lines than a page may show.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise InvalidInput(f"there are more than {MOST_LINES:,} lines", field="pasted", value=str(len(lines)),
                           mend="Paste them in parts")  # fmt: skip
    notes = (cell for line in lines for cell in line.split("\t") if _NOTE.match(cell.strip()))
    base = _Column(str(period), next((unit for note in notes if (unit := sheet_unit(note))), ""))
    columns, found = [base], Pasted([], [])
    for number, line in enumerate(lines, 1):
        cells = _cells(line)
        if not any(cells):
            continue
        told = " ".join(filter(None, cells))
        title = None if is_total(cells[:1]) else _title(line, calendar, period, places)
        if title and not found.rows:
            base = _Column(title.period or base.period, title.unit or base.unit)
            columns = [base]
            found.headings.append(told)
        elif not found.rows and (headings := _headings(cells, calendar, period, places)):
            columns = [replace(one, period=one.period or base.period, unit=one.unit or base.unit) for one in headings]
            found.headings.append(told)
        elif is_total(cells[:1]):
            found.totals.extend(totals := [*_totals(cells, columns, found.rows, currency)])
            found.passed.extend([] if totals else [told])
        elif title and not title.period:
            found.passed.extend([] if _NOTE.match(told) else [told])
        else:
            own = next((one for cell in cells[1:-1] if (one := _period(cell, calendar, period))), "")
            at = [replace(one, period=own) if own and one.place < 0 else one for one in columns]
            found.rows.extend(rows := [*_amounts(number, cells, at, places, currency)])
            found.passed.extend([] if rows else [told])
    known = [(row.node, row.period) for row in found.rows if row.amount]
    rows = [replace(row, wrong="twice", amount=None) if row.amount and known.count((row.node, row.period)) > 1 else row
            for row in found.rows]  # fmt: skip
    return replace(found, rows=rows)


@dataclass(frozen=True, slots=True)
class _Column:
    period: str
    unit: str = ""
    place: int = -1  # of its cells; -1 for the last one that is not empty


def _cells(line: str) -> list[str]:
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")][:MOST_CELLS]
    parted = _APART.fullmatch(line.strip())
    return [parted[1].strip(" ,;:"), parted[2].strip()] if parted else [line.strip()]


def _title(line: str, calendar: FiscalCalendar, period: FiscalPeriod, places: Places) -> _Column | None:
    """The period and the unit that a line above the table tells of all of it; None for a line that is no title, such
    as one of somebody's."""
    cells = [cell.strip(" ,;:") for cell in line.split("\t")]
    said = [cell for cell in cells if cell and not _only_unit(cell)]
    told = (sheet_unit(cell) or heading_unit(cell) or unit_named(cell) for cell in cells)
    unit = next(filter(None, told), "")
    if not said:
        return _Column("", unit) if unit else None
    if len(said) > 1 or not cells[0] or _number(said[0], "") is not None or _somebody(said, places):
        return None
    found = _period(said[0], calendar, period)
    return _Column(found, unit) if found or unit else None


def _only_unit(cell: str) -> bool:
    """Whether a cell says nothing beside a unit: (단위: 백만원), 백만원."""
    return bool(unit_named(cell) or (sheet_unit(cell) and _NOTE.match(cell)))


def _headings(
    cells: Sequence[str], calendar: FiscalCalendar, period: FiscalPeriod, places: Places
) -> list[_Column]:  # fmt: skip
    """The columns that a line of headings tells of, with their periods where it names any; empty for other lines: those
    of somebody, those with what is meant as an amount, and those without a period, a unit or a word of headings."""
    if _somebody(cells, places):
        return []
    periods = {place: found for place, cell in enumerate(cells) if (found := _period(cell, calendar, period))}
    if periods:
        return [_Column(found, heading_unit(cells[place]), place) for place, found in periods.items()]
    worded = [_is_heading(cell) for cell in cells]
    if any(_MEANT.match(cell) for cell, word in zip(cells[1:], worded[1:], strict=True) if not word):
        return []
    unit = next((unit for cell in cells if (unit := heading_unit(cell) or sheet_unit(cell))), "")
    return [_Column("", unit)] if any(worded) or unit else []


def _somebody(cells: Sequence[str], places: Places) -> bool:
    """Whether one of the cells names a person or a team."""
    return any(node.startswith((OWNER, MANAGER)) for cell in cells for node in places.meant(cell))


def _is_heading(cell: str) -> bool:
    bare = re.sub(r"[(\[（].*", "", cell)
    return plain_letters(bare) in _HEADINGS or bool(bare and _QUOTA.search(bare))


def _period(cell: str, calendar: FiscalCalendar, period: FiscalPeriod) -> str:
    """The period that a heading names: as everywhere, or as 4분기, Q4, 10월 of the year that the page is about."""
    bare = re.sub(r"[(\[（].*", "", cell).strip()
    bare = _QUOTA.sub("", bare) or bare  # 4분기 목표
    try:
        return str(calendar.parse(bare))
    except InvalidInput:
        pass
    if quarter := _QUARTER.fullmatch(bare):
        year = quarter[1] or str(calendar.of(Grain.YEAR, period.start)).removeprefix("FY")
        return f"{year}-Q{quarter[2] or quarter[3]}"
    if month := _MONTH.fullmatch(bare):
        if month[3]:
            return f"{month[3]}-{int(month[4]):02d}"
        return f"{month[1]}-{int(month[2]):02d}" if month[1] else _month_of(int(month[2]), period)
    return ""


def _month_of(month: int, period: FiscalPeriod) -> str:
    """The month of this number in the fiscal year that a period lies in."""
    first = period.first - (period.first - period.calendar.start_month + 1) % 12
    return next(f"{index // 12:04d}-{month:02d}" for index in range(first, first + 12) if index % 12 + 1 == month)


def _amounts(
    number: int, cells: Sequence[str], columns: Sequence[_Column], places: Places, currency: str
) -> Iterator[PastedRow]:  # fmt: skip
    before = min((column.place for column in columns if column.place >= 0), default=len(cells) - 1)
    said = next((cell for cell in cells[: max(before, 1)] if places.meant(cell)), cells[0])
    meant = places.meant(said)
    for column in columns:
        last = next((cell for cell in reversed(cells[1:]) if cell), "")
        cell = last if column.place < 0 else cells[column.place] if column.place < len(cells) else ""
        if not cell and column.place >= 0:
            continue
        unit = column.unit if with_unit(cell, column.unit) != cell else ""
        row = PastedRow(number, said, cell, column.period, unit=unit)
        number_read = _number(cell, column.unit)
        if len(meant) != 1:
            yield replace(row, wrong="many" if meant else places.why_unknown(said))
        elif number_read is None:
            large = too_large(with_unit(cell, column.unit))
            yield replace(row, wrong="too_large" if large else "no_amount")
        else:
            [node] = meant
            try:
                amount = Money.parse(currency, number_read)
            except ValueError:
                yield replace(row, wrong="no_amount")
                continue
            if is_rounded(amount, number_read):
                yield replace(row, wrong="decimals")
                continue
            yield replace(row, node=node, name=places.names[node], amount=amount)


def _totals(
    cells: Sequence[str], columns: Sequence[_Column], rows: Sequence[PastedRow], currency: str
) -> Iterator[PastedTotal]:
    """What a line of totals says beside what the rows above it come to: all of them, or those of people alone where
    teams stand among them."""
    for column in columns:
        last = next((cell for cell in reversed(cells[1:]) if cell), "")
        cell = last if column.place < 0 else cells[column.place] if column.place < len(cells) else ""
        number = _number(cell, column.unit)
        if number is None:
            continue
        try:
            amount = Money.parse(currency, number)
        except ValueError:
            continue
        own = [row for row in rows if row.amount and row.period == column.period]
        every = _sum(own, currency)
        agrees = amount in (every, _sum([row for row in own if row.node.startswith(OWNER)], currency))
        yield PastedTotal(cells[0], column.period, amount, every, agrees)


def _sum(rows: Sequence[PastedRow], currency: str) -> Money:
    return Money(currency, sum(row.amount.minor for row in rows if row.amount))


def _number(cell: str, unit: str) -> Decimal | None:
    try:
        return parse_amount(with_unit(cell, unit), thousands=",", typed=True)
    except ValueError:
        return None
