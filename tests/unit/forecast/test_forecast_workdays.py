"""A week with few working days closes fewer deals: simulated days, forecast ahead of Chuseok."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from learning.records import Outcome
from learning.workdays import is_working_day
from services.forecast.dataset import AGES, Case, Company, Scores, timing_examples
from services.forecast.features import timing_columns
from services.forecast.timing import TimingModel, fit_timing

TODAY = date(2017, 10, 1)  # the eve of a week without a working day, and of one with four
DAILY = 0.05  # of the open deals on a working day
DEALS, DAYS = 1_500, 240


@pytest.fixture(scope="module")
def closings() -> Company:
    """Deals that close on Korean working days alone, half of them won."""
    generator = np.random.default_rng(8)
    cases = []
    for number in range(DEALS):
        start = TODAY - timedelta(days=int(generator.integers(1, DAYS)))
        closed: date | None = None
        day = start
        while closed is None and day < TODAY:
            day += timedelta(days=1)
            if is_working_day(day, "KR") and generator.random() < DAILY:
                closed = day
        outcome = Outcome.OPEN if closed is None else Outcome.WON if number % 2 else Outcome.LOST
        looked = [start + timedelta(weeks=age) for age in AGES]
        sampled = tuple(day for day in looked if day <= TODAY and (closed is None or day < closed))
        rows = {day: {"age_days": float((day - start).days), "owner_id": "u1", "amount": 1.0} for day in sampled}
        booked = 1.0 if outcome is Outcome.WON else None
        cases.append(Case(f"d{number}", start, outcome, closed, booked, "KRW", "u1", rows, sampled))
    return Company(TODAY, "KRW", cases, {}, holiday_country="KR")


def weekly(timing: TimingModel) -> np.ndarray:
    """The share of deals of some ages that close in each of three weeks ahead, of those that are open as it begins."""
    columns = timing_columns([{"age_days": age, "owner_id": "u1"} for age in (10.0, 30.0, 60.0)], [TODAY] * 3)
    outlook = timing.outlook(timing.index(columns, 3), np.full(3, 0.5))
    closed = outlook.won + outlook.lost
    before = np.concatenate([np.ones((3, 1)), outlook.still_open[:, :-1]], axis=1)
    shares: np.ndarray = (closed / before).mean(axis=0)
    return shares


def test_a_holiday_week_closes_less(closings: Company) -> None:
    examples = timing_examples(closings, Scores(), 0.5)
    chuseok, hangul, usual = weekly(fit_timing(examples, "KR"))
    assert chuseok < 0.06
    assert hangul == pytest.approx(1 - (1 - DAILY) ** 4, abs=0.04)
    assert usual == pytest.approx(1 - (1 - DAILY) ** 5, abs=0.04)
    assert hangul < usual
    first, _, third = weekly(fit_timing(examples))
    assert first == pytest.approx(third, abs=0.05)


def test_the_country_is_kept_with_the_model(closings: Company) -> None:
    timing = fit_timing(timing_examples(closings, Scores(), 0.5), "KR")
    again = TimingModel.from_json(timing.to_json())
    assert weekly(again).tolist() == weekly(timing).tolist()
