"""What the answers on how models do look like, for /openapi.json."""

from __future__ import annotations

from typing import Any, Literal

from services.gateway.rest.schemas import Shape

AlertState = Literal["OPEN", "ACKNOWLEDGED", "CLOSED"]


class Light(Shape):
    """How something stands: grey where nobody can tell. `code` and `facts` for programs, `text` for people."""

    name: Literal["score", "forecast", "actions"]
    title: str
    level: Literal["green", "amber", "red", "grey"]
    code: str
    facts: dict[str, Any]
    text: str


class ShadowModel(Shape):
    """A version that scores along unseen. `found`: it beside what served, on the same records; null before the first
    look."""

    version: str
    since: str
    who: str
    time: str
    reason: str
    serves_now: bool
    found: dict[str, Any] | None


class Monitoring(Shape):
    """Three lights, and what they stand for; of the day it was last looked, null before. `time`: when that look was
    over."""

    business_day: str | None
    time: str | None
    began_time: str | None
    lights: list[Light]
    open_alerts: int
    score: dict[str, Any]
    forecast: dict[str, Any]
    actions: dict[str, Any]
    shadow: list[ShadowModel]


class LightsOfDay(Shape):
    """How the lights stood on a business day."""

    business_day: str
    time: str
    lights: list[Light]


class MonitoringDays(Shape):
    """Lights of past days, those looked at last first."""

    days: list[LightsOfDay]


class Asked(Shape):
    """It is looked at as soon as nothing is trained or imported; `time` is of the last look so far. The look that was
    asked for has a `began_time` that is not before `asked_time`."""

    time: str | None
    asked_time: str


class Alert(Shape):
    """Something about a model that somebody should look at. `ongoing`: whether its cause stands; `who` acknowledged or
    closed it, empty where it ended by itself."""

    id: str
    subject: str
    level: Literal["amber", "red"]
    state: AlertState
    ongoing: bool
    code: str
    text: str
    facts: dict[str, Any]
    business_day: str
    raised_time: str
    changed_time: str | None
    who: str
    note: str


class Alerts(Shape):
    """A page of alerts, newest first; no cursor on the last."""

    alerts: list[Alert]
    next_cursor: str
