"""Dated files of deals: workbooks or CSV files, the day each one is of, and what its columns hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import combinations, product
from pathlib import Path

from kit.errors import DealcastError, InvalidInput, NotFound, TooLarge
from services.gateway.imports.file_kinds import OTHER_SUFFIXES, SUFFIXES
from services.gateway.imports.reader import Row, Table
from services.gateway.imports.sheets import LeftOut, Reading, SheetTable
from services.gateway.imports.tables import REJECTS
from services.gateway.imports.units import heading_unit, with_unit, won_in
from services.gateway.imports.weekly.meanings import company, plain_letters
from services.gateway.imports.weekly.suggest import CUSTOM, SECTION, TARGETS, Suggestion, doubled, suggest
from services.gateway.imports.weekly.vocabulary import headings, plain
from services.gateway.imports.workbook import is_workbook
from services.gateway.privacy.resident_numbers import masked_name

MOST_FILES, MOST_ROWS = 200, 200_000  # in all
NAMED = 5  # files, in a message
AHEAD = timedelta(days=1)  # for zones ahead of UTC
_DAY = re.compile(r"(?<!\d)(20\d\d)(?:[-._ ]?(\d\d)[-._ ]?(\d\d)|[-._년]\s?(\d{1,2})[-._월]\s?(\d{1,2})일?)(?!\d)")
_SHORT = re.compile(r"(?<!\d)(\d\d)[-._]?(\d\d)[-._]?(\d\d)(?!\d)")
_QUOTAS = re.compile(r"목표|quota|target", re.IGNORECASE)
_SPAN = re.compile(r"\d\D{0,5}[~∼～〜–]")  # from one day to another
_MONTH_DAY = re.compile(r"(?<!\d)(0[1-9]|1[0-2])[-._]?([0-3]\d)(?!\d)|(?<!\d)(\d{1,2})월\s?(\d{1,2})일")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d")
_NO_WORD = re.compile(r"[\d\W_]+")
_SAYS_DAY = re.compile(r"기준|작성|보고|as of|date", re.IGNORECASE)


class UnreadFilesError(InvalidInput):
    """Several files that cannot be read, each with what is wrong with it."""

    def __init__(self, errors: Sequence[DealcastError]) -> None:
        mend = "mend these files or leave them out, then import again"
        named = ", ".join(one.value for one in errors)
        super().__init__(f"{len(errors)} files cannot be read", field="PATH", value=named, mend=mend)
        self.errors = list(errors)


@dataclass(slots=True)
class WeekFile:
    """One file: the day it is of, its columns with what they hold, and its rows, amounts with their units."""

    path: Path
    day: date
    columns: list[str]
    rows: list[Row]
    suggestions: list[Suggestion]
    left_out: LeftOut | None = None
    unit: str = ""  # that bare amounts are read in
    won: str = ""  # what says that its amounts are in won
    yearless: bool = False  # its day stands in its name without a year
    holds: dict[str, str] = field(default_factory=dict)  # target → column, of all but custom and ignored columns

    def __post_init__(self) -> None:
        self.holds = {each.target: each.column for each in self.suggestions if each.target in TARGETS[:-2]}

    @property
    def name(self) -> str:
        """The file's name as it may be shown."""
        return masked_name(self.path.name)

    @property
    def series(self) -> str:
        """What its name says beside days and numbers: files of a branch mostly share it."""
        return _NO_WORD.sub("", self.path.name.partition(".")[0]).lower()

    def hidden_line(self, deal: str, account: str, name: str) -> int:
        """The hidden row that is of a deal, by its id, else by account and name; 0 where there is none."""
        hidden = self.left_out.hidden_cells if self.left_out else {}
        at = {target: self.columns.index(column) for target, column in self.holds.items()}
        if "id" in at:
            return next((line for line, cells in hidden.items() if cells[at["id"]] == deal), 0)
        for line, cells in hidden.items():
            same = "name" in at and plain_letters(cells[at["name"]]) == plain_letters(name)
            whose = cells[at["account"]] if "account" in at else ""
            if same and (not whose or company(whose) == company(account)):
                return line
        return 0

    @property
    def deals(self) -> set[tuple[str, ...]]:
        """Its deals by what names them: the id, else account and name; without rows that tell neither."""
        at = [self.columns.index(self.holds[each]) for each in ("account", "name") if each in self.holds]
        known = [self.columns.index(self.holds["id"])] if "id" in self.holds else []
        rows = [row.cells for row in self.rows if row.error is None]
        named = (
            next((ids for ids in (tuple(plain(cells[each]) for each in part) for part in (known, at)) if any(ids)), ())
            for cells in rows
        )
        return {each for each in named if each}

    @property
    def custom(self) -> list[str]:
        """Columns that become fields of their own."""
        return [each.column for each in self.suggestions if each.target == CUSTOM]


