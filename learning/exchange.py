"""Dated exchange rates to the company's currency, and what an amount counts for on a day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kit.money import Money, exchanged

SMALLEST, LARGEST = Decimal("1e-9"), Decimal("1e9")
MOST_DECIMALS = 12


@dataclass(frozen=True, slots=True)
class DatedRate:
    """From `day` on one unit of the currency is `rate` units of the company's, until the next rate."""

    currency: str
    day: date
    rate: Decimal


@dataclass(frozen=True)
class Rates:
    """Every rate to a company's currency; without any, each amount counts in its own.

    days: by currency, ascending; values: the rate from each of these days on.
    """

    currency: str = ""
    days: Mapping[str, Sequence[date]] = field(default_factory=dict)
    values: Mapping[str, Sequence[Decimal]] = field(default_factory=dict)

    @classmethod
    def of(cls, currency: str, rates: Iterable[DatedRate]) -> Rates:
        """Of a currency and a day the last one given; rates of the company's currency itself mean nothing."""
        found: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for each in rates:
            if each.currency != currency:
                found[each.currency][each.day] = each.rate
        ordered = {code: sorted(found[code].items()) for code in sorted(found)}
        return cls(
            currency,
            {code: tuple([day for day, _ in rows]) for code, rows in ordered.items()},
            {code: tuple([rate for _, rate in rows]) for code, rows in ordered.items()},
        )

    def __bool__(self) -> bool:
        return bool(self.days)

    def on(self, currency: str, day: date) -> Decimal | None:
        """The newest rate up to a day; None where there is none, and for the company's currency."""
        known = bisect_right(self.days.get(currency, ()), day)
        return self.values[currency][known - 1] if known else None

    def near(self, currency: str, day: date) -> Decimal | None:
        """As `on`, or the first rate there is: what models learn from may be older than the rates."""
        return self.on(currency, day) or next(iter(self.values.get(currency, ())), None)

    def counted(self, money: Money, day: date) -> Money:
        """What an amount counts for on a day: in the company's currency where a rate is known, else as it is."""
        rate = self.on(money.currency, day)
        return money if rate is None else exchanged(money, rate, self.currency)

    def currency_of(self, currency: str, day: date) -> str:
        """The currency that amounts of a currency count in on a day."""
        return currency if self.on(currency, day) is None else self.currency

    def as_of(self, day: date) -> dict[str, Decimal]:
        """The rate of each currency that has one on a day."""
        found = {code: self.on(code, day) for code in self.days}
        return {code: rate for code, rate in found.items() if rate is not None}
