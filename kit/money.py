"""Exact money: whole minor units of a currency, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import lru_cache

from babel.numbers import get_currency_precision, list_currencies

LARGEST = Decimal(10) ** 15
NO_MONEY = {"XXX", "XTS"}  # ISO 4217 has them for no currency, and for tests
CURRENCIES = frozenset(list_currencies()) - NO_MONEY  # also those no longer in use: old deals were made in them
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def is_currency(code: str) -> bool:
    """Whether it is an ISO 4217 code, in capitals."""
    return code in CURRENCIES


@lru_cache(maxsize=1024)
def decimals(currency: str) -> tuple[int, Decimal]:
    """How many decimals a currency has, and its smallest unit."""
    places = int(get_currency_precision(currency))
    return places, Decimal(1).scaleb(-places)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents for USD, won for KRW)."""

    currency: str
    minor: int

    @classmethod
    def parse(cls, currency: str, value: str | int | float | Decimal) -> Money:
        """Read a decimal in major units, rounded half-even to the currency's decimals.

        Raises ValueError where the currency is no ISO 4217 code, the value is no finite
        number, or it is beyond ±10^15.
        """
        code = currency.strip().upper()
        if not is_currency(code):
            raise ValueError(f"currency {currency[:20]!r} is not an ISO 4217 code")
        try:
            amount = Decimal(str(value).strip())
        except InvalidOperation:
            raise ValueError(f"amount {str(value)[:40]!r} is not a decimal number") from None
        if not amount.is_finite() or abs(amount) >= LARGEST:
            raise ValueError(f"amount {str(value)[:40]!r} is not between -10^15 and 10^15")
        places, quantum = decimals(code)
        return cls(code, int(amount.quantize(quantum, rounding=ROUND_HALF_EVEN).scaleb(places)))

    @property
    def value(self) -> str:
        """The decimal text in major units, such as 1054.00."""
        return format_minor(self.currency, self.minor)


def format_minor(currency: str, minor: int, scenarios: int = 1) -> str:
    """Decimal text of minor / scenarios, exact where the division ends (2,000 does)."""
    places, _ = decimals(currency)
    if scenarios != 1:
        return f"{(Decimal(minor) / scenarios).scaleb(-places):f}"
    digits = f"{abs(minor):0{places + 1}d}"
    whole = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{whole}" if minor < 0 else whole


def exchanged(money: Money, rate: Decimal, currency: str) -> Money:
    """The money in another currency, of which `rate` major units are one of its own: rounded half-even, once."""
    shift = decimals(currency)[0] - decimals(money.currency)[0]
    exact = _EXACT.scaleb(_EXACT.multiply(Decimal(money.minor), rate), Decimal(shift))
    return Money(currency, int(_EXACT.to_integral_value(exact)))
