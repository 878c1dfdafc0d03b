"""The history format (docs/history-format.md): every file's columns, and values as JSON. Defined here only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import pyarrow as pa

from kit.errors import InvalidInput
from kit.money import Money
from learning.records import ChangeValue, ContactRole, Credit, Entry, ProductLine, Value

FORMAT = 1
_TEXT = pa.string()
_TIME = pa.timestamp("us", tz="UTC")
_DAY = pa.date32()


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


SCHEMAS: Mapping[str, pa.Schema] = {
    "deals": _schema(
        id=_TEXT, revision=pa.int64(), kind=_TEXT, motion=_TEXT, pipeline=_TEXT, stage=_TEXT, outcome=_TEXT,
        name=_TEXT, owner_id=_TEXT, account_id=_TEXT, amount=_TEXT, currency=_TEXT, created_time=_TIME,
        close_date=_DAY, closed_date=_DAY, category=_TEXT, fields=_TEXT, deleted=pa.bool_(), created_before=pa.bool_(),
    ),
    "changes": _schema(
        deal_id=_TEXT, field=_TEXT, value=_TEXT, effective_time=_TIME, recorded_time=_TIME, revision=pa.int64()
    ),
    "activities": _schema(
        id=_TEXT, deal_id=_TEXT, type=_TEXT, direction=_TEXT, time=_TIME, contact_id=_TEXT, owner_id=_TEXT, text=_TEXT
    ),
    "users": _schema(id=_TEXT, name=_TEXT, email=_TEXT, title=_TEXT, active=pa.bool_()),
    "reporting_lines": _schema(user_id=_TEXT, manager_id=_TEXT, region=_TEXT, valid_from=_DAY),
    "accounts": _schema(id=_TEXT, name=_TEXT, fields=_TEXT, deleted=pa.bool_()),
    "account_changes": _schema(account_id=_TEXT, field=_TEXT, value=_TEXT, effective_time=_TIME, recorded_time=_TIME),
    "contacts": _schema(
        id=_TEXT, name=_TEXT, account_id=_TEXT, title=_TEXT, email=_TEXT, phone=_TEXT, consents=_TEXT,
        deleted=pa.bool_(),
    ),
    "deal_contacts": _schema(deal_id=_TEXT, contact_id=_TEXT, role=_TEXT),
    "products": _schema(id=_TEXT, name=_TEXT, series=_TEXT, price=_TEXT, currency=_TEXT),
    "deal_products": _schema(deal_id=_TEXT, product_id=_TEXT, quantity=pa.float64(), price=_TEXT, currency=_TEXT),
    "deal_credits": _schema(deal_id=_TEXT, owner_id=_TEXT, percent=pa.float64()),
    "decisions": _schema(
        deal_id=_TEXT, since=_DAY, day=_DAY, time=_TIME, insight_id=_TEXT, policy=_TEXT, control=pa.bool_(),
        action=_TEXT, propensity=pa.float64(), chances=_TEXT, shares=_TEXT, shown=_TEXT,
    ),
    "feedback": _schema(
        id=_TEXT, deal_id=_TEXT, action=_TEXT, verb=_TEXT, time=_TIME, suggestion_id=_TEXT, reason=_TEXT, until=_DAY,
        activity_id=_TEXT, undoes=_TEXT, undone=pa.bool_(), place=pa.int64(), propensity=pa.float64(),
    ),
    "quotas": _schema(owner_id=_TEXT, period=_TEXT, amount=_TEXT, currency=_TEXT),
    "node_quotas": _schema(node=_TEXT, period=_TEXT, amount=_TEXT, currency=_TEXT, type=_TEXT),
    "calls": _schema(
        kind=_TEXT, node=_TEXT, period=_TEXT, amount=_TEXT, currency=_TEXT, note=_TEXT, author=_TEXT, time=_TIME,
        context=_TEXT, undone_time=_TIME, undone_by=_TEXT, type=_TEXT,
    ),
    "forecast_days": _schema(node=_TEXT, currency=_TEXT, period=_TEXT, day=_DAY, body=_TEXT, type=_TEXT),
    "exchange_rates": _schema(base=_TEXT, currency=_TEXT, day=_DAY, rate=_TEXT, author=_TEXT, time=_TIME),
    "field_definitions": _schema(entity=_TEXT, name=_TEXT, type=_TEXT),
}  # fmt: skip


_LATER = {"deals": ("created_before",), "node_quotas": ("type",), "calls": ("type",), "forecast_days": ("type",)}


def with_later_columns(table: str, data: pa.Table) -> pa.Table:
    """A file's table with the columns, empty, that folders did not have before they were kept."""
    for name in _LATER.get(table, ()):
        if name not in data.column_names:
            data = data.append_column(name, pa.nulls(len(data), SCHEMAS[table].field(name).type))
    return data


