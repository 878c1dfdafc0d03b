"""What the gateway asks of its database about watching the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from services.gateway.domain import Principal
from services.gateway.monitoring.records import Alert, AlertState, ShadowScore, Told

MONITORING_CALLS = frozenset({
    "drop_shadow_scores", "finish_alerts", "save_alerts", "save_monitoring_day", "save_shadow_scores",
    "unpublished_alerts",
})  # fmt: skip


class MonitoringStore(Protocol):
    """The part of the store that keeps reports, alerts and challengers' scores.

    All of it is about the whole company, so that only who sees all may read it, else Forbidden.
    """

    async def told_and_came(self, principal: Principal, after: date) -> list[Told]:
        """Of opportunities closed after a day: what was served on them before that day, the last of each week."""

    async def save_monitoring_day(self, day: date, body: Mapping[str, Any]) -> None:
        """Keep the report of a day; the last stays. Those of more than KEPT_DAYS days are let go."""

    async def monitoring_days(self, principal: Principal, limit: int) -> list[tuple[date, Mapping[str, Any]]]:
        """Reports, the one made last first: that of a later business day too, where the clock was set back since."""

    async def save_alerts(self, raised: Sequence[Alert], over: Sequence[int]) -> list[Alert]:
        """Keep new alerts, and close those (by id) whose cause is gone, with an event each; the new ones with ids."""

    async def list_alerts(
        self, principal: Principal, state: str = "", before: int = 0, limit: int = 100, *, ongoing: bool = False
    ) -> list[Alert]:
        """Newest first; of a state, with ids below `before`, or those whose cause stands."""

    async def change_alert(self, principal: Principal, alert_id: int, state: AlertState, note: str) -> Alert:
        """Acknowledge or close one. Raises NotFound; Conflict where it stands so already or is closed."""

    async def unpublished_alerts(self, limit: int) -> list[Alert]:
        """Those in a state that the stream does not know of yet, oldest first."""

    async def finish_alerts(self, alerts: Sequence[Alert]) -> None:
        """The stream knows of these states."""

    async def save_shadow_scores(self, version: str, scores: Sequence[ShadowScore]) -> None:
        """Keep what a challenger said; the last of a week stays."""

    async def shadow_told_and_came(self, principal: Principal, version: str) -> list[Told]:
        """What a challenger said of records that have ended, before they did."""

    async def drop_shadow_scores(self, version: str) -> int:
        """Let go of what a challenger said; how many scores."""
