"""One deal's history, prepared so that its columns can be read as of many days."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain, pairwise
from operator import attrgetter
from typing import Protocol

from babel.numbers import get_currency_precision

from kit.money import Money
from learning.periods import period_of
from learning.records import (
    ACTIVITY_TYPES,
    BUYING_ROLES,
    LISTS,
    TRACKED_FIELDS,
    Account,
    Change,
    ChangeValue,
    ContactRole,
    DealHistory,
    ProductLine,
)
from learning.wire_values import cut

MAX_ACTIVITIES = 200
MAX_CELL_BYTES = 200
MOVING = ("stage", "owner_id", "amount", "close_date")  # fields whose past changes are counted

Cell = float | str | bool | date | None


@lru_cache(maxsize=256)
def _minor_per_major(currency: str) -> float:
    return float(10 ** get_currency_precision(currency))


def major(money: Money) -> float:
    """An amount in major units, as models see it."""
    return money.minor / _minor_per_major(money.currency)


class Timeline:
    """A deal's changes and activities in time order. Build once, read many days; see learning.snapshots."""

    def __init__(self, history: DealHistory) -> None:
        self._history = history
        self._changes = sorted(history.changes, key=attrgetter("effective_time"))
        self._change_times = [one.effective_time for one in self._changes]
        self._log = sorted(history.activities, key=attrgetter("time"))
        self._log_times = [one.time for one in self._log]
        self._start = self._present_values()

    def _present_values(self) -> dict[str, ChangeValue | None]:
        """The fields whose changes are not carried, as they stand now. Where the history is whole, those are only
        products and contacts that have been the same from the start."""
        deal = self._history.deal
        changed = {one.field for one in self._changes}
        if changed and not self._history.truncated:
            return {name: there for name in LISTS if name not in changed and (there := getattr(deal, name))}
        values: dict[str, ChangeValue | None] = {name: getattr(deal, name) for name in TRACKED_FIELDS}
        for name in ("kind", "motion", "outcome"):
            values[name] = str(values[name])
        values |= {f"fields.{name}": value for name, value in deal.fields.items()}
        return {name: value for name, value in values.items() if name not in changed}

    def born(self, default: date) -> date:
        """The day the deal was created, as far as anything says so."""
        if self._history.deal.created_time is not None:
            return self._history.deal.created_time.astimezone(UTC).date()
        return self._change_times[0].astimezone(UTC).date() if self._change_times else default

    def state(self, before: datetime) -> Mapping[str, ChangeValue | None]:
        """The fields as they stood just before an instant; equal times count in file order."""
        values = dict(self._start)
        for one in self._changes[: bisect_left(self._change_times, before)]:
            values[one.field] = one.value
        return values

    def is_open(self, before: datetime) -> bool:
        """Whether the deal was neither closed nor deleted just before an instant."""
        state = self.state(before)
        return (state.get("outcome") or "OPEN") == "OPEN" and not state.get("deleted")

    def row(self, day: date, before: datetime) -> dict[str, Cell]:
        """The columns as of the end of `day` (`before` is the instant after it).

        State: kind, motion, pipeline, stage, category, owner_id, account_id, amount (major units), currency,
        days_to_close_date, `fields.<name>`, and of the account it had then `account.<name>` as it was then.
        Time: age_days, days_in_stage, day_in_quarter. Moves: stage_moves, stage_moves_back (to a stage it had
        before), owner_changes, amount_changes, close_date_slips, close_date_pulls. On it: products, product (the
        first), contacts, `role.<role>`. Activities: activities, activities_7_days, activities_30_days,
        by direction (`inbound_30_days`, …), by type (`call`, `call_30_days`, …), and days_since_activity, _inbound
        and _outbound.
        """
        past = self._changes[: bisect_left(self._change_times, before)]
        state = dict(self._start)
        for one in past:
            state[one.field] = one.value
        moves = [one for one in past if one.field in MOVING]
        row = columns_of(state, moves, self.born(day), day, before)
        present = self._history.account
        known = (*self._history.former_accounts, present) if present else self._history.former_accounts
        account = next((one for one in known if one.id == state.get("account_id")), None)
        if account is not None:
            add_account(row, account, before)
        add_activities(row, self._log, self._log_times, self._history.activity_count, before)
        return row


def columns_of(
    state: Mapping[str, ChangeValue | None], moves: Sequence[Change], born: date, day: date, before: datetime
) -> dict[str, Cell]:
    """The columns of `Timeline.row` but those of the account and of activities. moves: past changes of MOVING."""
    row: dict[str, Cell] = {}
    _add_state(row, state, day)
    _add_moves(row, moves, born, day, before)
    _add_lists(row, state)
    return row


def _add_state(row: dict[str, Cell], state: Mapping[str, ChangeValue | None], day: date) -> None:
    for name in ("kind", "motion", "pipeline", "stage", "category", "owner_id", "account_id"):
        row[name] = _cell(state.get(name))
    amount = state.get("amount")
    row["amount"] = major(amount) if isinstance(amount, Money) else None
    row["currency"] = amount.currency if isinstance(amount, Money) else None
    promised = state.get("close_date")
    row["days_to_close_date"] = float((promised - day).days) if isinstance(promised, date) else None
    for name, value in state.items():
        if name.startswith("fields."):
            row[name] = _cell(value)


