"""Alerts as messages carry them: alone here in touching _pb2 fields."""

from __future__ import annotations

from dealcast.events.v1 import events_pb2
from services.gateway.monitoring.records import Alert, AlertState, Level
from services.gateway.monitoring.words import sentence

_LEVELS = {Level.AMBER: events_pb2.ALERT_LEVEL_AMBER, Level.RED: events_pb2.ALERT_LEVEL_RED}
_STATES = {
    AlertState.OPEN: events_pb2.ALERT_STATE_OPEN, AlertState.ACKNOWLEDGED: events_pb2.ALERT_STATE_ACKNOWLEDGED,
    AlertState.CLOSED: events_pb2.ALERT_STATE_CLOSED,
}  # fmt: skip


def alert_to_pb(one: Alert) -> events_pb2.Alert:
    """The alert as a message."""
    message = events_pb2.Alert(
        id=str(one.id), subject=one.subject, level=_LEVELS[one.level], state=_STATES[one.state], code=one.code,
        text_en=sentence(one.code, one.facts, "en"), text_ko=sentence(one.code, one.facts, "ko"),
        business_day=one.day.isoformat(), who=one.who, note=one.note,
    )  # fmt: skip
    message.raised_time.FromDatetime(one.time)
    if one.changed is not None:
        message.changed_time.FromDatetime(one.changed)
    return message
