"""A deal as it stood on past days: what models learn from, by the code that serving runs too.

`row_at` gives the columns of one deal on one day, `snapshots` those of its past with the outcome that came later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from learning.records import Change, DealHistory, DealKind, Outcome
from learning.timeline import Cell, Timeline

STEP = timedelta(days=7)
# Weeks after a phase's start at which a deal is looked at, while it is open. The same for every deal: days that were
# spread over its life would tell how long that is to be.
AGES = (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 29, 38, 50, 65, 85, 110, 143, 186, 242, 315, 410, 533)

Row = dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A deal as of the end of a day, while open, and what came of it.

    A LEAD's outcome is its conversion (WON) or loss, an OPPORTUNITY's its win or loss; `kind` is that of the day.
    `label` is None where that had not come by the history's end (censored); `closed_day` is when it came.
    """

    deal_id: str
    day: date
    row: Mapping[str, Cell]
    label: Outcome | None = None
    closed_day: date | None = None
    kind: DealKind = DealKind.OPPORTUNITY


@lru_cache(maxsize=4096)
def end_of(day: date) -> datetime:
    """The first instant after a day, in UTC: what is effective before it was true on the day."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def row_at(history: DealHistory, day: date) -> Row:
    """The columns of a deal as of the END of a day: only what was effective by then. See Timeline.row for names.

    The same for training (history from Parquet) and serving (history from an event). All-time counts by type look
    at the 200 newest activities, as events carry no more; the total counts all.
    """
    return Timeline(history).row(day, end_of(day))


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a deal's life as a LEAD or as an OPPORTUNITY, and how it ended; days are inclusive."""

    kind: DealKind
    start: date
    end: date  # the last day it can be seen in this phase
    label: Outcome | None
    closed_day: date | None


def phases(history: DealHistory, as_of: date) -> list[Phase]:
    """The lead and the opportunity part of a deal's life up to a day; none for a deleted or unborn deal.

    A converted lead's first phase is WON on the day of conversion. The outcome is the last one known by `as_of`.
    """
    timeline = Timeline(history)
    end = timeline.state(end_of(as_of))
    born = timeline.born(as_of)
    if end.get("deleted") or born > as_of:
        return []
    outcome = Outcome(str(end.get("outcome") or Outcome.OPEN))
    closed = None if outcome is Outcome.OPEN else _closed_day(history, end.get("closed_date"), as_of)
    last = as_of if closed is None else closed - timedelta(days=1)
    label = None if closed is None else outcome
    converted = _converted_day(history.changes, as_of)
    if converted is None:
        kind = DealKind(str(end.get("kind") or DealKind.OPPORTUNITY))
        return [Phase(kind, born, last, label, closed)]
    lead = Phase(DealKind.LEAD, born, converted - timedelta(days=1), Outcome.WON, converted)
    return [lead, Phase(DealKind.OPPORTUNITY, converted, last, label, closed)]


def snapshots(history: DealHistory, as_of: date) -> Iterator[Snapshot]:
    """A deal's snapshots: at AGES from the first day of each phase while open, until `as_of`. What comes later changes
    none of them. Days on which the deal was closed (and later reopened) are left out."""
    timeline = Timeline(history)
    for phase in phases(history, as_of):
        for age in AGES:
            day = phase.start + age * STEP
            if day > phase.end:
                break
            if timeline.is_open(end_of(day)):
                row = timeline.row(day, end_of(day))
                yield Snapshot(history.deal.id, day, row, phase.label, phase.closed_day, phase.kind)


def _closed_day(history: DealHistory, stated: object, as_of: date) -> date:
    """When it was closed: the last change to a closing outcome, or the stated day where that is earlier."""
    closings = (one for one in history.changes if one.field == "outcome" and one.value in ("WON", "LOST"))
    known = [day for one in closings if (day := one.effective_time.astimezone(UTC).date()) <= as_of]
    last = known[-1] if known else as_of
    return min(last, stated) if isinstance(stated, date) else last


def _converted_day(changes: tuple[Change, ...], as_of: date) -> date | None:
    kinds = [(one.effective_time.astimezone(UTC).date(), one.value) for one in changes if one.field == "kind"]
    kinds = [(day, value) for day, value in kinds if day <= as_of]
    if not kinds or kinds[0][1] != "LEAD" or kinds[-1][1] != "OPPORTUNITY":
        return None
    return next(day for day, value in reversed(kinds) if value == "OPPORTUNITY")
