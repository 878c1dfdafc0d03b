"""The type of a custom field, found out from the cells of its column, and how cells of such a field are read.

What people write beside the digits, such as 12 months, 8 %, 4.9k, 300만원 or 10+, is understood by the readers that
evaluating a file on its own uses (`learning.cell_numbers`, `learning.cell_words`, `learning.tabular_kinds`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache

from learning.cell_numbers import evident_mark, is_code
from learning.cell_numbers import parse_number as number_in
from learning.cell_words import factors, measured_number, says_unknown, unbound, unit_of
from learning.records import FieldType
from services.gateway.imports.schema import Format
from services.gateway.imports.values import ISO_DAY, NO, YES, parse_day, parse_number
from services.gateway.limits import LARGEST_NUMBER

_GUESSED_DAYS = (ISO_DAY, "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y")  # no guess between 3/4 and 4/3
MOST_CHOICES, MOST_UNITS, MOST_TEXTS, LONGEST = 100, 20, 2_000, 200


def quantity(text: str, style: Format) -> float | None:
    """The number of a custom field's cell, 8 for 8%; None where it says in words that nobody knows.

    Raises ValueError where it is none, or one in a unit that the column (`style.units`) does not have.
    """
    try:
        return float(parse_number(text, style.decimal, style.thousands))
    except ValueError:
        if says_unknown(text):
            return None
    number = _without_unit(text, style.decimal, style.thousands)
    if number is None:
        unit = (unit_of(text) or ("", ""))[1]
        if unit not in style.units:
            raise ValueError(f"its unit {unit!r} is not that of the column")
        number = measured_number(text, style.decimal, style.units)
        if abs(number) > LARGEST_NUMBER:
            raise ValueError("it is not between -10^15 and 10^15")
    return number


@lru_cache(maxsize=20_000)
def _without_unit(text: str, decimal: str, thousands: str) -> float | None:
    """The number of a cell without a unit, None of one with a unit. Raises ValueError where it is no number."""
    pair = unit_of(text)
    digits = pair[0] if pair else unbound(text)
    mark, other = evident_mark(digits), "," if decimal == "." else "."
    if mark not in ("", decimal) or (not mark and other in digits and thousands != other):
        raise ValueError(f"it is not a number with {decimal!r} before the decimals")
    number = number_in(text, decimal)
    if math.isnan(number):
        number = measured_number(text, decimal, {pair[1]: 1.0} if pair else {})
        if math.isnan(number):
            raise ValueError("it is not a number")
        if pair:
            return None
    if abs(number) > LARGEST_NUMBER:
        raise ValueError("it is not between -10^15 and 10^15")
    return number


class TypeGuess:
    """Sees the values of a column and says which type of custom field it is."""

    def __init__(self, decimal: str, thousands: str) -> None:
        self._separators = (decimal, thousands)
        self._possible = {FieldType.YES_NO, FieldType.NUMBER, FieldType.DATE}
        self._days = set(_GUESSED_DAYS)
        self._distinct: set[str] = set()
        self._seen = self._told = 0
        self._numbers: Counter[str] = Counter()  # while all are numbers, the first different ones
        self._plain = True  # digits alone
        self._units: set[str] = set()

    def add(self, text: str) -> None:
        """One value that is not missing."""
        self._seen += 1
        if len(self._distinct) <= MOST_CHOICES:
            self._distinct.add(text[:LONGEST])
        if not self._possible:
            return
        if FieldType.YES_NO in self._possible and text.strip().lower() not in YES | NO:
            self._possible.discard(FieldType.YES_NO)
        if says_unknown(text):
            return
        self._told += 1
        if FieldType.NUMBER in self._possible and not self._is_number(text):
            self._possible.discard(FieldType.NUMBER)
        if FieldType.DATE in self._possible:
            self._days = {pattern for pattern in self._days if _is_day(text, pattern)}
            if not self._days:
                self._possible.discard(FieldType.DATE)

    def _is_number(self, text: str) -> bool:
        if is_code(text):
            return False
        if len(self._numbers) < MOST_TEXTS or text in self._numbers:
            self._numbers[text] += 1
        try:
            parse_number(text, *self._separators)
        except ValueError:
            self._plain = False
        else:
            return True
        try:
            if _without_unit(text, *self._separators) is None:
                self._units.add((unit_of(text) or ("", ""))[1])
        except ValueError:
            return False
        return len(self._units) <= MOST_UNITS

    @cached_property
    def units(self) -> Mapping[str, float]:
        """What numbers of each unit of the column are multiplied by."""
        return factors(self._numbers) if self._units else {}

    def _are_numbers(self) -> bool:
        """Whether numbers with something beside them are quantities; a few such as 0, 1, 2, 3+ are choices."""
        if self._plain:
            return True
        from learning.tabular import Kind, Raw, encode
        from learning.tabular_kinds import learn_reading

        reading = learn_reading(Raw.of([encode(list(self._numbers.elements()))]))
        return reading.kind is Kind.NUMBER and self._units <= set(self.units)

    def settled(self, style: Format, kind: FieldType) -> Format:
        """How cells of the column are read as a field of the type, where the mapping does not say."""
        if kind is FieldType.NUMBER:
            return replace(style, units=self.units)
        if kind is FieldType.DATE and not style.dates:
            return replace(style, dates=tuple(pattern for pattern in _GUESSED_DAYS if pattern in self._days))
        return style

    def result(self) -> FieldType:
        """The narrowest type that fits every value but words for not knowing; 0 and 1 alone are numbers."""
        if not self._seen:
            return FieldType.TEXT
        if FieldType.YES_NO in self._possible and not self._distinct <= {"0", "1"}:
            return FieldType.YES_NO
        if FieldType.NUMBER in self._possible and self._told and self._are_numbers():
            return FieldType.NUMBER
        if FieldType.DATE in self._possible and self._told:
            return FieldType.DATE
        few = len(self._distinct) <= MOST_CHOICES and len(self._distinct) * 2 <= self._seen
        short = all(len(value) <= 80 for value in self._distinct)
        return FieldType.CHOICE if few and short else FieldType.TEXT


def _is_day(text: str, pattern: str) -> bool:
    try:
        parse_day(text, (pattern,))
    except ValueError:
        return False
    return True
