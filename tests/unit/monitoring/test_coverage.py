"""How often ranges held: of a third into each past period, with an interval over periods."""

from __future__ import annotations

import random
from datetime import date

import pytest

from learning.fiscal import FiscalCalendar
from services.gateway.monitoring.coverage import Held, ranges, together
from services.gateway.store.interface import ForecastDay

QUARTER = FiscalCalendar().parse("2017-Q3")


def said(node: str, day: date, low: int | None, high: int | None) -> ForecastDay:
    return ForecastDay("2017-Q3", "USD", node, day, {"p10": low, "p90": high})


def test_what_stood_a_third_into_the_period_counts() -> None:
    days = [
        said("owner:a", date(2017, 6, 29), 0, 1), said("owner:a", date(2017, 6, 30), 5, 20),
        said("owner:a", date(2017, 7, 31), 10, 30), said("owner:a", date(2017, 7, 15), 0, 9),
        said("owner:a", date(2017, 8, 20), 0, 1), said("owner:late", date(2017, 9, 1), 0, 10),
        said("owner:sure", date(2017, 7, 1), 7, 7), said("owner:mute", date(2017, 7, 1), None, None),
    ]  # fmt: skip
    booked = {"owner:a": 25, "owner:late": 5, "owner:sure": 7, "owner:mute": 1}
    assert ranges(QUARTER, days, booked) == [Held("2017-Q3", "owner:a", 10, 30, 25)]


def drawn(seed: int, truth: float, periods: int = 6, owners: int = 12) -> list[Held]:
    chance = random.Random(seed)
    return [
        Held(f"p{period}", f"owner:{owner}", 0, 10, 5 if chance.random() < truth else 11)
        for period in range(periods)
        for owner in range(owners)
    ]


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    seeds = range(200)
    missed = sum(not (one["low"] <= 0.8 <= one["high"]) for one in (together(drawn(seed, 0.8)) for seed in seeds))
    assert missed <= 200 * 0.07
    found = [together(drawn(seed, 0.4)) for seed in seeds]
    assert sum(one["high"] < 0.8 for one in found) > 195, "half of what is promised is seen"


def test_people_are_told_apart_from_the_company_and_one_period_tells_nothing_sure() -> None:
    found = together([Held("2017-Q3", "company", 0, 10, 5), Held("2017-Q3", "owner:a", 0, 10, 11)])
    assert (found["share"], found["low"], found["high"]) == (0.0, 0.0, 1.0)
    assert found["periods"] == [{"period": "2017-Q3", "ranges": 1, "held": 0.0, "company": True}]
    alone = together([Held("2017-Q2", "company", 0, 10, 5)])
    assert alone["share"] == pytest.approx(1.0), "where owners have none, the company's own"
