"""What the gateway asks of its database about asks on deals."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from services.gateway.asks.records import Ask, AskQuery, ShownAsk
from services.gateway.domain import Principal


class AsksStore(Protocol):
    """Asks, each on a deal that the principal sees."""

    async def add_ask(self, principal: Principal, ask: Ask) -> ShownAsk:
        """Keep one; with its id. Raises NotFound for a deal, InvalidInput for somebody asked who does not exist or
        does not see the deal, Conflict where too many are open on it."""

    async def settle_ask(self, principal: Principal, ask_id: int, who: str, time: datetime | None) -> ShownAsk:
        """It is done as of a time; without one it is open again. Raises NotFound, and Conflict where it is so
        already."""

    async def list_asks(self, principal: Principal, query: AskQuery, cursor: str, limit: int) -> list[ShownAsk]:
        """By day and id, on deals that are not deleted, after a cursor (asks.records.cursor_of)."""
