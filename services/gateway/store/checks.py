"""The bounds of what is stored, checked member by member; every problem becomes a FieldError with its mend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from kit.money import Money, is_currency
from services.gateway.domain import FieldError
from services.gateway.limits import (
    FIRST_YEAR,
    ID_LENGTH,
    KEPT_TEXT_BYTES,
    LARGEST_MINOR,
    LARGEST_NUMBER,
    LAST_YEAR,
    NAME_LENGTH,
    PERIOD,
    UNSTORABLE,
)
from services.gateway.privacy.resident_numbers import MEND, MESSAGE, holds_resident_number, unrepeated

SHOWN = 100
SHORTEST = 12  # characters, above which there may be a resident number
ABSURD = 10**90  # Python refuses to print integers of thousands of digits
MOST_ERRORS = 50
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def shown(value: Any) -> str:
    """A value as an error shows it: at most 100 printable characters."""
    if isinstance(value, str):
        text = unrepeated(value)[:SHOWN]  # before it is cut
    elif isinstance(value, Money):
        text = f"{value.currency} {value.minor if abs(value.minor) < ABSURD else 'very much'}"
    elif isinstance(value, int) and abs(value) >= ABSURD:
        text = "a huge number"
    else:
        text = str(value) if isinstance(value, int | float | date | None) else type(value).__name__
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:SHOWN])


class Checker:
    """Collects what is wrong with one write. Each method returns whether the value may be stored."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def refuse(self, field: str, value: Any, message: str, mend: str) -> bool:
        """Note a problem; always False."""
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(FieldError(shown(field), shown(value), message, mend))
        return False

    def id(self, field: str, value: Any, *, empty: bool = False) -> bool:
        """An id of 1 to 200 characters without control characters; '' too where `empty`."""
        if not isinstance(value, str):
            return self.refuse(field, value, "this is no text", "Give the id as text")
        if not value:
            return empty or self.refuse(field, value, "the id is empty", "Give an id of 1 to 200 characters")
        if SHORTEST < len(value) <= ID_LENGTH and holds_resident_number(value):
            return self.refuse(field, "", MESSAGE, MEND)
        if len(value) > ID_LENGTH:
            return self.refuse(field, value, f"the id has {len(value):,} characters", "Use at most 200 characters")
        if value.isascii() and value.isprintable():
            return True
        if _CONTROL.search(value) or UNSTORABLE.search(value):
            return self.refuse(field, value, "the id holds a control character or half a surrogate pair", "Drop it")
        return True

    def name(self, field: str, value: Any, *, required: bool = False) -> bool:
        """A name, stage or other short text of at most 500 characters."""
        if required and not value:
            return self.refuse(field, value, "this is empty", "Give at least one character")
        if isinstance(value, str) and len(value) > NAME_LENGTH:
            return self.refuse(
                field, value, f"this has {len(value):,} characters", f"Use at most {NAME_LENGTH} characters"
            )
        return self.text(field, value)

    def text(self, field: str, value: Any) -> bool:
        """Text of at most 2 MB; no NUL and no lone surrogates, which PostgreSQL cannot keep, and no resident number."""
        if not isinstance(value, str):
            return self.refuse(field, value, "this is no text", "Give text")
        if len(value) > SHORTEST and holds_resident_number(value, field):
            return self.refuse(field, "", MESSAGE, MEND)
        if not value.isascii() or "\x00" in value:
            if UNSTORABLE.search(value):
                return self.refuse(field, value, "this holds a NUL or half a surrogate pair", "Drop that character")
            if len(value) * 4 <= KEPT_TEXT_BYTES:
                return True
            size = len(value.encode())
        else:
            size = len(value)
        return size <= KEPT_TEXT_BYTES or self.refuse(
            field, value, f"this is {size:,} bytes long", "Use at most 2 MB of text"
        )

    def day(self, field: str, value: Any) -> bool:
        """A day from 1900 to 2199."""
        if not isinstance(value, date) or isinstance(value, datetime):
            return self.refuse(field, value, "this is no day", "Give a calendar day")
        return FIRST_YEAR <= value.year <= LAST_YEAR or self.refuse(
            field, value, f"the year {value.year} is out of range", "Give a day between 1900-01-01 and 2199-12-31"
        )

    def time(self, field: str, value: Any) -> bool:
        """A moment from 1900 to 2199 with its zone."""
        if not isinstance(value, datetime):
            return self.refuse(field, value, "this is no time", "Give a time")
        if value.tzinfo is None:
            return self.refuse(field, value, "the time has no zone", "Give the time in UTC")
        return FIRST_YEAR <= value.year < LAST_YEAR or self.refuse(
            field, value, f"the year {value.year} is out of range", "Give a time between 1900 and 2198"
        )

    def amount(self, field: str, value: Any) -> bool:
        """Money that is not negative and at most 10^18 minor units."""
        if not isinstance(value, Money):
            return self.refuse(field, value, "this is no amount", "Give an amount with its currency")
        if not is_currency(value.currency):
            return self.refuse(field, value.currency, "this is no currency", "Use an ISO 4217 code such as USD")
        if value.minor < 0:
            return self.refuse(field, value, "the amount is negative", "Give an amount of zero or more")
        return value.minor <= LARGEST_MINOR or self.refuse(
            field, value, "the amount is absurd", "Give at most 10^18 minor units"
        )

    def number(self, field: str, value: Any) -> bool:
        """A finite number of sane size."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self.refuse(field, value, "this is no number", "Give a number")
        sane = abs(value) <= LARGEST_NUMBER
        return sane or self.refuse(field, value, "the number is out of range", "Give one between -10^15 and 10^15")

    def flag(self, field: str, value: Any) -> bool:
        """True or false."""
        return isinstance(value, bool) or self.refuse(
            field, value, "this is neither true nor false", "Give true or false"
        )

    def one_of(self, field: str, value: Any, allowed: Sequence[str], *, empty: bool = False) -> bool:
        """One of the allowed words; '' too where `empty`."""
        if (empty and value == "") or (isinstance(value, str) and value in allowed):
            return True
        return self.refuse(field, value, "this is none of the allowed words", "Use one of " + ", ".join(allowed))

    def member(self, field: str, value: Any, kind: type[StrEnum]) -> bool:
        """A member of an enumeration, or its word."""
        return self.one_of(field, value, [str(one) for one in kind])

    def period(self, field: str, value: Any) -> bool:
        """A quarter, month, half or year such as 2017-Q4, 2017-09, 2017-H2 or FY2017."""
        if isinstance(value, str) and PERIOD.fullmatch(value):
            return True
        return self.refuse(field, value, "this is no period", "Write it as 2017-Q4, 2017-09, 2017-H2 or FY2017")
