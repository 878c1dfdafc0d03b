"""Quarters are the sums of their months in every scenario, whatever stands beside the deals."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.forecast.backtest import backtest_eves
from services.forecast.blend import Correction, Level
from services.forecast.domain import SCENARIOS, Integers
from services.forecast.grid import Quarters, quarter_of, spans_from
from services.forecast.leaves import Part
from services.forecast.months import Allotment, Beside, by_days, drawn, leaf_parts
from services.forecast.spans import Month, Span

START = date(2017, 11, 11)


def vector(seed: int, most: int) -> Integers:
    drawn_at = np.random.default_rng(seed)
    return np.where(drawn_at.random(SCENARIOS) < 0.4, drawn_at.integers(0, most + 1, SCENARIOS), 0)


def part(vector_: Integers) -> Part:
    return Part(vector_.copy(), 3, int(vector_.sum()))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 10**6, 10**15]), st.floats(0.2, 2.0), st.booleans(), st.booleans())
def test_months_make_up_their_quarter(seed: int, most: int, factor: float, known: bool, new: bool) -> None:
    grid = Quarters(2)
    months = grid.parts(START)
    quarters = grid.wholes(START)
    deals = {month: vector(seed + place, most) for place, month in enumerate(months[1:7])}
    wins = {quarters[0]: vector(seed + 50, most), quarters[2]: vector(seed + 51, most)} if new else {}
    allotments = {quarter: drawn([0.0, 0.3, 0.7], 5, seed) for quarter in quarters} if known else {}
    correction = Correction({quarter: Level(factor) for quarter in quarters})
    found = leaf_parts(
        grid, {month: part(own) for month, own in deals.items()}, Beside(wins, {}, allotments), correction, "", START
    )
    for quarter in quarters:
        names = [name for name in grid.parts_of(quarter) if name in found]
        raw = sum((deals[name] for name in names if name in deals), np.zeros(SCENARIOS, dtype=np.int64))
        raw = raw + wins.get(quarter, 0)
        whole = correction.corrected(quarter, "", raw, None)
        assert np.array_equal(sum(found[name].total for name in names), whole) or not names
        assert all((found[name].total >= 0).all() for name in names)
        assert sum(found[name].new_sum for name in names) == (int(wins[quarter].sum()) if quarter in wins else 0)
        for name in names:
            one = found[name]
            assert one.deals_sum + one.new_sum + one.correction_sum == int(one.total.sum())


@pytest.mark.parametrize("pieces", [1, 3, 32])
def test_pieces_fall_as_often_as_they_should(pieces: int) -> None:
    shares = [0.0, 0.2, 0.5, 0.3]
    found = drawn(shares, pieces, 11).split(np.full(SCENARIOS, 1_000_000, dtype=np.int64))
    assert np.allclose(found.mean(axis=1), np.array(shares) * 1e6, atol=1.5e4)
    assert set(np.unique(found[1] % (1_000_000 // pieces))) <= set(range(pieces)) | {1_000_000 // pieces - 1}
    assert found.sum(axis=0).tolist() == [1_000_000] * SCENARIOS


def test_without_anything_known_days_decide() -> None:
    months = (Month(date(2017, 10, 1)), Month(date(2017, 11, 1)), Month(date(2017, 12, 1)))
    allotment = by_days(months, START)
    assert isinstance(allotment, Allotment)
    assert [int(row[0]) for row in allotment.split(np.full(SCENARIOS, 51, dtype=np.int64))] == [0, 20, 31]
    over = by_days(months, date(2018, 1, 1)).split(np.full(SCENARIOS, 7, dtype=np.int64))
    assert [int(row[0]) for row in over] == [0, 0, 7]


def test_quarters_may_begin_with_any_month() -> None:
    def ends(quarters: tuple[Span, ...]) -> list[str]:
        return [str(quarter.end) for quarter in quarters]

    assert [str(each) for each in Quarters(1).wholes(START)] == ["2017-Q4", "2018-Q1", "2018-Q2", "2018-Q3"]
    assert Quarters(10).wholes(START) == Quarters(4).wholes(START)
    assert str(quarter_of(START, 2)) == str(quarter_of(START, 11)) == "2017-11/2018-01"
    assert ends(Quarters(3).wholes(START)) == ["2017-11-30", "2018-02-28", "2018-05-31", "2018-08-31"]
    grid = Quarters(3)
    quarters = grid.wholes(START)
    assert [len(run) for run in grid.runs(quarters[3], START)] == [2, 4]
    assert [len(run) for run in grid.runs(quarters[1], START)] == [2]
    assert not grid.runs(quarters[0], START)
    assert all(grid.whole(month) == quarter for quarter in quarters for month in grid.parts_of(quarter))


def test_past_quarters_are_those_of_the_fiscal_year() -> None:
    assert [str(eve) for eve in backtest_eves(START, 2)] == ["2016-10-31", "2017-01-31", "2017-04-30", "2017-07-31"]
    assert [str(eve) for eve in backtest_eves(START, 4)[2:]] == ["2017-03-31", "2017-06-30"]
    assert [str(each) for each in spans_from("quarter", 2, 3)(START)] == ["2017-09/2017-11", "2017-12/2018-02"]
    assert [str(each) for each in spans_from("month", 2, 3)(START)] == ["2017-11", "2017-12"]
