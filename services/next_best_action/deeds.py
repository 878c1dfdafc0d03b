"""What was done in which situation, and how it ended: the decisions that effects are learned from.

A decision is a deal on the eve of one of our activities, or of a week without any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kit.clock import utc_day
from learning.records import Activity, DealHistory, Outcome
from learning.snapshots import Phase, end_of, phases
from learning.timeline import Timeline
from services.next_best_action.domain import Action

WEEK = 7
MOST_DECISIONS = 60  # of a deal that are looked at
WAIT = ""  # the action of a week without any
_FIRST_SENTENCE = re.compile(r"[^.!?\n]*")


@dataclass(frozen=True, slots=True)
class Decided:
    """What was done on a deal after the end of `day`, the state of which is what one knew; WAIT is nothing for a week.

    `weight` is the share of the week without a deed that the deal stayed open for; 1 where something was done.
    """

    day: date
    action: str
    won: bool
    weight: float


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
        for one in _of_phase(phase, deeds, phase.closed_day):
            if told < MOST_DECISIONS and timeline.is_open(end_of(one.day)):
                told += 1
                yield one


def _of_phase(phase: Phase, deeds: dict[date, str], closed: date) -> Iterator[Decided]:
    won, eve = phase.label is Outcome.WON, phase.start
    for day in [*sorted(day for day in deeds if phase.start < day <= closed), closed]:
        # A week in which nothing was done, as often as one fits before the next deed.
        quiet = eve + timedelta(days=WEEK - 1)
        end = day if day in deeds else closed
        while quiet + timedelta(days=WEEK) < end or (quiet < closed == end and day not in deeds):
            yield Decided(quiet, WAIT, won, min((closed - quiet).days / WEEK, 1.0))
            quiet += timedelta(days=WEEK)
        if day in deeds:
            yield Decided(day - timedelta(days=1), deeds[day], won, 1.0)
            eve = day
