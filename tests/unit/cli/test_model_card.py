"""The rendered model card: complete, self-contained, in both languages, for any evaluation there is."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from cli.model_card import as_html, as_markdown, reason_of
from cli.model_card_words import EN, KO

FIGURE = {"value": 0.5, "low90": 0.4, "high90": 0.6, "low95": 0.4, "high95": 0.6}
METRICS = dict.fromkeys(("auc", "log_loss", "ece", "lift"), FIGURE)
CARD = {
    "format": 1, "ece_bound": 0.03, "columns_left_out": 2,
    "models": {"base rate": {**METRICS, "gain": FIGURE}, "Dealcast": METRICS, "LightGBM": {**METRICS, "gain": FIGURE}},
    "calibration": [
        {"low": 0, "high": 0.4, "mean": 0.2, "rate": 0.25, "rate_low": 0.1, "rate_high": 0.4, "records": 60},
        {"low": 0.4, "high": 1, "mean": 0.7, "rate": 0.6, "rate_low": 0.5, "rate_high": 0.7, "records": 61},
    ],
    "gain": [{"share": one / 4, "won": one / 4, "won_low": 0.1, "won_high": 1.0, "lift": 1.0} for one in range(1, 5)],
    "segments": [{"column": "stage", "value": "", "records": 70, "rate": 0.3, "mean": 0.2, "gap_low": 0.01,
                  "gap_high": 0.19, "log_loss_ratio": 1.1, "weak": ["calibration", "log_loss"]}],
    "columns": [{"name": "<b>|x", "kind": "choice", "missing": 0.1, "influence": 0.4},
                {"name": "age_days", "kind": "number", "missing": 0.0, "influence": 0.3},
                {"name": "same", "kind": "number", "missing": 1.0, "influence": None}],
}  # fmt: skip
EVALUATION = {
    "model": "blend", "records": 1200, "outcomes": 900, "won": 300, "base_rate": 0.3, "half_life_days": 90.0,
    "window": ["2025-01-01", "2025-12-31"], "test": {"records": 400, "window": ["2025-06-01", "2025-12-30"]},
    "dropped": [{"column": "tag", "reason": "it fills at closing", "reason_ko": "종료 때 채워집니다"}], "suspected": [],
    "overrules": {"kept": [], "left_out": ["city"], "unknown": []}, "card": CARD,
}  # fmt: skip


def version(evaluation: Any) -> dict[str, Any]:
    return {"version": "7", "created_time": "2026-01-01T00:00:00Z", "evaluation": evaluation}


def test_both_languages_say_the_same_things() -> None:
    assert set(EN) == set(KO)
    for name, text in EN.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", KO[name])), name


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_stands_alone_and_its_pictures_are_well_formed(language: str) -> None:
    page = as_html("lead_scoring", version(EVALUATION), language)
    assert f'<html lang="{language}">' in page
    assert not re.search(r"<script|<link|<img|@import|url\(|src=", page)
    assert "<b>" not in page
    pictures = re.findall(r"<svg.*?</svg>", page)
    assert [len(list(ElementTree.fromstring(one).iter())) > 10 for one in pictures] == [True, True]
    assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)


def test_one_rate_for_all_ranks_nothing() -> None:
    (row,) = [
        one.split(" | ") for one in as_markdown("lead_scoring", version(EVALUATION), "en").splitlines()
        if one.startswith("| base rate")
    ]  # fmt: skip
    assert [row[1], row[4]] == ["–", "–"]
    assert row[2].startswith("0.500 [")


def test_reasons_of_older_versions_are_told_in_korean_too() -> None:
    old = {"column": "tag", "reason": "filled in with the closing of the record"}
    assert reason_of(old, "ko") == "기록이 종결될 때 입력됩니다"
    assert reason_of(old, "en") == old["reason"]
    assert reason_of({"column": "tag", "reason": "else"}, "ko") == "else"


def test_it_names_what_is_weak_left_out_and_beside_it() -> None:
    text = as_markdown("lead_scoring", version(EVALUATION), "en")
    for part in ("worse than the rate", "tag", "it fills at closing", "city", "LightGBM, defaults", "above 0.030",
                 "2 more columns", "half after 90 days", "<b>\\|x", "1 columns are not used", "| Age | age_days |",
                 "Trained 2026-01-01 00:00 UTC."):  # fmt: skip
        assert part in text
    assert "종료 때 채워집니다" in as_markdown("lead_scoring", version(EVALUATION), "ko")
    assert text.index("Dealcast |") < text.index("base rate |")


@pytest.mark.parametrize("evaluation", [None, {}, {"model": "prior", "why": "few", "outcomes": 5, "won": 1}])
def test_a_version_without_figures_has_a_card_too(evaluation: Any) -> None:
    for language in ("en", "ko"):
        assert "<section>" in as_html("lead_scoring", version(evaluation), language)
        assert as_markdown("lead_scoring", version(evaluation), language).startswith("# ")


def test_it_says_what_a_lead_s_score_means_and_how_good_each_pipeline_is() -> None:
    figure = {"value": 0.7, "low90": 0.6, "high90": 0.8}
    pipeline = {"pipeline": "renewals", "own": 0.42, "records": 150, "rate": 0.4, "mean": 0.41, "auc": figure,
                "log_loss": figure, "ece": figure, "base_log_loss": 0.69}  # fmt: skip
    counts = {"outcomes": 300, "won": 90}
    kinds = [
        {"kind": "OPPORTUNITY", "target": "won", "horizon_days": None, "model": "blend", "pipelines": [pipeline]}
        | counts,
        {"kind": "LEAD", "target": "converted", "horizon_days": 45, "model": "prior", "pipelines": []} | counts,
    ]
    english = as_markdown("lead_scoring", version({"kinds": kinds}), "en")
    assert "Leads: to convert within 45 days; 300 outcomes, 90 of them so; a prior" in english
    assert "counts as converted if it converted within 45 days of any day on which it is looked at" in english
    assert "| Opportunities | renewals | 150 |" in english
    assert "| 42% |" in english
    assert "45일 안에 전환" in as_markdown("lead_scoring", version({"kinds": kinds}), "ko")
