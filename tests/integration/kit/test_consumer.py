"""Consumer and Publisher against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from nats.aio.client import Client as NATS  # noqa: N814

from kit.messaging import Consumer, Message, Outgoing, Publisher
from kit.testing import eventually


@asynccontextmanager
async def running(*consumers: Consumer) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(consumer.run(stop)) for consumer in consumers]
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 10)


class Recorder:
    """Records what it is given and answers nothing amiss."""

    def __init__(self) -> None:
        self.batches: list[list[Message]] = []

    @property
    def data(self) -> list[str]:
        return [message.data.decode() for batch in self.batches for message in batch]

    async def __call__(self, messages: Sequence[Message]) -> Sequence[Exception | None]:
        self.batches.append(list(messages))
        return [None] * len(messages)


async def test_published_messages_arrive_in_batches(nats: NATS) -> None:
    seen = Recorder()
    consumer = Consumer(nats, stream="DEALS", durable="t", subject="DEALS.changed.*", handler=seen)
    results = await Publisher(nats).publish([Outgoing(f"DEALS.changed.d{i}", b"%d" % i) for i in range(1200)])
    assert results == [None] * 1200
    async with running(consumer):
        await eventually(lambda: len(seen.data) == 1200)
        assert consumer.ready
    assert seen.data == [str(i) for i in range(1200)]
    assert max(map(len, seen.batches)) <= 500
    info = await nats.jetstream().consumer_info("DEALS", "t")
    assert info.num_ack_pending == 0
