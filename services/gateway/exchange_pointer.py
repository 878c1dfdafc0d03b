"""Tells the forecast service through NATS the exchange rates that hold on the business day."""

from __future__ import annotations

import asyncio
import contextlib

from kit.documents import DocumentTeller
from kit.errors import DealcastError
from kit.models import ModelShelf, digest
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

KEY = "exchange_rates"  # of the document


class ExchangePointer:
    """Nothing is told while there were never any rates.

    Totals are of an edition: another one begins whenever other rates hold, be it that somebody set them, that their
    day has come, or that the company took another currency.
    """

    def __init__(self, store: Store, workspace: Workspace, shelf: ModelShelf) -> None:
        self._store = store
        self._workspace = workspace
        self._teller = DocumentTeller(shelf, KEY)
        self._alone = asyncio.Lock()

    async def changed(self) -> None:
        """After rates were set: totals of others are behind from now on. NATS may be away; it is told later then."""
        async with self._alone:
            await self._renew()
        with contextlib.suppress(DealcastError):
            await self.refill()

    async def refill(self) -> None:
        """Point at what holds now, if something else is pointed at. Raises Unavailable."""
        async with self._alone:
            data = await self._renew()
            await self._teller.tell(data, self._workspace.exchange_edition, self._workspace.set_exchange)

    async def _renew(self) -> bytes:
        """What holds now; of another edition where something else held before."""
        workspace = self._workspace
        holding = (await self._store.rates()).as_of(workspace.business_day)
        rates = {code: f"{rate.normalize():f}" for code, rate in sorted(holding.items())}
        data = await self._teller.packed({"currency": workspace.currency if holding else "", "rates": rates})
        if (holding or workspace.exchange_edition) and digest(data) != workspace.exchange_digest:
            await workspace.set_exchange(workspace.exchange_edition + 1, digest(data))
        return data
