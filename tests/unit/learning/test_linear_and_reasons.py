"""The linear score and its reasons, which add up exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.columns import Encoder, Floats, Table, Texts, table_from_rows
from learning.linear import LinearScorer, fit_logistic, mean_contributions, one_step_refits
from learning.reasons import count_evidence, reasons
from learning.titles import title

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
    assert f"{said.evidence_won} of {said.evidence_count} closed records like it won" in said.text_en
    assert f"종결 기록 {said.evidence_count}건" in said.text_ko


def test_titles_speak_both_languages() -> None:
    assert title("stage") == ("Stage", "단계")
    assert title("fields.예산") == ("예산", "예산")
    assert title("account.sector") == ("Account: sector", "고객사: sector")
    assert title("unknown") == ("unknown", "unknown")
