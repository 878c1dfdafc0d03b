"""Lights stand for what reports say, and alerts tell of each cause once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from string import Formatter
from typing import Any

import pytest

from services.gateway.monitoring.alerts import news
from services.gateway.monitoring.lights import Light, lights
from services.gateway.monitoring.records import Alert, AlertState, Level
from services.gateway.monitoring.words import TEXTS, alert_json, sentence

DAY = date(2017, 9, 30)


def serving(*, few: bool = False, off: bool = False, worse: float = -0.1) -> dict[str, Any]:
    told = {"version": "3", "records": 80, "said": 0.4, "rate": 0.6, "few": few}
    return told if few else told | {"calibration": {"miscalibrated": off}, "above_rate": {"low95": worse}}


def column(name: str, share: float, *, moved: bool = True) -> dict[str, Any]:
    return {"column": name, "share": share, "psi": 0.5, "p": 1e-9, "new": 0.0, "missing": [0.0, 0.3], "moved": moved}


def report(*columns: dict[str, Any], **of: Any) -> dict[str, Any]:
    score = {"outcomes": {"serving": serving(**of)}, "inputs": {"since": "2017-06-30", "columns": list(columns)}}
    return {"score": score, "forecast": {"why": "no_past_periods"}, "actions": {"why": "nothing_serves"}, "shadow": {}}


def level(found: dict[str, Any], name: str = "score") -> tuple[str, str]:
    light = lights(found, DAY)[name]
    return light.level.value, light.code


def test_the_scores_light_says_the_worst_that_is_known() -> None:
    moved = column("amount", 0.4)
    assert level(report()) == ("green", "score_right")
    assert level(report(column("amount", 0.05, moved=False))) == ("green", "score_right")
    assert level(report(moved)) == ("amber", "moved")
    assert level(report(moved, off=True)) == ("amber", "off")
    assert level(report(moved, off=True, worse=0.01)) == ("red", "worse_than_rate")
    assert level(report(few=True)) == ("grey", "few_outcomes")
    assert level(report(moved, few=True)) == ("amber", "moved"), "inputs tell before outcomes do"
    assert level(report() | {"score": {"why": "nothing_serves"}}) == ("grey", "nothing_serves")


@pytest.mark.parametrize(
    ("share", "reach", "periods", "code"),
    [(0.8, 0.1, 4, "ranges_hold"), (0.7, 0.05, 4, "ranges_narrow"), (0.5, 0.1, 4, "ranges_far_off"),
     (0.95, 0.05, 4, "ranges_wide"), (0.2, 0.1, 2, "few_periods"), (0.6, 0.3, 4, "ranges_hold")],
)  # fmt: skip
def test_the_forecasts_light_follows_what_its_ranges_held(share: float, reach: float, periods: int, code: str) -> None:
    held = {"share": share, "low": share - reach, "high": share + reach, "nominal": 0.8, "periods": [{}] * periods}
    assert level(report() | {"forecast": held}, "forecast")[1] == code


def test_the_actions_light_is_red_where_another_policy_is_shown_to_be_better() -> None:
    value: dict[str, Any] = {"policy": "a", "value": 0.3, "low": 0.2, "high": 0.4, "rows": 900, "better": ""}
    assert level(report() | {"actions": value | {"day": "2017-09-01"}}, "actions") == ("green", "value_known")
    assert level(report() | {"actions": value | {"day": "2017-01-01"}}, "actions") == ("amber", "value_old")
    better = value | {"day": "2017-09-01", "better": "b"}
    assert level(report() | {"actions": better}, "actions") == ("red", "another_better")


def told(found: dict[str, Any], standing: list[Alert]) -> tuple[list[str], list[int]]:
    heard = news(lights(found, DAY), found, standing, DAY)
    return [f"{one.subject} {one.level.value}" for one in heard.raised], sorted(heard.over)


def kept(found: dict[str, Any]) -> list[Alert]:
    heard = news(lights(found, DAY), found, [], DAY)
    return [replace(one, id=number) for number, one in enumerate(heard.raised, 1)]


def test_each_cause_is_told_once_and_ends_by_itself() -> None:
    two = report(column("amount", 0.4), column("fields.side", 0.2))
    standing = kept(two)
    assert [one.subject for one in standing] == [
        "light:score", "column:lead_scoring:amount", "column:lead_scoring:fields.side"
    ]  # fmt: skip
    assert told(two, standing) == ([], [])
    closed = [replace(one, state=AlertState.CLOSED) for one in standing]
    assert told(two, closed) == ([], []), "a person closed it; its cause still stands"
    assert told(report(column("amount", 0.4)), standing) == ([], [3])
    assert told(report(), standing) == ([], [1, 2, 3])
    worse = report(column("amount", 0.4), column("fields.side", 0.2), worse=0.1)
    assert told(worse, standing) == (["light:score red"], [1]), "another level is news, in place of the old"
    assert told(report(few=True), kept(report(off=True))) == ([], [1]), "of a new version nobody can tell yet"


def test_a_look_that_failed_ends_no_alert() -> None:
    standing = kept(report(column("amount", 0.4)))
    blind = report() | {"score": {"why": "not_watched"}}
    assert told(blind, standing) == ([], [])
    better = {"policy": "a", "value": 0.3, "low": 0.2, "high": 0.4, "rows": 900, "better": "b", "day": "2017-09-01"}
    standing = kept(report() | {"actions": better})
    assert told(report() | {"actions": {"why": "not_watched"}}, standing) == ([], [])
    assert told(report(), standing) == ([], [1])


def test_every_code_has_words_in_both_languages_with_the_same_facts() -> None:
    for code, texts in TEXTS.items():
        names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]
        assert names[0] >= names[1], code
        assert any("가" <= letter <= "힣" for letter in texts[1]), code


def test_what_is_said_names_the_columns_as_people_do() -> None:
    found = report(*(column(f"fields.{n}", 0.4) for n in range(4)), column("amount", 0.2))
    light = lights(found, DAY)["score"]
    assert Light.of(light.to_json()) == light
    assert "fields.0" in sentence(light.code, light.facts, "en")
    assert sentence(light.code, light.facts, "en").endswith("and 2 more.")
    assert sentence(light.code, light.facts, "ko").endswith("외 2개.")
    shown = alert_json(kept(found)[-1], "en")
    assert shown["subject"] == "column:lead_scoring:amount"
    assert "20% of the records are elsewhere than on 2017-06-30" in shown["text"]
    assert "missing went from 0% to 30%" in shown["text"]
    assert shown["level"] == Level.AMBER.value
