"""The broker killed, and its disk deleted, under running consumers, publishers and followers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from nats.aio.client import Client as NATS  # noqa: N814

from kit.messaging import Consumer, Message, Outgoing, Publisher, ensure_streams
from kit.models import Follower, ModelShelf, Pointer, pack
from kit.nats_server import NatsServer
from kit.testing import eventually


class Pipe:
    """Handles changes by publishing them on, as a service does; keeps what came out at the end."""

    def __init__(self, client: NATS) -> None:
        publisher = Publisher(client, ack_seconds=2)
        self.out: set[str] = set()

        async def forward(messages: Sequence[Message]) -> Sequence[Exception | None]:
            return await publisher.publish(
                [Outgoing("INSIGHTS.lead_score." + m.subject.rsplit(".", 1)[1], m.data) for m in messages]
            )

        async def keep(messages: Sequence[Message]) -> Sequence[Exception | None]:
            self.out.update(message.data.decode() for message in messages)
            return [None] * len(messages)

        self.consumers = [
            Consumer(
                client, stream="DEALS", durable="lead_scoring-changed", subject="DEALS.changed.*", handler=forward
            ),
            Consumer(client, stream="INSIGHTS", durable="forecast", subject="INSIGHTS.lead_score.*", handler=keep),
        ]
        self._stop = asyncio.Event()

    async def __aenter__(self) -> Pipe:
        self._tasks = [asyncio.create_task(consumer.run(self._stop)) for consumer in self.consumers]
        await eventually(lambda: all(consumer.ready for consumer in self.consumers))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.wait_for(asyncio.gather(*self._tasks), 15)


async def send_until_taken(client: NATS, names: Sequence[str]) -> None:
    """As the gateway's outbox does: what was not taken is sent again."""
    publisher = Publisher(client, ack_seconds=2)
    left = list(names)
    while left:
        results = await publisher.publish([Outgoing(f"DEALS.changed.{name}", name.encode()) for name in left])
        left = [name for name, result in zip(left, results, strict=True) if result is not None]
        if left:
            await asyncio.sleep(0.1)


async def lose_everything(server: NatsServer) -> None:
    """Delete the store under the running server, then end it; what it wrote meanwhile goes too."""
    server.wipe()
    await asyncio.to_thread(server.kill)
    server.wipe()


async def test_a_killed_server_comes_back_and_nothing_is_lost(server: NatsServer, client: NATS) -> None:
    names = [f"d{i}" for i in range(3000)]
    async with Pipe(client) as pipe:
        sending = asyncio.create_task(send_until_taken(client, names))
        await eventually(lambda: len(pipe.out) > 500)
        await asyncio.to_thread(server.kill)
        await eventually(lambda: not any(consumer.ready for consumer in pipe.consumers))
        await asyncio.to_thread(server.start)
        await sending
        await eventually(lambda: pipe.out == set(names), seconds=40)
        assert all(consumer.ready for consumer in pipe.consumers)


async def test_a_wiped_disk_is_rebuilt_from_the_streams_file(server: NatsServer, client: NATS) -> None:
    async with Pipe(client) as pipe:
        await send_until_taken(client, ["before"])
        await eventually(lambda: "before" in pipe.out)
        await lose_everything(server)
        await asyncio.to_thread(server.start)
        await send_until_taken(client, [f"after{i}" for i in range(300)])
        await eventually(lambda: len(pipe.out) == 301, seconds=20)
    js = client.jetstream()
    names = {info.config.name for info in await js.streams_info()}
    assert {"DEALS", "INSIGHTS", "DEAD", "KV_models", "OBJ_artifacts"} <= names
    assert {info.name for info in await js.consumers_info("INSIGHTS")} >= {"forecast", "next_best_action"}
    assert (await js.stream_info("DEALS")).config.max_msgs_per_subject == 1


async def test_streams_deleted_under_a_running_server_come_back(client: NATS) -> None:
    async with Pipe(client) as pipe:
        for name in ("DEALS", "INSIGHTS"):
            await client.jetstream().delete_stream(name)
        await send_until_taken(client, ["a", "b", "c"])
        await eventually(lambda: pipe.out == {"a", "b", "c"}, seconds=15)


async def test_ensuring_twice_and_at_once_changes_nothing(client: NATS) -> None:
    await send_until_taken(client, ["a"])
    await asyncio.gather(*(ensure_streams(client) for _ in range(4)))
    assert (await client.jetstream().stream_info("DEALS")).state.messages == 1


async def test_a_changed_streams_file_updates_the_stream(client: NATS, tmp_path: Path) -> None:
    file = tmp_path / "streams.json"
    template = '{"streams": [{"name": "S", "subjects": ["S.>"], "max_msgs_per_subject": %d}]}'
    for limit in (1, 3):
        folder = file.with_name(f"streams-{limit}.json")
        folder.write_text(template % limit)
        await ensure_streams(client, folder)
        assert (await client.jetstream().stream_info("S")).config.max_msgs_per_subject == limit


async def test_a_follower_keeps_its_model_through_a_wipe_and_follows_on(
    server: NatsServer, client: NATS, tmp_path: Path
) -> None:
    shelf = ModelShelf(client)

    async def promote(text: str, generation: int) -> None:
        folder = tmp_path / f"model-{generation}"
        folder.mkdir()
        (folder / "model.json").write_text(text)
        await shelf.point("forecast", Pointer(text, generation, await shelf.put(pack(folder))))

    follower = Follower(shelf, "forecast", lambda f, _: (f / "model.json").read_text(), prior="prior", poll_seconds=0.5)
    stop = asyncio.Event()
    task = asyncio.create_task(follower.run(stop))
    await promote("one", 1)
    await eventually(lambda: follower.current[0] == "one", seconds=5)
    await lose_everything(server)
    await asyncio.to_thread(server.start)
    await eventually(lambda: client.is_connected)
    await asyncio.sleep(1)
    assert follower.current[0] == "one"
    await promote("two", 2)
    await eventually(lambda: follower.current[0] == "two", seconds=5)
    stop.set()
    await asyncio.wait_for(task, 5)
