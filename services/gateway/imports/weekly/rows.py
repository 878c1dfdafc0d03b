"""What one row of a weekly file says, typed, with what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from kit.money import Money
from learning.records import FieldType, Outcome, Value
from services.gateway.domain import FieldError
from services.gateway.imports import resident
from services.gateway.imports.amount_remarks import Remarked, parts
from services.gateway.imports.cells import CellReader, Rounded
from services.gateway.imports.guesses import TypeGuess
from services.gateway.imports.schema import FileSpec, Format, Source
from services.gateway.imports.schema import Mapping as Rules
from services.gateway.imports.sheets import is_total
from services.gateway.imports.values import YMD
from services.gateway.imports.weekly.files import WeekFile
from services.gateway.imports.weekly.meanings import business_number, outcome, person, phone
from services.gateway.imports.weekly.short_days import ShortDays, says_day_first
from services.gateway.imports.weekly.suggest import CONTRACT
from services.gateway.json_checks import shown
from services.gateway.renewals.terms import CORRECT_TERM, DEFINITIONS, impossible_term

MISSING = frozenset({
    "", "-", "--", ".", "N/A", "n/a", "#N/A", "None", "NULL", "null", "NaN", "nan", "TBD", "tbd",
    "없음", "미정", "해당없음",
})  # fmt: skip
_OR_NOT = "or leave the column out: --column '{column}=ignore'"
MENDS = {
    "amount": "write an amount of zero or more, such as 320,000,000, 3.2억 or 320백만원",
    "day": "write a day such as 2026-11-21 or 26.11.21",
    "quantity": f"write a number such as 12.5, all of a column in one unit, {_OR_NOT}",
    "yes_no": f"write yes or no, {_OR_NOT}",
}
NO_DAY = "this is no day"  # the mend says how one is written
TWO_DAYS = "without its year it may be two days"
WITH_YEAR = "write it with its year, such as 2026-11-21"
PAST_DAYS = ("closed_date", "created")  # that have been
FORMAT = Format(MISSING, (YMD,), ".", ",")
Kind = tuple[FieldType, Format]
FURTHEST = 15  # years between a row's days and the day of its file
_SIGN = re.compile(r"KRW|USD|EUR|JPY|(?<![A-Z])[A-Z]{3}(?![A-Z])|[$€£¥₩￦]|(?<=\d)원", re.IGNORECASE)
_POWER = re.compile(r"\d[eE][+-]?\d")
_SIGNS = {
    "$": ("USD", "AUD", "CAD", "HKD", "NZD", "SGD", "TWD", "MXN"), "€": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY"),
    "₩": ("KRW",), "￦": ("KRW",), "원": ("KRW",),
}  # fmt: skip
_KINDS = {
    "id": "id:deals", "account": "text", "name": "text", "owner": "text", "stage": "text", "outcome": "text",
    "amount": "amount", "close_date": "day", "closed_date": "day", "created": "day", "contact": "text",
    "contract_start": "day", "contract_end": "day",
    "contact_phone": "text", "contact_email": "text", "business_number": "text",
}  # fmt: skip


@dataclass(slots=True)
class WeekRow:
    """A row: of which file (a number) and line, and what it says; `notes` tell of cells that were passed over."""

    file: int
    line: int
    cells: list[str]
    day: date
    id: str = ""
    name: str = ""
    account: str = ""
    above: str = ""  # the account of the rows above, where its own is blank
    business_number: str = ""
    owner: str = ""
    owner_title: str = ""
    stage: str = ""
    outcome: Outcome = Outcome.OPEN
    amount: Money | None = None
    close_date: date | None = None
    closed_date: date | None = None
    created: date | None = None
    contact: tuple[str, str, str, str] = ("", "", "", "")  # name, title, phone, mail
    fields: dict[str, Value | None] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    notes: list[FieldError] = field(default_factory=list)

    @property
    def said(self) -> tuple[object, ...]:
        """All of it but whose it is, to compare with what another row says."""
        return (
            self.id, self.name, self.stage, self.outcome, self.amount, self.close_date, self.closed_date, self.created,
            self.contact, tuple(sorted(self.fields.items(), key=lambda one: one[0])),
        )  # fmt: skip

    @property
    def open(self) -> bool:
        """Neither won nor lost."""
        return self.outcome is Outcome.OPEN


class RowReader:
    """Reads the rows of one file; `kinds` are the types of custom fields, and how their cells are written."""

    def __init__(self, number: int, file: WeekFile, currency: str, kinds: Mapping[str, Kind]) -> None:
        self._number, self._file, self._currency = number, file, currency
        self._sources = {target: Source(column, format=FORMAT) for target, column in file.holds.items()}
        columns = {*file.holds.values(), *file.custom}
        self._used = [at for at, name in enumerate(file.columns) if name in columns]
        self._custom = {name: (Source(name, format=kinds[name][1]), kinds[name][0]) for name in file.custom}
        rules = Rules("weekly files", currency, "Asia/Seoul", "", {}, ())
        self._cells = CellReader(rules, FileSpec("deals", "deals", (), {}), file.columns, MENDS)
        self._dated = {file.columns.index(column): (column, target in PAST_DAYS)
                       for target, column in file.holds.items() if _KINDS[target] == "day"}  # fmt: skip
        self._dated |= {file.columns.index(name): (name, False) for name in file.custom
                        if kinds[name][0] is FieldType.DATE}  # fmt: skip
        sound = [each.cells for each in file.rows if each.error is None]
        self.short_days = ShortDays(file.day, {
            name for at, (name, _) in self._dated.items() if says_day_first((cells[at] for cells in sound), file.day)
        })  # fmt: skip

    @property
    def rounded(self) -> Rounded:
        """Amounts with more decimals than their currency has."""
        return self._cells.rounded

    @property
    def remarked(self) -> Remarked:
        """Amounts with a remark, such as that VAT is included."""
        return self._cells.remarked

    def read(self, line: int, cells: list[str]) -> WeekRow:
        """One row."""
        row = WeekRow(self._number, line, cells, self._file.day)
        row.errors = resident.refused(self._file.columns, cells, self._used, ())
        if row.errors:  # of such a row nothing more is said than whose it is: it is there all the same
            self._who(row, cells)
            return row
        cells = self._with_years(cells)
        of = {
            target: self._cells.value(_KINDS[target], source, cells, row.errors)
            for target, source in self._sources.items()
        }
        self._check_currency(row, of.get("amount"))
        text = {target: of.get(target) or "" for target in _KINDS}
        row.id, row.name, row.account = text["id"], " ".join(text["name"].split()), " ".join(text["account"].split())
        row.owner, row.owner_title = person(text["owner"])
        row.amount = self._money(of.get("amount"))
        row.close_date, row.closed_date, row.created = of.get("close_date"), of.get("closed_date"), of.get("created")
        self._outcome(row, text["stage"], text["outcome"])
        self._contact(row, text)
        self._business_number(row, text["business_number"])
        for name, (source, kind) in self._custom.items():
            row.fields[name] = self._cells.custom(source, kind, cells, row.errors)
        row.fields |= {target: of.get(target) for target in CONTRACT if target in self._sources}
        row.errors = [self._day_told(one) if one.mend == MENDS["day"] else one for one in row.errors]
        self._check(row)
        return row

    def refused(self, line: int, cells: list[str], error: FieldError) -> WeekRow:
        """A row that was refused before it was read, with whose it is where its cells stand under their columns."""
        row = WeekRow(self._number, line, cells, self._file.day, errors=[error])
        if len(cells) == len(self._file.columns):
            row.errors += resident.refused(self._file.columns, cells, self._used, ())
            self._who(row, cells)
        return row

    def _with_years(self, cells: list[str]) -> list[str]:
        """The cells, days without a year as those they mean."""
        days = {at: self.short_days.read(name, cells[at], past=past) for at, (name, past) in self._dated.items()}
        return [day.isoformat() if (day := days.get(at)) else cell for at, cell in enumerate(cells)]

    def _day_told(self, error: FieldError) -> FieldError:
        """Why a cell is no day, as a reader of the file understands it."""
        if self.short_days.unsure(error.field, error.value):
            return replace(error, message=TWO_DAYS, mend=WITH_YEAR)
        return replace(error, message=NO_DAY)

    def _who(self, row: WeekRow, cells: list[str]) -> None:
        """What a refused row is matched by, but for cells that are refused themselves."""
        refused = {error.field for error in row.errors}
        for target in ("id", "name", "account", "owner"):
            source = self._sources.get(target)
            if source is not None and source.column not in refused:
                said = " ".join(str(self._cells.value(_KINDS[target], source, cells, []) or "").split())
                setattr(row, target, person(said)[0] if target == "owner" else said)

    def _money(self, amount: Decimal | None) -> Money | None:
        return None if amount is None else self._cells.money(amount, self._currency)

    def _check_currency(self, row: WeekRow, amount: Decimal | None) -> None:
        """An amount of another currency, or one that a program wrote, is not what it seems."""
        source = self._sources.get("amount")
        cell = parts(self._cells.raw(source, row.cells)).amount if source and amount is not None else ""
        if any(self._currency not in _SIGNS.get(sign, (sign.upper(),)) for sign in _SIGN.findall(cell)):
            message, mend = f"it is not in {self._currency}", f"write it in {self._currency}"
        elif _POWER.search(cell):
            message, mend = "it is not a number", MENDS["amount"]
        else:
            return
        row.errors.append(FieldError(self._column("amount"), shown(cell), message, mend))

    def _outcome(self, row: WeekRow, stage: str, said: str) -> None:
        """The outcome's own column decides where there is one; a stage such as 수주 says it too."""
        row.stage = stage or said
        by_stage, by_own = outcome(stage) if stage else None, outcome(said) if said else None
        ended = {each for each in (by_stage, by_own) if each in (Outcome.WON, Outcome.LOST)}
        if len(ended) == 2 or (by_own is Outcome.OPEN and ended):
            message, mend = "stage and outcome contradict each other", "correct one of them"
            row.errors.append(FieldError(self._column("outcome"), shown(f"{stage} / {said}"), message, mend))
        elif said and by_own is None and "stage" in self._sources:
            message, mend = "it is not a known outcome", "write 수주, 실주, 드랍, 보류, 이월 or 진행"
            row.errors.append(FieldError(self._column("outcome"), shown(said), message, mend))
        row.outcome = ended.pop() if len(ended) == 1 else Outcome.OPEN

    def _contact(self, row: WeekRow, text: Mapping[str, str]) -> None:
        name, title = person(text["contact"])
        number = phone(text["contact_phone"]) if text["contact_phone"] else ""
        if number is None:
            message, mend = "it is no phone number", "write it like 010-1234-5678"
            row.notes.append(FieldError(self._column("contact_phone"), shown(text["contact_phone"]), message, mend))
        row.contact = (name, title, number or "", text["contact_email"])

    def _business_number(self, row: WeekRow, said: str) -> None:
        found = business_number(said) if said else ""
        if found is None:
            message, mend = (
                "the check digit of the business number does not fit",
                "correct it; the name counts meanwhile",
            )
            row.notes.append(FieldError(self._column("business_number"), shown(said), message, mend))
        row.business_number = found or ""

    def _check(self, row: WeekRow) -> None:
        if not row.name and not row.id:
            row.errors.append(FieldError(self._column("name"), "", "the name is missing", "fill it in"))
        key = row.id or row.name
        if is_total([key]) and is_total(row.cells):  # of workbooks these are left out before
            message, mend = "the row is a total of others", "delete the row, or give it an id of its own"
            row.errors.append(FieldError(self._column("id" if row.id else "name"), shown(key), message, mend))
        name, message = impossible_term(row.fields, row.closed_date)
        if name:
            row.errors.append(FieldError(self._column(name), shown(str(row.fields[name])), message, CORRECT_TERM))
        if row.open:
            row.closed_date = None  # a promised day in a column for both is close_date
        for target, day in (("closed_date", row.closed_date), ("created", row.created)):
            if day is not None and day > row.day:
                message = f"it lies after {row.day}, the day that the file is of"
                row.errors.append(FieldError(self._column(target), day.isoformat(), message, "correct the date"))
        for target, day in (("close_date", row.close_date), ("closed_date", row.closed_date), ("created", row.created)):
            if day is not None and abs(day.year - row.day.year) > FURTHEST:
                message, mend = f"the year {day.year} is far from the file's", "correct the date"
                row.errors.append(FieldError(self._column(target), day.isoformat(), message, mend))
        if row.created and row.closed_date and row.closed_date < row.created:
            message = f"the deal was closed before it was created ({row.created})"
            mend = "correct one of the days"
            row.errors.append(FieldError(self._column("closed_date"), row.closed_date.isoformat(), message, mend))

    def _column(self, target: str) -> str:
        source = self._sources.get(target)
        return source.column if source else target


def guess_kinds(files: list[WeekFile], known: Mapping[str, FieldType]) -> dict[str, Kind]:
    """The types of custom fields over all files, and how their cells are written."""
    guesses: dict[str, TypeGuess] = {}
    for file in files:
        for name in file.custom:
            at = file.columns.index(name)
            guess = guesses.setdefault(name, TypeGuess(".", ","))
            for row in file.rows:
                if row.error is None and (text := row.cells[at].strip()) not in MISSING:
                    guess.add(text)
    own = {one.name: one.type for one in DEFINITIONS}
    types = {name: own.get(name) or known.get(name) or guess.result() for name, guess in guesses.items()}
    kinds = {name: (kind, guesses[name].settled(FORMAT, kind)) for name, kind in types.items()}
    return kinds | {target: (own[target], FORMAT) for target in CONTRACT if any(target in one.holds for one in files)}
