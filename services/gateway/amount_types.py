"""Forecast types: other amounts that totals are taken of, each a custom field of deals that holds a number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kit.errors import InvalidInput, NotFound
from kit.money import Money
from learning.records import Deal, FieldDefinition, FieldType

AMOUNT = "amount"  # the type that is always there
MOST_TYPES = 3
MOST = 10.0**14  # of a number that counts
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
EXAMPLE = 'Send {"types": [{"name": "arr", "field": "annual_revenue"}]}'


@dataclass(frozen=True, slots=True)
class AmountType:
    """A type by its name, and the custom field whose numbers count instead of amounts."""

    name: str
    field: str


def types_from(stored: Mapping[str, Any]) -> tuple[AmountType, ...]:
    """As `types_json` wrote them."""
    return tuple(AmountType(each["name"], each["field"]) for each in stored.get("types", ()))


def types_json(types: Iterable[AmountType]) -> dict[str, Any]:
    """As programs see them."""
    return {"types": [{"name": each.name, "field": each.field} for each in types]}


def find_type(types: Sequence[AmountType], name: str) -> AmountType | None:
    """A defined type; None for that of amounts. Raises NotFound that names those there are."""
    if name in ("", AMOUNT):
        return None
    for each in types:
        if each.name == name:
            return each
    known = ", ".join((AMOUNT, *(each.name for each in types)))
    mend = f"Ask for one of {known}, or define it: PUT /v1/forecast/types"
    raise NotFound("there is no such forecast type", field="type", value=name[:60], mend=mend)


def read_types(given: Any, fields: Sequence[FieldDefinition]) -> tuple[AmountType, ...]:
    """Raises InvalidInput naming what is wrong."""
    if not isinstance(given, list) or len(given) > MOST_TYPES:
        raise InvalidInput(f"these are not 0 to {MOST_TYPES} types", field="types", value=str(given)[:60], mend=EXAMPLE)
    numbers = sorted(one.name for one in fields if (one.entity, one.type) == ("deal", FieldType.NUMBER))
    types: list[AmountType] = []
    for place, one in enumerate(given):
        path = f"types[{place}]"
        if not isinstance(one, Mapping) or set(one) != {"name", "field"}:
            raise InvalidInput("this is no type", field=path, value=str(one)[:60], mend=EXAMPLE)
        name, field = one["name"], one["field"]
        if not isinstance(name, str) or not NAME.fullmatch(name) or name in {AMOUNT, *(each.name for each in types)}:
            mend = f"Give each another name of small letters, digits and _, but not {AMOUNT}"
            raise InvalidInput("no type can have this name", field=f"{path}.name", value=str(name)[:60], mend=mend)
        if field not in numbers:
            mend = f"Use one of {', '.join(numbers[:20])}" if numbers else "Define one: PUT /v1/fields"
            raise InvalidInput("deals have no such field of numbers", field=f"{path}.field", value=str(field)[:60],
                               mend=mend)  # fmt: skip
        types.append(AmountType(name, field))
    return tuple(types)


def field_money(fields: Mapping[str, Any], field: str, currency: str) -> Money | None:
    """A field's number as an amount; None where it is none above zero."""
    value = fields.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return None
    return Money.parse(currency, min(float(value), MOST))


def amount_of(deal: Deal, kind: AmountType | None, currency: str) -> Money | None:
    """What a deal counts as in a type's totals: its amount, or the number in the type's field, which is in the
    currency of the amount, else in the company's."""
    if kind is None:
        return deal.amount
    return field_money(deal.fields, kind.field, deal.amount.currency if deal.amount else currency)
