"""A change's way through the whole system: how long it takes, and how many a second it sustains."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.report import Figure, peak_memory
from kit.nats_server import NatsServer
from kit.testing import free_port
from tests.e2e.system.harness import System, wait_for

KINDS = ("lead_score", "forecast", "next_actions")
RATE = 20.0
BATCH = 250
BACKLOG = 2_000
SETTLED = 1.0  # seconds without totals stored anew


@dataclass(frozen=True)
class Latency:
    """How long changes took, in milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """The median and the 99th percentile of single changes' times."""
        times = sorted(1_000 * one for one in seconds)
        return cls(statistics.median(times), times[int(len(times) * 0.99)])


@dataclass(frozen=True)
class Ceiling:
    """What the same messages and writes take with no logic: one by one, and changes a second."""

    latency: Latency
    rate: float


class Listener(threading.Thread):
    """Follows the live events and notes when each deal revision had all three insights."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.merged: dict[tuple[str, int], float] = {}
        self.parts: dict[tuple[str, int], set[str]] = {}
        self.totals: list[float] = []  # when some were stored anew
        self.ready = threading.Event()
        self.closed = False

    def run(self) -> None:
        with httpx.stream("GET", f"{self.url}/v1/events", timeout=None) as answer:
            self.ready.set()
            self.follow(answer.iter_lines())

    def follow(self, lines: Iterable[str]) -> None:
        """Read server-sent events until told to stop."""
        kind = ""
        for line in lines:
            if self.closed:
                return
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and kind == "rollup":
                self.totals.append(time.perf_counter())
            elif line.startswith("data: ") and kind in KINDS:
                self.note(kind, json.loads(line.removeprefix("data: ")))

    def note(self, kind: str, event: dict[str, Any]) -> None:
        """Count one insight."""
        key = (event["deal_id"], int(event["deal_revision"]))
        parts = self.parts.setdefault(key, set())
        parts.add(kind)
        if len(parts) == len(KINDS):
            self.merged.setdefault(key, time.perf_counter())


def changed(number: int, step: int) -> dict[str, Any]:
    """A change of one of the bench's deals; every one is different."""
    return {"id": f"bench-{number}", "amount": {"currency": "KRW", "value": str(1_000_000 + step)}}


def create(system: System, listener: Listener, count: int) -> None:
    """Open deals to change, of all who own deals, and wait until all have their insights."""
    owners = sorted({deal["owner_id"] for deal in system.all_deals("&outcome=OPEN")} - {""})
    for start in range(0, count, BATCH):
        rows = [
            {
                "id": f"bench-{n}",
                "stage": "Proposal",
                "owner_id": owners[n % len(owners)],
                "fields": {"source": "web", "seats": n % 50},
            }
            for n in range(start, start + BATCH)
        ]
        system.post_lines("/v1/deals:batch", rows)
    created = {(f"bench-{n}", 1) for n in range(count)}
    wait_for(lambda: created <= listener.merged.keys(), 300, "insights of the bench's deals")


def latency(system: System, listener: Listener, seconds: float = 30) -> Latency:
    """20 changes a second, one by one: from sending the write to the third insight on the live stream."""
    sent: dict[tuple[str, int], float] = {}
    begin = time.perf_counter()
    for step in range(int(RATE * seconds)):
        time.sleep(max(0.0, begin + step / RATE - time.perf_counter()))
        row = changed(step, 10_000_000 + step)
        at = time.perf_counter()
        answer = system.http.put(f"/v1/deals/{row.pop('id')}", json=row).json()
        sent[(answer["id"], answer["revision"])] = at
    wait_for(lambda: sent.keys() <= listener.merged.keys(), 60, "all changes merged")
    return Latency.of([listener.merged[key] - at for key, at in sent.items()])


def first_after(times: Sequence[float], at: float) -> float:
    """The first of growing times after a moment, once there is one."""
    wait_for(lambda: max(times, default=0.0) > at, 30, "totals of the change")
    return next(one for one in times if one > at)


def until_totals(system: System, listener: Listener, changes: int = 25) -> Latency:
    """Changes one after another, each once the totals of the one before have settled: from sending the write until
    totals that count it are on the live stream."""
    taken = []
    for step in range(changes):
        wait_for(lambda: time.perf_counter() - max(listener.totals, default=0.0) > SETTLED, 60, "totals that rest")
        row = changed(step, 90_000_000 + 1_000_000 * step)
        at = time.perf_counter()
        system.http.put(f"/v1/deals/{row.pop('id')}", json=row).raise_for_status()
        taken.append(first_after(listener.totals, at) - at)
    return Latency.of(taken)


