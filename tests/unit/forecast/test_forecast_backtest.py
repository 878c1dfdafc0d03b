"""What a backtest keeps beside the model's number: what people had promised by then."""

from __future__ import annotations

from datetime import date

from learning.records import Outcome
from services.forecast.backtest import committed, looks
from services.forecast.dataset import Case, Company
from services.forecast.evaluation import nowhere
from services.forecast.grid import quarter_of
from services.forecast.rows import Row

DAY = date(2017, 5, 1)


def case(number: int, category: str | None, left: float | None, amount: float = 100.0, currency: str = "USD") -> Case:
    row: Row = {
        "category": category, "days_to_close_date": left, "amount": amount, "currency": currency, "owner_id": "u1",
    }  # fmt: skip
    return Case(f"d{number}", date(2017, 1, 1), Outcome.OPEN, None, None, "USD", "u1", {DAY: row}, [])


def company(*cases: Case) -> Company:
    return Company(DAY, "USD", cases, {"u1": nowhere("u1")})


def test_what_was_promised_counts_where_it_was_to_close_in_the_quarter() -> None:
    period = quarter_of(DAY, 1)
    cases = [
        case(1, "commit", 60.0), case(2, "commit", -30.0, 7.0), case(3, "commit", 61.0), case(4, "commit", -31.0),
        case(5, "best_case", 10.0), case(6, "commit", None), case(7, "commit", 9.0, currency="KRW"),
    ]  # fmt: skip
    found = committed(company(*cases), period)
    assert found == dict.fromkeys(nowhere("u1"), 107.0)
    assert committed(company(case(1, None, 9.0)), period) is None, "nobody uses categories"
    assert committed(company(case(1, "pipeline", 9.0)), period) == {}


def test_a_quarter_is_looked_at_again_a_third_and_two_thirds_in() -> None:
    assert looks(date(2017, 3, 31)) == [date(2017, 4, 30), date(2017, 5, 31)]
    assert looks(date(2017, 1, 31), 2) == [date(2017, 3, 2), date(2017, 3, 31)]
