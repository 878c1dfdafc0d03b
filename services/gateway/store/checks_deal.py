"""Checks of one deal write: bounds first, then what it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

from learning.placements import WHOLE, percent_text
from learning.records import (
    ACTIVITY_TYPES,
    BUYING_ROLES,
    CATEGORIES,
    DIRECTIONS,
    LISTS,
    TRACKED_FIELDS,
    Activity,
    ContactRole,
    Credit,
    DealKind,
    Motion,
    Outcome,
    ProductLine,
)
from services.gateway.domain import UNSET, DealWrite, PastChange
from services.gateway.limits import ID_LENGTH
from services.gateway.privacy.resident_numbers import MEND, MESSAGE, holds_resident_number
from services.gateway.store.checks import Checker
from services.gateway.store.context import Context
from services.gateway.store.field_types import PREFIX

MOST_LINES = 1_000
SMALLEST_RESIDENT_NUMBER = 1e9  # without the zeros it may begin with
BEYOND_RESIDENT_NUMBERS = 1e13  # they have 13 digits
MOST_HOLDERS = 20
_KINDS: Mapping[str, type] = {"products": ProductLine, "contacts": ContactRole, "credits": Credit}


@dataclass(slots=True)
class References:
    """Ids that exist, of those the writes of one call name."""

    users: Set[str]
    accounts: Set[str]
    contacts: Set[str]
    products: Set[str]


def check_shape(write: DealWrite) -> Checker:
    """What can be said of a write by itself."""
    check = Checker()
    check.id("id", write.id)
    for name in TRACKED_FIELDS:
        value = getattr(write, name)
        if value is not UNSET:
            check_member(check, name, name, value)
    if write.created_time is not UNSET:
        check.time("created_time", write.created_time)
    if write.effective_time is not None:
        check.time("effective_time", write.effective_time)
    for name, value in write.fields.items():
        check_custom(check, name, value)
    for position, past in enumerate(write.history):
        _check_past(check, f"history[{position}]", past)
    for position, activity in enumerate(write.activities):
        check_activity(check, f"activities[{position}].", activity, write.id)
    return check


def check_member(check: Checker, path: str, name: str, value: Any) -> bool:
    """One tracked field by its own name; None empties what may be empty."""
    if name in ("kind", "motion", "outcome"):
        return check.member(path, value, {"kind": DealKind, "motion": Motion, "outcome": Outcome}[name])
    if name == "deleted":
        return check.flag(path, value)
    if value is None:
        return name != "pipeline" or check.refuse(path, value, "a deal is always in a pipeline", "Name the pipeline")
    if name in LISTS:
        return _check_list(check, path, name, value)
    if name == "amount":
        return check.amount(path, value)
    if name in ("close_date", "closed_date"):
        return check.day(path, value)
    if name in ("owner_id", "account_id"):
        return check.id(path, value, empty=True)
    if name == "category":
        return check.one_of(path, value, CATEGORIES, empty=True)
    return check.name(path, value, required=name == "pipeline")


def check_custom(check: Checker, name: Any, value: Any) -> None:
    """One custom field: its name and the bounds of its value."""
    if not isinstance(name, str) or not name or len(name) > ID_LENGTH:
        check.refuse("fields", name, "this is no name of a field", "Name it with 1 to 200 characters")
        return
    path = PREFIX + name
    if not check.id(path, name) or value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        check.text(path, value)
    elif isinstance(value, int | float):
        if SMALLEST_RESIDENT_NUMBER <= value < BEYOND_RESIDENT_NUMBERS and holds_resident_number(
            f"{value:013.0f}", path
        ):
            check.refuse(path, "", MESSAGE, MEND)
        check.number(path, value)
    elif isinstance(value, date):
        check.day(path, value)
    else:
        mend = "Give text, a number, true or false, or a day"
        check.refuse(path, value, "this is no value of a custom field", mend)


def _check_list(check: Checker, path: str, name: str, value: Any) -> bool:
    """Products, contacts or credits of a deal."""
    kind = _KINDS[name]
    if not isinstance(value, list | tuple) or not all(isinstance(one, kind) for one in value):
        return check.refuse(path, value, f"these are no {name} of a deal", "Give a list of them")
    if len(value) > MOST_LINES:
        return check.refuse(path, len(value), f"too many {name}", f"Give at most {MOST_LINES:,}")
    if name == "credits":
        return _check_credits(check, path, value)
    sound = True
    for position, one in enumerate(value):
        place = f"{path}[{position}]."
        sound &= _check_line(check, place, one) if isinstance(one, ProductLine) else _check_role(check, place, one)
    return sound


def _check_credits(check: Checker, path: str, shared: Sequence[Credit]) -> bool:
    """Whole credit, each owner once; none at all leaves the deal to its owner."""
    if len(shared) > MOST_HOLDERS:
        return check.refuse(path, len(shared), "too many share the credit", f"Name at most {MOST_HOLDERS} owners")
    sound = True
    for position, one in enumerate(shared):
        place = f"{path}[{position}]."
        sound &= check.id(place + "owner_id", one.owner_id)
        if not isinstance(one.share, int) or not 0 < one.share <= WHOLE:
            mend = "Give more than 0 and at most 100 %, with at most two decimals"
            sound = check.refuse(place + "percent", percent_text(one.share), "this is no share", mend)
    named = [one.owner_id for one in shared]
    if sound and len(set(named)) < len(named):
        again = next(one for one in named if named.count(one) > 1)
        return check.refuse(path, again, "an owner has credit twice", "Name each owner once")
    if sound and shared and sum(one.share for one in shared) != WHOLE:
        mend = "Give shares that add up to 100 %"
        return check.refuse(
            path, percent_text(sum(one.share for one in shared)), "the credit is not shared whole", mend
        )
    return sound


def _check_line(check: Checker, path: str, line: ProductLine) -> bool:
    sound = check.id(path + "product_id", line.product_id) & check.number(path + "quantity", line.quantity)
    if sound and line.quantity < 0:
        return check.refuse(path + "quantity", line.quantity, "the quantity is negative", "Give zero or more")
    return sound and (line.price is None or check.amount(path + "price", line.price))


def _check_role(check: Checker, path: str, role: ContactRole) -> bool:
    known = check.one_of(path + "role", role.role, BUYING_ROLES, empty=True)
    return check.id(path + "contact_id", role.contact_id) and known


def _check_past(check: Checker, path: str, past: PastChange) -> None:
    check.time(f"{path}.effective_time", past.effective_time)
    if past.field in TRACKED_FIELDS:
        check_member(check, f"{path}.{past.field}", past.field, past.value)
    elif isinstance(past.field, str) and past.field.startswith(PREFIX):
        check_custom(check, past.field.removeprefix(PREFIX), past.value)
    else:
        mend = "Use one of " + ", ".join(TRACKED_FIELDS) + " or fields.<name>"
        check.refuse(f"{path}.field", past.field, "this field has no history", mend)


def check_activity(check: Checker, path: str, activity: Activity, deal_id: str) -> None:
    """An activity of the deal; one that names no deal belongs to it."""
    check.id(path + "id", activity.id)
    if activity.deal_id not in ("", deal_id):
        check.refuse(path + "deal_id", activity.deal_id, "the activity belongs to another deal", "Leave the deal out")
    check.one_of(path + "type", activity.type, ACTIVITY_TYPES)
    check.one_of(path + "direction", activity.direction, DIRECTIONS)
    check.time(path + "time", activity.time)
    check.id(path + "contact_id", activity.contact_id, empty=True)
    check.id(path + "owner_id", activity.owner_id, empty=True)
    check.text(path + "text", activity.text)


def check_references(check: Checker, write: DealWrite, known: References, context: Context) -> None:
    """Whether everything the write names exists."""
    _known(check, "owner_id", write.owner_id, known.users, "user")
    for owner in dict.fromkeys(one.owner_id for one in _in_lists(write, "credits")):
        _known(check, "credits.owner_id", owner, known.users, "user")
    _known(check, "account_id", write.account_id, known.accounts, "account")
    for position, past in enumerate(write.history):
        if past.field in ("owner_id", "account_id"):
            users = past.field == "owner_id"
            ids, what = (known.users, "user") if users else (known.accounts, "account")
            _known(check, f"history[{position}].{past.field}", past.value, ids, what)
    for product in dict.fromkeys(one.product_id for one in _in_lists(write, "products")):
        _known(check, "products.product_id", product, known.products, "product")
    for contact in dict.fromkeys(one.contact_id for one in _in_lists(write, "contacts")):
        _known(check, "contacts.contact_id", contact, known.contacts, "contact")
    for activity in write.activities:
        check_activity_references(check, activity, known)


def check_activity_references(check: Checker, activity: Activity, known: References) -> None:
    """Whether the people an activity names exist."""
    _known(check, "activities.contact_id", activity.contact_id, known.contacts, "contact")
    _known(check, "activities.owner_id", activity.owner_id, known.users, "user")


def check_own_activity(
    check: Checker, path: str, activity: Activity, deal_id: str, known: Mapping[str, Activity]
) -> None:
    """Whether the activity's id is free, or that of an activity of this deal."""
    before = known.get(activity.id)
    if before is not None and before.deal_id != deal_id:
        mend = "Use another id, or write the activity on the deal it is of"
        check.refuse(path + "id", activity.id, "an activity of another deal has this id", mend)


