"""Tells the forecast service through NATS the exchange rates that hold on the business day, as models are told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import structlog

from kit.errors import DealcastError
from kit.models import ModelShelf, Pointer, digest, pack
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

log = structlog.get_logger(__name__)

KEY = "exchange_rates"
FILE = "exchange_rates.json"


class ExchangePointer:
    """Kept in NATS whatever happens to it; nothing is told while there were never any rates.

    Totals are of an edition: another one begins whenever other rates hold, be it that somebody set them, that their
    day has come, or that the company took another currency.
    """

    def __init__(self, store: Store, workspace: Workspace, shelf: ModelShelf) -> None:
        self._store = store
        self._workspace = workspace
        self._shelf = shelf
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
            there = await self._shelf.pointer(KEY)
            data = await self._renew()
            if there is None and not self._workspace.exchange_edition:
                return
            edition, name = self._workspace.exchange_edition, digest(data)
            if there is not None and (
                there.generation > edition or (there.generation == edition and there.digest != name)
            ):
                edition = there.generation + 1  # of another life: what comes after it counts as newer
                await self._workspace.set_exchange(edition, name)
            pointer = Pointer(f"edition {edition}", edition, name)
            if there == pointer and await self._shelf.has(name):
                return
            await self._shelf.point(KEY, Pointer(f"edition {edition}", edition, await self._shelf.put(data)))
            log.info("exchange_rates_pointed_at", edition=edition)

    async def _renew(self) -> bytes:
        """What holds now; of another edition where something else held before."""
        workspace = self._workspace
        holding = (await self._store.rates()).as_of(workspace.business_day)
        data = await asyncio.to_thread(_packed, workspace.currency if holding else "", holding)
        if (holding or workspace.exchange_edition) and digest(data) != workspace.exchange_digest:
            await workspace.set_exchange(workspace.exchange_edition + 1, digest(data))
        return data


def _packed(currency: str, rates: Mapping[str, Decimal]) -> bytes:
    document = {"currency": currency, "rates": {code: f"{rate.normalize():f}" for code, rate in sorted(rates.items())}}
    with tempfile.TemporaryDirectory(prefix="dealcast-exchange-") as folder:
        (Path(folder) / FILE).write_text(json.dumps(document), encoding="utf-8")
        return pack(Path(folder))
