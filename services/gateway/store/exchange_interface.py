"""What the gateway asks of its database about exchange rates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from learning.exchange import DatedRate, Rates
from services.gateway.domain import Principal, WriteResult
from services.gateway.store.shapes import RateEntry


class ExchangeStore(Protocol):
    """The part of the store that keeps exchange rates to the company's currency.

    Entries are added and never changed: of a currency and a day the newest counts. Those to a currency that was the
    company's earlier are kept, and mean nothing while it is another.
    """

    async def save_rates(self, principal: Principal, rates: Sequence[DatedRate], time: datetime) -> list[WriteResult]:
        """Set rates; one result each, in order. Raises Forbidden for a principal that does not see all."""

    async def drop_rates(self, principal: Principal, currency: str, day: date | None, time: datetime) -> int:
        """Take the rate of a day away, or all of a currency; how many there were. Raises Forbidden."""

    async def restore_rates(self, principal: Principal, entries: Sequence[RateEntry]) -> None:
        """Keep entries of elsewhere, in their order; what is known already stays once. Raises Forbidden, and
        InvalidInput for what is no rate."""

    async def list_rates(self, principal: Principal, currency: str, *, replaced: bool = False) -> list[RateEntry]:
        """Those of a currency that count, by day; with `replaced` every entry, by day and in the order they came.
        Rates are everybody's: they tell of no deal."""

    async def rates(self) -> Rates:
        """All that count: what totals are reckoned with."""