def sustained(system: System, listener: Listener, deals: int, seconds: float = 60) -> float:
    """Changes a second over the span, all three insights merged, with at most BACKLOG on the way."""
    sent: set[tuple[str, int]] = set()
    before = len(listener.merged)
    begin = time.perf_counter()
    step = 0
    while time.perf_counter() - begin < seconds:
        rows = [changed((step + n) % deals, step + n) for n in range(BATCH)]
        step += BATCH
        for line in system.post_lines("/v1/deals:batch", rows):
            sent.add((line["id"], line["revision"]))
        while len(sent) - (len(listener.merged) - before) > BACKLOG:
            time.sleep(0.02)
    print(f"{len(sent):,} changes sent in {time.perf_counter() - begin:.0f} s", flush=True)
    wait_for(lambda: sent <= listener.merged.keys(), 120, "all changes merged")
    last = max(listener.merged[key] for key in sent)
    return len(sent) / (last - begin)


def memory(pids: Mapping[str, int]) -> list[Figure]:
    """The most memory that each running process ever held, where the machine tells."""
    found = {name: peak_memory(pid) for name, pid in pids.items()}
    return [Figure(f"peak memory, {name}", peak, "MiB") for name, peak in found.items() if peak is not None]


@contextlib.contextmanager
def ceiling_processes(folder: Path) -> Iterator[str]:
    """The relays and their gateway as processes; yields its URL."""
    server = NatsServer(folder / "nats")
    server.start()
    port = free_port()
    run = [sys.executable, "-m", "bench.relay"]
    commands = [[*run, "serve", server.url, str(folder / "c.db"), str(port)]]
    hops = (("changed", "one"), ("one", "two"), ("two", "three"))
    processes = [subprocess.Popen(command) for command in commands]
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(url) is not None, 30, "the ceiling's gateway")
        processes += [subprocess.Popen([*run, "relay", server.url, source, target]) for source, target in hops]
        yield url
    finally:
        for process in processes:
            process.terminate()
            process.wait(10)
        server.stop()


def answers(url: str, at_least: int = 0) -> int | None:
    """Answers stored so far, once there are at_least so many; None while it does not listen."""
    try:
        return int(httpx.get(f"{url}/count?at_least={at_least}", timeout=60).json()["answers"])
    except httpx.TransportError:
        return None


def lines_of(payloads: Sequence[bytes], first: int, count: int) -> bytes:
    """A batch of the ceiling's changes, numbered from first."""
    return b"\n".join(b"d%d\t%s" % (n, payloads[n % len(payloads)]) for n in range(first, first + count))


def ceiling_latency(client: httpx.Client, payloads: Sequence[bytes], seconds: float) -> Latency:
    """As `latency`: single changes at the same rate, until the third answer is stored."""
    client.post("/batch", content=lines_of(payloads, 0, 1))
    answers(str(client.base_url), 3)  # the relays have started
    taken = []
    begin = time.perf_counter()
    for step in range(int(RATE * seconds)):
        time.sleep(max(0.0, begin + step / RATE - time.perf_counter()))
        at = time.perf_counter()
        client.post("/batch", content=lines_of(payloads, step, 1))
        client.get(f"/count?at_least={3 * (step + 2)}")
        taken.append(time.perf_counter() - at)
    return Latency.of(taken)


def ceiling(payloads: Sequence[bytes], seconds: float = 20) -> Ceiling:
    """The same messages and writes with no logic; payloads may hold no line break or tab."""
    with (
        tempfile.TemporaryDirectory() as name,
        ceiling_processes(Path(name)) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        latency = ceiling_latency(client, payloads, seconds)
        before = answers(url) or 0
        begin = time.perf_counter()
        sent = 0
        while time.perf_counter() - begin < seconds:
            client.post("/batch", content=lines_of(payloads, sent, BATCH))
            sent += BATCH
            while sent - ((answers(url) or 0) - before) / 3 > BACKLOG:
                time.sleep(0.02)
        answers(url, before + 3 * sent)
        return Ceiling(latency, sent / (time.perf_counter() - begin))
