"""Exchange rates as programs and files give them, and as they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from kit.money import is_currency
from learning.exchange import DatedRate, Rates
from services.gateway.csv_rows import csv_rows
from services.gateway.domain import UNSET, FieldError
from services.gateway.json_checks import Problems, Reader, check_day
from services.gateway.json_values import time_text
from services.gateway.store.interface import RateEntry

COLUMNS = ("currency", "date", "rate")
LAYOUT = "currency,date,rate"
MEND_RATE = 'send how many of the company\'s currency one is, such as "1.0842"'
_DECIMAL = re.compile(r"\d{1,10}(\.\d{1,12})?")


def read_rate(raw: Any) -> tuple[DatedRate | None, Sequence[FieldError]]:
    """{"currency": "EUR", "date": "2017-09-30", "rate": "1.0842"}."""
    problems = Problems()
    reader = Reader(raw, problems, COLUMNS)
    code = _required(reader, "currency", problems, "use an ISO 4217 code such as EUR")
    day = reader.take("date", check_day, default=None)
    if not reader.has("date"):
        problems.add("date", "", "date is missing", "write a day as 2017-09-30")
    rate = _required(reader, "rate", problems, MEND_RATE)
    if code is not UNSET and not (isinstance(code, str) and is_currency(code.strip().upper())):
        problems.add("currency", code, "currency is not an ISO 4217 code", "use an ISO 4217 code such as EUR")
    text = str(rate) if isinstance(rate, str | int | float) and not isinstance(rate, bool) else ""
    if rate is not UNSET and not _DECIMAL.fullmatch(text.strip()):
        problems.add("rate", rate, "rate is no decimal number above zero, of at most 12 decimals", MEND_RATE)
    if problems.found:
        return None, tuple(problems.found)
    return DatedRate(str(code).strip().upper(), day or date.min, Decimal(text.strip())), ()


def _required(reader: Reader, name: str, problems: Problems, mend: str) -> Any:
    if not reader.has(name):
        problems.add(name, "", f"{name} is missing", mend)
        return UNSET
    return reader.raw(name)


def rate_rows(data: bytes) -> Iterator[tuple[int, dict[str, str] | FieldError]]:
    """The rows of a CSV file with a line of names, `currency`, `date` and `rate`, as `read_rate` takes them, with the
    line each ends on; of a line that cannot be read, why. Raises InvalidInput where the file is no such."""
    return csv_rows(data, COLUMNS, LAYOUT)


def holding_json(rates: Rates, day: date) -> list[dict[str, str]]:
    """The rate of each currency that holds on a day, and since when."""
    found = []
    for code, rate in rates.as_of(day).items():
        since = max(each for each in rates.days[code] if each <= day)
        found.append({"currency": code, "date": since.isoformat(), "rate": f"{rate:f}"})
    return found


def entry_json(entry: RateEntry) -> dict[str, str | None]:
    """An entry; `rate` is null where it was taken away."""
    return {
        "currency": entry.currency,
        "date": entry.day.isoformat(),
        "rate": None if entry.rate is None else f"{entry.rate:f}",
        "author": entry.author,
        "time": time_text(entry.time),
    }
