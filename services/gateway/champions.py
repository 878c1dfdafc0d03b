"""What serves, handed to a training so that it can compare; and stored backtests of two versions side by side.

Written by the gateway into the training's folder, read by the training's own process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.models import unpack

FILE, ARTIFACT, FOLDER = "champions.json", "champion.tar", "champion"
LEAD_SCORING, FORECAST = "lead_scoring", "forecast"
CHAMPION = "champion"  # the comparison, in an evaluation
LEVELS = ("company", "region", "manager", "owner")


def hand_over(serving: Mapping[str, Mapping[str, Any]], artifact: bytes | None, out: Path) -> None:
    """Write which versions serve by service, with what is known of them, and lead scoring's packed artifact."""
    told = {name: {"version": row["version"], "evaluation": row["evaluation"]} for name, row in serving.items()}
    (out / FILE).write_text(json.dumps(told), "utf-8")
    if artifact is not None:
        (out / ARTIFACT).write_bytes(artifact)


def options(service: str, out: Path) -> list[str]:
    """What a service's training is told of the champion, on its command line."""
    champion = _champion(service, out)
    if service != LEAD_SCORING or champion is None or not (out / ARTIFACT).exists():
        return []
    folder = out / FOLDER
    folder.mkdir(exist_ok=True)
    unpack((out / ARTIFACT).read_bytes(), folder)
    return ["--champion", str(folder), "--champion-version", str(champion["version"])]


def compared(service: str, evaluation: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """The evaluation with its comparison with the champion, where there is one and it can be made."""
    champion = _champion(service, out)
    if champion is None or CHAMPION in evaluation:
        return dict(evaluation)
    if service == LEAD_SCORING:
        return {**evaluation, CHAMPION: {"version": champion["version"], "basis": "none", "why": "not_fetched"}}
    if service == FORECAST:
        found = backtests(evaluation.get("backtest") or {}, champion["evaluation"].get("backtest") or {})
        return {**evaluation, CHAMPION: {"version": champion["version"], **found}}
    return dict(evaluation)


def backtests(challenger: Mapping[str, Any], champion: Mapping[str, Any]) -> dict[str, Any]:
    """The errors of both in replays of the same past quarters, by level; `basis` none where the quarters differ."""
    quarters = challenger.get("quarters") or []
    if not quarters or quarters != champion.get("quarters"):
        return {"basis": "none", "why": "other_quarters"}
    both = {"challenger": challenger, CHAMPION: champion}
    levels = [name for name in LEVELS if all(isinstance(one.get(name), dict) for one in both.values())]
    return {
        "basis": "same_quarters", "quarters": list(quarters),
        "levels": {level: {name: _figures(one[level]) for name, one in both.items()} for level in levels},
    }  # fmt: skip


def _figures(level: Mapping[str, Any]) -> dict[str, float | None]:
    return {"wape": (level.get("dealcast") or {}).get("wape"), "crps": level.get("crps")}


def _champion(service: str, out: Path) -> dict[str, Any] | None:
    if not (out / FILE).exists():
        return None
    found: dict[str, Any] | None = json.loads((out / FILE).read_text("utf-8")).get(service)
    return found
