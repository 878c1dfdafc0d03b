"""What came of what was said: counted once a deal, with intervals, or told to be too few."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from learning.columns import Table
from services.lead_scoring.inputs import FILE, kept
from services.lead_scoring.model import constant_model, prior_model
from services.lead_scoring.watch import _inputs, _said, beside, figures, outcomes

RECORDS = 300


def rows(seed: int, moved: float = 0.0, version: str = "1", records: int = RECORDS) -> list[dict[str, Any]]:
    """Deals with true chances, said in each of one to four weeks; `moved` in log-odds away from the truth."""
    chance = np.random.default_rng(seed)
    made: list[dict[str, Any]] = []
    for deal in range(records):
        truth = chance.normal(-0.3, 1.2)
        won = bool(chance.random() < 1 / (1 + np.exp(-truth)))
        said = float(1 / (1 + np.exp(-truth - moved)))
        one = {"deal": f"d{deal}", "version": version, "probability": said, "won": won, "served": 0.4}
        made += [one | {"closed": f"2017-0{7 + deal % 2}-15"}] * (1 + deal % 4)
    return made


@pytest.mark.parametrize("seed", range(2))
def test_true_chances_are_not_off_and_better_than_a_rate(seed: int) -> None:
    found = figures(rows(seed), 50)
    assert (found["records"], found["few"]) == (RECORDS, False), "a deal of four weeks is one deal"
    assert not found["calibration"]["miscalibrated"]
    assert found["above_rate"]["high95"] < 0
    assert found["auc"]["low90"] < found["auc"]["value"] < found["auc"]["high90"]


def test_scores_that_are_off_are_found_and_may_be_worse_than_a_rate() -> None:
    off = figures(rows(0, moved=1.0), 50)
    assert off["calibration"]["miscalibrated"]
    assert off["said"] > off["rate"] + 0.1
    assert figures(rows(0, moved=3.0), 50)["above_rate"]["low95"] > 0


def test_weeks_do_not_make_a_deal_count_more() -> None:
    """Twice as many weeks of the same deals change no figure."""
    once = rows(1)
    twice = [one for each in once for one in (each, each)]
    one, other = figures(once, 50), figures(twice, 50)
    assert one["said"] == pytest.approx(other["said"])
    assert one["auc"] == other["auc"]


def test_of_the_serving_version_and_of_each_month() -> None:
    found = outcomes([*rows(2, version="1", records=80), *rows(3, version="2", records=20)], "2")
    assert {name: found["serving"][name] for name in ("version", "records", "few")} == {
        "version": "2", "records": 20, "few": True,
    }  # fmt: skip
    assert [(one["month"], one["few"]) for one in found["months"]] == [("2017-08", False), ("2017-07", False)]
    assert figures([], 50) == {"records": 0, "won": 0, "few": True}
    alike = [one | {"won": True} for one in rows(4)]
    assert figures(alike, 50)["few"], "nothing tells lost from won"


def test_a_challenger_stands_beside_what_served_on_the_same_deals() -> None:
    found = beside(rows(5))
    assert (found["records"], found["few"]) == (RECORDS, False)
    assert found["difference"]["log_loss"]["high90"] < 0, "the truth is better than .4 for all"
    assert found["models"]["serving"]["auc"]["value"] == 0.5
    assert beside([])["few"]
    assert beside(rows(6, records=20))["few"]


def test_inputs_that_were_not_kept_or_are_none_are_told_as_such(tmp_path: Path) -> None:
    model = constant_model("base_rate", [0.0])
    assert _inputs(None, model, Table(0)) == {"why": "not_kept"}
    assert _inputs(None, prior_model(), Table(0)) == {"why": "prior"}
    assert kept(tmp_path) is None
    (tmp_path / FILE).write_text('{"day": "2017-06-30", "rows": 100, "columns": {}}')
    then = kept(tmp_path)
    assert then is not None
    assert then[0] == date(2017, 6, 30)
    assert _inputs(then, model, Table(100))["why"] == "reads_nothing"
    (tmp_path / FILE).write_text('{"day": "2017-06-30", "rows": 100, "columns": {"a": {"edges": ["?"]}}}')
    assert kept(tmp_path) is None
    assert len(_said(model, Table(0))) == 0
