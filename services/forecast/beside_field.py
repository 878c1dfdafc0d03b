"""What no deal brings of a number in a custom field: of amounts, times what a unit of amount won brings of the number.

Of the wins of a year the sum of the number is held against that of their amounts. A win differs from that ratio, so the
ratio is known the less well the fewer wins tell of it, which all owners share, and an owner's few wins differ from it
again; both are noise that multiplies, with mean 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import sqrt

import numpy as np

from kit.money import decimals
from services.forecast.bookings import Owner
from services.forecast.domain import Floats, Integers
from services.forecast.exchange import BesideDeals, Exchange, counted_past
from services.forecast.hashing import key, own_shock
from services.forecast.leaves import Update
from services.forecast.newbusiness import NewWins, OwnerRate
from services.forecast.sources import YEAR
from services.forecast.spans import Span

LEAST_WINS = 10  # that have the number: fewer tell nothing of what new business brings of it


@dataclass(frozen=True, slots=True)
class Ratio:
    """What a unit of amount won brings of a field's number. amount: of a usual win, in minor units; variance: of what a
    win brings beside the ratio, in units of what it is expected to bring, squared; wins: that tell it."""

    value: float
    amount: float
    variance: float
    wins: int


class Wins:
    """Amounts and numbers of the deals won, by deal."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._held: dict[str, tuple[date, str, float, float]] = {}
        self._changed = True
        self._told: tuple[tuple[date, Exchange], dict[str, Ratio]] | None = None

    def take(self, update: Update) -> None:
        """A deal's newest word: won or not."""
        before = self._held.pop(update.deal_id, None)
        won = update.won
        if won is not None and won.minor > 0:
            number = update.numbers.fields.get(self._field, 0.0) if update.numbers else 0.0
            minor = number * 10 ** decimals(won.currency)[0]
            self._held[update.deal_id] = won.day, won.currency, float(won.minor), minor
        self._changed |= before != self._held.get(update.deal_id)

    def ratios(self, day: date, exchange: Exchange) -> dict[str, Ratio]:
        """By the currency that amounts count in, of the year before the end of a day."""
        if self._told is None or self._changed or self._told[0] != (day, exchange):
            found: dict[str, list[tuple[float, float]]] = defaultdict(list)
            for won, currency, amount, number in self._held.values():
                factor = exchange.factors.get(currency, 1.0)
                if day - YEAR < won <= day:
                    found[exchange.currency_of(currency)].append((amount * factor, number * factor))
            told = {currency: ratio for currency, wins in found.items() if (ratio := _ratio(wins)) is not None}
            self._told, self._changed = ((day, exchange), told), False
        return self._told[1]


def _ratio(wins: Sequence[tuple[float, float]]) -> Ratio | None:
    amounts, numbers = np.array(sorted(wins)).T
    having = int((numbers > 0).sum())
    if having < LEAST_WINS:
        return None
    value, amount = float(numbers.sum() / amounts.sum()), float(amounts.mean())
    variance = float(((numbers - value * amounts) ** 2).mean()) / (value * amount) ** 2
    return Ratio(value, amount, variance, len(amounts))


def beside_field(field: str, beside: BesideDeals, ratios: Mapping[str, Ratio]) -> BesideDeals:
    """What stands beside the deals, in the field's numbers; in currencies without a ratio nothing, also no correction:
    without what no deal brings the level of the whole would be put on deals alone."""
    new: dict[Owner, tuple[OwnerRate, NewWins]] = {}
    for owner, (rate, wins) in beside.new.items():
        if ratio := ratios.get(owner[1]):
            known = _known(field, owner[1], ratio)
            new[owner] = rate, {span: _brought(amounts, ratio, known, (field, *owner, span))
                                for span, amounts in wins.items()}  # fmt: skip
    pasts = {
        owner: {span: counted_past(past, ratios[owner[1]].value) for span, past in own.items()}
        for owner, own in beside.correction.pasts.items()
        if owner[1] in ratios
    }
    correction = replace(beside.correction, pasts=pasts, currencies=frozenset(ratios))
    return BesideDeals(new, correction, beside.allotted)


def _known(field: str, currency: str, ratio: Ratio) -> Floats:
    """How far off the ratio may be, by scenario."""
    variance = np.log1p(ratio.variance / ratio.wins)
    known: Floats = np.exp(sqrt(variance) * own_shock(key(0, "ratio", field, currency)) - variance / 2)
    return known


def _brought(amounts: Integers, ratio: Ratio, known: Floats, name: tuple[str, str, str, Span]) -> Integers:
    """New business in the field's numbers: the fewer wins it is, the less sure."""
    wins = np.maximum(amounts / ratio.amount, 1.0)
    variance = np.log1p(ratio.variance / wins)
    own = np.exp(np.sqrt(variance) * own_shock(key(0, "number", *map(str, name))) - variance / 2)
    brought: Integers = np.rint(amounts * (ratio.value * known * own)).astype(np.int64)
    return brought
