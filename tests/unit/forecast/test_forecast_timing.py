"""Timing, periods and amounts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.forecast.amounts import NOTHING, AmountModel, fit_amounts
from services.forecast.domain import CategoryBounds, Floats, period_masses, periods_from
from services.forecast.features import Asked, TimingColumns, timing_columns
from services.forecast.timing import TimingExamples, TimingModel, date_quantiles, fit_timing, share_by

DAY = date(2017, 9, 30)


def hazards(model: TimingModel, columns: TimingColumns) -> Floats:
    """P(closes in week k | open before it)."""
    outlook = model.outlook(model.index(columns), np.full(len(columns), 0.5))
    before = np.concatenate([np.ones((len(columns), 1)), outlook.still_open[:, :-1]], axis=1)
    found: Floats = (outlook.won + outlook.lost) / before
    return found


def week_weights(hazard: Floats) -> Floats:
    """P(closes in week k)."""
    before = np.cumprod(np.concatenate([[1.0], 1.0 - hazard[:-1]]))
    found: Floats = hazard * before
    return found


def examples_of(
    columns: TimingColumns, weeks: list[int] | np.ndarray, closed: list[int] | np.ndarray, won: list[int] | None = None
) -> TimingExamples:
    count = len(columns)
    ended = np.array(closed, dtype=np.int64)
    return TimingExamples(
        columns, np.array(weeks, dtype=np.int64), np.zeros(count, np.int64), ended,
        ended if won is None else np.array(won, dtype=np.int64), np.arange(count), np.full(count, 0.5),
    )  # fmt: skip


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
    rows = [{"age_days": 20.0, "days_to_close_date": 42.0}, {"age_days": 20.0}]
    promised, free = (week_weights(each) for each in hazards(model, timing_columns(rows, [DAY] * 2)))
    start = DAY + timedelta(days=1)
    about = share_by(promised, start, DAY + timedelta(days=56)) - share_by(promised, start, DAY + timedelta(days=28))
    wide = share_by(free, start, DAY + timedelta(days=56)) - share_by(free, start, DAY + timedelta(days=28))
    assert about > 0.4
    assert about > 1.5 * wide
    p10, p50, p90 = date_quantiles(promised[None], start, (0.1, 0.5, 0.9))[0]
    assert start <= p10 <= p50 <= p90
    assert abs((p50 - (DAY + timedelta(days=42))).days) <= 14


def test_nothing_closes_on_a_past_day() -> None:
    weights = np.full(53, 1 / 53)
    start = DAY + timedelta(days=1)
    assert share_by(weights, start, DAY) == 0.0
    assert share_by(weights, start, start) > 0.0
    assert date_quantiles(weights[None], start, [0.0001])[0][0] == start


def test_dates_beyond_the_horizon_follow_the_last_rate() -> None:
    weights = week_weights(np.full(53, 0.01))
    found = date_quantiles(weights[None], DAY + timedelta(days=1), [0.9])[0][0]
    exact = DAY + timedelta(days=round(7 * np.log(0.1) / np.log(0.99)))
    assert abs((found - exact).days) <= 14
    assert date_quantiles(week_weights(np.zeros(53))[None], DAY, [0.5])[0][0] <= DAY + timedelta(days=5 * 365)


def test_the_fit_finds_the_hazards_that_made_the_data() -> None:
    generator = np.random.default_rng(3)
    count = 3_000
    fast = np.arange(count) % 2 == 0
    rates = np.where(fast, 0.3, 0.05)
    weeks = np.minimum(generator.geometric(rates) - 1, 30)
    won = weeks < 30
    rows = [{"age_days": 0.0, "stage": "Quick" if quick else "Slow"} for quick in fast]
    days = [date(2016, 1, 1) + timedelta(days=int(each)) for each in generator.integers(0, 365, count)]
    model = fit_timing(examples_of(timing_columns(rows, days), weeks, won.astype(np.int64)))
    names = ("Quick", "Slow")
    found = hazards(model, timing_columns([{"age_days": 0.0, "stage": name} for name in names], [DAY] * 2))
    assert found[0, :4].mean() == pytest.approx(0.3, abs=0.06)
    assert found[1, :13].mean() == pytest.approx(0.05, abs=0.02)
    unseen = hazards(model, timing_columns([{"age_days": 0.0, "stage": "never seen"}], [DAY]))
    assert found[1, 0] < unseen[0, 0] < found[0, 0]


def test_few_data_stay_near_the_prior() -> None:
    columns = timing_columns([{"age_days": 3.0}], [DAY])
    prior, fitted = hazards(TimingModel(), columns), hazards(fit_timing(examples_of(columns, [2], [1])), columns)
    assert np.abs(fitted - prior).max() < 0.25
    nothing = fit_timing(examples_of(timing_columns([], []), [], []))
    assert hazards(nothing, columns) == pytest.approx(prior)


def test_winning_and_losing_compete_and_find_when_deals_are_won() -> None:
    generator = np.random.default_rng(5)
    count = 4_000
    days = [date(2016, 1, 1) + timedelta(days=int(each)) for each in generator.integers(300, 640, count)]
    weeks = generator.geometric(0.15, count) - 1
    columns = timing_columns([{"age_days": 0.0} for _ in days], days)
    ends = [day + timedelta(days=7 * int(week) + 4) for day, week in zip(days, weeks, strict=True)]
    good = np.array([end.month % 3 == 0 for end in ends])
    won = generator.random(count) < np.where(good, 0.8, 0.5)
    model = fit_timing(examples_of(columns, weeks, np.ones(count, np.int64), won.astype(int).tolist()))
    today = timing_columns([{"age_days": 0.0}], [date(2017, 9, 1)])
    outlook = model.outlook(model.index(today), np.array([0.5]))
    share = outlook.won / (outlook.won + outlook.lost)
    assert share[0, 1:3].mean() == pytest.approx(0.8, abs=0.1)
    assert share[0, 6:9].mean() == pytest.approx(0.5, abs=0.1)
    assert (outlook.won.sum() + outlook.lost.sum()) <= 1.0
    better = model.outlook(model.index(today), np.array([0.9]))
    assert better.won.sum() > outlook.won.sum()


def test_an_owner_s_deals_say_when_they_close_rather_than_how() -> None:
    """Ann's closed fast and close fast again; three of four were won in place of two, less than half of which stays."""
    owners = ["ann"] * 160 + ["ben"] * 400
    order = np.arange(len(owners))
    weeks = np.where(order < 160, order % 4, 4 + order % 17)
    won = np.where(order < 160, order % 4 > 0, order % 2 > 0)
    days = [date(2016, 1, 1) + timedelta(days=int(each) % 400) for each in order]
    columns = timing_columns([{"age_days": 0.0, "owner_id": owner} for owner in owners], days)
    model = fit_timing(examples_of(columns, weeks, np.ones_like(order), won.astype(int).tolist()))
    today = timing_columns([{"age_days": 0.0, "owner_id": owner} for owner in ("ann", "ben")], [DAY] * 2)
    outlook = model.outlook(model.index(today), np.full(2, 0.5))
    closing, chance = (outlook.won + outlook.lost)[:, 0], outlook.chance()
    assert closing[0] > 5 * closing[1]
    assert 0.0 < chance[0] - chance[1] < 0.5 * (0.75 - 0.5)


