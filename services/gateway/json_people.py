"""The JSON of what stands around deals, and back: users, accounts, contacts, products, quotas, field definitions."""

from __future__ import annotations

from datetime import date
from typing import Any

from learning.records import (
    CHANNELS,
    Account,
    Change,
    Consent,
    Contact,
    FieldDefinition,
    FieldType,
    Product,
    Quota,
    ReportingLine,
    User,
)
from services.gateway.domain import UNSET, FieldError
from services.gateway.json_checks import Problems, Reader, check_day, check_money, check_time
from services.gateway.json_values import fields_from_json, fields_to_json, time_text, value_from_json, value_to_json
from services.gateway.limits import PERIOD

USER_KEYS = ("id", "name", "email", "title", "active", "lines")
LINE_KEYS = ("manager_id", "region", "valid_from")
ACCOUNT_KEYS = ("id", "name", "fields", "deleted", "history")
CONTACT_KEYS = ("id", "name", "account_id", "title", "email", "phone", "consents", "deleted")
PRODUCT_KEYS = ("id", "name", "series", "price")
QUOTA_KEYS = ("owner_id", "period", "amount")
MEND_PERIOD = "write it as 2017-Q4, 2017-09, 2017-H2 or FY2017"
ALWAYS = date(1900, 1, 1)

Errors = tuple[FieldError, ...]


def user_from_json(raw: Any) -> tuple[tuple[User, tuple[ReportingLine, ...]] | None, Errors]:
    """A user with their reporting lines: {"manager_id", "region", "valid_from"} each, `valid_from` from ever on."""
    problems = Problems()
    reader = Reader(raw, problems, USER_KEYS)
    identity = reader.required_id("id")
    user = User(
        identity,
        reader.text("name") or identity,
        reader.text("email"),
        reader.text("title"),
        reader.flag("active", default=True),
    )
    lines = []
    for path, element in reader.items("lines", 1_000):
        line = Reader(element, problems, LINE_KEYS, path=path)
        start = line.take("valid_from", check_day, default=ALWAYS, empty=ALWAYS)
        lines.append(ReportingLine(identity, line.id("manager_id", default="") or "", line.text("region"), start))
    return _done((user, tuple(lines)), problems)


def user_to_json(user: User, lines: tuple[ReportingLine, ...] = ()) -> dict[str, Any]:
    """A user and the lines that are theirs."""
    row: dict[str, Any] = {"id": user.id, "name": user.name, "email": user.email, "title": user.title}
    row["active"] = user.active
    row["lines"] = [
        {"manager_id": line.manager_id, "region": line.region, "valid_from": line.valid_from.isoformat()}
        for line in lines
        if line.user_id == user.id
    ]
    return row


def account_from_json(raw: Any) -> tuple[Account | None, Errors]:
    """An account; `history` holds past changes of its fields: {"field": "fields.<name>", "value", "effective_time"}."""
    problems = Problems()
    reader = Reader(raw, problems, ACCOUNT_KEYS, hint='put it under fields: {"fields": {…}}')
    identity = reader.required_id("id")
    values = fields_from_json(reader.raw("fields"), "fields", problems)
    fields = {name: value for name, value in values.items() if value is not None}
    deleted = reader.flag("deleted", default=False)
    changes = tuple(_account_change(element, path, problems) for path, element in reader.items("history"))
    return _done(Account(identity, reader.text("name") or identity, fields, deleted, changes), problems)


def _account_change(raw: Any, path: str, problems: Problems) -> Change:
    reader = Reader(raw, problems, ("field", "value", "effective_time"), path=path)
    name, value = reader.raw("field"), value_from_json(reader.raw("value"), reader.name("value"), problems)
    if not isinstance(name, str) or not name.startswith("fields."):
        problems.add(reader.name("field"), name, "this is no field with a history", "use fields.<name>")
    time = reader.take("effective_time", check_time, default=None)
    if time is None and not problems.found:
        problems.add(reader.name("effective_time"), "", "effective_time is missing", "say since when it has been so")
    return Change(str(name), value, time, time)


def account_to_json(account: Account) -> dict[str, Any]:
    """An account."""
    fields = fields_to_json(account.fields)
    row: dict[str, Any] = {"id": account.id, "name": account.name, "fields": fields, "deleted": account.deleted}
    if account.changes:
        row["history"] = [
            {"field": c.field, "value": value_to_json(c.value), "effective_time": time_text(c.effective_time)}
            for c in account.changes
        ]
    return row


