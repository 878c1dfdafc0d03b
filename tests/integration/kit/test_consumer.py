"""Consumer and Publisher against a real server."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js.errors import NotFoundError

from dealcast.events.v1 import events_pb2
from kit.errors import Poisoned, TooLarge, Unavailable
from kit.messaging import STREAMS_FILE, Consumer, Message, Outgoing, Publisher, connect
from kit.nats_server import NatsServer
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


async def test_published_messages_arrive_in_order_and_in_batches(nats: NATS) -> None:
    seen = Recorder()
    await send(nats, *[str(i) for i in range(1200)])
    consumer = consumer_of(nats, seen)
    async with running(consumer):
        await eventually(lambda: len(seen.data) == 1200)
        assert consumer.ready
    assert seen.data == [str(i) for i in range(1200)]
    assert 1 < len(seen.batches) < 40
    assert max(map(len, seen.batches)) <= 500
    assert await unsettled(nats) == 0


async def test_a_single_message_is_handled_at_once(nats: NATS) -> None:
    arrived: dict[str, float] = {}

    async def handler(messages: Sequence[Message]) -> Sequence[Exception | None]:
        arrived.update({message.data.decode(): time.perf_counter() for message in messages})
        return [None] * len(messages)

    consumer = Consumer(nats, stream="DEALS", durable="t", subject="DEALS.changed.*", handler=handler)
    waits = []
    async with running(consumer):
        await eventually(lambda: consumer.ready)
        for i in range(30):
            sent = time.perf_counter()
            await send(nats, str(i))
            await eventually(lambda i=i: str(i) in arrived, every=0.001)  # type: ignore[misc]
            waits.append(arrived[str(i)] - sent)
    # A few milliseconds on an idle machine; the bound leaves room for a busy one.
    assert sorted(waits)[len(waits) // 2] < 0.03


async def test_a_poisoned_message_is_buried_with_its_error_and_the_rest_goes_on(nats: NATS) -> None:
    seen = Recorder(lambda m: Poisoned("no deal in it", field="deal", mend="Send it whole") if m.data == b"7" else None)
    await send(nats, *[str(i) for i in range(20)])
    async with running(consumer_of(nats, seen)):
        await eventually(lambda: len(seen.data) == 20)
        await eventually(lambda: _none_left(nats))
    assert Counter(seen.data) == Counter(str(i) for i in range(20))
    (letter,) = await dead_letters(nats)
    assert (letter.stream, letter.consumer, letter.subject, letter.data) == ("DEALS", "t", "DEALS.changed.7", b"7")
    assert (letter.problem, letter.deliveries) == ("poisoned", 1)
    assert letter.error == "no deal in it [deal]. Send it whole"


async def _none_left(nats: NATS) -> bool:
    return await unsettled(nats) == 0


async def test_a_thrown_error_harms_only_its_own_message(nats: NATS) -> None:
    def rule(message: Message) -> Exception | None:
        if message.data == b"3":
            raise ZeroDivisionError("a bug of the handler")
        return None

    seen = Recorder(rule)
    await send(nats, *[str(i) for i in range(6)])
    async with running(consumer_of(nats, seen, max_deliver=3)):
        await eventually(lambda: _none_left(nats))
        await eventually(lambda: _has_letters(nats))
    (letter,) = await dead_letters(nats)
    assert (letter.data, letter.problem, letter.deliveries) == (b"3", "internal", 3)
    assert letter.error == "ZeroDivisionError: a bug of the handler"
    assert {"0", "1", "2", "4", "5"} <= set(seen.data)


async def _has_letters(nats: NATS) -> bool:
    return len(await dead_letters(nats)) > 0


async def test_a_transient_fault_is_retried_with_growing_delay(nats: NATS) -> None:
    times: list[float] = []

    def rule(_: Message) -> Exception | None:
        times.append(time.monotonic())
        return Unavailable("the store is away") if len(times) < 4 else None

    await send(nats, "a")
    async with running(consumer_of(nats, Recorder(rule))):
        await eventually(lambda: len(times) == 4)
        await eventually(lambda: _none_left(nats))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert [round(gap, 1) >= floor for gap, floor in zip(gaps, (0.2, 0.4, 0.8), strict=True)] == [True] * 3
    assert gaps[2] < 3
    assert await dead_letters(nats) == []


async def test_what_is_unavailable_is_retried_for_as_long_as_it_takes(
    nats: NATS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.consumer.FIRST_DELAY", 0.01)
    monkeypatch.setattr("kit.consumer.LONGEST_DELAY", 0.02)
    seen = Recorder(lambda m: Unavailable("the store is away") if m.deliveries < 14 else None)
    await send(nats, "a")
    async with running(consumer_of(nats, seen, max_deliver=2)):
        await eventually(lambda: len(seen.data) == 14)
        await eventually(lambda: _none_left(nats))
    assert await dead_letters(nats) == []


async def test_a_miscounting_handler_loses_nothing(nats: NATS) -> None:
    async def handler(messages: Sequence[Message]) -> Sequence[Exception | None]:
        return [None]

    await send(nats, "a", "b", "c")
    async with running(Consumer(nats, stream="DEALS", durable="t", subject="DEALS.changed.*", handler=handler)):
        await eventually(lambda: _none_left(nats))


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
        await eventually(lambda: _none_left(nats))
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


async def test_a_message_id_is_taken_once(nats: NATS) -> None:
    publisher = Publisher(nats)
    for data in (b"first", b"second"):
        assert await publisher.publish([Outgoing("DEALS.changed.a", data, message_id="outbox-w-1")]) == [None]
    kept = await nats.jetstream().get_last_msg("DEALS", "DEALS.changed.a")
    assert kept.data == b"first"


async def test_what_cannot_be_published_is_told(nats: NATS) -> None:
    answers = await Publisher(nats).publish(
        [
            Outgoing("DEALS.changed.a", b"x" * 2_000_000),
            Outgoing("DEALS.changed.b", b"x"),
            Outgoing("NOWHERE.at.all", b"x"),
            Outgoing("bad subject", b"x"),
        ]
    )
    assert isinstance(answers[0], TooLarge)
    assert answers[1] is None
    assert isinstance(answers[2], Unavailable)
    assert isinstance(answers[3], Unavailable)
