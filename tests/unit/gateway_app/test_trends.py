"""Where a score went, and what moved it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.store.interface import ScorePoint
from services.gateway.trends import MOST_REASONS, trend_of

DAY = "2017-09-30"
BASES = {1: -0.7, 2: 0.2, 3: 0.0}


def points(*scores: tuple[float, int, str]) -> list[ScorePoint]:
    return [ScorePoint(*score) for score in scores]


def point(generation: int, day: str, effects: Mapping[str, float]) -> ScorePoint:
    """A score as a model gives it: its base and the contributions add up to the log-odds."""
    log_odds = BASES[generation] + math.fsum(effects.values())
    return ScorePoint(1 / (1 + math.exp(-log_odds)), generation, day, effects)


def log_odds(one: ScorePoint) -> float:
    return math.log(one.probability / (1 - one.probability))


def test_trends() -> None:
    def name(*scores: tuple[float, int, str]) -> str:
        return trend_of(points(*scores)).name

    assert name() == "NOT_ENOUGH"
    assert name((0.5, 1, DAY)) == "NOT_ENOUGH"
    assert name((0.5, 2, DAY), (0.1, 1, DAY)) == "NOT_ENOUGH", "a new model is no news of the deal"
    assert name((0.5, 1, DAY), (0.48, 1, "2017-09-10")) == "STEADY"
    assert name((0.5, 1, DAY), (0.9, 1, "2017-09-20"), (0.4, 1, "2017-09-10")) == "IMPROVING"
    assert name((0.5, 1, DAY), (0.9, 1, "2017-09-10")) == "DECLINING"
    assert name((1.0, 1, DAY), (0.5, 1, "2017-09-10")) == "IMPROVING", "won"
    assert trend_of(points((1.0, 1, DAY), (0.5, 1, "2017-09-10"))).reasons == ()


def test_the_deals_change_is_told_apart_from_the_models() -> None:
    found = trend_of([
        point(2, DAY, {"stage": 0.9, "amount": -0.1}), point(2, "2017-09-21", {"stage": 0.2, "amount": -0.1}),
        point(1, "2017-09-21", {"stage": 0.1, "amount": 0.3}), point(1, "2017-09-05", {"stage": 0.1, "amount": 0.5}),
    ])  # fmt: skip
    assert (found.name, found.since) == ("IMPROVING", "2017-09-05")
    told = [(one["cause"], one["field"], round(one["effect"], 9)) for one in found.reasons]
    # Of the 0.9 - 0.7 between the two models' scores of the same deal, nothing is the deal's.
    assert told == [("deal", "stage", 0.7), ("deal", "amount", -0.2), ("model", "", 0.6)]
    assert [one["text"] for one in found.reasons] == [
        "Stage raised the chance", "Amount lowered the chance", "A new model rates the deal higher",
    ]  # fmt: skip


def test_what_was_not_kept_by_column_counts_with_the_rest() -> None:
    old = point(1, "2017-09-05", {"stage": 0.1})
    bare = ScorePoint(old.probability, 1, old.business_day)
    [reason] = trend_of([point(1, DAY, {"stage": 0.8}), bare], "ko").reasons
    assert (reason["cause"], reason["field"]) == ("deal", "")
    assert reason["effect"] == pytest.approx(0.7)
    assert reason["text"] == "그 밖의 모든 항목 — 가능성을 높였습니다"


effects = st.dictionaries(st.sampled_from([*"abcdefghij", ""]), st.floats(-1, 1), max_size=11)


@given(st.lists(st.tuples(st.integers(1, 3), effects), min_size=2, max_size=6))
def test_reasons_add_up_to_the_whole_difference(scores: list[tuple[int, dict[str, float]]]) -> None:
    ordered = sorted(scores, key=lambda one: -one[0])
    made = [point(generation, f"2017-09-{20 - n}", parts) for n, (generation, parts) in enumerate(ordered)]
    found = trend_of(made)
    moved = math.fsum(one["effect"] for one in found.reasons)
    assert moved == pytest.approx(log_odds(made[0]) - log_odds(made[-1]), abs=1e-5)
    assert len(found.reasons) <= MOST_REASONS + 2
