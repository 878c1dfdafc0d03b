"""Checks of the catalogue's tables: each refuses what is wrong by place, value and mend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from kit.errors import InvalidInput
from kit.money import Money

T = TypeVar("T")


def currency(code: Any) -> str:
    """An ISO 4217 code."""
    try:
        return Money.parse(str(code), 0).currency
    except ValueError as error:
        raise InvalidInput(str(error), field="currency", value=str(code), mend="Write it such as USD or KRW") from None


def number(table: Mapping[str, Any], key: str, default: float, low: float, high: float) -> float:
    """A number between low and high, or the default."""
    value = typed(float, table.get(key, default), key)
    within(value, low, high, key)
    return value


def named(table: Mapping[str, Any], key: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """The tables below a table, by name."""
    return typed(dict[str, dict[str, Any]], table.get(key, {}), key).items()


def build(cls: type[T], entry: dict[str, Any], where: str) -> T:
    """A dataclass from a table with no key but its fields."""
    refuse_unknown(entry, {each.name for each in fields(cls)}, where)  # type: ignore[arg-type]
    return typed(cls, entry, where)


def typed(kind: type[T], value: Any, where: str) -> T:
    """A value of that type."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join([where, *(str(part) for part in first["loc"])])
        raise InvalidInput(
            first["msg"], field=place, value=str(first.get("input", "")), mend="See README.md for the keys and types"
        ) from None


def refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    """No key but the known ones."""
    unknown = sorted(set(table) - known)
    if unknown:
        raise InvalidInput("unknown key", field=f"{where}.{unknown[0]}", mend="Use one of: " + ", ".join(sorted(known)))


def members(values: tuple[str, ...], allowed: Any, where: str, mend: str) -> None:
    """Each value is one of those allowed."""
    for value in values:
        if value not in allowed:
            raise InvalidInput(
                "it is not known", field=where, value=value, mend=f"{mend}: {', '.join(sorted(allowed))}"
            )


def within(value: float, low: float, high: float, where: str) -> None:
    """A number between the two, bounds included."""
    if not low <= value <= high:
        raise InvalidInput(f"it is not between {low:g} and {high:g}", field=where, value=f"{value:g}",
                           mend="Choose a value in that range")  # fmt: skip
