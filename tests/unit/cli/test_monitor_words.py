"""What `dealcast monitor` prints, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from cli.monitor import _print, _print_alert

FIGURE = {"value": 0.7, "low90": 0.6, "high90": 0.8}
FOUND: dict[str, Any] = {
    "business_day": "2017-08-31", "time": "2017-08-31T01:00:00Z", "open_alerts": 1, "shadow": [
        {"version": "2", "since": "2017-08-01", "found": {"records": 3, "few": True}},
        {"version": "3", "since": "2017-08-01", "found": {"records": 40, "few": False, "difference": {
            "log_loss": FIGURE, "auc": FIGURE, "ece": FIGURE}}},
    ],
    "lights": [{"level": "red", "title": "점수", "text": "…"}],
    "score": {
        "outcomes": {"months": [
            {"month": "2017-08", "records": 50, "won": 20, "few": False, "said": 0.4, "auc": FIGURE,
             "log_loss": FIGURE, "ece": FIGURE},
            {"month": "2017-07", "records": 5, "won": 2, "few": True},
        ]},
        "inputs": {"rows_now": 10, "rows_then": 20, "since": "2017-06-30", "columns": [
            {"column": "stage", "moved": True, "share": 0.3, "psi": 0.5, "missing": [0.0, 0.1]}]},
    },
    "forecast": {"periods": [{"period": "2017-Q2", "held": 0.8, "ranges": 10}]},
}  # fmt: skip
ALERT = {
    "id": "a1", "business_day": "2017-08-31", "level": "amber", "state": "OPEN", "who": "", "subject": "score",
    "text": "…", "note": "",
}  # fmt: skip


def test_the_lights_and_what_they_stand_for_are_korean_throughout(capsys: pytest.CaptureFixture[str]) -> None:
    _print(FOUND, "ko")
    _print_alert(ALERT, "ko")
    korean = capsys.readouterr().out
    for text in (
        "빨강", "확인할 알림 1건", "2017-08 종결: 딜 50건, 수주 20건; 예측 40%; AUC 0.700", "판단하기에 부족합니다",
        "입력: 열 1개 중 1개 변동 (현재 10건, 2017-06-30 20건)", "버전 3: 2017-08-01부터 함께 채점", "노랑  확인 필요",
    ):  # fmt: skip
        assert text in korean, text
    assert not {"deals", "columns", "closed", "version", "records"} & set(korean.split())
    _print(FOUND)
    _print_alert(ALERT)
    english = capsys.readouterr().out
    for text in ("RED", "closed in 2017-08: 50 deals, 20 won; said 40%", "inputs: 1 of 1 columns moved", "amber  OPEN"):
        assert text in english, text
