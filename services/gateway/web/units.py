"""The unit that somebody reads money in: as each amount asks for, or always the same. Exports know no units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from babel.numbers import format_currency


@dataclass(frozen=True, slots=True)
class Unit:
    """Amounts in so many of the currency's units each, with its digits after the point; `near` of those below ten."""

    size: int
    suffixes: Mapping[str, str]  # by language
    places: int
    near: int


UNITS: Mapping[str, Unit] = {
    "1": Unit(1, {"en": "", "ko": ""}, 0, 0),
    "K": Unit(10**3, {"en": "K", "ko": "천"}, 0, 1),
    "man": Unit(10**4, {"en": "만", "ko": "만"}, 0, 1),
    "M": Unit(10**6, {"en": "M", "ko": "백만"}, 1, 2),
    "eok": Unit(10**8, {"en": "억", "ko": "억"}, 1, 2),
}


def in_unit(language: str, currency: str, value: Decimal, unit: Unit) -> str | None:
    """An amount in the unit, halves rounded to even; None for one that would look like nothing."""
    scaled = value / unit.size
    rounded = _rounded(scaled, unit.near)
    if abs(rounded) >= 10:
        rounded = _rounded(scaled, unit.places)
    if not rounded:
        return None
    places = -int(rounded.as_tuple().exponent)
    pattern = "¤#,##0" + ("." + "0" * places if places else "")
    text = format_currency(rounded, currency, pattern, locale=language, currency_digits=False)
    return f"{text}{unit.suffixes[language]}"


def _rounded(scaled: Decimal, places: int) -> Decimal:
    return scaled.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
