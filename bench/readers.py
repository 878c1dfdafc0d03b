"""How soon all who have a page open are told of a change, when many have."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

import httpx
import orjson

from bench.report import Figure
from kit.testing import eventually
from tests.e2e.system.harness import System

READERS, CHANGES, EVERY = 500, 20, 1.0  # seconds from one change to the next
MOST_MS = 1_000.0
PATIENCE = 15.0
HOW = (
    f"Then each of them with {READERS // 20} pages open, so {READERS} event streams, while `PUT /v1/deals/{{id}}` "
    f"gives {CHANGES} deals another amount, one a second: from sending to the event's arrival at each stream that may "
    "see the deal."
)
Arrivals = dict[tuple[str, int], list[float]]  # by deal and revision, at which moments the streams told of it


async def figures(
    system: System, people: Sequence[tuple[httpx.Cookies, Collection[str]]], deal_ids: Sequence[str]
) -> list[Figure]:
    """On a running system, by people with the cookies they are signed in by and the deals they see."""
    arrivals: Arrivals = {}
    opened: list[bytes] = []
    streams = []
    for number in range(READERS):
        streams.append(asyncio.create_task(_read(system.url, people[number % len(people)][0], arrivals, opened)))
        await asyncio.sleep(0.005)
    await eventually(lambda: len(opened) == READERS)
    assert all(b" 200 " in status for status in opened), {*opened}
    sent: dict[tuple[str, int], float] = {}
    for number, deal_id in enumerate(deal_ids[:CHANGES]):
        amount = {"currency": "KRW", "value": str(1_000_003 + number)}
        began = time.perf_counter()
        answer = await asyncio.to_thread(system.http.put, f"/v1/deals/{deal_id}", json={"amount": amount})
        assert answer.status_code == 200, answer.text
        sent[deal_id, answer.json()["revision"]] = began
        await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - began)))
    await asyncio.sleep(PATIENCE)
    for stream in streams:
        stream.cancel()
    for deal_id, revision in sent:
        seen_by = sum(deal_id in people[number % len(people)][1] for number in range(READERS))
        assert len(arrivals.get((deal_id, revision), ())) == seen_by > 0, f"{deal_id} did not reach all who see it"
    taken = sorted(1_000 * (at - began) for change, began in sent.items() for at in arrivals[change])
    return [
        _figure(f"change to {READERS} open streams, p{share} of {len(taken):,}", taken, share) for share in (50, 99)
    ]


def _figure(name: str, taken: Sequence[float], share: int) -> Figure:
    value = taken[math.ceil(share / 100 * len(taken)) - 1]
    return Figure(name, value, "ms", aim=f"≤ {MOST_MS:,.0f} ms", met=value <= MOST_MS)


async def _read(url: str, cookies: httpx.Cookies, arrivals: Arrivals, opened: list[bytes]) -> None:
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
    writer.write(f"GET /v1/events HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {sent}\r\n\r\n".encode())
    opened.append(await reader.readline())
    try:
        kind = b""
        while line := await reader.readline():
            if line.startswith(b"event: "):
                kind = line[7:].strip()
            elif kind == b"deal" and line.startswith(b"data: "):
                told = orjson.loads(line[6:])
                arrivals.setdefault((told["deal_id"], told["revision"]), []).append(time.perf_counter())
    finally:
        writer.close()
