"""Reading JSON that somebody else wrote: every problem becomes a FieldError that names field, value and mend."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from kit.money import Money, decimals
from services.gateway.domain import UNSET, FieldError
from services.gateway.limits import FIRST_YEAR, ID_LENGTH, LARGEST_NUMBER, LAST_YEAR, NAME_LENGTH, UNSTORABLE
from services.gateway.privacy.resident_numbers import unrepeated

LIST_LENGTH, FIELD_COUNT = 10_000, 1_000
SHOWN = 60

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


def shown(value: Any) -> str:
    """A value as an error message shows it: short and printable, null as JSON writes it."""
    text = value if isinstance(value, str) else "null" if value is None else repr(value)
    text = unrepeated(text)  # before it is cut
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: SHOWN + 1])
    return text[:SHOWN] + "…" if len(text) > SHOWN else text


@dataclass(slots=True)
class Problems:
    """What was found wrong so far, at most 50 of it."""

    found: list[FieldError] = field(default_factory=list)

    def add(self, name: str, value: Any, message: str, mend: str) -> None:
        """Note one problem."""
        if len(self.found) < 50:
            self.found.append(FieldError(name[:NAME_LENGTH], shown(value), message, mend))


def check_text(value: Any, name: str, problems: Problems, limit: int) -> str | None:
    """The text, or None with a problem noted."""
    if not isinstance(value, str):
        problems.add(name, value, f"{name} is not text", "send it as a JSON string")
    elif len(value) > limit:
        problems.add(name, value, f"{name} has {len(value):,} characters, more than {limit:,}", "shorten it")
    elif UNSTORABLE.search(value):
        problems.add(name, value, f"{name} holds a character that is no text (NUL or half a surrogate pair)", "drop it")
    else:
        return value
    return None


def check_id(value: Any, name: str, problems: Problems) -> str | None:
    """A non-empty id without spaces around it."""
    text = check_text(value, name, problems, ID_LENGTH)
    if text is None:
        return None
    if not text.strip() or text != text.strip() or not text.isprintable():
        problems.add(name, value, f"{name} is not an id", "give 1 to 200 printable characters without spaces around")
        return None
    return text


def check_number(value: Any, name: str, problems: Problems) -> float | None:
    """A finite number of sane size."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        problems.add(name, value, f"{name} is not a number", "send it as a JSON number")
    elif not abs(value) <= LARGEST_NUMBER or not math.isfinite(value):
        problems.add(name, value, f"{name} is not between -10^15 and 10^15", "give a finite number in that range")
    else:
        return float(value)
    return None


def check_day(value: Any, name: str, problems: Problems) -> date | None:
    """An ISO day between the years 1900 and 2199."""
    mend = f"write a day as 2017-09-30, between {FIRST_YEAR} and {LAST_YEAR}"
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        problems.add(name, value, f"{name} is not a day", mend)
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        problems.add(name, value, f"{name} is not a day of the calendar", mend)
        return None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        problems.add(name, value, f"{name} is in the year {day.year}", mend)
        return None
    return day


def check_time(value: Any, name: str, problems: Problems) -> datetime | None:
    """An ISO time with its offset, returned in UTC."""
    mend = f"write a time with its offset, such as 2017-09-30T12:00:00Z, between {FIRST_YEAR} and {LAST_YEAR}"
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        time = time.astimezone(UTC) if time is not None and time.tzinfo is not None else None
    except (ValueError, OverflowError):
        time = None
    if time is None or not FIRST_YEAR <= time.year <= LAST_YEAR:
        problems.add(name, value, f"{name} is not a time with an offset in a sensible year", mend)
        return None
    return time


def check_money(value: Any, name: str, problems: Problems) -> Money | None:
    """{"currency", "value"} with a decimal that is not negative and has no more decimals than its currency."""
    mend = 'send {"currency": "USD", "value": "1054.00"}'
    if not isinstance(value, Mapping) or set(value) != {"currency", "value"}:
        problems.add(name, value, f"{name} is not an amount with its currency", mend)
        return None
    currency, decimal = value["currency"], value["value"]
    sane = isinstance(currency, str) and isinstance(decimal, str | int | float) and not isinstance(decimal, bool)
    try:
        money = Money.parse(currency, decimal) if sane else None
    except ValueError as error:
        problems.add(name, f"{currency} {decimal}", f"{name}: {error}", mend)
        return None
    if money is None:
        problems.add(name, f"{shown(currency)} {shown(decimal)}", f"{name} is not an amount with its currency", mend)
    elif money.minor < 0:
        problems.add(name, decimal, f"{name} is negative", "give an amount of zero or more")
    elif is_rounded(money, decimal):
        refuse_rounded(money, decimal, name, problems)
    else:
        return money
    return None


