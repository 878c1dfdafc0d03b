"""The JSON of field values and times, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kit.money import Money
from learning.history_schema import to_jsonable
from learning.records import ChangeValue, Value
from services.gateway.json_checks import FIELD_COUNT, Problems, check_day, check_id, check_number, check_text
from services.gateway.limits import ID_LENGTH, TEXT_LENGTH


def time_text(value: datetime | date) -> str:
    """ISO 8601, a time in UTC as …Z."""
    return value.isoformat().replace("+00:00", "Z")


def value_to_json(value: ChangeValue | None) -> Any:
    """A field's value: string, number, true/false, {"date": …}, {"currency", "value"} or null; products and contacts
    are lists as in a deal."""
    if isinstance(value, tuple):
        return to_jsonable(value)
    if isinstance(value, Money):
        return {"currency": value.currency, "value": value.value}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return str(value) if isinstance(value, str) else value


def fields_to_json(fields: Mapping[str, Value | None]) -> dict[str, Any]:
    """Custom fields by name."""
    return {name: value_to_json(value) for name, value in fields.items()}


def fields_from_json(raw: Any, name: str, problems: Problems) -> dict[str, Value | None]:
    """Custom fields by name; problems are noted."""
    if raw is None:
        return {}
    if not isinstance(raw, Mapping) or len(raw) > FIELD_COUNT:
        problems.add(name, raw, f"{name} is not an object of up to {FIELD_COUNT:,} members", "send name: value pairs")
        return {}
    values: dict[str, Value | None] = {}
    for key, value in raw.items():
        path = f"{name}.{key}"[:ID_LENGTH]
        if check_id(key, path, problems) is not None:
            values[str(key)] = value_from_json(value, path, problems)
    return values


def value_from_json(value: Any, name: str, problems: Problems) -> Value | None:
    """A custom field's value, None for null or with a problem noted."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return check_text(value, name, problems, TEXT_LENGTH)
    if isinstance(value, int | float):
        return check_number(value, name, problems)
    if isinstance(value, Mapping) and set(value) == {"date"}:
        return check_day(value["date"], name, problems)
    mend = 'send a string, a number, true or false, {"date": "2017-09-30"} or null'
    problems.add(name, value, f"{name} is no value of a custom field", mend)
    return None
