"""What a weekly file's row makes of its deal: its fields as they stood on the day of the file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from kit.clock import last_second
from learning.records import ContactRole, Outcome
from services.gateway.domain import UNSET, DealWrite, FieldError, PastChange
from services.gateway.imports.weekly.files import WeekFile
from services.gateway.imports.weekly.memory import Seen
from services.gateway.imports.weekly.placed import Placed


def moment_of(day: date) -> datetime:
    """From when on a file says how things stand: the beginning of its day."""
    return datetime.combine(day, time(), UTC)


def write_of(
    one: Placed, holds: Collection[str], contact: str, open_on: date | None, *, first: bool
) -> DealWrite:  # fmt: skip
    """The deal as the row says it stands. `holds` names what the file has columns for, `open_on` the last day that an
    earlier file showed the deal open; `first`: no file of an earlier day shows the deal.

    A deal that ended did so at the end of its closing day, unless a file of a later day still showed it open; without
    a closing day, on the day of the file.
    """
    row, moment = one.row, moment_of(one.row.day)
    members: dict[str, Any] = {"name": row.name, "account_id": one.account, "owner_id": one.owner}
    members = {name: value for name, value in members.items() if value or _has(name, holds)}
    if "amount" in holds:
        members["amount"] = row.amount
    if "close_date" in holds:
        members["close_date"] = row.close_date
    history: tuple[PastChange, ...] = ()
    closed = row.closed_date
    if closed is not None and (open_on is None or closed >= open_on):
        ended = last_second(closed)
        history = (
            PastChange("stage", row.stage, ended), PastChange("outcome", str(row.outcome), ended),
            PastChange("closed_date", closed, ended),
        )  # fmt: skip
        moment = min(moment, ended)
    else:
        members |= {"stage": row.stage, "outcome": row.outcome}
        if not row.open:
            members["closed_date"] = closed or UNSET
    created: Any = UNSET
    if row.created is not None:
        created = moment_of(min(row.created, closed or row.created))
    elif first:
        created = moment
    if contact:
        members["contacts"] = (ContactRole(contact),)
    return DealWrite(
        one.deal, created_time=created, fields=row.fields, history=history, effective_time=moment, **members
    )


def _has(member: str, holds: Collection[str]) -> bool:
    return {"name": "name", "account_id": "account", "owner_id": "owner"}[member] in holds


def in_columns(error: FieldError, file: WeekFile) -> FieldError:
    """What the store says of a deal's field, as of the file's column."""
    name = error.field.removeprefix("fields.")
    target = {"created_time": "created", "owner_id": "owner", "account_id": "account"}.get(name, name)
    return replace(error, field=file.holds.get(target, name))


def gone_write(deal: str, answer: str, day: date) -> DealWrite | None:
    """What became of a deal that files lack, by the answer; None where it stays open."""
    if answer in ("lost", "won"):
        outcome = Outcome.LOST if answer == "lost" else Outcome.WON
        return DealWrite(deal, outcome=outcome, closed_date=day, effective_time=moment_of(day))
    if answer == "deleted":
        return DealWrite(deal, deleted=True, effective_time=moment_of(day))
    return None


def seen(one: Placed, series: str) -> Seen:
    """The row of a file of this series as it is remembered."""
    amount = one.row.amount.minor if one.row.amount else 0
    return Seen(one.account, one.row.name, one.owner, amount, one.row.open, one.row.day.isoformat(), series)