def is_rounded(money: Money, decimal: str | float | Decimal) -> bool:
    """Whether the decimal that it was read from has more decimals than its currency."""
    return Decimal(str(decimal).strip()) != Decimal(money.value)


def refuse_rounded(money: Money, decimal: str | float, name: str, problems: Problems) -> None:
    """Nobody's amount is rounded without saying so."""
    places, _ = decimals(money.currency)
    message = f"{name} has more decimals than {money.currency}, which has {places}"
    problems.add(name, decimal, message, f"round it yourself, such as to {money.value}")


def check_choice(value: Any, name: str, problems: Problems, allowed: Sequence[str]) -> str | None:
    """One of the allowed words, spelt exactly."""
    if isinstance(value, str) and value in allowed:
        return value
    problems.add(name, value, f"{name} is none of the allowed values", "use one of " + ", ".join(filter(None, allowed)))
    return None


class Reader:
    """Takes the members of one JSON object, noting problems; unknown keys are refused by name."""

    def __init__(self, raw: Any, problems: Problems, keys: Sequence[str], *, path: str = "", hint: str = "") -> None:
        self._raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        self._problems, self._path = problems, path
        if not isinstance(raw, Mapping):
            problems.add(path or "record", raw, "not a JSON object", "send an object with " + ", ".join(keys))
            return
        for key in raw:
            if key not in keys:
                mend = hint or "leave it out; known keys are " + ", ".join(keys)
                problems.add(self.name(str(key)), raw[key], f"{shown(str(key))} is not a key of this record", mend)

    def name(self, key: str) -> str:
        """The key with the path that leads to it."""
        return f"{self._path}.{key}" if self._path else key

    def has(self, key: str) -> bool:
        """Whether the object has the key."""
        return key in self._raw

    def raw(self, key: str) -> Any:
        """The value unchecked; None where it is absent."""
        return self._raw.get(key)

    def take(
        self, key: str, check: Callable[..., T | None], *more: Any, default: Any = UNSET, empty: Any = UNSET
    ) -> Any:
        """The checked value; `default` where absent, `empty` for null (which is a problem where `empty` is UNSET)."""
        if key not in self._raw:
            return default
        value = self._raw[key]
        if value is None and empty is not UNSET:
            return None if empty is None else empty
        result = check(value, self.name(key), self._problems, *more)
        return default if result is None else result

    def id(self, key: str, *, default: Any = UNSET) -> Any:
        """A reference; null or "" empties it."""
        return "" if self._raw.get(key, "-") in ("", None) else self.take(key, check_id, default=default)

    def required_id(self, key: str) -> str:
        """An id that must be there; "" with a problem noted where it is not."""
        if self._raw.get(key) in ("", None):
            self._problems.add(self.name(key), self._raw.get(key, ""), f"{self.name(key)} is missing", "give the id")
            return ""
        return str(self.take(key, check_id, default=""))

    def text(self, key: str, limit: int = NAME_LENGTH, *, default: Any = "") -> Any:
        """Text; null empties it."""
        return self.take(key, check_text, limit, default=default, empty="")

    def choice(self, key: str, allowed: Sequence[str], *, default: Any = "") -> Any:
        """One of the allowed words; null or "" empties it where "" is among them."""
        return self.take(key, check_choice, allowed, default=default, empty="" if "" in allowed else UNSET)

    def enum(self, key: str, kind: type[E]) -> Any:
        """A member of the enum, or UNSET."""
        word = self.take(key, check_choice, [str(member) for member in kind])
        return UNSET if word is UNSET else kind(word)

    def flag(self, key: str, *, default: Any) -> Any:
        """True or false."""
        value = self._raw.get(key, default)
        if value is not default and not isinstance(value, bool):
            self._problems.add(
                self.name(key), value, f"{self.name(key)} is neither true nor false", "send true or false"
            )
            return default
        return value

    def items(self, key: str, limit: int = LIST_LENGTH) -> list[tuple[str, Any]]:
        """The elements of a list, each with the path that names it."""
        value = self._raw.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > limit:
            self._problems.add(
                self.name(key), value, f"{self.name(key)} is not a list of up to {limit:,}", "send a list"
            )
            return []
        return [(f"{self.name(key)}[{i}]", element) for i, element in enumerate(value)]