def _known(check: Checker, field: str, value: Any, ids: Set[str], what: str) -> None:
    if value is not UNSET and value and value not in ids:
        check.refuse(field, value, f"there is no such {what}", f"Save the {what} first, or leave it out")


def check_stage(check: Checker, pipeline: str, stage: Any, pipelines: Mapping[str, Any]) -> None:
    """Whether the stage is one of the pipeline's, where the workspace names them."""
    stages = pipelines.get(pipeline)
    if stages and stage is not UNSET and stage and stage not in stages:
        mend = "Use one of " + ", ".join(str(one) for one in stages)
        check.refuse("stage", stage, f"the pipeline {pipeline[:100]!r} has no such stage", mend)


def custom_values(write: DealWrite) -> Iterator[tuple[str, Any]]:
    """Every custom value in a write, past ones too."""
    for past in write.history:
        if past.field.startswith(PREFIX):
            yield past.field.removeprefix(PREFIX), past.value
    yield from write.fields.items()


def accounts_in(writes: Iterable[DealWrite]) -> Iterator[Any]:
    """The accounts that writes name."""
    for write in writes:
        yield write.account_id
        yield from (past.value for past in write.history if past.field == "account_id")


def lists_in(write: DealWrite, name: str) -> list[Any]:
    """The lists of products or of contacts that a write holds, past ones too; empty ones are () or None."""
    found = [getattr(write, name), *(past.value for past in write.history if past.field == name)]
    return [one for one in found if one is not UNSET]


def _in_lists(write: DealWrite, name: str) -> Iterator[Any]:
    return (one for each in lists_in(write, name) for one in each or ())


def contacts_in(writes: Iterable[DealWrite]) -> Iterator[str]:
    """The contacts that writes name."""
    for write in writes:
        yield from (one.contact_id for one in _in_lists(write, "contacts"))
        yield from (one.contact_id for one in write.activities)


def products_in(writes: Iterable[DealWrite]) -> Iterator[str]:
    """The products that writes name."""
    for write in writes:
        yield from (one.product_id for one in _in_lists(write, "products"))
