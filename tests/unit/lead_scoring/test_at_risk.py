"""Leads of which only conversions are known yet: the rate counts those that are open still."""

from __future__ import annotations

import random

import pytest

from learning.records import DealHistory
from services.lead_scoring.dataset import build_dataset
from services.lead_scoring.training import train
from tests.unit.lead_scoring.test_lead_target import day, lead


def company(count: int, days: int, chance: float, lose: float = 0.0) -> list[DealHistory]:
    """Leads created over so many days that convert, or are lost, at a constant chance a day."""
    generator, found = random.Random(7), []
    for number in range(count):
        since, after, drawn = generator.randrange(days), 1, generator.random()
        while drawn >= chance + lose and since + after <= days:
            after, drawn = after + 1, generator.random()
        known = (("kind", "OPPORTUNITY", after) if drawn < chance else ("outcome", "LOST", after),)
        found.append(lead(f"L{number:04d}", *(known if since + after <= days else ()), since=since))
    return found


def served(histories: list[DealHistory], days: int, horizon: int | None) -> tuple[float, float, float]:
    """The score of the leads and its interval, all of which are one prior."""
    data = build_dataset(histories, day(days), horizon_days=horizon)
    trained = train(data, 0, lambda *_: None)
    scores = trained.model.score(data.table)
    lead_rows = [row for row, code in enumerate(data.kinds.codes.tolist() if data.kinds else []) if code == 0]
    assert data.kinds is not None
    assert data.kinds.dictionary[0] == "LEAD"
    row = lead_rows[0]
    assert trained.model.priors(data.table)[row]
    return float(scores.probability[row]), float(scores.low[row]), float(scores.high[row])


@pytest.mark.parametrize(
    ("count", "days", "chance", "lose"),
    [(1000, 60, 0.0017, 0.0), (1000, 80, 0.004, 0.0), (1000, 60, 0.0017, 0.01), (1000, 95, 0.004, 0.0)],
)
def test_before_a_horizon_is_over_open_leads_count(count: int, days: int, chance: float, lose: float) -> None:
    """5 % in 60 days, 15 % in 80, most others lost, and a few days after the first horizons."""
    histories = company(count, days, chance, lose)
    probability, low, high = served(histories, days, 90)
    truth = chance / (chance + lose) * (1 - (1 - chance - lose) ** 90)
    assert low <= truth <= high
    assert probability == pytest.approx(truth, abs=0.06)
    assert high - low < 0.25


def test_where_nobody_marks_anything_lost_the_open_ones_are_not_won() -> None:
    generator, histories = random.Random(1), []
    for number in range(300):
        since, after = generator.randrange(300), generator.randrange(1, 40)
        made = (("kind", "OPPORTUNITY", after),) if number % 5 == 0 and since + after <= 300 else ()
        histories.append(lead(f"L{number:03d}", *made, since=since))
    probability, low, high = served(histories, 300, None)
    assert probability == pytest.approx(0.2, abs=0.05)
    assert low < 0.2 < high


def test_few_leads_whose_answers_are_known_have_their_plain_rate() -> None:
    histories = [lead(f"L{n}", *((("kind", "OPPORTUNITY", 9),) if n < 5 else ()), since=n) for n in range(20)]
    probability, low, high = served(histories, 400, 90)
    assert probability == pytest.approx((5 + 1.2) / (20 + 4))
    assert low < 0.2 < 0.35 < high


def test_a_small_number_says_little() -> None:
    """Five leads of ten days, one of them converted: near the general belief, and wide."""
    histories = [lead(f"L{n}", *((("kind", "OPPORTUNITY", 5),) if n == 0 else ()), since=n) for n in range(5)]
    probability, low, high = served(histories, 12, 90)
    assert 0.2 < probability < 0.75
    assert high - low > 0.4
