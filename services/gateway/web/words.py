"""The pages' message catalogue, and numbers, money and days as the reader's language writes them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent

LANGUAGES = ("en", "ko")
SOURCE = Path(__file__).parent / "words.toml"


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

    def __call__(self, key: str, **values: Any) -> str:
        """A message, its slots filled; KeyError for a key that is not in the catalogue."""
        text = catalogue()[key][LANGUAGES.index(self.language)]
        return text.format(**values) if values else text

    def name(self, section: str, value: str) -> str:
        """What a code such as WON or best_case is called; the code itself where the catalogue has no word."""
        found = catalogue().get(f"{section}.{value}")
        return found[LANGUAGES.index(self.language)] if found else value

    def money(self, amount: Mapping[str, str] | None, *, compact: bool = False) -> str:
        """{"currency", "value"} as money, to whole units; a dash for none."""
        if not amount or not amount.get("value"):
            return "–"
        try:
            value = Decimal(amount["value"])
        except InvalidOperation:
            return f"{amount['value']} {amount['currency']}"
        if compact and abs(value) >= 10_000:
            return str(format_compact_currency(value, amount["currency"], locale=self.language, fraction_digits=1))
        whole = value == value.to_integral_value() or abs(value) >= 1000
        return str(
            format_currency(
                value.quantize(Decimal(1)) if whole else value, amount["currency"], locale=self.language,
                currency_digits=not whole, format="¤#,##0" if whole else None,
            )
        )  # fmt: skip

    def percent(self, share: float | None) -> str:
        """A probability in whole percent; what is neither nothing nor certain does not look so."""
        if share is None:
            return "–"
        if 0 < share < 0.01:
            return "<1%"
        if 0.99 < share < 1:
            return ">99%"
        return str(format_percent(share, "0%", locale=self.language))

    def points(self, share: float) -> str:
        """A difference of probabilities in signed percentage points."""
        return str(format_decimal(share * 100, "+0.0;-0.0", locale=self.language))

    def number(self, value: float) -> str:
        """A number."""
        return str(format_decimal(value, locale=self.language))

    def day(self, value: date | str | None) -> str:
        """A day, from a date or ISO text; a dash for none."""
        if not value:
            return "–"
        day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
        return str(format_date(day, "medium", locale=self.language))

    def time(self, value: datetime | str | None) -> str:
        """A moment in UTC; a dash for none."""
        if not value:
            return "–"
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return f"{format_datetime(moment, 'yyyy-MM-dd HH:mm', locale=self.language)} UTC"
