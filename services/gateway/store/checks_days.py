"""The days that a deal write states, against the clock, the outcome that it leaves, and each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kit.clock import utc_day
from services.gateway.domain import UNSET, DealWrite
from services.gateway.past_days import FUTURE, last_day, out_of_order
from services.gateway.renewals.terms import CANCELLED, CORRECT_TERM, END, MONTHS, START, impossible_term
from services.gateway.store.checks import Checker
from services.gateway.store.codec import from_us
from services.gateway.store.drafts import CLOSED, Draft
from services.gateway.store.field_types import PREFIX

_DAY, _NUMBER = (
    ("this is no day", "Send it as an object with a date, such as 2026-12-31"),
    ("this is no number", "Send it as a number"),
)
_TERMS = {START: _DAY, END: _DAY, CANCELLED: _DAY, MONTHS: _NUMBER}


def check_days(
    check: Checker, write: DealWrite, stored: Mapping[str, Any], created_us: int | None, business_day: date
) -> None:
    """created_time and closed_date, the one that is not stated as it is stored; history is taken as it was."""
    last = last_day(business_day)
    created = None if write.created_time is UNSET else write.created_time
    closed = None if write.closed_date is UNSET else write.closed_date
    if created is not None and utc_day(created) > last:
        check.refuse("created_time", created.isoformat(), *FUTURE)
    if closed is not None and closed > last:
        check.refuse("closed_date", closed, *FUTURE)
    is_closed = _outcome(write, stored) in CLOSED
    if closed is not None and not is_closed:
        mend = "Set outcome to WON or LOST too; a promised day is close_date"
        check.refuse("closed_date", closed, "an open deal has no day it was closed on", mend)
    if check.errors or not is_closed or (created is None and closed is None):
        return
    if created is None and created_us is not None:
        created = from_us(created_us)
    wrong = out_of_order(created, closed or stored.get("closed_date"))
    if wrong:
        check.refuse(wrong.field, wrong.value, wrong.message, wrong.mend)


def check_terms(check: Checker, write: DealWrite, draft: Draft | None, defined: Mapping[Any, Any]) -> None:
    """The days and the length of a contract as the write leaves them, where it says anything of them. `defined`: custom
    fields by entity and name; one that is new here gets the type of a contract's."""
    given = {name: value for name, value in write.fields.items() if name in _TERMS}
    for name, value in given.items():
        if isinstance(value, str) and value and ("deal", name) not in defined:
            check.refuse(PREFIX + name, value, *_TERMS[name])
    if not given or check.errors:
        return
    stored = draft.values.get("closed_date") if draft else None
    fields = (draft.custom_fields() if draft else {}) | dict(write.fields)
    name, message = impossible_term(fields, stored if write.closed_date is UNSET else write.closed_date)
    if name:
        check.refuse(PREFIX + name, fields[name], message, CORRECT_TERM)


def _outcome(write: DealWrite, stored: Mapping[str, Any]) -> str:
    """The outcome as a write leaves it."""
    if write.outcome is not UNSET:
        return str(write.outcome)
    past = [one for one in write.history if one.field == "outcome"]
    if past:
        return str(max(past, key=lambda one: one.effective_time).value)
    return str(stored.get("outcome", "OPEN"))
