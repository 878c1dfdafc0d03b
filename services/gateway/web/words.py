"""The pages' message catalogue, and numbers, money and days as the reader's language writes them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent

from learning.contact_hours import zone
from services.gateway.web.units import UNITS, in_unit

LANGUAGES = ("en", "ko")
SOURCE = Path(__file__).parent / "words.toml"
UNLIKELY = 1e-9  # a chance that no scenario shows is there all the same
JOINER = "\N{WORD JOINER}"  # no line ends here


@cache
def catalogue() -> Mapping[str, tuple[str, ...]]:
    """Every message by its key, such as list.deal, in the order of LANGUAGES."""
    sections = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    return {
        f"{section}.{key}": tuple(texts) for section, messages in sections.items() for key, texts in messages.items()
    }


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its messages and its way of writing values."""

    language: str
    unit: str = ""  # of UNITS: money always in this one
    zone: str = ""  # time zone of the times that are shown; none: UTC

    def __call__(self, key: str, **values: Any) -> str:
        """A message, its slots filled; KeyError for a key that is not in the catalogue."""
        text = catalogue()[key][LANGUAGES.index(self.language)]
        return text.format(**values) if values else text

    def name(self, section: str, value: str) -> str:
        """What a code such as WON or best_case is called; the code itself where the catalogue has no word."""
        found = catalogue().get(f"{section}.{value}")
        return found[LANGUAGES.index(self.language)] if found else value

    def knows(self, section: str, value: str) -> bool:
        """Whether the catalogue has a word for a code."""
        return f"{section}.{value}" in catalogue()

    def money(self, amount: Mapping[str, str] | None, *, compact: bool = False) -> str:
        """{"currency", "value"} as money, in the reader's unit, else to whole units; a dash for none."""
        if not amount or not amount.get("value"):
            return "–"
        return _money(self.language, self.unit, amount["currency"], amount["value"], compact)

    def chance(self, probability: float | None) -> str:
        """What a model says of what is still to come: never nothing and never certain, however many of its scenarios
        agree."""
        return self.percent(None if probability is None else min(max(probability, UNLIKELY), 1 - UNLIKELY))

    def percent(self, share: float | None) -> str:
        """A share in whole percent; what is neither nothing nor everything does not look so."""
        if share is None:
            return "–"
        if 0 < share < 0.01:
            return "<1%"
        if 0.99 < share < 1:
            return ">99%"
        return _percent(self.language, round(share, 2))

    def points(self, share: float) -> str:
        """A difference of probabilities in signed percentage points."""
        return _points(self.language, share)

    def change(self, share: float) -> str:
        """A signed share in whole percent."""
        return str(format_percent(share, "+0%;−0%", locale=self.language))

    def number(self, value: float) -> str:
        """A number."""
        return _number(self.language, value)

    def day(self, value: date | str | None) -> str:
        """A day, from a date or ISO text; a dash for none."""
        if not value:
            return "–"
        return _day(self.language, date.fromisoformat(value[:10]) if isinstance(value, str) else value)

    def time(self, value: datetime | str | None) -> str:
        """A moment in the company's time zone, else in UTC; a dash for none."""
        if not value:
            return "–"
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(zone(self.zone or "UTC")).strftime("%Y-%m-%d %H:%M %Z")


def unbroken(amount: str) -> str:
    """A signed amount that no line's end parts from its sign: what takes no room stands between."""
    return amount[0] + JOINER + amount[1:] if amount[:1] in ("+", "−") else amount


_UNGROUPED = re.compile(r"(?<!\d)(\d)(\d{3})(?=[만억조경])")


@lru_cache(maxsize=8192)  # Babel takes 0.1 ms a number, and a list shows hundreds
def _money(language: str, unit: str, currency: str, text: str, compact: bool) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return f"{text} {currency}"
    if unit and UNITS[unit].size > 1 and (found := in_unit(language, currency, value, UNITS[unit])):
        return found
    if compact and not unit and abs(value) >= 10_000:
        return _compact(language, currency, value)
    if value == value.to_integral_value() or abs(value) >= 1000:
        rounded = value.quantize(Decimal(1))
        return str(format_currency(rounded, currency, "¤#,##0", locale=language, currency_digits=False))
    return str(format_currency(value, currency, locale=language))


def _compact(language: str, currency: str, value: Decimal) -> str:
    """Three digits, such as $1.37B, $13.7B and $137M, so that a target and what comes close to it differ."""
    step = 10_000 if language == "ko" else 1000
    size, lead = 1, abs(value)
    while lead >= step:
        lead, size = lead / step, size * step
    digits = 2 if lead < 10 else 1 if lead < 100 else 0
    return _in_digits(language, currency, round(value / size, digits) * size, digits)


@lru_cache(maxsize=8192)  # of amounts that look alike: nearly all of a list were shown before
def _in_digits(language: str, currency: str, value: Decimal, digits: int) -> str:
    text = str(format_compact_currency(value, currency, locale=language, fraction_digits=digits))
    return _UNGROUPED.sub(r"\1,\2", text) if language == "ko" else text  # steps of 10,000: up to four digits


@lru_cache(maxsize=256)
def _percent(language: str, share: float) -> str:
    return str(format_percent(share, "0%", locale=language))


@lru_cache(maxsize=8192)
def _points(language: str, share: float) -> str:
    return str(format_decimal(share * 100, "+0.0;-0.0", locale=language))


@lru_cache(maxsize=1024)
def _number(language: str, value: float) -> str:
    return str(format_decimal(value, locale=language))


@lru_cache(maxsize=8192)
def _day(language: str, day: date) -> str:
    return str(format_date(day, "medium", locale=language))
