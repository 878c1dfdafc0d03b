"""The JSON of records as programs send them, and back: one deal, user, account … an object.

Every `*_from_json` returns the record and what is wrong with it: the record is None where anything is.
`*_to_json` prints what `*_from_json` reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from learning.placements import exact_share
from learning.records import (
    ACTIVITY_TYPES,
    BUYING_ROLES,
    CATEGORIES,
    DIRECTIONS,
    LISTS,
    TRACKED_FIELDS,
    Activity,
    ChangeValue,
    ContactRole,
    Credit,
    DealKind,
    Motion,
    Outcome,
    ProductLine,
    Value,
)
from services.gateway.domain import UNSET, DealWrite, FieldError, PastChange, WriteResult, WriteStatus
from services.gateway.json_checks import (
    Problems,
    Reader,
    check_choice,
    check_day,
    check_id,
    check_money,
    check_number,
    check_text,
    check_time,
)
from services.gateway.json_values import fields_from_json, fields_to_json, time_text, value_from_json, value_to_json
from services.gateway.limits import NAME_LENGTH, NOTE_LENGTH
from services.gateway.privacy.resident_numbers import unrepeated

DEAL_KEYS = (
    "id", "kind", "motion", "pipeline", "stage", "outcome", "name", "owner_id", "account_id", "amount",
    "created_time", "close_date", "closed_date", "category", "fields", "products", "contacts", "credits", "deleted",
    "history", "activities", "effective_time",
)  # fmt: skip
_KNOWN = frozenset(DEAL_KEYS)
ACTIVITY_KEYS = ("id", "type", "direction", "time", "contact_id", "owner_id", "text")

_NO_TIME = datetime(1900, 1, 1, tzinfo=UTC)  # stands in where a problem is noted

R = TypeVar("R")
Errors = tuple[FieldError, ...]
_HINTS = {
    "owner": "send owner_id with the user's id",
    "account": "send account_id with the account's id",
    "revision": "send the revision as If-Match; the store counts it",
}


def deal_from_json(raw: Any, *, deal_id: str = "") -> tuple[DealWrite | None, Errors]:
    """Read a deal to write. `deal_id` is the id of the address, where there is one; a different one inside is refused.

    Absent members stay as they are; null empties what can be empty.
    """
    problems = Problems()
    extra = [key for key in raw if key not in _KNOWN] if isinstance(raw, Mapping) else []
    for key in extra[:50]:
        mend = _HINTS.get(key, f'put it under fields: {{"fields": {{"{str(key)[:40]}": …}}}}')
        problems.add(str(key), raw[key], f"{str(key)[:60]} is not a key of a deal", mend)
    known = {key: raw[key] for key in raw if key in _KNOWN} if isinstance(raw, Mapping) else raw
    if deal_id and isinstance(known, dict) and known.setdefault("id", deal_id) != deal_id:
        problems.add("id", known["id"], "id differs from the address", "leave it out or make both the same")
    reader = Reader(known, problems, DEAL_KEYS)
    given = isinstance(known, Mapping)
    identity = reader.required_id("id") if given else ""
    told = [(key, read) for key, read in _MEMBERS.items() if key in known] if given else ()
    write = DealWrite(identity, **{key: read(reader, problems, identity) for key, read in told})
    return _done(write, problems)


def activity_from_json(raw: Any, *, deal_id: str) -> tuple[Activity | None, Errors]:
    """Read an activity of the deal."""
    problems = Problems()
    return _done(_activity(raw, "", problems, deal_id), problems)


def deal_to_json(write: DealWrite) -> dict[str, Any]:
    """The members that the write sets, as JSON-able values."""
    row: dict[str, Any] = {"id": write.id}
    for key in (
        "kind",
        "motion",
        "pipeline",
        "stage",
        "outcome",
        "name",
        "owner_id",
        "account_id",
        "category",
        "deleted",
    ):
        value = getattr(write, key)
        if value is not UNSET:
            row[key] = value if isinstance(value, bool) else str(value)
    if write.amount is not UNSET:
        row["amount"] = value_to_json(write.amount)
    for key in ("created_time", "close_date", "closed_date", "effective_time"):
        value = getattr(write, key)
        if value is not UNSET and not (value is None and key == "effective_time"):
            row[key] = None if value is None else time_text(value)
    if write.fields:
        row["fields"] = fields_to_json(write.fields)
    if write.products is not UNSET:
        row["products"] = value_to_json(tuple(write.products or ()))
    if write.contacts is not UNSET:
        row["contacts"] = value_to_json(tuple(write.contacts or ()))
    if write.credits is not UNSET:
        row["credits"] = value_to_json(tuple(write.credits or ()))
    if write.history:
        row["history"] = [
            {"field": c.field, "value": value_to_json(c.value), "effective_time": time_text(c.effective_time)}
            for c in write.history
        ]
    if write.activities:
        row["activities"] = [activity_to_json(activity) for activity in write.activities]
    return row


def activity_to_json(activity: Activity) -> dict[str, Any]:
    """An activity without its deal's id, empty members left out."""
    row = {key: getattr(activity, key) for key in ACTIVITY_KEYS if getattr(activity, key) != ""}
    return row | {"time": time_text(activity.time)}


