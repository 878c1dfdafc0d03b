"""A deal while writes are applied to it: its values, the timeline behind them, and what is new.

The state at a time is, per field, the change with the greatest effective time not after it; of equal times the later
row counts. The timeline is read from the database only for writes that reach into the past.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from kit.clock import last_second, utc_day
from learning.records import LISTS, TRACKED_FIELDS, Activity, DealKind, Motion, Outcome
from services.gateway.domain import UNSET, DealWrite, PastChange, WriteStatus
from services.gateway.store.codec import decode_fields, from_us, to_us
from services.gateway.store.field_types import PREFIX

DEFAULTS: Mapping[str, Any] = {
    "kind": DealKind.OPPORTUNITY.value, "motion": Motion.NEW.value, "pipeline": "default",
    "outcome": Outcome.OPEN.value,
}  # fmt: skip
CLOSING = ("stage", "outcome", "closed_date")  # what a deal created as closed gets only on that day
CLOSED = (Outcome.WON.value, Outcome.LOST.value)
Timeline = dict[str, tuple[list[int], list[Any]]]


@dataclass(slots=True)
class NewChange:
    """A change row to insert."""

    deal_id: str
    seq: int
    field: str
    value: Any
    effective_us: int
    revision: int


@dataclass(slots=True)
class Draft:
    """One deal under change. `values` holds tracked fields and `fields.<name>`; an empty one is absent.

    Of an old deal, products and contacts are there only where a write names them.
    """

    id: str
    revision: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    created_us: int | None = None
    last_effective: int = 0
    change_count: int = 0
    activity_count: int = 0
    fields_text: str | None = None  # the custom fields as stored, until `values` holds them
    timeline: Timeline | None = None  # per field: times and values, in order
    stored: Any = None  # its row, as it was read
    new_changes: list[NewChange] = field(default_factory=list)
    new_activities: dict[str, Activity] = field(default_factory=dict)  # by id: added and changed ones

    @property
    def emptied(self) -> bool:
        """Whether an import that was undone had created it: it is as if it had never been."""
        before = self.stored
        return before is not None and bool(before.deleted) and before.change_count == 0 and not self.new_changes

    @property
    def live(self) -> bool:
        """Open and not deleted."""
        return self.values.get("outcome", "OPEN") == "OPEN" and not self.values.get("deleted")

    @property
    def was_live(self) -> bool | None:
        """Whether it was, as it was read; None of a new one."""
        return None if self.stored is None else self.stored.outcome == "OPEN" and not self.stored.deleted

    def apply(self, write: DealWrite, now: datetime, known_activities: dict[str, Activity]) -> bool:
        """Apply a checked write; whether it changed anything, and the revision with it."""
        creating = self.revision == 0 or self.emptied
        if creating:
            self.values, self.created_us, self.fields_text, self.timeline = {}, None, None, None
        before = len(self.new_changes)
        changed, now_us = creating, to_us(now)
        if creating or write.created_time is not UNSET:
            changed = self._set_created(write, now_us) or changed
        if write.fields or write.history:
            self._read_fields()
        self._apply_history(write.history)
        self._apply_members(write, now_us, creating)
        self._close(write, now_us)
        changed = self._apply_activities(write, known_activities) or changed
        if len(self.new_changes) == before and not changed:
            return False
        self.revision += 1
        return True

    def custom_fields(self) -> dict[str, Any]:
        """Its custom fields as they stand, by name."""
        self._read_fields()
        return {name.removeprefix(PREFIX): one for name, one in self.values.items() if name.startswith(PREFIX)}

    def _read_fields(self) -> None:
        if self.fields_text is not None:
            self.values.update((PREFIX + name, value) for name, value in decode_fields(self.fields_text).items())
            self.fields_text = None

    def _set_created(self, write: DealWrite, now_us: int) -> bool:
        before = self.created_us
        if write.created_time is not UNSET:
            self.created_us = to_us(write.created_time)
        else:
            start = to_us(write.effective_time) if write.effective_time else now_us
            self.created_us = min([start, *(to_us(past.effective_time) for past in write.history)])
        if before is None:
            self.timeline = {}
        return before != self.created_us

    def _apply_history(self, history: tuple[PastChange, ...]) -> None:
        if not history:
            return
        dated = {past.effective_time for past in history if past.field == "closed_date"}
        for past in sorted(history, key=lambda each: each.effective_time):
            moment = to_us(past.effective_time)
            self._note(past.field, _plain(past.value), moment)
            if past.field == "outcome" and past.effective_time not in dated:
                closed = past.value in CLOSED
                day = utc_day(past.effective_time) if closed else None
                if closed or self._state("closed_date", moment) is not None:
                    self._note("closed_date", day, moment)

    def _note(self, name: str, value: Any, moment: int) -> None:
        """Keep a row of an export's history unless the very same row is known."""
        times, values = self._line(name)
        end = position = bisect_right(times, moment)
        while position and times[position - 1] == moment:
            position -= 1
            if _same(values[position], value) or name in LISTS:  # a list is stated anew as it stands, not mended
                return
        if end == 0 and _same(value, _empty(name)):
            return
        self._insert(name, value, moment, end)

    def _apply_members(self, write: DealWrite, now_us: int, creating: bool) -> None:
        moment = self._moment(write, now_us, creating)
        closing = self._closing_moment(write, now_us)
        if creating:
            start = self.created_us if self.created_us is not None else moment
            for name, value in DEFAULTS.items():
                if self._state(name, start) is None and (getattr(write, name) is UNSET or name == "outcome"):
                    self._put(name, value, start)
        explicit = write.effective_time is not None
        for name in TRACKED_FIELDS:
            value = getattr(write, name)
            if value is UNSET or (name == "closed_date" and value is None):
                continue
            late = closing is not None and (name in CLOSING or not creating)
            since = closing if late and closing is not None else moment
            if name in LISTS and not explicit:  # nothing says that they were there from the start
                since = max(now_us, self.last_effective)
            self._put_member(name, _plain(value), since, explicit)
        for name, value in write.fields.items():
            late = closing is not None and not creating
            self._put_member(
                PREFIX + name, _plain(value), closing if late and closing is not None else moment, explicit
            )

    def _moment(self, write: DealWrite, now_us: int, creating: bool) -> int:
        if write.effective_time is not None:
            return to_us(write.effective_time)
        if creating and self.created_us is not None:
            return self.created_us
        return max(now_us, self.last_effective)

    def _closing_moment(self, write: DealWrite, now_us: int) -> int | None:
        """When a write without a time of its own says the deal was closed: at the end of that day, if it is past."""
        if write.effective_time is not None or write.outcome is UNSET or write.outcome not in CLOSED:
            return None
        day = write.closed_date
        if day is UNSET or day is None:
            return max(now_us, self.last_effective)
        return max(min(to_us(last_second(day)), now_us), self.last_effective, self.created_us or 0)

    def _put_member(self, name: str, value: Any, moment: int, explicit: bool) -> None:
        """A member without a time of its own counts from its moment, but never hides behind a later row."""
        if not explicit and self.timeline is not None:
            moment = max(moment, self._last(name, moment))
        self._put(name, value, moment)

    def _put(self, name: str, value: Any, moment: int) -> None:
        """Record that a field has a value from a moment on, unless it had it then."""
        if self.timeline is None:
            if not _same(self.values.get(name, _empty(name)), value):
                self._set(name, value)
                self._append(name, value, moment)
            return
        if not _same(self._state(name, moment), value):
            self._insert(name, value, moment, bisect_right(self._line(name)[0], moment))

    def _close(self, write: DealWrite, now_us: int) -> None:
        """A closed deal has a day it was closed on, an open one has none."""
        outcome, closed = self.values.get("outcome"), self.values.get("closed_date")
        changed = next((row for row in reversed(self.new_changes) if row.field == "outcome"), None)
        this_write = changed is not None and changed.revision == self.revision + 1
        dated = write.closed_date is not UNSET and write.closed_date is not None
        dated = dated or any(past.field == "closed_date" for past in write.history)
        moment = changed.effective_us if changed is not None and this_write else max(now_us, self.last_effective)
        if outcome in CLOSED and (closed is None or (this_write and not write.history and not dated)):
            self._put("closed_date", _day(moment), moment)
        elif outcome not in CLOSED and closed is not None:
            self._put("closed_date", None, max(moment, self._last("closed_date", moment)))

    def _last(self, name: str, moment: int) -> int:
        times = self._line(name)[0] if self.timeline is not None else []
        return times[-1] if times else moment

    def _apply_activities(self, write: DealWrite, known: dict[str, Activity]) -> bool:
        done = [self.put_activity(activity, known) for activity in write.activities]
        return any(status is not WriteStatus.UNCHANGED for status in done)

    def put_activity(self, activity: Activity, known: dict[str, Activity]) -> WriteStatus:
        """Add an activity, or change the one of its id where it says something else. `known` is kept up to date."""
        before, after = known.get(activity.id), replace(activity, deal_id=self.id)
        if before == after:
            return WriteStatus.UNCHANGED
        known[activity.id] = self.new_activities[activity.id] = after
        if before is not None:
            return WriteStatus.CHANGED
        self.activity_count += 1
        return WriteStatus.CREATED

    def _line(self, name: str) -> tuple[list[int], list[Any]]:
        if self.timeline is None:
            raise AssertionError("the timeline was not read")
        return self.timeline.setdefault(name, ([], []))

    def _state(self, name: str, moment: int) -> Any:
        times, values = self._line(name)
        position = bisect_right(times, moment)
        return values[position - 1] if position else _empty(name)

    def _insert(self, name: str, value: Any, moment: int, position: int) -> None:
        times, values = self._line(name)
        times.insert(position, moment)
        values.insert(position, value)
        if position == len(times) - 1:
            self._set(name, value)
        self._append(name, value, moment)

    def _set(self, name: str, value: Any) -> None:
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    def _append(self, name: str, value: Any, moment: int) -> None:
        self.change_count += 1
        self.last_effective = max(self.last_effective, moment)
        self.new_changes.append(NewChange(self.id, self.change_count, name, value, moment, self.revision + 1))


def reaches_back(write: DealWrite, draft: Draft) -> bool:
    """Whether a write needs the deal's timeline: it brings history, or a time before the deal's last change."""
    if write.history:
        return True
    return write.effective_time is not None and to_us(write.effective_time) < draft.last_effective


def _plain(value: Any) -> Any:
    """A value as it is kept: enumerations as words, numbers as floats, empty text and lists as None."""
    if isinstance(value, str):
        return str(value) or None
    if isinstance(value, list | tuple):
        return tuple(value) or None
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _empty(name: str) -> Any:
    return False if name == "deleted" else None


def _same(old: Any, new: Any) -> bool:
    return bool(old == new) and type(old) is type(new)


def _day(moment_us: int) -> date:
    return from_us(moment_us).date()
