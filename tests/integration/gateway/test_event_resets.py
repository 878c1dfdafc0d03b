"""Readers of live events who cannot go on where they were are told so."""

from __future__ import annotations

import asyncio

import pytest

from services.gateway.store import touching
from tests.integration.gateway.conftest import RunningGateway


async def first_event(gateway: RunningGateway, after: int) -> tuple[int, str]:
    number = 0
    async with (
        asyncio.timeout(10),
        gateway.http.stream("GET", "/v1/events", params={"last_event_id": after}) as stream,
    ):
        async for line in stream.aiter_lines():
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("event: "):
                return number, line[7:]
    raise AssertionError("the stream ended")


async def test_who_cannot_go_on_is_told(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touching, "KEPT_EVENTS", 5)
    monkeypatch.setattr(touching, "PRUNE_EVERY", 1)
    assert await first_event(gateway, 7) == (0, "reset"), "there was no such event yet"
    for number in range(20):
        await gateway.http.put("/v1/deals/d", json={"stage": str(number)})
    oldest, newest = await gateway.gateway.store.event_span()
    assert newest - oldest == 4
    assert await first_event(gateway, 3) == (newest, "reset")
    assert await first_event(gateway, oldest - 2) == (newest, "reset")
    assert await first_event(gateway, newest + 1) == (newest, "reset"), "as after restoring an older backup"
    assert await first_event(gateway, 0) == (oldest, "deal")
    assert await first_event(gateway, oldest - 1) == (oldest, "deal")
    assert await first_event(gateway, newest - 1) == (newest, "deal")
