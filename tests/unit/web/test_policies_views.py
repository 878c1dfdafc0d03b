"""The off-policy report in words: shares, intervals, or why the log cannot tell."""

from __future__ import annotations

from typing import Any

from services.gateway.web.policies_views import policies_view
from services.gateway.web.words import Words

ABOUT: dict[str, Any] = {
    "champion": "default", "control_share": 0.05, "shares": {"": 0.05, "default": 0.76, "bold": 0.19},
    "policies": [{"id": "default", "rank_by": "doing"}, {"id": "bold", "rank_by": "showing"}],
    "detectable": {"difference": 0.0432, "control_deals": 51}, "evaluation": None,
}  # fmt: skip
TITLES = {"call": "전화하기"}
LOG: dict[str, Any] = {
    "rows": 1200, "waiting": 300, "horizon_days": 90,
    "policies": {"default": {"value": 0.41, "low": 0.35, "high": 0.47, "why": ""},
                 "bold": {"value": 0.5, "low": None, "high": None,
                          "why": "too few comparable rows (effective sample 7)"}},
    "differences": {"bold": {"default": {"value": 0.021, "low": -0.004, "high": 0.046, "why": ""}}},
    "actions": {"call": {"value": 0.012, "low": 0.001, "high": 0.023, "why": ""},
                "mail": {"value": 0.5, "low": 0.1, "high": 0.9, "why": "never done in this log"}},
}  # fmt: skip


def test_without_a_log_it_says_so_and_what_could_be_detected() -> None:
    found = policies_view(ABOUT, {}, Words("en"))
    assert "A control group of 51 deals shows a change of the win rate from 4.3 points on." in found.told
    assert found.told[-1].startswith("Nothing was learned from the log yet")
    assert [(one.id, one.share, one.champion) for one in found.policies] == [
        ("default", "76%", True), ("bold", "19%", False),
    ]  # fmt: skip


def test_values_and_differences_stand_with_their_intervals_or_why_there_are_none() -> None:
    found = policies_view(ABOUT | {"evaluation": LOG}, TITLES, Words("ko"))
    default, bold = found.policies
    assert [one.name for one in found.policies] == ["기본 정책", "bold"]
    assert default.value == "41% (35%~47%)"
    assert bold.value == "비교할 수 있는 행이 너무 적습니다 (유효 표본 7)"
    assert (default.difference, bold.difference) == ("–", "+2.1 (-0.4~+4.6)")
    assert [(one.action, one.effect) for one in found.actions] == [("전화하기", "+1.2 (+0.1~+2.3)")]
    early = policies_view(ABOUT | {"evaluation": {"why": "fewer than 50 decisions are 90 days old"}}, {}, Words("ko"))
    assert early.told[-1] == "90일이 지난 결정이 50건이 안 됩니다"
