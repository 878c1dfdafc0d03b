"""Consumer and Publisher against a real server."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.errors import Poisoned, TooLarge, Unavailable
from kit.messaging import Consumer, Message, Outgoing, Publisher
from kit.testing import eventually
from tests.integration.kit.consuming import Recorder, consumer_of, dead_letters, none_left, running, send, unsettled


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
        await eventually(lambda: none_left(nats))
    assert Counter(seen.data) == Counter(str(i) for i in range(20))
    (letter,) = await dead_letters(nats)
    assert (letter.stream, letter.consumer, letter.subject, letter.data) == ("DEALS", "t", "DEALS.changed.7", b"7")
    assert (letter.problem, letter.deliveries) == ("poisoned", 1)
    assert letter.error == "no deal in it [deal]. Send it whole"


async def test_a_thrown_error_harms_only_its_own_message(nats: NATS) -> None:
    def rule(message: Message) -> Exception | None:
        if message.data == b"3":
            raise ZeroDivisionError("a bug of the handler")
        return None

    seen = Recorder(rule)
    await send(nats, *[str(i) for i in range(6)])
    async with running(consumer_of(nats, seen, max_deliver=3)):
        await eventually(lambda: none_left(nats))
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
        await eventually(lambda: none_left(nats))
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
        await eventually(lambda: none_left(nats))
    assert await dead_letters(nats) == []


async def test_a_miscounting_handler_loses_nothing(nats: NATS) -> None:
    async def handler(messages: Sequence[Message]) -> Sequence[Exception | None]:
        return [None]

    await send(nats, "a", "b", "c")
    async with running(Consumer(nats, stream="DEALS", durable="t", subject="DEALS.changed.*", handler=handler)):
        await eventually(lambda: none_left(nats))


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
