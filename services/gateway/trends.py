"""Where a deal's score went, and what moved it: exact differences of contributions, the deal's apart from the model's.

Scores of one model differ by what changed on the deal, column by column. Where the model was replaced, the open deals
were scored anew as they were, so the step between the two models' scores is the model's. Both kinds of steps add up
to the whole difference in log-odds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from learning.titles import title
from services.gateway.store.interface import ScorePoint

TREND_DAYS = 30
TREND_STEP = 0.05  # a smaller difference in probability is steady
MOST_REASONS = 5
LEAST = 0.01  # in log-odds: less is told with the rest
ALMOST_NOTHING = 1e-6
NOT_ENOUGH = "NOT_ENOUGH"


@dataclass(frozen=True, slots=True)
class Trend:
    """`name` is IMPROVING, STEADY, DECLINING or NOT_ENOUGH; reasons add up to the log-odds gained since that day."""

    name: str = NOT_ENOUGH
    since: str | None = None
    reasons: tuple[Mapping[str, Any], ...] = ()


def trend_of(points: Sequence[ScorePoint], language: str = "en") -> Trend:
    """The trend of a deal's scores, newest first and none older than TREND_DAYS before the newest.

    It tells what the deal's own changes did, under whichever model served; a new model is no news of the deal.
    """
    if not points or _settled(points[0]):
        return _of_outcome(points)
    ordered = [point for point in reversed(points) if not _settled(point)]
    runs = [list(run) for _, run in groupby(ordered, key=lambda point: point.model_generation)]
    if len(ordered) < 2:
        return Trend()
    own: dict[str, float] = {}
    for run in runs:
        for name, effect in _moved(run[0], run[-1]).items():
            own[name] = own.get(name, 0.0) + effect
    model = math.fsum(_log_odds(new[0]) - _log_odds(old[-1]) for old, new in pairwise(runs))
    now = ordered[-1]
    difference = now.probability - _probability(_log_odds(now) - math.fsum(own.values()))
    name = _name(difference) if any(len(run) > 1 for run in runs) else NOT_ENOUGH
    return Trend(name, ordered[0].business_day, tuple(_reasons(own, model, language)))


def _of_outcome(points: Sequence[ScorePoint]) -> Trend:
    """A closed deal's: what moved it last is its end, no column."""
    same = [point for point in points if point.model_generation == points[0].model_generation]
    if len(same) < 2:
        return Trend()
    return Trend(_name(same[0].probability - same[-1].probability), same[-1].business_day)


def _name(difference: float) -> str:
    if math.fabs(difference) < TREND_STEP:
        return "STEADY"
    return "IMPROVING" if difference > 0 else "DECLINING"


def _settled(point: ScorePoint) -> bool:
    return not 0.0 < point.probability < 1.0


def _log_odds(point: ScorePoint) -> float:
    return math.log(point.probability) - math.log1p(-point.probability)


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0


def _moved(old: ScorePoint, new: ScorePoint) -> dict[str, float]:
    """By column, the difference between two scores of one model; under "" what no column accounts for."""
    before, after = old.contributions or {}, new.contributions or {}
    named = (set(before) | set(after)) - {""} if before and after else set()
    moved = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in sorted(named)}
    moved[""] = _log_odds(new) - _log_odds(old) - math.fsum(moved.values())
    return moved


def _reasons(own: Mapping[str, float], model: float, language: str) -> list[dict[str, Any]]:
    """The strongest columns, what is left of them, and the model's step where there is one."""
    order = sorted((name for name in own if name), key=lambda name: (-abs(own[name]), name))
    named = [name for name in order[:MOST_REASONS] if abs(own[name]) >= LEAST]
    found = [_reason("deal", name, own[name], language) for name in named]
    rest = math.fsum(own.values()) - math.fsum(own[name] for name in named)
    if abs(rest) > ALMOST_NOTHING:
        found.append(_reason("deal", "", rest, language))
    if abs(model) > ALMOST_NOTHING:
        found.append(_reason("model", "", model, language))
    return found


def _reason(cause: str, field: str, effect: float, language: str) -> dict[str, Any]:
    up = effect > 0
    if cause == "model":
        en = f"A new model rates the deal {'higher' if up else 'lower'}"
        ko = f"새 모델이 이 건을 더 {'높게' if up else '낮게'} 평가합니다"
    else:
        name_en, name_ko = title(field) if field else ("Everything else", "그 밖의 모든 항목")
        en = f"{name_en} {'raised' if up else 'lowered'} the chance"
        ko = f"{name_ko} — 가능성을 {'높였습니다' if up else '낮췄습니다'}"
    return {"cause": cause, "field": field, "effect": effect, "text": ko if language == "ko" else en}