def test_timing_never_changes_the_chance_of_winning() -> None:
    outlook = TimingModel().outlook(TimingModel().index(timing_columns([{}], [DAY])), np.array([0.3]))
    for chance in (0.01, 0.3, 1.0):
        weights = outlook.week_weights(np.array([chance]))[0]
        assert weights.sum() <= 1.0 + 1e-12
        if chance >= 0.3:
            assert chance * weights == pytest.approx(outlook.won[0])


def test_weeks_before_anything_was_recorded_do_not_count() -> None:
    columns = timing_columns([{"age_days": 0.0}] * 400, [DAY] * 400)
    known = examples_of(columns, [10] * 400, [1] * 400)
    late = TimingExamples(
        known.columns, known.weeks, np.full(400, 8), known.closed, known.won, known.case, known.score
    )  # fmt: skip
    early, after = (hazards(fit_timing(each), columns)[0, :8].mean() for each in (known, late))
    assert early < 0.5 * after


def test_a_timing_model_survives_json() -> None:
    columns = timing_columns([{"age_days": 3.0, "stage": "x", "days_to_close_date": 5.0}], [DAY])
    model = fit_timing(examples_of(columns, [2], [1]))
    assert (hazards(TimingModel.from_json(model.to_json()), columns) == hazards(model, columns)).all()


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
