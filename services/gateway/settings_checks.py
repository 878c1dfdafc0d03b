"""What people may set for the whole company, checked: each raises InvalidInput with the mend."""

from __future__ import annotations

from typing import Any

from holidays import list_supported_countries

from kit.errors import InvalidInput
from kit.money import is_currency
from learning.contact_hours import zone
from learning.fiscal import FiscalCalendar
from learning.overrules import EXAMPLE, Overrules

TRAINING_COLUMNS, FISCAL_YEAR = "training_columns", "fiscal_year"
HOLIDAY_COUNTRY, TIME_ZONE = "holiday_country", "time_zone"


def checked_currency(currency: str) -> str:
    """An ISO 4217 code."""
    code = currency.strip().upper()
    if not is_currency(code):
        mend = "Use an ISO 4217 code such as USD"
        raise InvalidInput("this is no currency", field="currency", value=currency, mend=mend)
    return code


def checked_bounds(bounds: Any) -> tuple[float, float, float]:
    """The lower bounds of A, B and C, falling."""
    given = bounds if isinstance(bounds, dict) else {}
    values = [float(given[name]) for name in "ABC" if isinstance(given.get(name), int | float)]
    if len(values) != 3 or set(given) != set("ABC") or not 1 >= values[0] > values[1] > values[2] >= 0:
        mend = 'Send {"A": 0.75, "B": 0.5, "C": 0.25}, each below the one before, between 0 and 1'
        raise InvalidInput("these are no grade bounds", field="grade_bounds", value=str(bounds)[:60], mend=mend)
    return values[0], values[1], values[2]


def checked_columns(columns: Any) -> Overrules:
    """The columns that lead scoring keeps and leaves out."""
    if not isinstance(columns, dict) or not set(columns) <= {"keep", "drop"}:
        field, value = TRAINING_COLUMNS, str(columns)[:60]
        raise InvalidInput("these are no lists of columns", field=field, value=value, mend=EXAMPLE)
    return Overrules.of(columns.get("keep", ()), columns.get("drop", ()), f"{TRAINING_COLUMNS}.")


def checked_country(country: Any) -> str:
    """The code of a country whose public holidays are known; empty for none."""
    code = country.strip().upper() if isinstance(country, str) else "?"
    if code and code not in list_supported_countries(include_aliases=False):
        mend = "Use an ISO 3166 code such as KR or US, or leave it empty"
        raise InvalidInput("this is no country whose holidays are known", field=HOLIDAY_COUNTRY,
                           value=str(country)[:60], mend=mend)  # fmt: skip
    return code


def checked_zone(name: Any) -> str:
    """A time zone's IANA name; empty for UTC."""
    name = name.strip() if isinstance(name, str) else "?"
    try:
        zone(name or "UTC")
    except ValueError as error:
        mend = "Use an IANA name such as Asia/Seoul, or leave it empty"
        raise InvalidInput("there is no such time zone", field=TIME_ZONE, value=name[:60], mend=mend) from error
    return str(name)


def fiscal_calendar(given: Any) -> FiscalCalendar:
    """Where the fiscal year begins, and which year's number it bears."""
    sound = isinstance(given, dict) and set(given) <= {"start_month", "named_by"}
    month, named = (given.get("start_month", 1), given.get("named_by", "end")) if sound else (0, "")
    whole = isinstance(month, int) and not isinstance(month, bool)
    if not whole or not 1 <= month <= 12 or named not in ("end", "start"):
        mend = 'Send {"start_month": 4, "named_by": "end"}, named_by being end or start'
        raise InvalidInput("this is no fiscal year", field=FISCAL_YEAR, value=str(given)[:60], mend=mend)
    return FiscalCalendar(month, named == "end")
