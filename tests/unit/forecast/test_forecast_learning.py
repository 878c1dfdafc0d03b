"""What hazards and corrections are learned from: whole weeks, each once, and replays by what they are worth."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp, sqrt

import numpy as np
import pytest

from learning.records import Outcome
from services.forecast.blend import Blend
from services.forecast.bookings import read_bookings
from services.forecast.dataset import AGES, Case, Company, Scores, timing_examples
from services.forecast.domain import SCENARIOS, Loadings
from services.forecast.learn import estimate_loadings, fit_blend
from services.forecast.missed import Missed, learn_missed, seen_windows
from services.forecast.rates import ripening
from services.forecast.replay import Expected, Replay, Sum, Window, fit_model
from services.forecast.timing import TimingModel, fit_timing

TODAY = date(2017, 8, 16)
OWNER = ("u1", "USD")


def company(weeks: int = 30, hazard: float = 0.2, a_day: int = 8, at_once: float = 0.0) -> Company:
    """Deals made every day, of which a share ends on its first day, and the same share of the others each week."""
    generator = np.random.default_rng(4)
    cases = []
    for number in range(7 * weeks * a_day):
        start = TODAY - timedelta(days=number // a_day)
        days = 0 if generator.random() < at_once else int(7 * generator.exponential(-1 / np.log(1 - hazard))) + 1
        closed: date | None = start + timedelta(days=days)
        closed = closed if closed and closed <= TODAY else None
        outcome = Outcome.OPEN if closed is None else Outcome.WON if number % 2 and days else Outcome.LOST
        looked = [start + timedelta(weeks=age) for age in AGES]
        sampled = tuple(day for day in looked if day <= TODAY and (closed is None or day < closed))
        rows = {day: {"age_days": float((day - start).days), "owner_id": "u1", "amount": 1.0} for day in sampled}
        booked = 1.0 if outcome is Outcome.WON else None
        cases.append(Case(f"d{number}", start, outcome, closed, booked, "USD", "u1", rows, sampled))
    return Company(TODAY, "USD", cases, {})


@pytest.fixture(scope="module")
def steady() -> tuple[Company, TimingModel]:
    made = company()
    return made, fit_timing(timing_examples(made, Scores(), 0.5))


def test_weeks_that_are_not_over_do_not_raise_the_hazard(steady: tuple[Company, TimingModel]) -> None:
    """Of those only closings are known yet: taken for whole, they doubled the hazard of this week and place."""
    made, timing = steady
    fresh = made.samples.columns.some(np.flatnonzero(made.samples.day > TODAY.toordinal() - 7))
    outlook = timing.outlook(timing.index(fresh), np.full(len(fresh), 0.5))
    closing = (outlook.won + outlook.lost)[:, 0]
    assert closing.mean() == pytest.approx(0.2, abs=0.03)


def test_deals_that_close_at_once_count_no_more_than_others(steady: tuple[Company, TimingModel]) -> None:
    made, timing = steady
    new = made.samples.columns.some(np.flatnonzero(made.samples.columns.age == 0)[::20])
    outlook = timing.outlook(timing.index(new), np.full(len(new), 0.5))
    assert (outlook.won + outlook.lost)[:, :4].sum(axis=1).mean() == pytest.approx(1 - 0.8**4, abs=0.04)


def test_what_ends_on_its_first_day_never_ripens() -> None:
    made = company(20, at_once=0.5)
    timing = fit_timing(timing_examples(made, Scores(), 0.5))
    reached = ripening(made, timing, 0.5)
    assert reached[:, -1].mean() == pytest.approx(0.25, abs=0.05)


def none(_: object) -> float:
    return 0.0


def window(days: int, deals: float, pace: float, actual: float, last: date = TODAY) -> Window:
    return Window(Expected(last, {OWNER: deals}, {}, {OWNER: pace}, None), {OWNER: actual}, days)


def replayed(back: int, *windows: Window, known: int = 200) -> Replay:
    return Replay(TODAY - timedelta(days=back), known, windows, {})


def test_each_period_ahead_has_weights_and_a_width_of_its_own() -> None:
    """Deals tell next week, pace the week after."""
    replays = [
        replayed(7 * back, window(7, 100 + 2 * (-1) ** back, 100 + 40 * (-1) ** back, 100),
                 window(7, 100 + 40 * (-1) ** back, 102, 100))
        for back in range(9, 1, -1)
    ]  # fmt: skip
    first = learn_missed(seen_windows(replays, 0, 200), None, {}, none)
    second = learn_missed(seen_windows(replays, 1, 200), first, {}, none)
    ahead = Expected(TODAY, {OWNER: 50.0}, {}, {OWNER: 100.0}, None)
    assert first.errors["deals"] < first.errors["pace"] / 4
    assert first.total(ahead, none) < 65
    assert second.errors["pace"] < second.errors["deals"] / 4
    assert second.total(ahead, none) > 85
    wild = [replayed(7 * back, window(7, 100, 100, 100 * 2.0 ** (-1) ** back)) for back in range(9, 1, -1)]
    assert learn_missed(seen_windows(wild, 0, 200), None, {}, none).shock > 2 * first.shock
    assert learn_missed([], first, {}, none).shock > first.shock


def test_what_luck_explains_neither_moves_the_level_nor_widens() -> None:
    """Misses of a third where ten uneven deals make up the total, and where thousands do."""
    replays = [replayed(7 * back, window(7, 100, 100 * 1.5 ** (-1) ** back, 135)) for back in range(9, 1, -1)]
    seen = seen_windows(replays, 0, 200)
    many, few = learn_missed(seen, None, {}, none), learn_missed(seen, None, {}, lambda _: 0.25)
    assert many.bias > 0.2
    assert few.bias < many.bias / 2
    assert few.variance == pytest.approx(Missed().variance, rel=0.3)
    ahead = Expected(TODAY, {OWNER: 50.0}, {}, {OWNER: 100.0}, None)
    assert few.total(ahead, lambda _: 0.25) < 60 < many.total(ahead, none)


def test_few_replays_leave_the_width_uncertain() -> None:
    """The range is as wide as what is not known of its width: more beyond the misses themselves where few were seen."""
    often, once = (
        learn_missed([(1.0, window(7, 100, 100, 100 * exp(0.15 * (-1) ** at))) for at in range(count)], None, {}, none)
        for count in (40, 2)
    )
    assert often.shock == pytest.approx(0.15, rel=0.15)
    assert once.shock / sqrt(once.variance) > 1.15 * often.shock / sqrt(often.variance)


def test_an_owner_with_hardly_a_win_keeps_his_mean() -> None:
    """A quarter of a win is expected: totals are never negative, and nothing is added by that."""
    owner = ("u1", "USD")
    blend = Blend(spread=1.3, sizes={("", "USD"): (30.0, 80.0)})
    rng = np.random.default_rng(3)
    total = (rng.random(SCENARIOS) < 0.2) * 3_000
    past = blend.drawn_past(owner, 4.0, 7)
    assert past is not None
    mean = float(past.added(total.astype(np.int64), 0.5).mean())
    assert mean == pytest.approx(0.5 * float(total.mean()) + 400.0, rel=0.1)
    assert past.added(total.astype(np.int64), 0.5).min() >= 0


def test_what_shared_shocks_draw_is_not_drawn_again() -> None:
    made = company(3)
    replays = [replayed(7 * back, window(7, 100, 100, 100 * 1.3 ** (-1) ** back)) for back in range(9, 1, -1)]
    ahead = [Expected(TODAY, {OWNER: 100.0}, {}, None, None, moved={"": 40.0, "region:x": 80.0})]
    alone, shared = (
        fit_blend(made, read_bookings(made), replays, ahead, loadings).level(0).shock
        for loadings in (Loadings(0.0, 0.0, 0.0), Loadings(0.05, 0.1, 0.05))
    )
    drawn = 2 * 0.05**2 * 1.2**2 + 0.1**2 * 0.8**2
    assert alone**2 - shared**2 == pytest.approx(drawn, rel=1e-3)


def test_loadings_show_what_independence_does_not_explain() -> None:
    def found(sd: float, known: int) -> float:
        counts = [{"": Sum(40.0, 24.0, 30.0, 15.0, round(40 + sd * (-1) ** at))} for at in range(12)]
        replays = [Replay(TODAY - timedelta(days=7 * at), known, [], each) for at, each in enumerate(counts)]
        return estimate_loadings(replays, 200)[0].company

    assert found(5.0, 200) < Loadings().company < found(15.0, 200)
    assert found(15.0, 60) < found(15.0, 200)


def test_replays_of_a_young_record_and_overlapping_ones_tell_less() -> None:
    weekly = seen_windows([replayed(back, window(7, 1, 1, 1)) for back in (21, 14, 7)], 0, 200)
    assert [worth for worth, _ in weekly] == pytest.approx([1.0] * 3)
    long = seen_windows([replayed(back, window(90, 1, 1, 1)) for back in (120, 110, 100)], 0, 200)
    assert [worth for worth, _ in long] == pytest.approx([1 / 3] * 3)
    young = seen_windows([replayed(28, window(28, 1, 1, 1), known=50)], 0, 200)
    assert young[0][0] == pytest.approx(1 / 16)


def test_nothing_replayed_is_wide_and_said() -> None:
    made = company(3)
    model = fit_model(made, Scores(), "quarter", seed=1)
    blend = fit_blend(made, read_bookings(made), [], [Expected(TODAY, {}, {}, None, None)], Loadings())
    assert blend.level(0).shock > 2.5 * Missed().shock
    assert blend.note.startswith("left out")
    assert model.blend.note.startswith("left out")
