"""What watching the models keeps: alerts, and scores beside outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How a light stands. GREY: nobody can tell."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"


class AlertState(StrEnum):
    """OPEN until somebody has seen it; CLOSED by a person, or by itself when its cause is gone."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something about a model that somebody should look at.

    subject: `light:<name>` or `column:<model>:<column>`. code and facts: what is said, see `words`. day: the business
    day it was raised on; time: by the wall. ongoing: whether its cause stands; the same is raised once while it does.
    """

    subject: str
    level: Level
    code: str
    facts: Mapping[str, Any]
    day: date
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    state: AlertState = AlertState.OPEN
    ongoing: bool = True
    who: str = ""  # acknowledged or closed it; empty: by itself
    note: str = ""
    changed: datetime | None = None  # when its state did last
    id: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of a record before it ended, and how it ended. served: by what served, on the same row."""

    deal_id: str
    version: str
    day: date
    probability: float
    closed: date
    won: bool
    served: float | None = None


@dataclass(frozen=True, slots=True)
class ShadowScore:
    """A challenger's probability of an open record on a day, beside that of what served."""

    deal_id: str
    day: date
    probability: float
    served: float
