"""Currencies that there are."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import Money, exchanged, is_currency


def test_currencies_are_those_of_iso_4217() -> None:
    assert all(map(is_currency, ("USD", "KRW", "EUR", "DEM")))
    assert not any(map(is_currency, ("ZZZ", "usd", "US", "", "₩", "DOLLAR")))


def test_an_amount_in_no_currency_is_refused() -> None:
    assert Money.parse(" krw", "1054.4") == Money("KRW", 1054)
    with pytest.raises(ValueError, match="'ZZZ' is not an ISO 4217 code"):
        Money.parse("ZZZ", 1)


@pytest.mark.parametrize(
    ("money", "rate", "expected"),
    [
        (Money("EUR", 100_00), "1.25", Money("USD", 125_00)),
        (Money("KRW", 1_000_000), "0.00075", Money("USD", 750_00)),
        (Money("USD", 1), "1100", Money("KRW", 11)),
        (Money("KWD", 1_000), "3.3", Money("USD", 3_30)),
        (Money("EUR", 1), "0.5", Money("USD", 0)),
        (Money("EUR", 3), "0.5", Money("USD", 2)),
    ],
)
def test_money_is_exchanged_between_minor_units_and_rounded_half_even(money: Money, rate: str, expected: Money) -> None:
    assert exchanged(money, Decimal(rate), expected.currency) == expected


@given(st.integers(-(10**17), 10**17), st.decimals(Decimal("1e-9"), Decimal("1e9"), places=9))
def test_it_is_rounded_once_whatever_the_size(minor: int, rate: Decimal) -> None:
    exact = Fraction(minor) * Fraction(rate) * 100
    assert exchanged(Money("KRW", minor), rate, "USD").minor == round(exact)
