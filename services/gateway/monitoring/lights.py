"""Three lights from what watching found: pure. A light's code and facts are what `words` puts into a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from learning.minimums import MIN_JUDGED
from services.gateway.monitoring.records import Level

SCORE, FORECAST, ACTIONS = "score", "forecast", "actions"
LIGHTS = (SCORE, FORECAST, ACTIONS)
SHOWN_COLUMNS = 3
LEAST_PERIODS = 3
FAR_OFF = 0.15  # below what ranges promise to hold
OLD_DAYS = 120  # since the policies were valued


@dataclass(frozen=True, slots=True)
class Light:
    """How something stands, and why."""

    level: Level
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a report keeps it."""
        return {"level": self.level.value, "code": self.code, "facts": dict(self.facts)}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Light:
        """What `to_json` wrote."""
        return cls(Level(kept["level"]), kept["code"], kept["facts"])


def lights(report: Mapping[str, Any], today: date) -> dict[str, Light]:
    """By name, as LIGHTS orders them."""
    return {
        SCORE: score(report["score"]), FORECAST: forecast(report["forecast"]),
        ACTIONS: actions(report["actions"], today),
    }  # fmt: skip


def score(found: Mapping[str, Any]) -> Light:
    """Red where a single rate for all would have been better, amber where probabilities are off beyond chance or inputs
    have moved, grey where too little has ended to tell."""
    if found.get("why"):
        return Light(Level.GREY, found["why"])
    seen, columns = found["outcomes"]["serving"], moved(found)
    facts = {name: seen.get(name) for name in ("version", "records", "said", "rate")} | {"least": MIN_JUDGED}
    facts |= {"columns": columns[:SHOWN_COLUMNS], "more": max(0, len(columns) - SHOWN_COLUMNS)}
    if not seen["few"] and (seen["above_rate"]["low95"] or 0.0) > 0:
        return Light(Level.RED, "worse_than_rate", facts)
    if not seen["few"] and seen["calibration"]["miscalibrated"]:
        return Light(Level.AMBER, "off", facts)
    if columns:
        return Light(Level.AMBER, "moved", facts)
    if seen["few"]:
        return Light(Level.GREY, "few_outcomes", facts)
    return Light(Level.GREEN, "score_right", facts)


def moved(found: Mapping[str, Any]) -> Sequence[str]:
    """The names of columns that are spread otherwise than at training, the furthest first."""
    columns = (found.get("inputs") or {}).get("columns") or ()
    return [one["column"] for one in columns if one["moved"]]


def forecast(found: Mapping[str, Any]) -> Light:
    """By how often ranges held what was booked in the end, with an interval over periods."""
    if found.get("why"):
        return Light(Level.GREY, found["why"])
    count = len(found["periods"])
    facts = {name: found[name] for name in ("share", "low", "high", "nominal")} | {"periods": count}
    facts |= {"least": LEAST_PERIODS}
    if count < LEAST_PERIODS:
        return Light(Level.GREY, "few_periods", facts)
    if found["high"] < found["nominal"] - FAR_OFF:
        return Light(Level.RED, "ranges_far_off", facts)
    if found["high"] < found["nominal"]:
        return Light(Level.AMBER, "ranges_narrow", facts)
    if found["low"] > found["nominal"]:
        return Light(Level.AMBER, "ranges_wide", facts)
    return Light(Level.GREEN, "ranges_hold", facts)


def actions(found: Mapping[str, Any], today: date) -> Light:
    """By what the log of decisions says of the policy that serves; red where another is shown to be better."""
    if found.get("why"):
        return Light(Level.GREY, found["why"], {"because": found.get("because", "")})
    facts = {name: found[name] for name in ("policy", "value", "low", "high", "rows")}
    if better := found["better"]:
        return Light(Level.RED, "another_better", facts | {"other": better})
    age = (today - date.fromisoformat(found["day"])).days if found["day"] else 0
    if age > OLD_DAYS:
        return Light(Level.AMBER, "value_old", facts | {"days": age})
    return Light(Level.GREEN, "value_known", facts)
