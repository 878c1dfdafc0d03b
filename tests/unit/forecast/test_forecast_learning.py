"""What hazards and corrections are learned from: whole weeks, each once, and replays by what they are worth."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from learning.records import Outcome
from services.forecast.bookings import read_bookings
from services.forecast.dataset import AGES, Case, Company, Scores, timing_examples
from services.forecast.learn import fit_blend
from services.forecast.missed import Missed, learn_missed, seen_windows
from services.forecast.rates import ripening
from services.forecast.replay import Expected, Replay, Window, fit_model
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
    first = learn_missed(seen_windows(replays, 0, 200), None, {}, lambda _: 0.0)
    second = learn_missed(seen_windows(replays, 1, 200), first, {}, lambda _: 0.0)
    ahead = Expected(TODAY, {OWNER: 50.0}, {}, {OWNER: 100.0}, None)
    assert first.errors["deals"] < first.errors["pace"] / 4
    assert first.total(ahead) < 65
    assert second.errors["pace"] < second.errors["deals"] / 4
    assert second.total(ahead) > 85
    wild = [replayed(7 * back, window(7, 100, 100, 100 * 2.0 ** (-1) ** back)) for back in range(9, 1, -1)]
    assert learn_missed(seen_windows(wild, 0, 200), None, {}, lambda _: 0.0).shock > 2 * first.shock
    assert learn_missed([], first, {}, lambda _: 0.0).shock > first.shock


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
    blend = fit_blend(made, read_bookings(made), [], [Expected(TODAY, {}, {}, None, None)])
    assert blend.level(0).shock > 3 * Missed().shock
    assert blend.note.startswith("left out")
    assert model.blend.note.startswith("left out")
