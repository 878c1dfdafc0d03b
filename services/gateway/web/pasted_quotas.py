"""Quotas as people paste them from a sheet: names beside an amount, or beside one a period."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from kit.errors import InvalidInput
from kit.money import Money
from learning.fiscal import FiscalCalendar, FiscalPeriod, Grain
from learning.records import Node, Quota, User
from services.gateway.domain import NodeQuota
from services.gateway.imports.sheets import is_total
from services.gateway.imports.units import heading_unit, sheet_unit, with_unit
from services.gateway.imports.values import parse_amount
from services.gateway.json_checks import is_rounded
from services.gateway.quota_rows import OWNER, AnyQuota
from services.gateway.rollup import COMPANY

MOST_LINES, MOST_CELLS = 2_000, 24
MANAGER = "manager:"
WHOLE = frozenset({"company", "회사", "전사", "전체"})
TEAM = re.compile(r"(?:team\s+(?:of\s+)?|)(.+?)(?:'s team|\s*팀|)", re.IGNORECASE)
_APART = re.compile(r"(.*?\D)[\s,;:]+((?:[₩￦$€¥£(\-\u2212△▲]|[A-Z]{3}\s)*\s*\d.*)")
_QUARTER = re.compile(r"(?:(\d{4})\s*(?:년|[-./])?\s*)?(?:Q\s?([1-4])|([1-4])\s?(?:Q|분기))", re.IGNORECASE)
_DIGITS = re.compile(r"[₩￦$€¥£\s]*\d[\d.,\s]*")  # meant as an amount, also where it is none
_MONTH = re.compile(r"(?:(\d{4})\s*(?:년|[-./])\s*)?(1[0-2]|0?[1-9])\s?월|(\d{4})[-./](1[0-2]|0?[1-9])\.?")


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

    @property
    def quota(self) -> AnyQuota | None:
        """What it sets; None where something is wrong with it."""
        if self.amount is None:
            return None
        if self.node.startswith(OWNER):
            return Quota(self.node.removeprefix(OWNER), self.period, self.amount)
        return NodeQuota(self.node, self.period, self.amount)


@dataclass(frozen=True, slots=True)
class Places:
    """The nodes that a name may mean."""

    by_name: Mapping[str, frozenset[str]]
    names: Mapping[str, str]

    @classmethod
    def of(cls, tree: Sequence[Node], users: Sequence[User]) -> Places:
        """Users by name, with and without title, by mail address and id; teams, regions and the company by theirs."""
        found: dict[str, set[str]] = {}
        names = {node.id: node.name for node in tree}
        for user in users:
            node = next((one for one in (OWNER + user.id, MANAGER + user.id) if one in names), "")
            if node:  # who has no deals of their own stands for the team
                for said in (user.name, f"{user.name} {user.title}", user.email, user.id, node):
                    found.setdefault(_plain(said), set()).add(node)
        for each in tree:
            if each.level in ("region", "company"):
                found.setdefault(_plain(each.name), set()).add(each.id)
            found.setdefault(_plain(each.id), set()).add(each.id)
        for word in WHOLE:
            found.setdefault(word, set()).add(COMPANY)
        found.pop("", None)
        return cls({said: frozenset(nodes) for said, nodes in found.items()}, names)

    def meant(self, said: str) -> frozenset[str]:
        """All that a name may mean; of `Kim's team` and `김민수 팀` the manager of that name."""
        known = self.by_name.get(_plain(said), frozenset())
        if known:
            return known
        team = TEAM.fullmatch(said.strip())
        heads = self.by_name.get(_plain(team[1]), frozenset()) if team else frozenset()
        managers = {MANAGER + one.removeprefix(OWNER).removeprefix(MANAGER) for one in heads}
        return frozenset(managers & self.names.keys())


def read_pasted(
    text: str, places: Places, calendar: FiscalCalendar, period: FiscalPeriod, currency: str
) -> list[PastedRow]:  # fmt: skip
    """The amounts of a pasted table. Without a line of headings, or with one that names no period, they are of
    `period`; units told in headings or above the table count. Totals, empty lines and empty cells are left out.

    Raises InvalidInput for more lines than a page may show.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise InvalidInput(f"there are more than {MOST_LINES:,} lines", field="pasted", value=str(len(lines)),
                           mend="Paste them in parts")  # fmt: skip
    columns = [_Column(str(period))]
    rows: list[PastedRow] = []
    for number, line in enumerate(lines, 1):
        cells = _cells(line)
        if not any(cells) or is_total(cells[:1]):
            continue
        if not rows and (headings := _headings(cells, calendar, period)):
            columns = headings
            continue
        rows += _amounts(number, cells, columns, places, currency)
    known = [(row.node, row.period) for row in rows if row.amount]
    return [replace(row, wrong="twice", amount=None) if row.amount and known.count((row.node, row.period)) > 1 else row
            for row in rows]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Column:
    period: str
    unit: str = ""
    place: int = -1  # of its cells; -1 for the last one that is not empty


def _plain(said: str) -> str:
    return " ".join(said.split()).casefold()


def _cells(line: str) -> list[str]:
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")][:MOST_CELLS]
    parted = _APART.fullmatch(line.strip())
    return [parted[1].strip(" ,;:"), parted[2].strip()] if parted else [line.strip()]


def _headings(cells: Sequence[str], calendar: FiscalCalendar, period: FiscalPeriod) -> list[_Column]:
    """The columns that a line of headings tells of; empty for a line that is none."""
    periods = {place: found for place, cell in enumerate(cells) if (found := _period(cell, calendar, period))}
    if periods:
        return [_Column(found, heading_unit(cells[place]), place) for place, found in periods.items()]
    if any(_number(cell, "") is not None or _DIGITS.fullmatch(cell) for cell in cells[1:]):
        return []
    unit = next((unit for cell in cells if (unit := heading_unit(cell) or sheet_unit(cell))), "")
    return [_Column(str(period), unit)] if len(cells) > 1 or unit else []


def _period(cell: str, calendar: FiscalCalendar, period: FiscalPeriod) -> str:
    """The period that a heading names: as everywhere, or as 4분기, Q4, 10월 of the year that the page is about."""
    bare = re.sub(r"[(\[（].*", "", cell).strip()
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
        row = PastedRow(number, said, cell, column.period)
        number_read = _number(cell, column.unit)
        if len(meant) != 1:
            yield replace(row, wrong="many" if meant else "unknown")
        elif number_read is None:
            yield replace(row, wrong="no_amount")
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


def _number(cell: str, unit: str) -> Decimal | None:
    try:
        return parse_amount(with_unit(cell, unit), thousands=",")
    except ValueError:
        return None
