"""The gateway's store: records, history, outbox, insights, events and settings on SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio

from services.gateway.store.database import Database, read_url
from services.gateway.store.interface import Store
from services.gateway.store.migrate import migrate
from services.gateway.store.sql import SqlStore


async def open_store(url: str) -> Store:
    """Open `sqlite:///path` or `postgresql://…`, bringing its tables up to date first.

    Several may open the same database at once. Raises InvalidInput for another URL, Unavailable where the database
    does not answer.
    """
    parsed = read_url(url)
    await asyncio.to_thread(migrate, parsed)
    return SqlStore(Database(parsed))


__all__ = ["Store", "open_store"]