def _add_moves(row: dict[str, Cell], moves: Sequence[Change], born: date, day: date, before: datetime) -> None:
    row["age_days"] = float((day - born).days)
    row["day_in_quarter"] = float((day - period_of(day).start).days)
    by_field: dict[str, list[Change]] = {name: [] for name in MOVING}
    for one in moves:
        of_field = by_field[one.field]
        if not of_field or of_field[-1].value != one.value:  # repeats of the same value are no moves
            of_field.append(one)
    stages = by_field["stage"]
    back = len(stages) - len({one.value for one in stages})
    since = stages[-1].effective_time if stages else None
    row["days_in_stage"] = _days_between(since, before) if since else row["age_days"]
    row["stage_moves"] = float(max(len(stages) - 1, 0))
    row["stage_moves_back"] = float(back)
    row["owner_changes"] = float(max(len(by_field["owner_id"]) - 1, 0))
    row["amount_changes"] = float(max(len(by_field["amount"]) - 1, 0))
    promises = [one.value for one in by_field["close_date"] if isinstance(one.value, date)]
    pairs = list(pairwise(promises))
    row["close_date_slips"] = float(sum([new > old for old, new in pairs]))
    row["close_date_pulls"] = float(sum([new < old for old, new in pairs]))


def add_account(row: dict[str, Cell], account: Account, before: datetime) -> None:
    """The fields of the account it had, as they were then."""
    for name, value in fields_at(account, before).items():
        row[f"account.{name}"] = _cell(value)


class Done(Protocol):
    """What is read of an activity beside its time."""

    @property
    def type(self) -> str: ...

    @property
    def direction(self) -> str: ...


def add_activities(
    row: dict[str, Cell], log: Sequence[Done], times: Sequence[datetime], count: int, before: datetime
) -> None:
    """The columns of the activities. log: oldest first, with its times; count: also those not carried."""
    end = bisect_left(times, before)
    row["activities"] = float(max(count, len(log)) - (len(log) - end))
    first = max(end - MAX_ACTIVITIES, 0)
    week = bisect_left(times, before - timedelta(days=7), first, end)
    month = bisect_left(times, before - timedelta(days=30), first, end)
    row["activities_7_days"] = float(end - week)
    row["activities_30_days"] = float(end - month)
    seen = log[first:end]
    kinds, newest = [one.type for one in seen], [one.direction for one in reversed(seen)]
    counts = _NONE.copy()
    for direction, (of_week, of_month) in _RECENT.items():
        counts[of_week] = float(newest[: end - week].count(direction))
        counts[of_month] = float(newest[: end - month].count(direction))
    for kind, number in Counter(kinds).items():
        if kind in _IN_30_DAYS:
            counts[kind] = float(number)
    for kind, number in Counter(kinds[month - first :]).items():
        if kind in _IN_30_DAYS:
            counts[_IN_30_DAYS[kind]] = float(number)
    row.update(counts)
    row["days_since_activity"] = _days_between(times[end - 1], before) if end else None
    for direction in _RECENT:
        last = times[end - 1 - newest.index(direction)] if direction in newest else None
        row[f"days_since_{direction}"] = None if last is None else _days_between(last, before)


_RECENT = {direction: (f"{direction}_7_days", f"{direction}_30_days") for direction in ("inbound", "outbound")}
_IN_30_DAYS = {kind: f"{kind}_30_days" for kind in ACTIVITY_TYPES}
_NONE = dict.fromkeys((*chain(*_RECENT.values()), *_IN_30_DAYS, *_IN_30_DAYS.values()), 0.0)


def fields_at(account: Account, before: datetime) -> Mapping[str, ChangeValue]:
    """An account's fields as they stood just before an instant; those without changes stand as they do now."""
    if not account.changes:
        return account.fields
    changed = {one.field for one in account.changes}
    state: dict[str, ChangeValue | None] = {f"fields.{name}": value for name, value in account.fields.items()}
    state = {name: value for name, value in state.items() if name not in changed}
    for one in sorted(account.changes, key=attrgetter("effective_time")):
        if one.effective_time < before:
            state[one.field] = one.value
    return {name.removeprefix("fields."): value for name, value in state.items() if value is not None}


def _add_lists(row: dict[str, Cell], state: Mapping[str, ChangeValue | None]) -> None:
    products, contacts = state.get("products"), state.get("contacts")
    lines = [one for one in products if isinstance(one, ProductLine)] if isinstance(products, tuple) else []
    people = [one for one in contacts if isinstance(one, ContactRole)] if isinstance(contacts, tuple) else []
    row["products"] = float(len(lines))
    row["product"] = lines[0].product_id if lines else None
    row["contacts"] = float(len(people))
    roles = {one.role for one in people}
    for role in BUYING_ROLES:
        row[f"role.{role}"] = role in roles


def _cell(value: ChangeValue | None) -> Cell:
    """A value as a cell; empty text counts as missing, and long text is cut as in events."""
    if isinstance(value, str):
        return cut(value, MAX_CELL_BYTES) or None
    if isinstance(value, tuple):
        return None
    if isinstance(value, Money):
        return major(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _days_between(start: datetime, end: datetime) -> float:
    return float((end - start).days)
