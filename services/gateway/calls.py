"""What people say to a period's number beside the forecast: adjustments of it, and the numbers they submit.

An adjustment is an amount on a node, added to what the forecast expects there; the adjusted number of a node is its
mean and all adjustments at and below it, so that it adds up the tree with what stands at each node in sight. A
submission is the number somebody commits for a node, whatever those below commit. Of both the newest that is not
undone stands. Deals stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from kit.money import Money, format_minor
from learning.exchange import Rates
from services.gateway.amount_types import AMOUNT
from services.gateway.json_values import time_text

MEMBERS = ("adjustment", "adjustments_below", "adjusted", "submitted", "submitted_below")


class CallKind(StrEnum):
    """The two things that can be said."""

    SUBMISSION = "submission"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True)
class Call:
    """One thing said on a node's period. `time` is that of the business clock; `context` the node's numbers then."""

    kind: CallKind
    node: str
    period: str
    amount: Money
    note: str
    author: str
    time: datetime
    context: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    undone_time: datetime | None = None
    undone_by: str = ""
    type: str = AMOUNT
    recorded: datetime | None = None  # by the wall; None where that is not known


@dataclass(frozen=True, slots=True)
class HeldCall:
    """A forecast call that somebody held on a node's period: of which moment its numbers were, and whether it
    has ended. `id` is its own among all."""

    id: str
    period: str
    node: str
    time: datetime
    ended: bool = False
    recorded: datetime | None = None  # by the wall, up to when what its numbers are of was recorded


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the business clock and, where it is known, by the wall: a pinned clock stands while records change."""

    time: datetime
    recorded: datetime | None = None

    @property
    def order(self) -> tuple[datetime, datetime]:
        """What later ones are greater by."""
        return self.time, self.recorded or datetime.min.replace(tzinfo=UTC)


def call_json(call: Call) -> dict[str, Any]:
    """One thing said, as programs see it."""
    return {
        "id": call.id,
        "node": call.node,
        "type": call.type,
        "period": call.period,
        "amount": {"currency": call.amount.currency, "value": call.amount.value},
        "note": call.note,
        "author": call.author,
        "time": time_text(call.time.replace(microsecond=0)),
        "context": dict(call.context),
        "undone_time": call.undone_time and time_text(call.undone_time.replace(microsecond=0)),
        "undone_by": call.undone_by,
    }


@dataclass(slots=True)
class Called:
    """What stands on a node and below it, in minor units."""

    adjustment: int | None = None
    adjustments_below: int = 0
    submitted: int | None = None
    submitted_below: int | None = None

    def take(self, call: Call) -> None:
        """What is said of the node itself."""
        if call.kind is CallKind.ADJUSTMENT:
            self.adjustment = call.amount.minor
        else:
            self.submitted = call.amount.minor

    def add(self, below: Called) -> None:
        """A child's. What is submitted for a child counts instead of what was below it."""
        self.adjustments_below += below.adjustments_below + (below.adjustment or 0)
        known = below.submitted_below if below.submitted is None else below.submitted
        if known is not None:
            self.submitted_below = (self.submitted_below or 0) + known

    def members(self, currency: str, expected_sum: int | None, scenarios: int) -> dict[str, str | None]:
        """As a row of the forecast shows it; `expected_sum` is the mean times the scenarios, None where unknown."""
        row = {
            "adjustment": self.adjustment, "adjustments_below": self.adjustments_below, "submitted": self.submitted,
            "submitted_below": self.submitted_below,
        }  # fmt: skip
        shown = {name: None if minor is None else format_minor(currency, minor) for name, minor in row.items()}
        adjusted = None
        if expected_sum is not None:
            added = self.adjustments_below + (self.adjustment or 0)
            adjusted = format_minor(currency, expected_sum + added * scenarios, scenarios)
        return shown | {"adjusted": adjusted}


def counted_calls(calls: Iterable[Call], rates: Rates) -> list[Call]:
    """As they count by the rates of the day that each was said on: what people committed moves with no rate."""
    return [replace(call, amount=rates.counted(call.amount, call.time.date())) for call in calls]


def standing(calls: Iterable[Call], currency: str) -> list[Call]:
    """Those in a currency that are not undone, the newest of each kind and node."""
    newest: dict[tuple[CallKind, str], Call] = {}
    for call in calls:
        key = (call.kind, call.node)
        if call.amount.currency == currency and call.undone_time is None:
            newest[key] = max(call, newest.get(key, call), key=lambda each: each.id)
    return list(newest.values())


def said_of(rows: Sequence[Mapping[str, Any]], calls: Iterable[Call], currency: str) -> list[dict[str, Any]]:
    """Rows of totals, parents before children, with what these calls say of them; those not seen stay as they are."""
    called = {str(row["node"]): Called() for row in rows}
    for call in standing(calls, currency):
        if call.node in called:
            called[call.node].take(call)
    for row in reversed(rows):
        if row["parent"] in called:
            called[row["parent"]].add(called[row["node"]])
    return [dict(row) if row["booked"] is None else _row_said(row, called[row["node"]], currency) for row in rows]


def _row_said(row: Mapping[str, Any], called: Called, currency: str) -> dict[str, Any]:
    members = called.members(currency, None, 1)
    if row["mean"] is not None:
        added = (Decimal(members[name] or 0) for name in ("adjustment", "adjustments_below"))
        members["adjusted"] = str(sum(added, Decimal(row["mean"])))
    return {**row, **members}
