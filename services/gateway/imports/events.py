"""An event log by the mapping's rules: stage history, outcome, owner and activities of one case."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from learning.records import Activity
from services.gateway.domain import PastChange
from services.gateway.imports.cells import CellReader
from services.gateway.imports.schema import EventRule, FileSpec


@dataclass(frozen=True, slots=True)
class Event:
    """One event: when, what it means by the rules, who did it, and the part of the mapping it was read by."""

    time: datetime
    rule: EventRule | None
    person: str
    part: str


class RuleMatcher:
    """Finds the first rule whose patterns all match; remembers what it found for the same cells."""

    def __init__(self, spec: FileSpec, columns: Sequence[str]) -> None:
        self._columns = sorted({column for rule in spec.rules for column in rule.when})
        self._at = [columns.index(column) for column in self._columns]
        self._rules = [
            (rule, [(column, _pattern(globs)) for column, globs in rule.when.items()]) for rule in spec.rules
        ]
        self._known: dict[tuple[str, ...], EventRule | None] = {}

    def match(self, cells: Sequence[str]) -> EventRule | None:
        """The rule for a row, or None."""
        key = tuple(cells[at].strip() for at in self._at)
        if key not in self._known:
            if len(self._known) > 10_000:
                self._known.clear()
            values = dict(zip(self._columns, key, strict=True))
            self._known[key] = next(
                (rule for rule, tests in self._rules if all(p.fullmatch(values[column]) for column, p in tests)), None
            )
        return self._known[key]


def _pattern(globs: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(fnmatch.translate(each) for each in globs))


@dataclass(slots=True)
class Case:
    """What an event log says of one deal."""

    history: list[PastChange] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    first: datetime | None = None


def read_case(deal_id: str, events: Sequence[Event], cells: CellReader, created: datetime | None) -> Case:
    """Put the events of one deal in order and apply their rules.

    The first event with an outcome ends the deal; stages named after it count no more, unless one opens it again.
    """
    case = Case()
    ordered = sorted(events, key=lambda event: event.time)
    case.first = ordered[0].time if ordered else None
    stage, outcome = "", "OPEN"
    for event in ordered:
        rule = event.rule
        if rule is None:
            continue
        if rule.outcome == "OPEN" and outcome != "OPEN":
            outcome = "OPEN"
            case.history += _ending(outcome, None, event.time)
        if outcome == "OPEN":
            if rule.stage and rule.stage != stage:
                stage = rule.stage
                case.history.append(PastChange("stage", stage, event.time))
            if rule.outcome in ("WON", "LOST"):
                outcome = rule.outcome
                case.history += _ending(outcome, event.time.date(), event.time)
    case.history += _owners(ordered, cells, created or case.first)
    case.activities = _activities(deal_id, ordered, cells)
    return case


def _ending(outcome: str, day: date | None, time: datetime) -> list[PastChange]:
    return [PastChange("outcome", outcome, time), PastChange("closed_date", day, time)]


def _owners(events: Sequence[Event], cells: CellReader, start: datetime | None) -> list[PastChange]:
    rule = cells.spec.owner
    if rule is None or start is None:
        return []
    changes = []
    if rule.otherwise:
        changes.append(PastChange("owner_id", cells.identity("users", rule.otherwise), start))
    people = [event for event in events if event.person and event.person not in rule.but]
    if people:
        chosen = people[0] if rule.take == "first" else people[-1]
        mine = next(event for event in people if event.person == chosen.person)
        changes.append(PastChange("owner_id", cells.identity("users", chosen.person), max(mine.time, start)))
    return changes


def _activities(deal_id: str, events: Sequence[Event], cells: CellReader) -> list[Activity]:
    activities, ids = [], ActivityIds(deal_id)
    for event in events:
        rule = event.rule
        if rule is None or not rule.activity_type:
            continue
        identity, kind = ids.next(event.part, event.time, rule.activity_type), rule.activity_type
        owner = cells.identity("users", event.person) if event.person else ""
        activities.append(Activity(identity, deal_id, kind, rule.direction, event.time, "", owner, rule.text))
    return activities


class ActivityIds:
    """Ids for a deal's activities whose rows bring none: the same for a row edited later, so that it stays one.

    An id is made of the deal, the part of the mapping, time, type, contact, and which of several such rows it is.
    """

    def __init__(self, deal_id: str) -> None:
        self._deal_id = deal_id
        self._seen: dict[tuple[str, ...], int] = {}

    def next(self, part: str, time: datetime, kind: str, contact_id: str = "") -> str:
        """The id of the next row."""
        key = (part, time.isoformat(), kind, contact_id)
        repeat = self._seen[key] = self._seen.get(key, 0) + 1
        digest = hashlib.sha256("\x1f".join((self._deal_id, *key, str(repeat))).encode()).hexdigest()
        return f"import-{digest[:24]}"
