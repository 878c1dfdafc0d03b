"""A page of records costs the same number of queries however many records are on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nats.aio.client import Client as NATS  # noqa: N814
from sqlalchemy import Pool, event

from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player

DEALS = 40


@contextmanager
def statements() -> Iterator[list[str]]:
    """SELECTs on the score history while this lasts, as SQLite itself runs them."""
    seen: list[str] = []

    def note(statement: str) -> None:
        if "score_history" in statement and statement.startswith(("SELECT", "WITH")):
            seen.append(statement)

    def watch(connection: sqlite3.Connection, *_: Any) -> None:
        connection.set_trace_callback(note)

    def leave(connection: sqlite3.Connection | None, *_: Any) -> None:
        if connection is not None:
            connection.set_trace_callback(None)

    event.listen(Pool, "checkout", watch)
    event.listen(Pool, "checkin", leave)
    try:
        yield seen
    finally:
        event.remove(Pool, "checkout", watch)
        event.remove(Pool, "checkin", leave)


async def scored(gateway: RunningGateway) -> bool:
    deals = (await gateway.http.get(f"/v1/deals?limit={DEALS}")).json()["deals"]
    return len(deals) == DEALS and all(deal["lead_score"] for deal in deals)


async def test_the_scores_of_a_page_are_one_query(gateway: RunningGateway, nats: NATS) -> None:
    async with Player(nats):
        await gateway.lines("/v1/deals:batch", [{"id": f"d{n}", "stage": "A"} for n in range(DEALS)])
        await until(lambda: scored(gateway))
    for limit in (1, DEALS):
        with statements() as seen:
            page = (await gateway.http.get(f"/v1/deals?limit={limit}")).json()["deals"]
        assert len(page) == limit
        assert len(seen) == 1, seen
