"""Consumers that run, and handlers that remember, for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from nats.aio.client import Client as NATS  # noqa: N814
from nats.js.errors import NotFoundError

from dealcast.events.v1 import events_pb2
from kit.messaging import Consumer, Message, Outgoing, Publisher


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
    """Records what it is given; answers by a rule."""

    def __init__(self, rule: Callable[[Message], Exception | None] = lambda _: None) -> None:
        self.batches: list[list[Message]] = []
        self.rule = rule

    @property
    def data(self) -> list[str]:
        return [message.data.decode() for batch in self.batches for message in batch]

    async def __call__(self, messages: Sequence[Message]) -> Sequence[Exception | None]:
        self.batches.append(list(messages))
        return [self.rule(message) for message in messages]


def consumer_of(nats: NATS, handler: Recorder, **options: object) -> Consumer:
    return Consumer(
        nats,
        stream="DEALS",
        durable="t",
        subject="DEALS.changed.*",
        handler=handler,
        **options,  # type: ignore[arg-type]
    )


async def send(nats: NATS, *data: str) -> None:
    results = await Publisher(nats).publish([Outgoing(f"DEALS.changed.{d}", d.encode()) for d in data])
    assert results == [None] * len(data)


async def unsettled(nats: NATS) -> int:
    try:
        info = await nats.jetstream().consumer_info("DEALS", "t")
    except NotFoundError:
        return -1
    return (info.num_ack_pending or 0) + (info.num_pending or 0)


async def dead_letters(nats: NATS) -> list[events_pb2.DeadLetter]:
    js = nats.jetstream()
    state = (await js.stream_info("DEAD")).state
    found = [await js.get_msg("DEAD", seq) for seq in range(state.first_seq or 1, state.last_seq + 1)]
    return [events_pb2.DeadLetter.FromString(msg.data or b"") for msg in found]


async def none_left(nats: NATS) -> bool:
    return await unsettled(nats) == 0
