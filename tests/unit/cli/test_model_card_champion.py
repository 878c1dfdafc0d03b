"""What the card says of a version beside the one that served."""

from __future__ import annotations

from typing import Any

import pytest

from cli.model_card import as_markdown
from cli.model_card_champion import WORDS, beside

FIGURE = {"value": -0.0123, "low90": -0.02, "high90": -0.004}
METRICS = {"auc": FIGURE, "log_loss": FIGURE, "ece": FIGURE}
COMPARED: dict[str, Any] = {
    "version": "4", "basis": "unseen", "seen": 0.0, "last_day": "2017-06-30", "records": 1234, "fresh_records": 1234,
    "closed": ["2017-07-01", "2017-08-31"], "difference": METRICS,
    "models": dict.fromkeys(("challenger", "champion", "base rate"), METRICS),
    "drift": {"miscalibrated": True, "mean": 0.5, "rate": 0.61, "columns": [{"column": "stage", "share": 0.3}]},
}  # fmt: skip
DECISION: dict[str, Any] = {"promote": False, "code": "worse", "text": "worse on 1234 records", "figures": {}}


def version(champion: dict[str, Any]) -> dict[str, Any]:
    return {"version": "5", "evaluation": {"champion": champion}, "decision": DECISION}


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["ko"].keys()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_comparison_stands_on_the_card_with_its_difference(language: str) -> None:
    text = as_markdown("lead_scoring", version(COMPARED), language)
    for part in ("1,234", "2017-06-30", "2017-08-31", "61.0%", "30%", "-0.012 [-0.020, -0.004]", DECISION["text"]):
        assert part in text, part
    assert WORDS[language]["waits"] in text


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("why", [
    "few_outcomes", "unreadable", "not_fetched", "other_horizon", "other_quarters", "falls_to_prior",
])  # fmt: skip
def test_why_nothing_was_compared_is_said(why: str, language: str) -> None:
    heading, text, table = beside(version({"version": "4", "basis": "none", "why": why}), language)
    assert heading
    assert "4" in text[0]
    assert table == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_kinds_stand_apart_and_what_was_left_out_is_said(language: str) -> None:
    leads = {name: value for name, value in COMPARED.items() if name != "version"} | {
        "kind": "LEAD", "records": 77, "pipelines_left_out": True, "left_out_now": ["fields.Tags"],
    }  # fmt: skip
    _, text, table = beside(version(COMPARED | {"kind": "OPPORTUNITY", "others": [leads]}), language)
    words, told = WORDS[language], "\n".join(text)
    assert told.count(words["OPPORTUNITY"] + ": ") == 3
    assert "Tags" in told
    assert f"{words['LEAD']}: {words['pipelines_left_out']}" in told
    assert [row[0] for row in table].count(f"{words['LEAD']}: {words['difference']}") == 1
    assert len({len(row) for row in table}) == 1


def test_a_version_that_a_person_let_serve_waits_no_more() -> None:
    waits = beside(version(COMPARED), "en")[1][-1]
    served = beside(version(COMPARED) | {"served": True}, "en")[1][-1]
    assert "waits for a person" in waits
    assert "a person let it serve" in served
    decided = {"promote": True, "code": "not_worse", "text": "not worse", "figures": {}}
    assert "served by itself" in beside({"version": "1", "decision": decided, "served": True}, "en")[1][-1]


def test_a_part_that_was_seen_is_said_and_a_forecast_shows_its_replays() -> None:
    _, text, _ = beside(version(COMPARED | {"basis": "partly_seen", "seen": 0.93, "fresh_records": 12}), "en")
    assert "Only 12 ended records" in text[0]
    assert "93%" in text[0]
    errors = {"challenger": {"wape": 0.1, "crps": 0.05}, "champion": {"wape": 0.2, "crps": None}}
    replays = {"version": "4", "basis": "same_quarters", "quarters": ["2017-Q2"], "levels": {"owner": errors}}
    _, text, table = beside(version(replays), "en")
    assert "2017-Q2" in text[0]
    assert table[1] == ["owner", "0.100", "0.200", "0.050", "–"]
    assert beside({"version": "1"}, "en")[1:] == ([], [])
