"""What one reader of live events is shown."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.domain import Principal
from services.gateway.store.interface import EventsAfter, Store, StoredEvent


async def events_after(store: Store, principal: Principal, after: int, limit: int) -> Sequence[StoredEvent]:
    """The events of a page."""
    reader = EventsAfter(principal, after)
    return (await store.events_after([reader], limit))[reader].events
