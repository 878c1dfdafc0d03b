"""The types of custom fields: found from first values, checked of all others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from kit.money import Money
from learning.records import FieldType
from services.gateway.store.checks import Checker
from services.gateway.store.context import Fields

MOST_FIELDS = 500
CHOICE_LENGTH = 100  # a longer first text makes the field text, not choice
PREFIX = "fields."
_WORDS = {
    FieldType.TEXT: "text", FieldType.CHOICE: "text", FieldType.NUMBER: "number", FieldType.YES_NO: "yes/no",
    FieldType.DATE: "date",
}  # fmt: skip
_EXAMPLES = {
    "text": "Give text",
    "number": "Give a number",
    "yes/no": "Give true or false",
    "date": "Give a calendar day",
}


def check_types(check: Checker, entity: str, values: Iterable[tuple[str, Any]], fields: Fields) -> Fields:
    """Whether custom values fit their fields; returns the definitions that the values make, first ones and wider."""
    made: Fields = {}
    for name, value in values:
        if value is None or value == "" or isinstance(value, Money):
            continue
        key, fits = (entity, name), type_of(value)
        defined = made.get(key) or fields.get(key)
        if defined is None:
            made[key] = fits
        elif _WORDS[defined] != _WORDS[fits]:
            word = _WORDS[defined]
            check.refuse(PREFIX + name, value, f"the field holds {word}, this is {_WORDS[fits]}", _EXAMPLES[word])
        elif defined is FieldType.CHOICE and fits is FieldType.TEXT:
            made[key] = FieldType.TEXT
    new = sum(key not in fields for key in made)
    if new and sum(key[0] == entity for key in fields) + new > MOST_FIELDS:
        check.refuse("fields", new, f"{entity}s have {MOST_FIELDS} custom fields already", "Drop fields nobody needs")
    return made


def type_of(value: Any) -> FieldType:
    """The type a field gets from its first value."""
    if isinstance(value, bool):
        return FieldType.YES_NO
    if isinstance(value, int | float):
        return FieldType.NUMBER
    if isinstance(value, date):
        return FieldType.DATE
    return FieldType.CHOICE if len(value) <= CHOICE_LENGTH else FieldType.TEXT
