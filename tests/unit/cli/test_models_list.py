"""What `dealcast models` prints of versions."""

from __future__ import annotations

from typing import Any

import pytest

from cli.models import _print, _version

FIGURE = {"value": -0.0123, "low90": -0.02, "high90": -0.004}
METRICS = {"auc": FIGURE, "log_loss": FIGURE, "ece": FIGURE}
WAITS = {"promote": False, "code": "worse", "text": "worse on 150 records", "figures": {}}
LEADS = {"kind": "LEAD", "records": 77, "difference": METRICS, "models": {}, "basis": "unseen"}
COMPARED = {
    "version": "1", "kind": "OPPORTUNITY", "records": 150, "difference": METRICS, "models": {}, "basis": "unseen",
    "others": [LEADS],
}  # fmt: skip


def model(serving: str, *promoted: str) -> dict[str, Any]:
    return {
        "service": "lead_scoring", "serving": {"version": serving, "generation": len(promoted), "digest": "d"},
        "versions": [
            {"version": "2", "created_time": "", "evaluation": {"champion": COMPARED}, "decision": WAITS},
            {"version": "1", "created_time": "", "evaluation": {}},
        ],
        "promotions": [{"version": one} for one in promoted],
    }  # fmt: skip


def test_a_version_waits_only_until_a_person_lets_it_serve(capsys: pytest.CaptureFixture[str]) -> None:
    _print(model("1", "1"))
    assert "it waits for a person" in capsys.readouterr().out
    _print(model("2", "2", "1"))
    told = capsys.readouterr().out
    assert "a person let it serve" in told
    assert "waits for a person" not in told
    assert _version(model("2", "2", "1"), "")["served"] is True
    assert _version(model("1", "1"), "2")["served"] is False


def test_each_kind_that_was_compared_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    _print(model("1", "1"))
    told = capsys.readouterr().out
    assert "opportunities: beside version 1 on 150 records: AUC -0.012" in told
    assert "leads: beside version 1 on 77 records: AUC -0.012" in told


@pytest.mark.parametrize(
    ("language", "known"),
    [
        ("en", "records (no fair comparison, version 1 had learned 100% of their outcomes): AUC -0.012"),
        ("ko", "비교 (공정한 비교 아님: 버전 1은 그 결과의 100%를 이미 학습): AUC -0.012"),
    ],
)
def test_where_the_champion_knows_the_answers_it_is_said_beside_the_figures(
    capsys: pytest.CaptureFixture[str], language: str, known: str
) -> None:
    champion = {**COMPARED, "others": [], "basis": "partly_seen", "seen": 1.0, "fresh_records": 0}
    found = model("1", "1")
    found["versions"][0]["evaluation"] = {"champion": champion}
    _print(found, language)
    assert known in capsys.readouterr().out