def to_jsonable(value: ChangeValue | None) -> Any:
    """A value as the JSON of the history format, before it is written as text."""
    if isinstance(value, Money):
        return {"currency": value.currency, "value": value.value}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, tuple):
        return [_entry(one) for one in value]
    return value


def _entry(one: Entry) -> dict[str, Any]:
    if isinstance(one, Credit):
        return {"owner_id": one.owner_id, "percent": one.share / 100}
    if isinstance(one, ContactRole):
        return {"contact_id": one.contact_id, "role": one.role}
    return {"product_id": one.product_id, "quantity": one.quantity, "price": to_jsonable(one.price)}


def list_from_jsonable(data: Sequence[Any]) -> tuple[ProductLine, ...] | tuple[ContactRole, ...] | tuple[Credit, ...]:
    """Products, contacts or credits of a deal; ValueError, KeyError or TypeError for any other shape."""
    if data and "owner_id" in data[0]:
        return tuple(Credit(str(one["owner_id"]), round(100 * float(one["percent"]))) for one in data)
    if data and "contact_id" in data[0]:
        return tuple(ContactRole(str(one["contact_id"]), str(one["role"])) for one in data)
    return tuple(ProductLine(str(one["product_id"]), float(one["quantity"]), _price(one["price"])) for one in data)


def _price(data: Any) -> Money | None:
    return None if data is None else Money.parse(data["currency"], data["value"])


def from_jsonable(data: Any) -> Value | None:
    """The inverse of `to_jsonable` for the value of a field; ValueError for any other shape."""
    if data is None or isinstance(data, bool | str):
        return data
    if isinstance(data, int | float):
        return float(data)
    if isinstance(data, dict) and data.keys() == {"date"}:
        return date.fromisoformat(data["date"])
    if isinstance(data, dict) and data.keys() == {"currency", "value"}:
        return Money.parse(data["currency"], data["value"])
    raise ValueError(f"{str(data)[:60]!r} is no value of a field")


def encode_value(value: ChangeValue | None) -> str:
    """One value as JSON text, such as `"Engaging"`, `{"date": "2017-09-30"}` or `null`."""
    return json.dumps(to_jsonable(value), ensure_ascii=False, allow_nan=False)


@lru_cache(maxsize=65536)
def decode_value(text: str | None) -> ChangeValue | None:
    """The inverse of `encode_value`; InvalidInput where the text is no value."""
    if text is None:
        return None
    try:
        data = json.loads(text)
        return list_from_jsonable(data) if isinstance(data, list) else from_jsonable(data)
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidInput(
            f"This is no value: {error}.", field="value", value=text[:60], mend="See docs/history-format.md."
        ) from None


def encode_fields(fields: Mapping[str, Value]) -> str:
    """Custom fields as a JSON object."""
    return json.dumps({name: to_jsonable(value) for name, value in fields.items()}, ensure_ascii=False, allow_nan=False)


def decode_fields(text: str | None) -> dict[str, Value]:
    """The inverse of `encode_fields`; empty fields are left out."""
    try:
        decoded = {name: from_jsonable(value) for name, value in json.loads(text or "{}").items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(
            f"These are no fields: {error}.",
            field="fields",
            value=(text or "")[:60],
            mend="See docs/history-format.md.",
        ) from None
    return {name: value for name, value in decoded.items() if value is not None}
