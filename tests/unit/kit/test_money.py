"""Currencies that there are."""

from __future__ import annotations

import pytest

from kit.money import Money, is_currency


def test_currencies_are_those_of_iso_4217() -> None:
    assert all(map(is_currency, ("USD", "KRW", "EUR", "DEM")))
    assert not any(map(is_currency, ("ZZZ", "usd", "US", "", "₩", "DOLLAR")))


def test_an_amount_in_no_currency_is_refused() -> None:
    assert Money.parse(" krw", "1054.4") == Money("KRW", 1054)
    with pytest.raises(ValueError, match="'ZZZ' is not an ISO 4217 code"):
        Money.parse("ZZZ", 1)
