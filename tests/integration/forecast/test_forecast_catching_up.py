"""A replica that catches up with a stream from which messages go meanwhile."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from nats.aio.client import Client as NATS  # noqa: N814
from nats.aio.msg import Msg

from kit.clock import WallClock
from kit.testing import eventually
from services.forecast import replica as service_replica
from services.forecast.model import ForecastModel
from services.forecast.service import Forecasts


class Emptied:
    """A consumer whose last pending messages were purged: nothing ever comes."""

    def __init__(self, stop: asyncio.Event | None = None) -> None:
        self._stop = stop

    async def take(self, timeout: float) -> list[Msg]:
        if self._stop:
            self._stop.set()
        await asyncio.sleep(0.01)
        return []

    async def close(self) -> list[Msg]:
        return []


@pytest.mark.parametrize("waiting", [0, 3])
async def test_catching_up_ends_where_pending_messages_were_purged_or_it_is_to_stop(
    client: NATS, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told of waiting messages at first, then of as many as given, for ever."""
    stop = asyncio.Event()
    service = Forecasts(SimpleNamespace(current=(ForecastModel(), None)), WallClock())
    following = service_replica.Replica(client, service, asyncio.Event())

    async def opened(subject: str) -> tuple[Emptied, str, int]:
        return Emptied(stop if waiting else None), "consumer", 3

    async def pending(consumer: str) -> int:
        return waiting

    monkeypatch.setattr(following, "_open", opened)
    monkeypatch.setattr(following, "_pending", pending)
    await following._look_at_stream()
    running = asyncio.create_task(following._follow(stop))
    if waiting:
        await asyncio.wait_for(running, 10)
        assert not following.ready
    else:
        await eventually(lambda: following.ready, 10)
        stop.set()
        await asyncio.wait_for(running, 10)


async def test_pending_is_what_still_waits(client: NATS) -> None:
    following = service_replica.Replica(
        client, Forecasts(SimpleNamespace(current=(ForecastModel(), None)), WallClock()), asyncio.Event()
    )
    stream = client.jetstream()
    for name in ("d1", "d2"):
        await stream.publish(f"INSIGHTS.forecast.{name}", b"")
    pull, consumer, waiting = await following._open("INSIGHTS.forecast.*")
    assert (waiting, await following._pending(consumer)) == (2, 2)
    await stream.purge_stream("INSIGHTS")
    assert await following._pending(consumer) == 0
    await pull.close()
