"""Publishes alerts on ALERTS.<level>.<id>, in every state they come to."""

from __future__ import annotations

from collections.abc import Sequence

from kit.messaging import Outgoing
from kit.subjects import ALERTS, subject
from services.gateway.live import Signal
from services.gateway.monitoring.convert import alert_to_pb
from services.gateway.monitoring.records import Alert
from services.gateway.passing_on import PassingOn
from services.gateway.publisher import Sender
from services.gateway.store.interface import Store


class AlertPublisher(PassingOn[Alert]):
    """Of one workspace."""

    what = "alerts"
    poll_seconds = 30.0

    def __init__(self, store: Store, sender: Sender, changed: Signal, workspace_id: str) -> None:
        super().__init__(sender, changed)
        self._store = store
        self._workspace_id = workspace_id

    async def waiting(self, limit: int) -> Sequence[Alert]:
        """Those in a state that the stream does not know of yet."""
        return await self._store.unpublished_alerts(limit)

    def message(self, one: Alert) -> Outgoing:
        """On a subject of its own."""
        name = f"alert-{self._workspace_id}-{one.id}-{one.state.value}"
        payload = alert_to_pb(one).SerializeToString()
        return Outgoing(subject(ALERTS, one.level.value, str(one.id)), payload, message_id=name)

    async def finish(self, done: Sequence[Alert]) -> None:
        """The stream knows of these states."""
        await self._store.finish_alerts(done)
