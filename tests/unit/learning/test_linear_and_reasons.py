"""The linear score and its reasons, which add up exactly."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.columns import Floats, Table, Texts, table_from_rows
from learning.encoder import Encoder
from learning.linear import LinearScorer, fit_logistic, mean_contributions, one_step_refits
from learning.reasons import count_evidence, reasons
from learning.timeline import Cell
from learning.titles import title
from learning.wording import number

ROWS = 3000


def training() -> tuple[Table, Floats]:
    generator = np.random.default_rng(0)
    stage = generator.integers(0, 3, ROWS)
    age = np.where(generator.random(ROWS) < 0.2, np.nan, generator.integers(0, 100, ROWS))
    size = generator.lognormal(3, 2, ROWS)
    truth = np.array([-1.0, 0.0, 1.5])[stage] + np.where(np.isnan(age), 0.5, (age - 50) / 40)
    won = (generator.random(ROWS) < 1 / (1 + np.exp(-truth))).astype(np.float64)
    texts = Texts(["New", "Offer", "Verbal"], stage)
    return Table(ROWS, {"stage": texts, "age_days": age, "fields.size": size}), won


def scorer() -> LinearScorer:
    table, won = training()
    weight = np.ones(ROWS)
    encoder = Encoder.fit(table, weight)
    features = encoder.transform(table)
    fits = [fit_logistic(features, won, weight, penalty) for penalty in (1.0, 2.0, 5.0)]
    weights = np.array([fit.weights for fit in fits]).T
    means = mean_contributions(encoder, features, weights[:, 0], weight)
    return LinearScorer(encoder, weights, np.array([fit.intercept for fit in fits]), means)


SCORER = scorer()


def test_the_fit_minimises_its_penalised_loss() -> None:
    """At the minimum the gradient of Σ loss + penalty/2 × Σ w² is zero."""
    table, won = training()
    features = SCORER.encoder.transform(table)
    fit = fit_logistic(features, won, np.full(ROWS, 0.5), 3.0)
    residual = 0.5 * (1 / (1 + np.exp(-(features @ fit.weights + fit.intercept))) - won)
    np.testing.assert_allclose(features.T @ residual + 3.0 * fit.weights, 0, atol=0.05)
    assert residual.sum() == pytest.approx(0, abs=0.05)


def test_one_step_refits_are_near_the_full_ones() -> None:
    table, won = training()
    features, weight = SCORER.encoder.transform(table), np.ones(ROWS)
    fit = fit_logistic(features, won, weight, 3.0)
    generator = np.random.default_rng(1)
    draws = [np.bincount(generator.integers(0, ROWS, ROWS), minlength=ROWS).astype(np.float64) for _ in range(5)]
    for times, quick in zip(draws, one_step_refits(features, won, weight, 3.0, fit, draws), strict=True):
        full = fit_logistic(features, won, weight * times, 3.0, fit)
        away = np.abs(full.weights - fit.weights).max()
        assert np.abs(quick.weights - full.weights).max() < 0.2 * away


def test_scoring_by_column_is_scoring_by_feature() -> None:
    table, _ = training()
    features = SCORER.encoder.transform(table)
    expected = SCORER.intercepts + features @ SCORER.weights
    scores = SCORER.score(table)
    np.testing.assert_allclose(scores.log_odds, expected[:, 0], atol=1e-9)
    np.testing.assert_allclose(scores.deviation, expected[:, 1:].std(axis=1), atol=1e-9)
    assert (scores.low <= scores.probability).all()
    assert (scores.probability <= scores.high).all()


def test_refits_are_shrunk_towards_their_centres() -> None:
    """Where the data say little, a refit lies at its centre; with centres at 0 it is the plain refit."""
    table, won = training()
    features, weight = SCORER.encoder.transform(table), np.full(ROWS, 1e-9)
    fit = fit_logistic(features, won, weight, 3.0)
    draws = [np.ones(ROWS)] * 2
    centres = np.random.default_rng(2).normal(size=(2, SCORER.encoder.width))
    found = one_step_refits(features, won, weight, 3.0, fit, draws, centres)
    np.testing.assert_allclose([one.weights for one in found], centres, atol=1e-4)
    plain, zero = (one_step_refits(features, won, weight, 3.0, fit, draws, each) for each in (None, 0 * centres))
    np.testing.assert_allclose(plain[0].weights, zero[0].weights)


cells = st.fixed_dictionaries({
    "stage": st.one_of(st.none(), st.sampled_from(["New", "Offer", "Verbal", "never seen"])),
    "age_days": st.one_of(st.none(), st.floats(-1e9, 1e9)),
    "fields.size": st.one_of(st.none(), st.floats(allow_nan=False)),
})  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(cells, min_size=1, max_size=5), st.integers(0, 4))
def test_reasons_add_up_to_the_log_odds(rows: list[dict[str, float | str | None]], top: int) -> None:
    table = table_from_rows(rows, [])
    effects = SCORER.contributions(table)
    log_odds = SCORER.score(table).log_odds
    for row, found in enumerate(reasons(SCORER.encoder, table, effects, {}, top)):
        assert SCORER.base + sum(one.effect for one in found) == pytest.approx(log_odds[row], abs=1e-9)
        assert len(found) <= top + 1
        named = [abs(one.effect) for one in found if one.field]
        assert named == sorted(named, reverse=True)
        assert all(one.text_en and one.text_ko for one in found)


def test_evidence_counts_closed_records_once() -> None:
    table, won = training()
    records = np.arange(ROWS) // 3  # three snapshots each
    outcome = won[records * 3]
    evidence = count_evidence(SCORER.encoder, table, records, outcome)
    stage = table.columns["stage"]
    assert isinstance(stage, Texts)
    with_offer = np.unique(records[stage.codes == 1])
    column = next(one for one in SCORER.encoder.columns if one.name == "stage")
    place = column.bins(Texts(["Offer"], np.array([0])), 1)[0]
    assert evidence["stage"][place] == [len(with_offer), int(outcome[with_offer * 3].sum())]
    effects = SCORER.contributions(table)
    first = reasons(SCORER.encoder, table, effects, evidence, 3)[0]
    said = {one.field: one for one in first}["stage"]
    assert f"{said.evidence_won:,} of {said.evidence_count:,} closed records like it won" in said.text_en
    assert f"종결 기록 {said.evidence_count:,}건" in said.text_ko


def test_evidence_that_seems_to_contradict_the_effect_is_not_told() -> None:
    cells: list[Cell] = [*["a"] * 40, *["b"] * 40]
    table = table_from_rows([{"stage": one} for one in cells], [date(2017, 9, 30)] * len(cells))
    encoder = Encoder.fit(table, np.ones(len(cells)))
    won = np.array([1.0] * 30 + [0.0] * 50)  # 30 of 40 with a, none with b
    evidence = count_evidence(encoder, table, np.arange(len(cells)), won)
    for effect, held_against in ((0.5, "30 of 40 closed records like it won"), (-0.5, "")):
        (one,) = reasons(encoder, table.take(np.array([0])), np.array([[effect]]), evidence, 1)[0]
        assert ("closed records" in one.text_en, "종결 기록" in one.text_ko) == (bool(held_against),) * 2
        assert held_against in one.text_en
        assert (one.evidence_won, one.evidence_count) == (30, 40)


def told(column: str, cell: Cell, others: list[Cell], names: dict[str, str] | None = None) -> tuple[str, str]:
    """The reason a column gives for a cell, where it was trained on the others."""
    day = date(2017, 9, 30)
    trained = table_from_rows([{column: one} for one in others], [day] * len(others))
    encoder = Encoder.fit(trained, np.ones(len(others)))
    records = np.arange(len(others))
    evidence = count_evidence(encoder, trained, records, np.ones(len(others)))
    table = table_from_rows([{column: cell}], [day])
    ((one,),) = reasons(encoder, table, np.ones((1, 1)), evidence, 1, {column: names or {}})
    assert one.field == column
    return one.text_en, one.text_ko


def test_numbers_are_written_as_people_write_them() -> None:
    amounts: list[Cell] = [float(number) * 5_529_137 for number in range(1, 40)]
    en, ko = told("amount", 55_291_370.4, amounts)
    assert en.startswith("Amount: 55,291,370 — raises the chance a lot (")
    assert "between 58,100,000 and 111,000,000 won" in told("amount", 60_000_000.0, amounts)[0]
    assert ko.startswith("금액: 55,291,370 — 가능성을 크게 높이는 요인 (")
    assert told("mail", 6.0, [float(n % 9) for n in range(99)])[0].startswith("Mails: 6 — raises the chance a lot (")
    assert "e+" not in en + ko
    assert [number(one) for one in (1250.0, 12.53, 2.345, 0.25, 0.00312, -1e6, 3.0)] == [
        "1,250", "12.5", "2.35", "0.25", "0.0031", "-1,000,000", "3",
    ]  # fmt: skip


def test_days_and_dates_are_told_in_words() -> None:
    spans: list[Cell] = [float(one) for one in range(100)]
    assert told("age_days", 45.0, spans)[0].startswith("Age: 45 days — raises")
    assert told("age_days", 1.0, spans)[0].startswith("Age: 1 day — raises")
    assert "closed records between 25 days and 50 days won" in told("age_days", 45.0, spans)[0]
    en, ko = told("days_since_inbound", 12.0, spans)
    assert en.startswith("The customer's last word: 12 days ago — raises")
    assert ko.startswith("고객의 마지막 연락: 12일 전 — ")
    around: list[Cell] = [float(one - 50) for one in range(100)]
    assert told("days_to_close_date", -3.0, around)[0].startswith("Promised close date: 3 days ago — raises")
    assert told("days_to_close_date", 3.0, around)[1].startswith("마감 예정일: 3일 후 — ")
    assert told("days_to_close_date", 0.0, around)[0].startswith("Promised close date: today — raises")
    dates: list[Cell] = [date(2017, 9, 30) + timedelta(days=one) for one in range(-50, 50)]
    en, ko = told("fields.Decision", date(2017, 10, 10), dates)
    assert en.startswith("Decision: in 10 days — raises")
    assert "closed records between " in en
    assert ko.startswith("Decision: 10일 후 — ")


def test_ids_are_told_by_name_where_it_is_known() -> None:
    owners: list[Cell] = ["U-1", "U-2"] * 20
    en, ko = told("owner_id", "U-1", owners, {"U-1": "김하늘"})
    assert (en.startswith("Owner: 김하늘 — raises"), ko.startswith("담당자: 김하늘 — ")) == (True, True)
    assert told("owner_id", "U-2", owners, {"U-1": "김하늘"})[0].startswith("Owner: U-2 — raises")
    assert told("owner_id", "U-9", owners, {"U-9": "Ann"})[0].startswith("Owner: Ann — raises")


def test_codes_are_told_by_the_words_of_pages() -> None:
    for column, code, words in (
        ("category", "commit", ("commit", "확정")), ("pipeline", "default", ("default", "기본")),
        ("fields.Kind", "commit", ("commit", "commit")), ("motion", "NEW", ("new business", "신규")),
    ):  # fmt: skip
        english, korean = told(column, code, [code, "other"] * 20)
        assert f": {words[0]} —" in english
        assert f": {words[1]} —" in korean


def test_titles_speak_both_languages() -> None:
    assert title("stage") == ("Stage", "단계")
    assert title("fields.예산") == ("예산", "예산")
    assert title("account.sector") == ("Account: sector", "고객사: sector")
    assert title("unknown") == ("unknown", "unknown")
