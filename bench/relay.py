"""The ceiling of a change's way through the system: the same messages and the same writes, with no logic between.

`python -m bench.relay relay NATS_URL FROM TO` passes messages on; `python -m bench.relay serve NATS_URL DB PORT`
takes NDJSON, writes a row per table the gateway writes, publishes, and stores the three answers that come back.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import uvicorn
from nats.aio.client import Client
from nats.js.api import StreamConfig
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.messaging import Consumer, Message, Outgoing, Publisher, connect

HOPS = ("changed", "one", "two", "three")
TABLES = """
CREATE TABLE deals (id TEXT PRIMARY KEY, body BLOB);
CREATE TABLE changes (id INTEGER PRIMARY KEY, deal_id TEXT, body BLOB);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, deal_id TEXT);
CREATE TABLE events (id INTEGER PRIMARY KEY, deal_id TEXT, kind TEXT);
CREATE TABLE insights (deal_id TEXT, kind TEXT, body BLOB, PRIMARY KEY (deal_id, kind));
CREATE TABLE score_history (id INTEGER PRIMARY KEY, deal_id TEXT, body BLOB);
"""
Handler = Callable[[Sequence[Message]], Awaitable[Sequence[Exception | None]]]


async def ensure(client: Client) -> None:
    """A stream a hop, with the last message per deal, as the real ones."""
    for hop in HOPS:
        config = StreamConfig(name=f"C_{hop}", subjects=[f"C.{hop}.*"], max_msgs_per_subject=1)
        await client.jetstream().add_stream(config)


def forward(publisher: Publisher, target: str) -> Handler:
    """Publish what came in under the next subject."""

    async def handle(messages: Sequence[Message]) -> Sequence[Exception | None]:
        return await publisher.publish([Outgoing(f"C.{target}.{m.subject.split('.')[-1]}", m.data) for m in messages])

    return handle


async def relay(url: str, source: str, target: str) -> None:
    """Run one hop until killed."""
    client = await connect(url, f"relay-{target}")
    handler = forward(Publisher(client), target)
    stop = asyncio.Event()
    await Consumer(client, stream=f"C_{source}", durable=f"to-{target}", subject=f"C.{source}.*", handler=handler).run(
        stop
    )


class Gateway:
    """Writes and publishes; keeps no other state than how many answers came back."""

    def __init__(self, client: Client, path: str) -> None:
        self.client = client
        self.publisher = Publisher(client)
        self.store = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.store.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {TABLES}")
        self.answers = 0
        self.more = asyncio.Condition()
        self.outbox = count(1)
        self.lock = asyncio.Lock()

    def write_changes(self, lines: list[bytes], ids: list[str]) -> None:
        """One transaction a batch, the same number of rows as the gateway's."""
        rows = list(zip(ids, lines, strict=True))
        self.store.execute("BEGIN IMMEDIATE")
        self.store.executemany("INSERT OR REPLACE INTO deals VALUES (?, ?)", rows)
        for _ in range(2):
            self.store.executemany("INSERT INTO changes (deal_id, body) VALUES (?, ?)", rows)
        self.store.executemany("INSERT INTO outbox (deal_id) VALUES (?)", [(i,) for i in ids])
        self.store.executemany("INSERT INTO events (deal_id, kind) VALUES (?, 'deal')", [(i,) for i in ids])
        self.store.execute("COMMIT")

    def write_answers(self, kind: str, rows: list[tuple[str, bytes]]) -> None:
        """What merging one kind of insight writes."""
        self.store.execute("BEGIN IMMEDIATE")
        self.store.executemany(f"INSERT OR REPLACE INTO insights VALUES (?, '{kind}', ?)", rows)
        self.store.executemany(f"INSERT INTO events (deal_id, kind) VALUES (?, '{kind}')", [(i,) for i, _ in rows])
        if kind == "one":
            self.store.executemany("INSERT INTO score_history (deal_id, body) VALUES (?, ?)", rows)
        self.store.execute("COMMIT")

    async def batch(self, request: Request) -> Response:
        """NDJSON in; each line is `id<TAB>payload`, the payload what is published."""
        lines = (await request.body()).splitlines()
        pairs = [line.split(b"\t", 1) for line in lines]
        ids = [pair[0].decode() for pair in pairs]
        async with self.lock:
            await asyncio.to_thread(self.write_changes, [pair[1][:600] for pair in pairs], ids)
        sent = [Outgoing(f"C.changed.{i}", p[1], {}, f"o-{next(self.outbox)}") for i, p in zip(ids, pairs, strict=True)]
        await self.publisher.publish(sent)
        return JSONResponse({"written": len(ids)})

    async def count(self, request: Request) -> Response:
        """Answers stored so far, once there are `at_least` so many."""
        least = int(request.query_params.get("at_least", 0))
        async with self.more:
            await self.more.wait_for(lambda: self.answers >= least)
        return JSONResponse({"answers": self.answers})

    def collect(self, kind: str) -> Handler:
        """Store a hop's answers: the size an insight has, not the whole message."""

        async def handle(messages: Sequence[Message]) -> Sequence[Exception | None]:
            rows = [(m.subject.split(".")[-1], m.data[:1_500]) for m in messages]
            async with self.lock:
                await asyncio.to_thread(self.write_answers, kind, rows)
            self.answers += len(rows)
            async with self.more:
                self.more.notify_all()
            return [None] * len(rows)

        return handle


async def serve(url: str, path: str, port: int) -> None:
    """Run the gateway's share until killed."""
    client = await connect(url, "ceiling")
    await ensure(client)
    gateway = Gateway(client, path)
    stop = asyncio.Event()
    consumers = [
        Consumer(client, stream=f"C_{hop}", durable=f"g-{hop}", subject=f"C.{hop}.*", handler=gateway.collect(hop))
        for hop in HOPS[1:]
    ]
    app = Starlette(routes=[Route("/batch", gateway.batch, methods=["POST"]), Route("/count", gateway.count)])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    await asyncio.gather(server.serve(), *(consumer.run(stop) for consumer in consumers))


if __name__ == "__main__":
    if sys.argv[1] == "relay":
        asyncio.run(relay(*sys.argv[2:5]))
    else:
        asyncio.run(serve(sys.argv[2], sys.argv[3], int(sys.argv[4])))
