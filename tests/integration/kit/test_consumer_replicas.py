"""Consumers beside, after and before each other."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from nats.aio.client import Client as NATS  # noqa: N814

from kit.messaging import STREAMS_FILE, Consumer, Message, Outgoing, Publisher, connect
from kit.nats_server import NatsServer
from kit.testing import eventually
from tests.integration.kit.consuming import Recorder, consumer_of, none_left, running, send


def impatient(folder: Path) -> Path:
    """A streams file whose consumers wait half a second for an acknowledgement."""
    content = json.loads(STREAMS_FILE.read_text())
    content["consumer_defaults"]["ack_wait_seconds"] = 0.5
    file = folder / "streams.json"
    file.write_text(json.dumps(content))
    return file


async def test_what_was_in_hand_of_a_dead_process_is_delivered_again(
    nats: NATS, nats_server: NatsServer, tmp_path: Path
) -> None:
    await send(nats, *[str(i) for i in range(10)])
    started = asyncio.Event()

    async def hanging(messages: Sequence[Message]) -> Sequence[Exception | None]:
        started.set()
        await asyncio.Event().wait()
        return []

    file = impatient(tmp_path)
    doomed = await connect(nats_server.url, "doomed")
    first = Consumer(doomed, stream="DEALS", durable="t", subject="DEALS.changed.*", handler=hanging, streams_file=file)
    task = asyncio.create_task(first.run(asyncio.Event()))
    await started.wait()
    await doomed.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    seen = Recorder()
    async with running(consumer_of(nats, seen, streams_file=file)):
        await eventually(lambda: len(set(seen.data)) == 10)
    assert {message.deliveries for batch in seen.batches for message in batch} == {2}


async def test_a_long_batch_is_not_delivered_twice(nats: NATS, tmp_path: Path) -> None:
    calls = 0

    async def slow(messages: Sequence[Message]) -> Sequence[Exception | None]:
        nonlocal calls
        calls += 1
        await asyncio.sleep(1.5)
        return [None] * len(messages)

    await send(nats, "a")
    consumer = Consumer(
        nats, stream="DEALS", durable="t", subject="DEALS.changed.*", handler=slow, streams_file=impatient(tmp_path)
    )
    async with running(consumer):
        await eventually(lambda: calls > 0)
        await eventually(lambda: none_left(nats))
    assert calls == 1


async def test_stopping_finishes_the_batch_in_hand_and_hands_back_the_rest(nats: NATS) -> None:
    done: list[str] = []
    started = asyncio.Event()

    async def handler(messages: Sequence[Message]) -> Sequence[Exception | None]:
        started.set()
        await asyncio.sleep(0.3)
        done.extend(message.data.decode() for message in messages)
        return [None] * len(messages)

    def consumer() -> Consumer:
        return Consumer(nats, stream="DEALS", durable="t", subject="DEALS.changed.*", handler=handler, batch=10)

    await send(nats, *[str(i) for i in range(40)])
    async with running(consumer()):
        await started.wait()
    assert 10 <= len(done) < 40
    first = set(done)
    began = time.monotonic()
    async with running(consumer()):
        await eventually(lambda: len(set(done)) == 40)
    assert time.monotonic() - began < 5
    assert len(done) == 40, sorted(first)


async def test_rescoring_waits_while_changes_are_there(nats: NATS) -> None:
    order: list[str] = []

    def recorder(label: str) -> Callable[[Sequence[Message]], object]:
        async def handler(messages: Sequence[Message]) -> Sequence[Exception | None]:
            await asyncio.sleep(0.01)
            order.extend([label] * len(messages))
            return [None] * len(messages)

        return handler

    publisher = Publisher(nats)
    await publisher.publish([Outgoing(f"DEALS.changed.{i}", b"") for i in range(200)])
    await publisher.publish([Outgoing(f"DEALS.rescore.{i}", b"") for i in range(50)])
    changed = Consumer(
        nats,
        stream="DEALS",
        durable="c",
        subject="DEALS.changed.*",
        handler=recorder("changed"),  # type: ignore[arg-type]
        batch=20,
    )
    rescore = Consumer(
        nats,
        stream="DEALS",
        durable="r",
        subject="DEALS.rescore.*",
        handler=recorder("rescore"),  # type: ignore[arg-type]
        batch=20,
        yield_to=changed,
    )
    async with running(changed, rescore):
        await eventually(lambda: len(order) == 250)
    assert order.count("rescore") == 50
    assert order[-50:].count("rescore") >= 40


async def test_replicas_share_the_work(nats: NATS) -> None:
    one, other = Recorder(), Recorder()
    async with running(consumer_of(nats, one, batch=20), consumer_of(nats, other, batch=20)):
        for start in range(0, 400, 20):
            await send(nats, *[str(i) for i in range(start, start + 20)])
        await eventually(lambda: len(one.data) + len(other.data) >= 400)
    assert Counter(one.data + other.data) == Counter(str(i) for i in range(400))
    assert one.data
    assert other.data
