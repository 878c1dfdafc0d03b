"""What was done in which situation, and how it ended: the decisions that effects are learned from.

A decision is a deal on the eve of a week that began with it open: what was done first in that week, or nothing. Weeks
are the calendar's, so that which rows there are owes nothing to what came later: rows that begin where something was
done would compare deals that lived to see it with deals that did not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kit.clock import utc_day
from learning.records import Activity, DealHistory, Outcome
from learning.snapshots import end_of, phases
from learning.timeline import Timeline
from services.next_best_action.domain import Action

WEEK = 7
MOST_DECISIONS = 60  # of a deal that are looked at
WAIT = ""  # the action of a week without any
_FIRST_SENTENCE = re.compile(r"[^.!?\n]*")


@dataclass(frozen=True, slots=True)
class Decided:
    """What was first done on a deal in the week after `day`, the state of which is what one knew; WAIT is nothing."""

    day: date  # a Sunday
    action: str
    won: bool  # how the phase ended: of a lead, that it was converted


class Recogniser:
    """Tells which action of the catalogue an activity was: by words of its first sentence, else by its type."""

    def __init__(self, actions: Sequence[Action]) -> None:
        self._worded = [
            (action.name, tuple(word.lower() for word in action.words)) for action in actions if action.words
        ]
        self._typed = {kind: action.name for action in reversed(actions) for kind in action.activities}

    def __call__(self, activity: Activity) -> str:
        """The action's name; empty where none is known, or it was not ours."""
        if activity.direction != "outbound":
            return ""
        found = _FIRST_SENTENCE.match(activity.text)
        first = found.group().lower() if found else ""
        named = (
            next((name for name, words in self._worded if any(word in first for word in words)), None)
            if first
            else None
        )
        return named or self._typed.get(activity.type, "")


def decisions(history: DealHistory, as_of: date, recognise: Recogniser) -> Iterator[Decided]:
    """A deal's decisions in its phases that ended, oldest first; at most MOST_DECISIONS."""
    deeds: dict[date, str] = {}
    for activity in history.activities:
        name = recognise(activity)
        if name:
            deeds.setdefault(utc_day(activity.time), name)
    timeline, told = Timeline(history), 0
    for phase in phases(history, as_of):
        if phase.label is None or phase.closed_day is None:
            continue
        for eve in _eves(phase.start, phase.closed_day):
            if told < MOST_DECISIONS and timeline.is_open(end_of(eve)):
                told += 1
                days = (eve + timedelta(days=day) for day in range(1, WEEK + 1))
                done = next((deeds[day] for day in days if day in deeds and day <= phase.closed_day), WAIT)
                yield Decided(eve, done, phase.label is Outcome.WON)


def _eves(start: date, closed: date) -> Iterator[date]:
    """The Sundays from `start` on before the day it closed."""
    eve = start + timedelta(days=6 - start.weekday())
    while eve < closed:
        yield eve
        eve += timedelta(days=WEEK)
