"""The forecast of this quarter as a bar, and of the next three too as a chart and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from services.gateway.web.units import UNITS
from services.gateway.web.views import model_text
from services.gateway.web.words import Words

MARGIN = 1.04  # room right of the largest number
AMOUNTS = ("booked", "p10", "mean", "p90", "quota")  # the mean is what is expected: it adds up over the tree


@dataclass(frozen=True, slots=True)
class QuarterView:
    """A row of the table: a quarter's texts."""

    period: str
    booked: str
    range_text: str
    mean: str
    quota: str
    quota_chance: str


@dataclass(frozen=True, slots=True)
class TotalsView:
    """Texts, and places in percent of the bar; the places of what is not known are None."""

    title: str
    name: str
    currency: str
    currencies: tuple[str, ...]  # all that have business in these quarters
    missing: bool
    stale: bool
    as_of: str
    model: str
    booked: str
    p10: str
    mean: str
    p90: str
    quota: str
    quota_chance: str
    booked_at: float
    p10_at: float | None
    mean_at: float | None
    p90_at: float | None
    quota_at: float | None
    quarters: tuple[QuarterView, ...]
    empty: bool  # nothing is booked, open, expected or asked for in any of the quarters
    chart: str  # JSON: the currency, and the quarters' amounts in major units, null where there is none


def totals_view(forecasts: Sequence[Mapping[str, Any]], words: Words) -> TotalsView | None:
    """The answers of Gateway.forecast for one node, the current quarter's first; None where that has no node whose
    totals are seen."""
    forecasts = [each for each in forecasts if each["nodes"] and each["nodes"][0]["booked"] is not None]
    if not forecasts:
        return None
    forecast, node = forecasts[0], forecasts[0]["nodes"][0]
    texts = {name: _money(forecast, node[name], words) for name in AMOUNTS}
    amounts = {name: float(node[name]) for name in texts if node[name] is not None}
    most = max([*amounts.values(), 1e-9]) * MARGIN
    places = {name: round(100 * max(0.0, amount) / most, 2) for name, amount in amounts.items()}
    return TotalsView(
        title=words("forecast_bar.title", period=forecast["period"]),
        name="" if node["level"] == "company" else words("forecast_bar.of", name=node["name"]),
        currency=forecast["currency"],
        currencies=tuple(dict.fromkeys(code for each in forecasts for code in each["currencies"])),
        missing=node["mean"] is None, stale=bool(node["stale"]),
        as_of=words("app.as_of_day", day=words.day(forecast["business_day"])),
        model=model_text(forecast["model_version"], words) if forecast["model_version"] else "",
        quota_chance="" if node["quota_probability"] is None else quota_chance(node, words),
        booked_at=places.get("booked", 0.0),
        p10_at=places.get("p10"), mean_at=places.get("mean"), p90_at=places.get("p90"), quota_at=places.get("quota"),
        quarters=tuple(_quarter(each, words) for each in forecasts),
        empty=not any(_has_any(each["nodes"][0]) for each in forecasts),
        chart=_chart(forecasts, words), **texts,
    )  # fmt: skip


def quota_chance(row: Mapping[str, Any], words: Words) -> str:
    """The chance that a node makes its quota; of what is booked already, or over with nothing left to come, how it
    stands."""
    told, booked = row["quota_probability"], float(row["booked"] or 0)
    settled = row["p10"] is not None and float(row["p10"]) == float(row["p90"]) == booked
    made = row["quota"] is not None and booked >= float(row["quota"])
    return words.percent(told) if settled or made else words.chance(told)


def _has_any(node: Mapping[str, Any]) -> bool:
    return bool(node.get("open_deals")) or any(float(node[name] or 0) for name in AMOUNTS)


def _quarter(forecast: Mapping[str, Any], words: Words) -> QuarterView:
    node = forecast["nodes"][0]
    texts = {name: _money(forecast, node[name], words) for name in AMOUNTS}
    known = node["p10"] is not None
    return QuarterView(
        period=forecast["period"], booked=texts["booked"], mean=texts["mean"], quota=texts["quota"],
        range_text=words("forecast.span", low=texts["p10"], high=texts["p90"]) if known else "–",
        quota_chance=quota_chance(node, words),
    )  # fmt: skip


def _chart(forecasts: Sequence[Mapping[str, Any]], words: Words) -> str:
    quarters = [
        {"period": each["period"]}
        | {name: None if (text := each["nodes"][0][name]) is None else float(text) for name in AMOUNTS}
        for each in forecasts
    ]
    unit = UNITS.get(words.unit)
    shown = {"size": unit.size, "suffix": unit.suffixes[words.language], "places": unit.places} if unit else None
    return orjson.dumps({"currency": forecasts[0]["currency"], "unit": shown, "quarters": quarters}).decode()


def _money(forecast: Mapping[str, Any], value: str | None, words: Words) -> str:
    return words.money({"currency": forecast["currency"], "value": value} if value is not None else None, compact=True)
