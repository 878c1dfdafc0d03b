"""How soon pages begin to come, at a large company: 100,000 deals, 500 users, 20 people clicking."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import httpx

from bench.report import Figure
from tests.e2e.system.harness import System, incomplete, wait_for

DEALS, OPEN, ACCOUNTS = 100_000, 20_000, 20_000
USERS, MANAGERS, REGIONS = 500, 50, 5
BATCH = 2_000
PEOPLE, PAUSE, SECONDS = 20, 3.0, 90.0
MOST_MS = 150.0
HOW = (
    "The whole system on one machine with 100,000 deals of a made-up company, 20,000 of them open, of 500 users under "
    "50 managers in five regions, before a first training. 20 people, each at one click per 3 s for 90 s, on pages and "
    "records drawn by chance; from sending a request to the first byte of its answer, the 95th percentile of each page."
)
STAGES = ("Qualification", "Needs analysis", "Proposal", "Negotiation")
WORDS = ("한빛", "대성", "미래", "Northwind", "Contoso", "가온", "누리", "Globex", "세종", "Initech")


def figures() -> list[Figure]:
    """Fill a system, then click."""
    with tempfile.TemporaryDirectory(prefix="dealcast-pages-") as name:
        system = System(Path(name) / "data")
        with patch.dict(os.environ, DEALCAST_AUTO_TRAIN="false"):  # which would take a core of the two meanwhile
            system.start()
        try:
            fill(system)
            return asyncio.run(clicks(system.url))
        finally:
            system.stop()


def fill(system: System) -> None:
    """The company, until every open deal has its three insights."""
    began = time.monotonic()
    for path, rows in (
        ("/v1/users:batch", users()),
        ("/v1/accounts:batch", accounts()),
        ("/v1/deals:batch", deals(Random(1))),
    ):
        told = list(rows)
        for first in range(0, len(told), BATCH):
            results = system.post_lines(path, told[first : first + BATCH])
            assert all("error" not in result for result in results), results[0]
            print(f"{path} {first + len(results):,} after {time.monotonic() - began:.0f} s", flush=True)
    wait_for(lambda: complete(system), 1_800, "the insights of all deals")
    print(f"all insights after {time.monotonic() - began:.0f} s", flush=True)


def complete(system: System) -> bool:
    """Whether every open deal has its insights; looks now and then, since a look is work too."""
    time.sleep(10)
    left = len(incomplete(system.all_deals("&outcome=OPEN")))
    print(f"{left:,} open deals wait for insights", flush=True)
    return left == 0


def users() -> Iterator[dict[str, Any]]:
    """Managers, each of a region, and those who report to them."""
    for number in range(MANAGERS):
        yield user(f"m{number}", region=f"Region {number % REGIONS}")
    for number in range(USERS - MANAGERS):
        yield user(f"u{number}", manager_id=f"m{number % MANAGERS}")


def user(name: str, **line: str) -> dict[str, Any]:
    """Somebody who has always stood where the line says."""
    return {"id": name, "name": f"Person {name}", "lines": [line | {"valid_from": "2020-01-01"}]}


def accounts() -> Iterator[dict[str, Any]]:
    """Companies to search among."""
    for number in range(ACCOUNTS):
        yield {"id": f"a{number}", "name": f"{WORDS[number % len(WORDS)]} {number}"}


def deals(rng: Random) -> Iterator[dict[str, Any]]:
    """Open and ended ones, of all ages and sizes."""
    today = datetime.now(UTC)
    for number in range(DEALS):
        row = {
            "id": f"d{number}",
            "name": f"{WORDS[number % len(WORDS)]} renewal {number}",
            "account_id": f"a{rng.randrange(ACCOUNTS)}",
            "owner_id": f"u{rng.randrange(USERS - MANAGERS)}",
            "amount": {"currency": "KRW", "value": str(round(rng.lognormvariate(17, 1)))},
            "fields": {"source": rng.choice(("web", "fair", "partner", "call")), "seats": rng.randrange(1, 500)},
        }
        age = rng.randrange(1, 1_000)
        created = today - timedelta(days=age + rng.randrange(1, 120))
        row["created_time"] = f"{created:%Y-%m-%dT%H:%M:%SZ}"
        if number < OPEN:
            close = today + timedelta(days=rng.randrange(1, 180))
            yield row | {"stage": rng.choice(STAGES), "close_date": f"{close:%Y-%m-%d}"}
        else:
            won = rng.random() < 0.3
            ended = {"stage": "Won" if won else "Lost", "outcome": "WON" if won else "LOST"}
            yield row | ended | {"closed_date": f"{today - timedelta(days=age):%Y-%m-%d}"}


def addresses(rng: Random) -> tuple[str, str]:
    """A page by name, and the address of one of its kind."""
    user, manager = f"u{rng.randrange(USERS - MANAGERS)}", f"m{rng.randrange(MANAGERS)}"
    kinds = {
        "deals": "/deals",
        "deals of an owner": f"/deals?owner={user}",
        "deals, searched": f"/deals?q={rng.choice(WORDS)}%20{rng.randrange(ACCOUNTS)}",
        "record": f"/deals/d{rng.randrange(OPEN)}",
        "forecast": "/forecast",
        "forecast of a manager": f"/forecast?node=manager:{manager}",
        "my day": f"/day?owner={user}",
        "report": f"/report?node=owner:{user}",
        "data and models": "/models",
        "import": "/import",
    }
    name = rng.choice(list(kinds))
    return name, kinds[name]


async def clicks(url: str) -> list[Figure]:
    """Everybody at once; a figure per page, and one for all."""
    taken: dict[str, list[float]] = {}
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        until = time.perf_counter() + SECONDS
        await asyncio.gather(*(person(http, Random(number), until, taken) for number in range(PEOPLE)))
    every = [one for times in taken.values() for one in times]
    told = [figure(f"{name}, first byte, p95 of {len(times)}", times) for name, times in sorted(taken.items())]
    return [figure(f"all pages, first byte, p95 of {len(every)}", every), *told]


async def person(http: httpx.AsyncClient, rng: Random, until: float, taken: dict[str, list[float]]) -> None:
    """One person's clicks: a page, then a pause for the rest of the three seconds."""
    await asyncio.sleep(rng.uniform(0, PAUSE))
    while (began := time.perf_counter()) < until:
        name, path = addresses(rng)
        async with http.stream("GET", path) as answer:
            first = time.perf_counter() - began
            assert answer.status_code == 200, (path, answer.status_code)
            await answer.aread()
        taken.setdefault(name, []).append(first)
        await asyncio.sleep(max(0.0, began + PAUSE - time.perf_counter()))


def figure(name: str, seconds: list[float]) -> Figure:
    """The 95th percentile of some times."""
    times = sorted(1_000 * one for one in seconds)
    value = times[min(len(times) - 1, int(0.95 * len(times)))]
    return Figure(name, value, "ms", aim=f"≤ {MOST_MS:.0f} ms", met=value <= MOST_MS)


if __name__ == "__main__":
    print(*figures(), sep="\n")
