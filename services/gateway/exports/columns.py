"""What a table for export is: typed columns with headings in both languages, read from JSON by a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from enum import StrEnum
from typing import Any

MONEY_DIGITS, MONEY_PLACES = 38, 8  # means over 2,000 scenarios of a currency with four decimals end there
_MONEY = Context(prec=MONEY_DIGITS)
_SMALLEST = Decimal(1).scaleb(-MONEY_PLACES)

Cell = str | int | float | bool | Decimal | date | datetime | None
Row = Sequence[Cell]


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    SHARE = "share"  # 0 to 1, shown in percent
    MONEY = "money"  # exact, in major units
    DAY = "day"
    TIME = "time"  # in UTC
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name to programs, its headings, and where its value stands in the row's JSON."""

    name: str
    kind: Kind
    headings: Mapping[str, str]  # by language
    path: tuple[str, ...]
    currency: str = ""  # of MONEY: the column that says in which
    codes: str = ""  # of TEXT: what its codes are called, in workbooks: the section of the pages' words


@dataclass(frozen=True, slots=True)
class Table:
    """A table by the name that is asked for, with a title that fits a sheet's tab."""

    name: str
    titles: Mapping[str, str]
    columns: tuple[Column, ...]


def column(name: str, kind: Kind, en: str, ko: str, path: str = "", currency: str = "", codes: str = "") -> Column:
    """A column; without a path its value stands under its name."""
    return Column(name, kind, {"en": en, "ko": ko}, tuple((path or name).split(".")), currency, codes)


def row_of(columns: Sequence[Column], source: Mapping[str, Any]) -> list[Cell]:
    """The row's cells. What is missing, and empty text, is None."""
    return [_cell(each, source) for each in columns]


def _cell(asked: Column, source: Mapping[str, Any]) -> Cell:
    found: Any = source
    for step in asked.path:
        if found is None:
            return None
        found = found.get(step)
    return None if found is None or found == "" else _READ[asked.kind](found)


def _day(found: Any) -> date:
    return date.fromisoformat(found["date"] if isinstance(found, Mapping) else found[:10])


def _money(found: Any) -> Decimal:
    amount = Decimal(found)
    exponent = amount.as_tuple().exponent
    fits = isinstance(exponent, int) and exponent >= -MONEY_PLACES
    return amount if fits else amount.quantize(_SMALLEST, context=_MONEY)


_READ: Mapping[Kind, Callable[[Any], Cell]] = {
    Kind.TEXT: str,
    Kind.INTEGER: int,
    Kind.NUMBER: float,
    Kind.SHARE: float,
    Kind.MONEY: _money,
    Kind.DAY: _day,
    Kind.TIME: datetime.fromisoformat,
    Kind.FLAG: bool,
}
