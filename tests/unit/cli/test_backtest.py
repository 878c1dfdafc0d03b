"""`dealcast backtest`: what a training kept, as it is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cli import backtest as command
from kit.errors import NotFound
from services.forecast.backtest import backtest
from services.forecast.dataset import Company, Scores

GOOD = {
    "quarters": ["2017-Q2", "2017-Q3"],
    "company": {"nodes": 2, "coverage": {"p10_p90": 0.8}, "crps": 0.04, "dealcast": {"wape": 0.05},
                "stage_weighted": {"wape": 0.3}, "last_period_again": {"wape": None}, "pace": {"wape": 0.07}},
}  # fmt: skip


def served(evaluation: dict[str, Any]) -> dict[str, Any]:
    return {"serving": {"version": "v2"}, "versions": [{"version": "v2", "evaluation": evaluation}]}


def run(model: dict[str, Any], monkeypatch: pytest.MonkeyPatch, version: str = "") -> None:
    def call(_: Path, __: str, method: str, path: str) -> dict[str, Any]:
        assert (method, path) == ("GET", "/v1/models/forecast")
        return model

    monkeypatch.setattr(command, "call", call)
    command.backtest(version)


def test_what_was_kept_with_the_version_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(served({"business_day": "2017-09-30", "backtest": GOOD, "cautions": ["Few wins."]}), monkeypatch)
    told = capsys.readouterr().out
    assert "forecast v2, trained on records up to 2017-09-30" in told
    assert "2017-Q2, 2017-Q3" in told
    company = next(line for line in told.splitlines() if line.strip().startswith("company"))
    assert company.split() == ["company", "0.050", "0.300", "-", "0.070", "0.800", "0.040"]
    assert told.rstrip().endswith("Few wins.")


def test_a_record_too_short_for_a_backtest_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = backtest(Company(date(2017, 9, 30), "USD", (), {}), Scores(), seed=1)
    run(served({"backtest": kept}), monkeypatch)
    assert "No past quarter was forecast: no quarter" in capsys.readouterr().out


def test_an_unknown_version_and_the_prior_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="v9"):
        run(served({}), monkeypatch, "v9")
    with pytest.raises(NotFound, match="prior"):
        run({"serving": {"version": "prior"}, "versions": []}, monkeypatch)
