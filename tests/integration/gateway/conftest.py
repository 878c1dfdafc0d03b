"""A whole gateway in this process: real NATS, real SQLite, real HTTP; the services are played by the tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.messaging import connect
from kit.nats_server import NatsServer
from kit.process import Parts
from services.gateway.access.members import EventQuery
from services.gateway.bootstrap import Built, assemble
from services.gateway.model_versions import ModelVersions
from services.gateway.service import Gateway
from services.gateway.settings import GatewaySettings

RAREST = 0.25  # seconds from one look to the next


class RunningGateway:
    """Starts, stops and restarts one gateway; `http` asks it."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        defaults: dict[str, Any] = {
            "nats_url": url, "data_dir": folder, "auto_train": False, "reconcile_seconds": 0.2, "grace_seconds": 1.0,
            "drain_seconds": 3.0, "monitor": False,
        }  # fmt: skip
        self.settings = GatewaySettings(**(defaults | settings))
        self.stop_event = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.built: Built | None = None
        self.nc: NATS | None = None
        self.http = httpx.AsyncClient(verify=False)

    async def start(self) -> RunningGateway:
        self.stop_event = asyncio.Event()
        self.nc = await connect(self.settings.nats_url, "gateway")
        self.built = await assemble(self.settings, self.nc)
        self.tasks = [asyncio.create_task(runner.run(self.stop_event)) for runner in self.parts.runners]
        await until(lambda: all(runner.ready for runner in self.parts.runners) if self.built else False)
        self.http = httpx.AsyncClient(base_url=f"http://{self.parts.addresses()['http']}", timeout=30, verify=False)
        return self

    @property
    def parts(self) -> Parts:
        assert self.built is not None
        return self.built.parts

    @property
    def gateway(self) -> Gateway:
        assert self.built is not None
        return self.built.gateway

    @property
    def models(self) -> ModelVersions:
        assert self.built is not None
        return self.built.models

    async def stop(self) -> None:
        await self.http.aclose()
        self.stop_event.set()
        await asyncio.wait_for(asyncio.gather(*self.tasks), 15)
        await self.parts.close()
        if self.nc is not None:
            await self.nc.close()
        self.built = self.nc = None

    async def done(self) -> list[tuple[str, str]]:
        """What the log of changes tells, oldest first: acts, and on which thing."""
        found = await self.gateway.store.list_access_events(limit=500, asked=EventQuery(changes=True))
        return [(one.act.value, one.record) for one in reversed(found)]

    async def lines(self, path: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """POST rows as NDJSON; returns the result lines."""
        body = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        answer = await self.http.post(path, content=body)
        assert answer.status_code == 200, answer.text
        return [orjson.loads(line) for line in answer.content.splitlines()]


async def until(condition: Callable[[], Any], seconds: float = 60.0, pause: float = 0.02) -> Any:
    """Poll a condition, plain or awaitable, until it holds; ever more rarely, as asking takes time from what works."""
    async with asyncio.timeout(seconds):
        while True:
            value = condition()
            if isinstance(value, Awaitable):
                value = await value
            if value:
                return value
            await asyncio.sleep(pause)
            pause = max(pause, min(pause * 1.4, RAREST))


@pytest.fixture
async def gateway(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """A gateway over empty streams and an empty store."""
    running = await RunningGateway(nats_server.url, tmp_path / "data").start()
    yield running
    if running.built is not None:
        with contextlib.suppress(TimeoutError):
            await running.stop()