def read_files(
    paths: Sequence[Path],
    known: Mapping[str, str],
    given: Mapping[str, str],
    units: Mapping[str, str] = {},
    today: date | None = None,
) -> list[WeekFile]:
    """The files and those of the folders, oldest first. `known` says what columns held before, `given` what the user
    says they hold, `units` the unit of amounts by file ("" for all others) where it is another than the file says;
    days without a year are the last before `today`.

    Raises NotFound, InvalidInput or TooLarge naming the file and the mend, UnreadFilesError all of several.
    """
    found = list({each.resolve(): each for path in paths for each in _paths(path)}.values())
    if len(found) > MOST_FILES:
        mend = "import them in several goes, the oldest first"
        raise TooLarge("the folder holds too many files", field="PATH", value=f"{MOST_FILES}", mend=mend)
    _check_units(units, found)
    files, errors = [], []
    for each in found:
        try:
            files.append(_read(each, known, given, units, today))
        except DealcastError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else UnreadFilesError(errors)
    files.sort(key=lambda one: one.day)
    if sum(len(each.rows) for each in files) > MOST_ROWS:
        mend = "import them in several goes, the oldest first"
        raise TooLarge("the files hold too many rows", field="PATH", value=f"{MOST_ROWS:,}", mend=mend)
    for earlier, later in combinations(files, 2):
        if earlier.day == later.day and earlier.deals & later.deals:
            mend = "they show the same deals: keep one of them; files of two branches go in one import after the other"
            message = f"two files are of {later.day}: {earlier.name} and {later.name}"
            raise InvalidInput(message, field="PATH", value=later.name, mend=mend)
    return files


def _check_units(units: Mapping[str, str], paths: Sequence[Path]) -> None:
    """Raises NotFound where a unit is said of a file that is not read: its amounts would stand in another."""
    names = [masked_name(each.name) for each in paths]
    if unknown := next((one for one in units if one and one not in names), ""):
        mend = f"name one of these, or none for all: {', '.join(names[:NAMED])}"
        raise NotFound("a unit is told of a file that is not among these", field="--unit", value=unknown, mend=mend)


def check_dates(files: Sequence[WeekFile], business_day: date, as_of: date | None) -> None:
    """Raises InvalidInput for a file of a day that is still to come; `as_of` is where the clock is to be pinned."""
    today = datetime.now(UTC).date()
    last = max(business_day + AHEAD, as_of or date.min)
    file = next((each for each in files if each.day > last), None)
    if file is None:
        return
    name, company = file.name, max(business_day, as_of or date.min)
    if file.day <= today + AHEAD:  # the clock is pinned behind
        mend = f"let the company's clock go on: dealcast import {name} --as-of {file.day}"
    else:
        mend = "correct the day in its name or in the note above the table, or import it when that day has come"
    message = f"{name} is of {file.day}, but the company's day is {company}"
    raise InvalidInput(message, field="PATH", value=name, mend=mend)


