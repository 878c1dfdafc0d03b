"""How the models do, as people ask for it: the newest report, alerts, challengers that score along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gateway.domain import Principal
from services.gateway.monitoring.lights import LIGHTS, Light
from services.gateway.monitoring.monitor import Monitor
from services.gateway.monitoring.records import Alert, AlertState, Level
from services.gateway.monitoring.shadows import Shadows
from services.gateway.monitoring.words import LANGUAGES, NAMES, alert_json, sentence
from services.gateway.store.interface import Store

NOTHING: Mapping[str, Mapping[str, Any]] = {"score": {}, "forecast": {}, "actions": {}, "shadow": {}}


@dataclass(frozen=True, slots=True)
class MonitoringDesk:
    """Reads what watching found, and does what people ask."""

    store: Store
    monitor: Monitor
    shadows: Shadows

    async def about(self, principal: Principal, language: str) -> dict[str, Any]:
        """Three lights first, then what they stand for."""
        days = await self.store.monitoring_days(principal, 1)
        day, body = days[0] if days else (None, {})
        report = body.get("report", NOTHING)
        standing = await self.store.list_alerts(principal, AlertState.OPEN.value)
        return {
            "business_day": None if day is None else day.isoformat(), "time": body.get("time"),
            "began_time": body.get("began_time"), "lights": _lights(body.get("lights", {}), language),
            "open_alerts": len(standing), "score": report["score"], "forecast": report["forecast"],
            "actions": report["actions"], "shadow": await self._shadow(report["shadow"]),
        }  # fmt: skip

    async def days(self, principal: Principal, language: str, limit: int) -> list[dict[str, Any]]:
        """The lights of past business days, those looked at last first."""
        return [
            {"business_day": day.isoformat(), "time": body["time"], "lights": _lights(body["lights"], language)}
            for day, body in await self.store.monitoring_days(principal, limit)
        ]

    async def _shadow(self, compared: Mapping[str, Any]) -> list[dict[str, Any]]:
        known, running = await self.shadows.all(), await self.shadows.running()
        return [
            {"version": version, **entry, "serves_now": version not in running, "found": compared.get(version)}
            for version, entry in known.items()
        ]

    async def change(self, principal: Principal, alert_id: int, state: AlertState, note: str) -> Alert:
        """Acknowledge or close an alert. Raises NotFound, Conflict."""
        one = await self.store.change_alert(principal, alert_id, state, note)
        self.monitor.changed.wake()
        self.monitor.watcher.gateway.news.wake()
        return one

    async def alerts(
        self, principal: Principal, language: str, state: str, before: int, limit: int
    ) -> list[dict[str, Any]]:
        """Alerts, newest first."""
        return [alert_json(one, language) for one in await self.store.list_alerts(principal, state, before, limit)]

    async def shadow(self, principal: Principal, service: str, version: str, reason: str) -> None:
        """Let a version score along. Raises what `Shadows.start` does."""
        await self.shadows.start(principal, service, version, reason)

    async def unshadow(self, principal: Principal, service: str, version: str, reason: str) -> None:
        """End that. Raises what `Shadows.end` does."""
        days = await self.store.monitoring_days(principal, 1)
        last = days[0][1]["report"]["shadow"].get(version, {}) if days else {}
        await self.shadows.end(principal, service, version, reason, last)


def _lights(kept: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    place = LANGUAGES.index(language)
    found = []
    for name in LIGHTS:
        light = Light.of(kept[name]) if name in kept else Light(Level.GREY, "not_looked_yet")
        text = sentence(light.code, light.facts, language)
        found.append({"name": name, "title": NAMES[name][place], **light.to_json(), "text": text})
    return found
