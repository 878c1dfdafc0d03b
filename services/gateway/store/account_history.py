"""The history of accounts' fields: what a save adds to it. Nothing in it is ever overwritten."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from learning.records import Account
from services.gateway.store import tables as t
from services.gateway.store.codec import decode_value, encode_value, to_us
from services.gateway.store.database import Database
from services.gateway.store.field_types import PREFIX

Timeline = dict[str, tuple[list[int], list[Any]]]


class AccountHistory:
    """Appends to account_changes what accounts say that it does not hold yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        c = t.account_changes.c
        self._known = select(t.account_changes).where(database.among(c.account_id)).order_by(c.effective_time, c.seq)
        self._insert = database.insert(t.account_changes)

    def note(
        self, connection: Connection, accounts: Sequence[Account], now_us: int, recorded_us: int,
        before: Callable[[Sequence[str]], None],
    ) -> set[str]:  # fmt: skip
        """Note the changes that accounts bring and, from now on, the fields that differ from what is known then.

        A dated change is kept unless the field has one of that very time. Returns the ids of those with news, told
        `before` anything is written.
        """
        timelines: dict[str, Timeline] = {account.id: {} for account in accounts}
        counts = dict.fromkeys(timelines, 0)
        for row in self._database.fetch(connection, self._known, list(timelines)):
            times, values = timelines[row.account_id].setdefault(row.field, ([], []))
            times.append(row.effective_time)
            values.append(decode_value(row.value))
            counts[row.account_id] = max(counts[row.account_id], row.seq)
        rows: list[dict[str, Any]] = []
        for account in accounts:
            for name, value, moment in _news(account, timelines[account.id], now_us):
                counts[account.id] += 1
                rows.append({
                    "account_id": account.id, "seq": counts[account.id], "field": name, "value": encode_value(value),
                    "effective_time": moment, "recorded_time": recorded_us,
                })  # fmt: skip
        grown = {row["account_id"] for row in rows}
        before(sorted(grown))
        self._insert.run(connection, rows)
        return grown


def _news(account: Account, timeline: Timeline, now_us: int) -> Iterable[tuple[str, Any, int]]:
    """(field, value, effective time) of what is new; the timeline learns of it."""
    for change in sorted(account.changes, key=lambda one: one.effective_time):
        moment, (times, values) = to_us(change.effective_time), timeline.setdefault(change.field, ([], []))
        place = bisect_right(times, moment)
        if place and times[place - 1] == moment:
            continue
        times.insert(place, moment)
        values.insert(place, kept(change.value))
        yield change.field, values[place], moment
    present = {PREFIX + name: value for name, value in kept_fields(account).items()}
    for name in sorted(present.keys() | timeline.keys()):
        times, values = timeline.setdefault(name, ([], []))
        value = present.get(name)
        if (values[-1] if values else None) != value:
            times.append(max([now_us, *times[-1:]]))
            values.append(value)
            yield name, value, times[-1]


def kept(value: Any) -> Any:
    """A value as it is kept: numbers as floats, empty text as None."""
    if value == "":
        return None
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def kept_fields(account: Account) -> dict[str, Any]:
    """The account's fields as they are kept, without empty ones."""
    fields = {name: kept(value) for name, value in account.fields.items()}
    return {name: value for name, value in fields.items() if value is not None}