def _paths(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise NotFound(
            "there is no such file or folder", field="PATH", value=masked_name(str(path)), mend="check the path"
        )
    found = sorted(
        each for each in path.iterdir()
        if each.is_file() and each.name.lower().endswith((*SUFFIXES, *OTHER_SUFFIXES, ".csv", ".csv.gz"))
        and not each.name.startswith((REJECTS, "~$", "."))
    )  # fmt: skip
    if not found:
        mend = "put workbooks or CSV files there"
        raise NotFound("the folder holds no files of deals", field="PATH", value=masked_name(str(path)), mend=mend)
    return found


def _read(
    path: Path, known: Mapping[str, str], given: Mapping[str, str], units: Mapping[str, str], today: date | None
) -> WeekFile:
    table = _open(path, {*known, *given})
    try:
        rows = list(table.rows())
        above = table.above if isinstance(table, SheetTable) else []
        left_out = table.left_out if isinstance(table, SheetTable) else None
        columns = list(table.columns)
        unit_of = table.unit_of if isinstance(table, SheetTable) else heading_unit
    finally:
        table.close()
    sound = [row.cells for row in rows if row.error is None]
    cells = {name: [each[at].strip() for each in sound[:500]] for at, name in enumerate(columns)}
    said = {name: target for name, target in {**known, **given}.items() if name in columns}
    now = {name for name, target in given.items() if known.get(name) != target}
    day = _day(path, above)
    short = day_before(path.name, today) if day is None and today else None
    if day is None and short is None:
        raise _no_day(path, columns)
    file = WeekFile(path, day or short or date.min, columns, rows, suggest(columns, cells, said, now), left_out)
    file.yearless = day is None
    if (amount := file.holds.get("amount")) is not None:
        at, file.unit = columns.index(amount), units.get(file.name, units.get("", "")) or unit_of(amount)
        file.won = won_in(amount, file.unit, (each[at] for each in sound))
        for each in sound:
            each[at] = with_unit(each[at], file.unit)
    read = {*file.holds.values(), *file.custom}
    file.rows = [replace(row, error=row.refused(read)) if row.unworked else row for row in rows]
    return file


def _open(path: Path, known: Iterable[str]) -> Table | SheetTable:
    before = set(known)
    if is_workbook(path):
        day = day_in(path.name)
        month = day.month if day else 0
        knows = partial(_known, frozenset(before))
        return SheetTable(path, Reading(knows=knows, month=month, sections=SECTION))
    return Table(path)


def _known(before: frozenset[str], name: str) -> bool:
    return name in before or plain(name) in headings()


def _day(path: Path, above: Sequence[str]) -> date | None:
    for text in (path.name, *(text for text in above if _SAYS_DAY.search(text))):
        if (day := day_in(text)) is not None:
            return day
    days = {day for text in above if not _SPAN.search(text) and (day := day_in(text)) is not None}
    return days.pop() if len(days) == 1 else None  # a title such as 주간 영업 현황 (2026.11.23)


def _no_day(path: Path, columns: Sequence[str]) -> InvalidInput:
    name = masked_name(path.name)
    if any(_QUOTAS.search(text) for text in (name, *columns)):
        mend = "paste its cells on the page of quotas (/quotas), and import the others without it"
        return InvalidInput(f"{name} seems to hold quotas, not deals", field="PATH", value=name, mend=mend)
    mend = "name it like 영업현황_2026-11-16.xlsx, or write 기준일: 2026-11-16 above the table"
    return InvalidInput(f"nothing says which day {name} is of", field="PATH", value=name, mend=mend)


def day_before(name: str, today: date) -> date | None:
    """The day that a file's name tells without a year (0921, 9월 21일), the last one that has come by the day after
    `today`; None where it tells none or several, or a year."""
    if _YEAR.search(name):
        return None
    pairs = {(int(m or mm), int(d or dd)) for m, d, mm, dd in _MONTH_DAY.findall(name)}
    if len(pairs) != 1:
        return None
    (pair,) = pairs
    days = [day for year in (today.year, today.year - 1, today.year + 1) if (day := _as_day(year, *pair))]
    return max((day for day in days if day <= today + AHEAD), default=None)


def day_in(text: str) -> date | None:
    """The day that a file's name or a note tells, None where none or several."""
    days = {_as_day(int(y), int(m or mm), int(d or dd)) for y, m, d, mm, dd in _DAY.findall(text)}
    if not days - {None}:
        days = {_as_day(2000 + int(y), int(m), int(d)) for y, m, d in _SHORT.findall(text)}
    days -= {None}
    return days.pop() if len(days) == 1 else None


def _as_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def check_columns(files: Sequence[WeekFile]) -> None:
    """Files must say of their rows which deal they are, and how far it is, and each thing in one column alone. Raises
    InvalidInput."""
    for file in files:
        for target, (one, *others) in doubled(file.suggestions).items():
            mend = f"choose another meaning for one of them, such as --column '{others[-1]}=field'"
            what = target.replace("_", " ")
            message = f"columns '{one}' and '{others[-1]}' of {file.name} are both taken for the {what}"
            raise InvalidInput(message, field="--column", value=others[-1], mend=mend)
    for file, needed in product(files, (("name", "id"), ("stage", "outcome"))):
        if not set(file.holds) & set(needed):
            mend = f"say which column it is, such as --column '{file.columns[0]}={needed[0]}'"
            message = f"no column of {file.name} seems to hold the {needed[0]}"
            raise InvalidInput(message, field="--column", value=", ".join(file.columns)[:200], mend=mend)
