"""A deal as it stood at the end of days: what timing, amounts and reasons read, the same in training and in serving.

The values are those of learning.snapshots.row_at, of the few columns that are read here; several days cost one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import TypeAlias

from kit.money import Money
from learning.records import ChangeValue, DealHistory, ProductLine
from learning.snapshots import end_of
from learning.timeline import MAX_CELL_BYTES, Timeline, major
from learning.wire_values import cut

Row: TypeAlias = Mapping[str, object]
Move: TypeAlias = tuple[datetime, str, ChangeValue | None]  # when it took effect, field, value

HISTORY_FIELDS = frozenset({
    "kind", "motion", "pipeline", "stage", "category", "outcome", "amount", "close_date", "owner_id", "products",
    "deleted",
})  # fmt: skip
TEXTS = ("motion", "pipeline", "stage", "category", "owner_id")
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def lean(history: DealHistory) -> DealHistory:
    """Only what rows are made of."""
    changes = tuple(change for change in history.changes if change.field in HISTORY_FIELDS)
    deal = replace(history.deal, contacts=(), fields={})
    return DealHistory(deal, changes, owner_path=history.owner_path, truncated=history.truncated)


@dataclass(slots=True)
class _Standing:
    """A deal while its changes are gone through in time order."""

    state: dict[str, ChangeValue | None]
    staged: datetime | None = None
    stage: ChangeValue | None = None
    promised: ChangeValue | None = None
    last_date: date | None = None
    slips: int = 0
    seen: set[str] = field(default_factory=set)

    def take(self, move: Move) -> None:
        when, name, value = move
        self.state[name] = value
        if name == "stage":
            if self.staged is None or value != self.stage:
                self.staged, self.stage = when, value
        elif name == "close_date" and ("close_date" not in self.seen or value != self.promised):
            self.seen.add(name)
            self.promised = value
            if isinstance(value, date):
                self.slips += self.last_date is not None and value > self.last_date
                self.last_date = value

    @property
    def is_open(self) -> bool:
        return (self.state.get("outcome") or "OPEN") == "OPEN" and not self.state.get("deleted")

    def row(self, day: date, before: datetime, age: float) -> Row:
        row: dict[str, object] = {}
        for name in TEXTS:
            value = self.state.get(name)
            row[name] = (cut(value, MAX_CELL_BYTES) or None) if isinstance(value, str) else value
        amount, products = self.state.get("amount"), self.state.get("products")
        row["amount"] = major(amount) if isinstance(amount, Money) else None
        row["currency"] = amount.currency if isinstance(amount, Money) else None
        promised = self.state.get("close_date")
        row["days_to_close_date"] = float((promised - day).days) if isinstance(promised, date) else None
        row["age_days"] = age
        row["days_in_stage"] = float((before - self.staged).days) if self.staged else age
        row["close_date_slips"] = float(self.slips)
        first = products[0] if isinstance(products, tuple) and products else None
        row["product"] = first.product_id if isinstance(first, ProductLine) else None
        return row


def rows_at(history: DealHistory, days: Iterable[date], *, only_open: bool = False) -> dict[date, Row]:
    """The row as of the end of each day (ascending), of those alone that it was open on if so wanted."""
    kept = lean(history)
    timeline = Timeline(kept)
    moves = [(change.effective_time, change.field, change.value) for change in kept.changes]
    return rows_of(moves, dict(timeline.state(_EARLIEST)), timeline.born, days, only_open=only_open)


def rows_of(
    moves: Iterable[Move],
    start: dict[str, ChangeValue | None],
    born: Callable[[date], date],
    days: Iterable[date],
    *,
    only_open: bool = False,
) -> dict[date, Row]:
    """As rows_at, from what changed and what the deal was like before; born: its first day, a day if unknown."""
    standing = _Standing(start)
    ordered = sorted(moves, key=itemgetter(0))
    rows, at = {}, 0
    for day in days:
        before = end_of(day)
        while at < len(ordered) and ordered[at][0] < before:
            standing.take(ordered[at])
            at += 1
        if standing.is_open or not only_open:
            rows[day] = standing.row(day, before, float((day - born(day)).days))
    return rows
