"""Timing, periods and amounts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.forecast.amounts import NOTHING, AmountModel, fit_amounts
from services.forecast.domain import CategoryBounds, period_masses, periods_from
from services.forecast.features import Asked, timing_columns
from services.forecast.timing import (
    TimingExamples,
    TimingModel,
    date_quantiles,
    fit_timing,
    share_by,
    week_weights,
)

DAY = date(2017, 9, 30)


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.lists(st.floats(0, 1), min_size=53, max_size=53))
def test_periods_never_hold_more_than_all(start: date, raw: list[float]) -> None:
    weights = np.array(raw) / max(sum(raw), 1.0)
    periods = periods_from(start)
    masses = period_masses(weights, start, periods)
    assert start in periods[0]
    assert (masses >= 0).all()
    assert masses.sum() <= weights.sum() + 1e-9
    assert (periods[-1].end - start).days < 53 * 7


def test_a_week_over_a_quarter_end_is_split_by_its_days() -> None:
    weights = np.zeros(53)
    weights[0] = 0.7
    # 2017-12-28 … 2018-01-03: four days in the old quarter, three in the new.
    masses = period_masses(weights, date(2017, 12, 28), periods_from(date(2017, 12, 28)))
    assert masses[:2] == pytest.approx([0.4, 0.3])


def test_the_prior_closes_about_when_promised_and_is_wide_without() -> None:
    model = TimingModel()
    promised, free = week_weights(
        model.hazards(timing_columns([{"age_days": 20.0, "days_to_close_date": 42.0}, {"age_days": 20.0}], [DAY] * 2))
    )
    start = DAY + timedelta(days=1)
    about = share_by(promised, start, DAY + timedelta(days=56)) - share_by(promised, start, DAY + timedelta(days=28))
    wide = share_by(free, start, DAY + timedelta(days=56)) - share_by(free, start, DAY + timedelta(days=28))
    assert about > 0.4
    assert about > 1.5 * wide
    p10, p50, p90 = date_quantiles(promised, start, (0.1, 0.5, 0.9))
    assert start <= p10 <= p50 <= p90
    assert abs((p50 - (DAY + timedelta(days=42))).days) <= 14


def test_nothing_closes_on_a_past_day() -> None:
    weights = np.full(53, 1 / 53)
    start = DAY + timedelta(days=1)
    assert share_by(weights, start, DAY) == 0.0
    assert share_by(weights, start, start) > 0.0
    assert date_quantiles(weights, start, [0.0001])[0] == start


def test_dates_beyond_the_horizon_follow_the_last_rate() -> None:
    weights = week_weights(np.full(53, 0.01))
    found = date_quantiles(weights, DAY + timedelta(days=1), [0.9])[0]
    exact = DAY + timedelta(days=round(7 * np.log(0.1) / np.log(0.99)))
    assert abs((found - exact).days) <= 14
    assert date_quantiles(week_weights(np.zeros(53)), DAY, [0.5])[0] <= DAY + timedelta(days=5 * 365)


def test_the_fit_finds_the_hazards_that_made_the_data() -> None:
    generator = np.random.default_rng(3)
    count = 3_000
    fast = np.arange(count) % 2 == 0
    rates = np.where(fast, 0.3, 0.05)
    weeks = np.minimum(generator.geometric(rates) - 1, 30)
    won = weeks < 30
    rows = [{"age_days": 0.0, "stage": "Quick" if quick else "Slow"} for quick in fast]
    days = [date(2016, 1, 1) + timedelta(days=int(each)) for each in generator.integers(0, 365, count)]
    examples = TimingExamples(timing_columns(rows, days), weeks, won.astype(np.int64), np.ones(count))
    model = fit_timing(examples)
    found = model.hazards(timing_columns([{"age_days": 0.0, "stage": name} for name in ("Quick", "Slow")], [DAY] * 2))
    assert found[0, :4].mean() == pytest.approx(0.3, abs=0.06)
    assert found[1, :13].mean() == pytest.approx(0.05, abs=0.02)
    unseen = model.hazards(timing_columns([{"age_days": 0.0, "stage": "never seen"}], [DAY]))
    assert found[1, 0] < unseen[0, 0] < found[0, 0]


def test_few_data_stay_near_the_prior() -> None:
    columns = timing_columns([{"age_days": 3.0}], [DAY])
    examples = TimingExamples(columns, np.array([2]), np.array([1]), np.ones(1))
    prior, fitted = TimingModel().hazards(columns), fit_timing(examples).hazards(columns)
    assert np.abs(fitted - prior).max() < 0.25
    nothing = TimingExamples(timing_columns([], []), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    assert fit_timing(nothing).hazards(columns) == pytest.approx(prior)


def test_a_timing_model_survives_json() -> None:
    columns = timing_columns([{"age_days": 3.0, "stage": "x", "days_to_close_date": 5.0}], [DAY])
    model = fit_timing(TimingExamples(columns, np.array([2]), np.array([1]), np.ones(1)))
    assert (TimingModel.from_json(model.to_json()).hazards(columns) == model.hazards(columns)).all()


def asked(amount: float | None, product: str = "", pipeline: str = "default") -> Asked:
    return Asked(amount, "USD", product, pipeline)


def test_amounts_learn_discounts_and_usual_amounts() -> None:
    won = [(asked(1000.0, "A"), 800.0)] * 200 + [(asked(None, "B"), 5000.0)] * 50
    model = fit_amounts(won, "USD")
    mean, sd = model.lognormal(asked(2000.0))
    assert np.exp(mean) / 100 == pytest.approx(1600, rel=0.05)
    assert 0.02 <= sd < 0.2
    assert np.exp(model.lognormal(asked(None, "B"))[0]) / 100 == pytest.approx(5000, rel=0.2)
    assert np.exp(model.lognormal(asked(None, "A"))[0]) / 100 == pytest.approx(800, rel=0.2)


def test_a_zero_amount_stays_zero_and_the_prior_is_wide() -> None:
    assert AmountModel().lognormal(asked(0.0)) == (NOTHING, 0.0)
    assert AmountModel().lognormal(asked(None))[1] > 1.0


def test_categories_go_by_the_bounds() -> None:
    bounds = CategoryBounds(0.6, 0.35, 0.1)
    assert [bounds.category(p) for p in (0.6, 0.5, 0.1, 0.05)] == ["commit", "best_case", "pipeline", "omitted"]
