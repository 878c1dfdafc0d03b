"""The forecast of a quarter as a bar: booked, the likely range, the middle and the quota."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gateway.web.words import Words

MARGIN = 1.04  # room right of the largest number


@dataclass(frozen=True, slots=True)
class TotalsView:
    """Texts, and places in percent of the bar; the places of what is not known are None."""

    title: str
    name: str
    missing: bool
    stale: bool
    as_of: str
    model: str
    booked: str
    p10: str
    p50: str
    p90: str
    quota: str
    quota_chance: str
    booked_at: float
    p10_at: float | None
    p50_at: float | None
    p90_at: float | None
    quota_at: float | None


def totals_view(forecast: Mapping[str, Any], words: Words) -> TotalsView | None:
    """The answer of Gateway.forecast for one node; None where it has no node."""
    if not forecast["nodes"]:
        return None
    node = forecast["nodes"][0]
    texts = {name: _money(forecast, node[name], words) for name in ("booked", "p10", "p50", "p90", "quota")}
    amounts = {name: float(node[name]) for name in texts if node[name] is not None}
    most = max([*amounts.values(), 1e-9]) * MARGIN
    places = {name: round(100 * max(0.0, amount) / most, 2) for name, amount in amounts.items()}
    return TotalsView(
        title=words("forecast_bar.title", period=forecast["period"]),
        name="" if node["level"] == "company" else words("forecast_bar.of", name=node["name"]),
        missing=node["p50"] is None, stale=bool(node["stale"]),
        as_of=words("part.as_of", time=words.time(forecast["as_of"])),
        model=words("part.model", version=forecast["model_version"]) if forecast["model_version"] else "",
        quota_chance="" if node["quota_probability"] is None else words.percent(node["quota_probability"]),
        booked_at=places["booked"], p10_at=places.get("p10"), p50_at=places.get("p50"), p90_at=places.get("p90"),
        quota_at=places.get("quota"), **texts,
    )  # fmt: skip


def _money(forecast: Mapping[str, Any], value: str | None, words: Words) -> str:
    return words.money({"currency": forecast["currency"], "value": value} if value is not None else None, compact=True)
