"""What the rule of promotion says, in Korean."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.gateway.monitoring.words import sentence
from services.gateway.promotion import decide, waits_with
from services.gateway.promotion_told import told
from tests.unit.gateway_app.test_promotion_rule import RULE, TODAY, challenger, champion, figure, of_kinds

MODELS = {
    "champion": {"log_loss": figure(0.4, 0.02)}, "challenger": {"log_loss": figure(0.5, 0.02)},
    "base rate": {"log_loss": figure(0.6, 0.02)},
}  # fmt: skip
SEEN: dict[str, Any] = {"basis": "partly_seen", "seen": 0.98, "fresh_records": 3, "models": MODELS}
LEADS = {"basis": "none", "why": "other_horizon", "champion_prior": True}
DECIDED: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "first": (challenger(), None),
    "same": (champion(), champion()),
    "erased": (challenger(), champion() | {"erased": True}),
    "not worse": (challenger(0.001, ece=0.025, calibration={"miscalibrated": False}), champion()),
    "unsure": (challenger(0.003), champion()),
    "worse": (challenger(0.03, ece=0.1, left_out_now=["stage"]), champion()),
    "seen": (challenger(0.1, **SEEN), champion()),
    "seen, not worse": (challenger(-0.05, **SEEN), champion()),
    "too old": (challenger(0.1, **SEEN), champion(last_day="2017-01-01")),
    "drifted": (challenger(0.003, drift={"miscalibrated": True}), champion()),
    "knew little": (challenger(0.1, **SEEN, knew={"outcomes": 89, "learned": 51}), champion()),
    "knew little, unseen": (challenger(0.003, knew={"outcomes": 89, "learned": 51}), champion()),
    "kinds": (of_kinds({"loss": 0.1, **SEEN}, LEADS), champion()),
}


@pytest.mark.parametrize("name", DECIDED)
def test_decisions_are_told_in_korean_with_their_figures(name: str) -> None:
    new, old = DECIDED[name]
    text = decide("lead_scoring", new, old, RULE, TODAY).text
    assert told(text, "en") == text
    korean = told(text, "ko")
    left = re.findall(r"[A-Za-z]{3,}", korean.partition("dealcast models promote")[0].replace("stage", ""))
    assert not left, korean
    assert sorted(re.findall(r"\d+\.?\d*", korean)) == sorted(re.findall(r"\d+\.?\d*", text)), korean


def test_reasons_of_the_audit_log_are_told_and_those_of_people_stay() -> None:
    assert told("trained by job ab12: nothing served before", "ko") == "학습 ab12: 처음 사용하는 모델입니다"
    assert told(waits_with("7").text, "ko") == "대기 중인 리드 점수 버전 7의 점수로 학습해 함께 기다립니다"
    old = "only 3 records have closed since the champion learned, too few to compare on (the champion knows 98% of the"
    assert "98%를 이미 압니다" in told(f"{old} answers there are)", "ko"), "as it was worded before"
    for text in ("by hand", "better: log loss is lower", ""):
        assert told(text, "ko") == text


def test_the_light_of_actions_says_why_in_korean() -> None:
    said = sentence("cannot_tell", {"because": "nothing was left to chance yet"}, "ko")
    assert said.endswith(": 아직 우연에 맡긴 제안이 없습니다.")