def result_to_json(result: WriteResult) -> dict[str, Any]:
    """The fate of one write, as a line of a batch's answer."""
    row: dict[str, Any] = {"id": unrepeated(result.id), "status": str(result.status), "revision": result.revision}
    if result.errors:
        row["errors"] = [
            {"field": e.field, "value": e.value, "message": e.message, "mend": e.mend} for e in result.errors
        ]
    return row


def result_from_json(raw: Mapping[str, Any]) -> WriteResult:
    """Read a line of a batch's answer."""
    errors = tuple(
        FieldError(**{k: str(e.get(k, "")) for k in ("field", "value", "message", "mend")})
        for e in raw.get("errors", ())
    )
    return WriteResult(str(raw.get("id", "")), WriteStatus(raw["status"]), int(raw.get("revision", 0)), errors)


def _done(record: R, problems: Problems) -> tuple[R | None, Errors]:
    return (None if problems.found else record), tuple(problems.found)


def _replacing(reader: Reader, key: str, problems: Problems, read: Callable[[Any, str, Problems], R]) -> Any:
    if not reader.has(key):
        return UNSET
    return tuple(read(element, path, problems) for path, element in reader.items(key, 1_000))


def _product_line(raw: Any, path: str, problems: Problems) -> ProductLine:
    reader = Reader(raw, problems, ("product_id", "quantity", "price"), path=path)
    quantity = reader.take("quantity", check_number, default=1.0)
    if quantity < 0:
        problems.add(reader.name("quantity"), quantity, "quantity is negative", "give zero or more")
    price = reader.take("price", check_money, default=None, empty=None)
    return ProductLine(reader.required_id("product_id"), quantity, price)


def _contact_role(raw: Any, path: str, problems: Problems) -> ContactRole:
    reader = Reader(raw, problems, ("contact_id", "role"), path=path)
    return ContactRole(reader.required_id("contact_id"), reader.choice("role", ("", *BUYING_ROLES)))


def _credit(raw: Any, path: str, problems: Problems) -> Credit:
    reader = Reader(raw, problems, ("owner_id", "percent"), path=path)
    if isinstance(raw, Mapping) and raw.get("percent") is None:
        problems.add(reader.name("percent"), "", f"{reader.name('percent')} is missing", "give it")
    percent = reader.take("percent", check_number, default=100.0)
    share = exact_share(percent)
    if share is None:
        problems.add(
            reader.name("percent"), percent, "this is no share", "give at most 100 % with at most two decimals"
        )
    return Credit(reader.required_id("owner_id"), share or 0)


def _activity(raw: Any, path: str, problems: Problems, deal_id: str) -> Activity:
    reader = Reader(raw, problems, ACTIVITY_KEYS, path=path)
    for key in ("type", "time"):
        if isinstance(raw, Mapping) and raw.get(key) is None:
            problems.add(reader.name(key), "", f"{reader.name(key)} is missing", "give it")
    return Activity(
        reader.required_id("id"),
        deal_id,
        reader.choice("type", ACTIVITY_TYPES) if reader.raw("type") is not None else "",
        reader.choice("direction", DIRECTIONS) if reader.raw("direction") is not None else "internal",
        reader.take("time", check_time, default=_NO_TIME, empty=None),
        reader.id("contact_id", default=""),
        reader.id("owner_id", default=""),
        reader.text("text", NOTE_LENGTH),
    )


