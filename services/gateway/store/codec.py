"""How values stand in the database: times as microseconds, days as ISO text, values and documents as JSON text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from babel.numbers import get_currency_precision

from kit.money import Money
from learning.history_schema import from_jsonable, list_from_jsonable, to_jsonable
from learning.records import ChangeValue, Value
from services.gateway.domain import InsightKey

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return (moment - EPOCH) // MICROSECOND


@lru_cache(maxsize=65_536)
def from_us(us: int) -> datetime:
    """The inverse of `to_us`."""
    return EPOCH + timedelta(0, 0, us)


def to_day(day: date | None) -> str | None:
    """ISO text, which sorts as the day does between the years 1000 and 9999."""
    return day.isoformat() if day is not None else None


def from_day(text: str | None) -> date | None:
    """The inverse of `to_day`."""
    return date.fromisoformat(text) if text else None


def dumps(document: Any) -> str:
    """A document as JSON text; keys keep their order."""
    return orjson.dumps(document).decode()


def loads(text: str) -> Any:
    """The inverse of `dumps`."""
    return orjson.loads(text)


def encode_value(value: ChangeValue | None) -> str:
    """A field's value as the JSON of the history format."""
    return orjson.dumps(to_jsonable(value)).decode()


def decode_value(text: str) -> ChangeValue | None:
    """The inverse of `encode_value`."""
    return _decode_object(text) if text[0] in "{[" else _decode_plain(text)


def _decode_plain(text: str) -> Value | None:
    value = orjson.loads(text)
    return float(value) if value.__class__ is int else value


@lru_cache(maxsize=16_384)
def _decode_object(text: str) -> ChangeValue | None:
    """Days, amounts and lists, of which the same come again and again."""
    data = orjson.loads(text)
    return list_from_jsonable(data) if data.__class__ is list else from_jsonable(data)


def encode_fields(fields: Mapping[str, Value]) -> str:
    """Custom fields as a JSON object with sorted names, so that equal fields are equal text."""
    return orjson.dumps({name: to_jsonable(fields[name]) for name in sorted(fields)}).decode()


def decode_fields(text: str) -> dict[str, Value]:
    """The inverse of `encode_fields`."""
    if text == "{}":
        return {}
    fields: dict[str, Any] = orjson.loads(text)
    for name, value in fields.items():
        if value.__class__ is dict:
            fields[name] = from_jsonable(value)
    return fields


def money(minor: int | None, currency: str | None) -> Money | None:
    """An amount of two columns."""
    return Money(currency or "", minor) if minor is not None else None


@lru_cache(maxsize=256)
def decimals(currency: str) -> int:
    """Decimals of a currency: 2 for USD, 0 for KRW."""
    return int(get_currency_precision(currency))


def major(amount: Money | None) -> float | None:
    """An amount in major units, for sorting only."""
    return float(Decimal(amount.minor).scaleb(-decimals(amount.currency))) if amount is not None else None


def encode_key(key: InsightKey | None) -> list[Any] | None:
    """An insight's key as JSON-able lists, upstream inside."""
    if key is None:
        return None
    return [key.deal_revision, key.model_generation, key.business_day, key.insight_id, encode_key(key.upstream)]


def decode_key(parts: list[Any] | None) -> InsightKey | None:
    """The inverse of `encode_key`."""
    if parts is None:
        return None
    revision, generation, day, insight_id, upstream = parts
    return InsightKey(revision, generation, day, insight_id, decode_key(upstream))


def storable(ids: Iterable[str]) -> list[str]:
    """Distinct ids that a database can hold at all, in order; others exist nowhere."""
    return [one for one in dict.fromkeys(ids) if one and "\x00" not in one and _encodes(one)]


def _encodes(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