def contact_from_json(raw: Any) -> tuple[Contact | None, Errors]:
    """A contact with a consent a channel."""
    problems = Problems()
    reader = Reader(raw, problems, CONTACT_KEYS)
    identity = reader.required_id("id")
    contact = Contact(
        identity,
        reader.text("name") or identity,
        reader.id("account_id", default="") or "",
        reader.text("title"),
        reader.text("email"),
        reader.text("phone"),
        tuple(_consent(element, path, problems) for path, element in reader.items("consents", 100)),
        reader.flag("deleted", default=False),
    )
    return _done(contact, problems)


def contact_to_json(contact: Contact) -> dict[str, Any]:
    """A contact."""
    row: dict[str, Any] = {key: getattr(contact, key) for key in CONTACT_KEYS if key != "consents"}
    row["consents"] = [
        {"channel": c.channel, "granted": c.granted, "source": c.source, "day": c.day and c.day.isoformat()}
        for c in contact.consents
    ]
    return row


def product_from_json(raw: Any) -> tuple[Product | None, Errors]:
    """A product with its list price, or without one."""
    problems = Problems()
    reader = Reader(raw, problems, PRODUCT_KEYS)
    identity = reader.required_id("id")
    price = reader.take("price", check_money, default=None, empty=None)
    return _done(Product(identity, reader.text("name") or identity, reader.text("series"), price), problems)


def product_to_json(product: Product) -> dict[str, Any]:
    """A product."""
    price = value_to_json(product.price)
    return {"id": product.id, "name": product.name, "series": product.series, "price": price}


def quota_from_json(raw: Any) -> tuple[Quota | None, Errors]:
    """What an owner is to win in a quarter, month, half or year."""
    problems = Problems()
    reader = Reader(raw, problems, QUOTA_KEYS)
    owner, period = reader.required_id("owner_id"), reader.raw("period")
    if not reader.has("period"):
        problems.add("period", "", "period is missing", MEND_PERIOD)
    elif not isinstance(period, str) or not PERIOD.fullmatch(period):
        problems.add("period", period, "period is not a period", MEND_PERIOD)
    amount = reader.take("amount", check_money, default=None)
    if not reader.has("amount"):
        problems.add("amount", "", "amount is missing", 'send {"currency": "USD", "value": "1054.00"}')
    return _done(Quota(owner, str(period), amount), problems)


def quota_to_json(quota: Quota) -> dict[str, Any]:
    """A quota."""
    return {"owner_id": quota.owner_id, "period": quota.period, "amount": value_to_json(quota.amount)}


def definition_from_json(raw: Any) -> tuple[FieldDefinition | None, Errors]:
    """A custom field of deals or accounts."""
    problems = Problems()
    reader = Reader(raw, problems, ("entity", "name", "type"))
    name, kind = reader.required_id("name"), reader.enum("type", FieldType)
    entity = reader.choice("entity", ("deal", "account"), default="")
    if not entity or kind is UNSET:
        problems.add("type" if entity else "entity", "", "the field's entity or type is missing", "give both")
        return None, tuple(problems.found)
    return _done(FieldDefinition(entity, name, kind), problems)


def definition_to_json(definition: FieldDefinition) -> dict[str, str]:
    """A custom field of deals or accounts."""
    return {"entity": definition.entity, "name": definition.name, "type": str(definition.type)}


def _consent(raw: Any, path: str, problems: Problems) -> Consent:
    reader = Reader(raw, problems, ("channel", "granted", "source", "day"), path=path)
    channel = reader.choice("channel", CHANNELS, default="")
    if not channel:
        problems.add(reader.name("channel"), channel, "channel is missing", "use one of " + ", ".join(CHANNELS))
    granted = reader.flag("granted", default=None)
    if granted is None:
        problems.add(reader.name("granted"), "", "granted is missing", "send true or false")
    day = reader.take("day", check_day, default=None, empty=None)
    return Consent(channel, bool(granted), reader.text("source"), day)


def _done(record: Any, problems: Problems) -> tuple[Any, Errors]:
    return (None if problems.found else record), tuple(problems.found)
