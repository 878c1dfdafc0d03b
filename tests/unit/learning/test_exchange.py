"""Dated exchange rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kit.money import Money
from learning.exchange import DatedRate, Rates

MAY, JUNE, JULY = date(2017, 5, 1), date(2017, 6, 1), date(2017, 7, 1)
RATES = Rates.of(
    "USD",
    [
        DatedRate("EUR", JULY, Decimal("1.2")), DatedRate("EUR", JUNE, Decimal("9")),
        DatedRate("EUR", JUNE, Decimal("1.1")), DatedRate("USD", MAY, Decimal("7")),
    ],
)  # fmt: skip


def test_a_rate_holds_from_its_day_until_the_next() -> None:
    days = (MAY, date(2017, 5, 31), JUNE, date(2017, 6, 30), JULY, date(2030, 1, 1))
    assert [RATES.on("EUR", day) for day in days] == [None, None, *[Decimal("1.1")] * 2, *[Decimal("1.2")] * 2]
    assert [RATES.near("EUR", day) for day in days[:3]] == [Decimal("1.1")] * 3
    assert RATES.near("KRW", MAY) is None


def test_an_amount_without_a_rate_counts_as_it_is() -> None:
    assert RATES.counted(Money("EUR", 1_000), JUNE) == Money("USD", 1_100)
    assert RATES.counted(Money("EUR", 1_000), MAY) == Money("EUR", 1_000)
    assert RATES.counted(Money("USD", 1_000), JULY) == Money("USD", 1_000), "one's own currency has no rate"
    assert Rates().counted(Money("EUR", 1_000), JULY) == Money("EUR", 1_000)
    assert [RATES.currency_of(code, MAY) for code in ("EUR", "USD", "KRW")] == ["EUR", "USD", "KRW"]
    assert RATES.currency_of("EUR", JULY) == "USD"
    assert (bool(Rates()), bool(RATES)) == (False, True)


def test_what_holds_on_a_day() -> None:
    assert RATES.as_of(date(2017, 6, 15)) == {"EUR": Decimal("1.1")}
    assert RATES.as_of(MAY) == {}
