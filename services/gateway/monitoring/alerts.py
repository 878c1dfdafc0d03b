"""Which alerts a report raises, and which it ends: pure. The same is raised once while its cause stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.gateway.monitoring.lights import Light
from services.gateway.monitoring.records import Alert, Level

ALARMING = (Level.AMBER, Level.RED)
MOST_COLUMNS = 20  # that alerts are raised on: where all moved, the light says so


@dataclass(frozen=True, slots=True)
class News:
    """What is to be raised, and the ids of alerts whose cause is gone."""

    raised: Sequence[Alert]
    over: Sequence[int]


def news(found: Mapping[str, Light], report: Mapping[str, Any], standing: Sequence[Alert], day: date) -> News:
    """From lights and report. standing: alerts whose cause stood when it was last looked.

    A cause that could not be looked at (code `not_watched`) ends no alert and raises none.
    """
    blind = {name for name, light in found.items() if light.code == "not_watched"}
    causes = {
        f"light:{name}": Alert(f"light:{name}", light.level, light.code, light.facts, day)
        for name, light in found.items()
        if light.level in ALARMING
    } | _columns(report, day)
    known = {one.subject: one for one in standing}
    raised = [one for subject, one in causes.items() if subject not in known or known[subject].level is not one.level]
    kept = {one.subject for one in causes.values()} - {one.subject for one in raised}
    over = [one.id for one in standing if one.subject not in kept and _light(one.subject) not in blind]
    return News(raised, over)


def _light(subject: str) -> str:
    """The light that an alert belongs to: columns are the score's."""
    kind, _, name = subject.partition(":")
    return name if kind == "light" else "score"


def _columns(report: Mapping[str, Any], day: date) -> dict[str, Alert]:
    inputs = report["score"].get("inputs") or {}
    moved = [one for one in inputs.get("columns") or () if one["moved"]]
    found = {}
    for one in moved[:MOST_COLUMNS]:
        subject = f"column:lead_scoring:{one['column']}"
        facts = {name: one[name] for name in ("column", "share", "psi", "p", "new", "missing")}
        found[subject] = Alert(subject, Level.AMBER, "column_moved", facts | {"since": inputs["since"]}, day)
    return found