def _past_change(raw: Any, path: str, problems: Problems) -> PastChange:
    reader = Reader(raw, problems, ("field", "value", "effective_time"), path=path)
    for key in ("field", "effective_time"):
        if isinstance(raw, Mapping) and raw.get(key) is None:
            problems.add(reader.name(key), "", f"{reader.name(key)} is missing", "give it")
    name = reader.raw("field")
    value = _past_value(name, reader.raw("value"), reader.name("value"), problems)
    known = isinstance(name, str) and (name in TRACKED_FIELDS or name.startswith("fields."))
    if name is not None and not known:
        mend = "use fields.<name> or one of " + ", ".join(TRACKED_FIELDS)
        problems.add(reader.name("field"), name, f"{reader.name('field')} is not a field with a history", mend)
    time = reader.take("effective_time", check_time, default=_NO_TIME, empty=None)
    return PastChange(name if isinstance(name, str) else "", value, time)


_LISTED: dict[str, Callable[[Any, str, Problems], Any]] = {
    "products": _product_line, "contacts": _contact_role, "credits": _credit,
}  # fmt: skip
_PAST: dict[str, Callable[[Any, str, Problems], Value | None]] = {
    "kind": lambda v, n, p: check_choice(v, n, p, [*DealKind]),
    "motion": lambda v, n, p: check_choice(v, n, p, [*Motion]),
    "outcome": lambda v, n, p: check_choice(v, n, p, [*Outcome]),
    "category": lambda v, n, p: check_choice(v, n, p, ("", *CATEGORIES)),
    "amount": check_money,
}


def _past_value(field: Any, value: Any, name: str, problems: Problems) -> ChangeValue | None:
    if value is None or not isinstance(field, str):
        return None
    if field in LISTS:
        read = _LISTED[field]
        entries = Reader({"value": value}, problems, ("value",), path=name.removesuffix(".value")).items("value", 1_000)
        return tuple(read(element, path, problems) for path, element in entries)
    if field in _PAST:
        return _PAST[field](value, name, problems)
    if field in ("close_date", "closed_date"):
        return check_day(value.get("date") if isinstance(value, Mapping) else value, name, problems)
    if field == "deleted":
        if not isinstance(value, bool):
            problems.add(name, value, f"{name} is neither true nor false", "send true or false")
        return bool(value)
    if field in TRACKED_FIELDS:
        return check_text(value, name, problems, NAME_LENGTH)
    if check_id(field.removeprefix("fields."), name, problems) is None:
        return None
    return value_from_json(value, name, problems)


_MEMBERS: dict[str, Callable[[Reader, Problems, str], Any]] = {
    "kind": lambda reader, _, __: reader.enum("kind", DealKind),
    "motion": lambda reader, _, __: reader.enum("motion", Motion),
    "pipeline": lambda reader, _, __: reader.take("pipeline", check_id),
    "stage": lambda reader, _, __: reader.text("stage"),
    "outcome": lambda reader, _, __: reader.enum("outcome", Outcome),
    "name": lambda reader, _, __: reader.text("name"),
    "owner_id": lambda reader, _, __: reader.id("owner_id"),
    "account_id": lambda reader, _, __: reader.id("account_id"),
    "amount": lambda reader, _, __: reader.take("amount", check_money, empty=None),
    "created_time": lambda reader, _, __: reader.take("created_time", check_time),
    "close_date": lambda reader, _, __: reader.take("close_date", check_day, empty=None),
    "closed_date": lambda reader, _, __: reader.take("closed_date", check_day, empty=None),
    "category": lambda reader, _, __: reader.choice("category", ("", *CATEGORIES)),
    "fields": lambda reader, problems, _: fields_from_json(reader.raw("fields"), "fields", problems),
    "products": lambda reader, problems, _: _replacing(reader, "products", problems, _product_line),
    "contacts": lambda reader, problems, _: _replacing(reader, "contacts", problems, _contact_role),
    "credits": lambda reader, problems, _: _replacing(reader, "credits", problems, _credit),
    "deleted": lambda reader, _, __: reader.flag("deleted", default=UNSET),
    "history": lambda reader, problems, _: tuple(
        _past_change(element, path, problems) for path, element in reader.items("history")
    ),
    "activities": lambda reader, problems, identity: tuple(
        _activity(element, path, problems, identity) for path, element in reader.items("activities")
    ),
    "effective_time": lambda reader, _, __: reader.take("effective_time", check_time, default=None, empty=None),
}  # what a deal's document may tell besides the id; what it leaves out stays as it is
