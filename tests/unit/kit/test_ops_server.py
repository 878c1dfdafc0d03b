from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from kit.errors import Unavailable
from kit.server import MetricsServer

parts: dict[str, bool] = {}


@pytest.fixture
async def server() -> AsyncIterator[MetricsServer]:
    parts.clear()
    listening = MetricsServer("127.0.0.1:0", lambda: parts)
    await listening.start()
    yield listening
    await listening.stop()


async def test_readiness_is_honest(server: MetricsServer) -> None:
    async with httpx.AsyncClient(base_url=f"http://{server.address}") as http:
        assert (await http.get("/healthz/live")).status_code == 200
        assert (await http.get("/healthz/ready")).status_code == 503
        parts.update(nats=True, consumer=False)
        answer = await http.get("/healthz/ready")
        assert (answer.status_code, answer.json()["parts"]) == (503, {"nats": True, "consumer": False})
        parts.update(consumer=True)
        assert (await http.get("/healthz/ready")).json()["status"] == "ready"


async def test_metrics_are_prometheus_text(server: MetricsServer) -> None:
    async with httpx.AsyncClient(base_url=f"http://{server.address}") as http:
        answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE dealcast_messages_total counter" in answer.text


async def test_nonsense_is_answered_or_dropped(server: MetricsServer) -> None:
    async with httpx.AsyncClient(base_url=f"http://{server.address}") as http:
        assert (await http.get("/etc/passwd")).status_code == 404
        assert (await http.post("/metrics", content=b"x")).status_code == 405
    for garbage in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"A" * 20_000):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(garbage)
        assert b"200 OK" not in await asyncio.wait_for(reader.read(), 10)
        writer.close()


async def test_a_taken_port_is_named(server: MetricsServer) -> None:
    with pytest.raises(Unavailable) as caught:
        await MetricsServer(server.address, dict).start()
    assert caught.value.value == server.address
    assert json.dumps(caught.value.mend)
