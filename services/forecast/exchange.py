"""Amounts in the company's currency: what totals add up where deals are made in several.

A draw keeps its cells; its amounts are multiplied by one number and rounded half-even to whole minor units, the same
everywhere. What stands beside the deals (business not yet created, the past) is counted likewise, and joins what its
owner has in the company's currency already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from kit.errors import InvalidInput
from kit.money import decimals, is_currency
from services.forecast.blend import Correction, Past
from services.forecast.bookings import Owner
from services.forecast.domain import Floats, Integers, Parameters
from services.forecast.draws import LARGEST_MINOR, Draw, Drawer
from services.forecast.months import Allotments
from services.forecast.newbusiness import NewWins, OwnerRate
from services.forecast.spans import Span

New = Mapping[Owner, tuple[OwnerRate, NewWins]]


@dataclass(frozen=True)
class Exchange:
    """factors: minor units of the company's currency for one of each other currency that has a rate."""

    currency: str = ""
    factors: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, currency: str, rates: Mapping[str, str]) -> Exchange:
        """Of decimal texts by currency. Raises InvalidInput for what is no currency or no rate, ValueError."""
        found = {}
        for code, text in sorted(rates.items()):
            rate = Decimal(text)
            if not is_currency(code) or not is_currency(currency) or not rate.is_finite() or rate <= 0:
                raise InvalidInput("this is no exchange rate", field=code[:20], value=text[:40], mend="Set it again")
            found[code] = float(rate.scaleb(decimals(currency)[0] - decimals(code)[0]))
        return cls(currency, found)

    def currency_of(self, currency: str) -> str:
        """The currency that amounts of a currency count in."""
        return self.currency if currency in self.factors else currency

    def draw(self, draw: Draw) -> Draw:
        """A deal's scenarios as they count."""
        factor = self.factors.get(draw.currency)
        if factor is None:
            return draw
        return Draw(draw.periods, self.currency, draw.cells, np.minimum(_whole(draw.amounts, factor), LARGEST_MINOR))


def _whole(amounts: Integers, factor: float) -> Integers:
    whole: Integers = np.rint(amounts * factor).astype(np.int64)
    return whole


class CountingDrawer(Drawer):
    """Draws deals in the currency that they count in; what another one remembers is not drawn again."""

    def __init__(self, drawer: Drawer, exchange: Exchange) -> None:
        super().__init__(0, drawer.grid)
        self._drawer = drawer
        self._exchange = exchange

    def draw(self, deals: Sequence[Parameters]) -> list[Draw]:
        """The scenarios of each deal, in the order given."""
        return [self._exchange.draw(each) for each in self._drawer.draw(deals)]


@dataclass(frozen=True, slots=True, eq=False)
class BesideDeals:
    """What stands at owners' leaves beside the deals, each by owner id and currency."""

    new: New
    correction: Correction
    allotted: Mapping[Owner, Allotments]

    def counted(self, exchange: Exchange) -> BesideDeals:
        """In the currencies that it counts in."""
        members = {*self.new, *self.correction.pasts, *self.allotted}
        groups: dict[Owner, list[Owner]] = defaultdict(list)
        for owner, currency in sorted(members, key=lambda one: (one[1] != exchange.currency, one)):
            groups[owner, exchange.currency_of(currency)].append((owner, currency))
        if all(group == [owner] for owner, group in groups.items()):
            return self
        new = {owner: self._new(owner, group, exchange) for owner, group in groups.items() if _any(group, self.new)}
        pasts = {
            owner: self._pasts(group, exchange) for owner, group in groups.items() if _any(group, self.correction.pasts)
        }
        allotted = {owner: self._allotted(group) for owner, group in groups.items() if _any(group, self.allotted)}
        return BesideDeals(new, replace(self.correction, pasts=pasts), allotted)

    def _new(self, owner: Owner, group: Sequence[Owner], exchange: Exchange) -> tuple[OwnerRate, NewWins]:
        found = [(self.new[each], exchange.factors.get(each[1], 1.0)) for each in group if each in self.new]
        wins: dict[Span, Integers] = {}
        for (_, own), factor in found:
            for span, amounts in own.items():
                counted = amounts if factor == 1.0 else _whole(amounts, factor)
                wins[span] = wins[span] + counted if span in wins else counted
        return replace(found[0][0][0], currency=owner[1]), wins

    def _pasts(self, group: Sequence[Owner], exchange: Exchange) -> dict[Span, Past]:
        by_span: dict[Span, list[Past]] = defaultdict(list)
        for each in group:
            factor = exchange.factors.get(each[1], 1.0)
            for span, past in self.correction.pasts.get(each, {}).items():
                by_span[span].append(past if factor == 1.0 else counted_past(past, factor))
        return {span: _joined(found) for span, found in by_span.items()}

    def _allotted(self, group: Sequence[Owner]) -> Allotments:
        """Each quarter falls into months as that of which most is known: in most pieces."""
        found: dict[Span, list[Allotments]] = defaultdict(list)
        for each in group:
            own = self.allotted.get(each, {})
            for span in own:
                found[span].append(own)
        return {span: max((own[span] for own in owns), key=lambda one: one.pieces) for span, owns in found.items()}


def _any(group: Iterable[Owner], members: Mapping[Owner, object]) -> bool:
    return any(each in members for each in group)


def counted_past(past: Past, factor: float) -> Past:
    """An owner's past in other units, so many for one."""
    drawn = None if past.drawn is None else _whole(past.drawn, factor)
    return replace(past, mean=past.mean * factor, drawn=drawn, typical=past.typical * factor)


def _joined(pasts: Sequence[Past]) -> Past:
    """An owner's pasts as one: means and scenarios add up, a usual amount is that of what is usual."""
    if len(pasts) == 1:
        return pasts[0]
    mean = sum(past.mean for past in pasts)
    drawn = [past.drawn for past in pasts if past.drawn is not None]
    noise: Floats | None = next((past.noise for past in pasts if past.noise is not None), None)
    weights = [past.mean if mean > 0 else 1.0 for past in pasts]
    typical = sum(weight * past.typical for weight, past in zip(weights, pasts, strict=True)) / sum(weights)
    total: Integers | None = np.sum(drawn, axis=0) if drawn else None
    return replace(pasts[0], mean=mean, drawn=total, noise=noise, typical=typical)
