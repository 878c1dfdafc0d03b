"""Where a period's totals come from: deals' amounts and all that is forecast of them, or a number in a custom field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from learning.fiscal import FiscalPeriod
from learning.records import Outcome
from services.gateway.amount_types import AMOUNT, AmountType
from services.gateway.domain import Principal
from services.gateway.quarter_totals import View, rollups_of
from services.gateway.store.interface import CategorySum, PlacedDeal, Store, StoredRollup, Won


class Source(Protocol):
    """What totals are made of, by the name of its type. told: the forecast service has spoken."""

    @property
    def name(self) -> str: ...

    @property
    def told(self) -> bool: ...

    async def won(self, store: Store, principal: Principal, start: date, end: date) -> list[Won]: ...

    async def promised(self, store: Store, principal: Principal, period: FiscalPeriod) -> list[CategorySum]: ...

    async def rollups(
        self, store: Store, principal: Principal, view: View, currency: str = "", node: str = ""
    ) -> list[StoredRollup]: ...

    async def placed(
        self, store: Store, principal: Principal, outcome: Outcome, start: date, end: date
    ) -> list[PlacedDeal]: ...


@dataclass(frozen=True, slots=True)
class OfAmounts:
    """Deals' amounts, and the totals that the forecast service publishes."""

    name: str = AMOUNT
    told: bool = False

    async def won(self, store: Store, principal: Principal, start: date, end: date) -> list[Won]:
        """What is booked."""
        return await store.won(principal, start, end)

    async def promised(self, store: Store, principal: Principal, period: FiscalPeriod) -> list[CategorySum]:
        """What is open and promised in a period."""
        return await store.categories(principal, period.start, period.end)

    async def rollups(
        self, store: Store, principal: Principal, view: View, currency: str = "", node: str = ""
    ) -> list[StoredRollup]:
        """What is open, node by node."""
        return await rollups_of(store, principal, view, currency, node)

    async def placed(
        self, store: Store, principal: Principal, outcome: Outcome, start: date, end: date
    ) -> list[PlacedDeal]:
        """Deals with their places in other trees."""
        return await store.placed_deals(principal, outcome, start, end)


@dataclass(frozen=True, slots=True)
class OfField:
    """A custom field's numbers; `totals` are those of open deals that the forecast service told when it was asked."""

    type: AmountType
    totals: Sequence[StoredRollup]
    today: date
    told: bool = True

    @property
    def name(self) -> str:
        """The type's."""
        return self.type.name

    async def won(self, store: Store, principal: Principal, start: date, end: date) -> list[Won]:
        """What is booked of it."""
        found = await store.field_amounts(principal, self.type.field, Outcome.WON, start, end)
        return [Won(each.owner_id, each.currency, each.minor, each.deals) for each in found]

    async def promised(self, store: Store, principal: Principal, period: FiscalPeriod) -> list[CategorySum]:
        """What is open and promised in a period of it."""
        return await store.field_amounts(principal, self.type.field, Outcome.OPEN, period.start, period.end)

    async def rollups(
        self, store: Store, principal: Principal, view: View, currency: str = "", node: str = ""
    ) -> list[StoredRollup]:
        """What is open of it, at nodes that are seen whole today."""
        seen = await store.nodes_within(principal, self.today)
        return [
            one
            for one in self.totals
            if currency in ("", one.currency) and node in ("", one.node) and (seen is None or one.node in seen)
        ]

    async def placed(
        self, store: Store, principal: Principal, outcome: Outcome, start: date, end: date
    ) -> list[PlacedDeal]:
        """Deals that have it, with their places in other trees."""
        return await store.placed_deals(principal, outcome, start, end, field=self.type.field)
