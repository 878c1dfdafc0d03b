"""A page of records costs the same number of queries however many records are on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nats.aio.client import Client as NATS  # noqa: N814
from sqlalchemy import Engine, event

from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player

DEALS = 40


@contextmanager
def statements() -> Iterator[list[str]]:
    """SELECTs on the score history while this lasts."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "score_history" in statement and statement.startswith(("SELECT", "WITH")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


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
