"""A service as a process: run file, readiness, one trace across processes, drain, clear failure."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from nats.aio.client import Client as NATS  # noqa: N814
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kit import telemetry
from kit.messaging import Outgoing, Publisher
from kit.nats_server import NatsServer
from kit.settings import ServiceSettings
from kit.testing import eventually

ECHO = Path(__file__).with_name("echo_service.py")


class Echo:
    """The running process."""

    def __init__(self, folder: Path, url: str, **settings: str) -> None:
        self._folder = folder
        environment = os.environ | {"DEALCAST_NATS_URL": url, "DEALCAST_RUN_DIR": str(folder)} | settings
        self.log = folder / "echo.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen([sys.executable, str(ECHO)], env=environment, stderr=output)

    async def ready(self) -> dict[str, str]:
        file = self._folder / "echo.json"
        await eventually(file.exists, seconds=20)
        told: dict[str, str] = json.loads(file.read_text())
        async with httpx.AsyncClient() as http:

            async def healthy() -> bool:
                return (await http.get(f"http://{told['metrics']}/healthz/ready")).status_code == 200

            await eventually(healthy, seconds=20)
        return told

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@asynccontextmanager
async def echo(folder: Path, url: str, **settings: str) -> AsyncIterator[Echo]:
    running = Echo(folder, url, **settings)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


async def _forwarded(nats: NATS) -> int:
    return (await nats.jetstream().stream_info("INSIGHTS")).state.messages


async def test_a_service_tells_its_ports_works_and_drains(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> None:
    async with echo(tmp_path, nats_server.url) as running:
        told = await running.ready()
        assert told["pid"] == running.process.pid  # type: ignore[comparison-overlap]
        async with grpc.aio.insecure_channel(told["grpc"]) as channel:
            stub = health_pb2_grpc.HealthStub(channel)

            async def serving() -> bool:
                answer = await stub.Check(health_pb2.HealthCheckRequest())
                return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

            await eventually(serving)  # told a moment after HTTP says so
        await Publisher(nats).publish([Outgoing(f"DEALS.changed.{i}", b"x") for i in range(30)])
        await eventually(lambda: _some_forwarded(nats))
        assert await asyncio.to_thread(running.stop) == 0
        assert not (tmp_path / "echo.json").exists()
        info = await nats.jetstream().consumer_info("DEALS", "echo")
        done = await _forwarded(nats)
        assert (info.ack_floor.stream_seq if info.ack_floor else 0) == done < 30
    async with echo(tmp_path, nats_server.url) as running:
        await eventually(lambda: _all_forwarded(nats), seconds=20)
    lines = [json.loads(line) for line in running.log.read_text().splitlines()]
    assert {line["service"] for line in lines} == {"echo"}


async def _some_forwarded(nats: NATS) -> bool:
    return await _forwarded(nats) >= 10


async def _all_forwarded(nats: NATS) -> bool:
    return await _forwarded(nats) == 30


async def test_readiness_falls_when_nats_is_away(tmp_path: Path) -> None:
    with NatsServer(tmp_path / "store") as server:
        async with echo(tmp_path, server.url) as running, httpx.AsyncClient() as http:
            told = await running.ready()

            async def parts() -> dict[str, bool]:
                found: dict[str, bool] = (await http.get(f"http://{told['metrics']}/healthz/ready")).json()["parts"]
                return found

            server.kill()

            async def away() -> bool:
                return not (await parts())["nats"]

            await eventually(away)
            async with grpc.aio.insecure_channel(told["grpc"]) as channel:
                stub = health_pb2_grpc.HealthStub(channel)

                async def refusing() -> bool:
                    answer = await stub.Check(health_pb2.HealthCheckRequest())
                    return bool(answer.status == health_pb2.HealthCheckResponse.NOT_SERVING)

                await eventually(refusing)
            await asyncio.to_thread(server.start)
            await running.ready()
            assert "dealcast_nats_connected 1.0" in (await http.get(f"http://{told['metrics']}/metrics")).text


async def test_without_nats_it_ends_with_the_mend(tmp_path: Path) -> None:
    async with echo(tmp_path, "nats://127.0.0.1:1", DEALCAST_NATS_WAIT_SECONDS="1") as running:
        assert await asyncio.to_thread(running.process.wait, 60) == 1
    last = json.loads(running.log.read_text().splitlines()[-1])
    assert last["event"] == "cannot_run"
    assert "DEALCAST_NATS_URL" in last["detail"]
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """An OTLP/HTTP collector that keeps what it is sent."""
    received: list[ExportTraceServiceRequest] = []

    class Receive(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Receive)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()


async def test_one_trace_from_publisher_through_a_process_to_what_it_publishes(
    nats: NATS, nats_server: NatsServer, tmp_path: Path, collector: tuple[str, list[ExportTraceServiceRequest]]
) -> None:
    url, received = collector
    telemetry.configure("test", ServiceSettings(), InMemorySpanExporter())
    with telemetry.tracer().start_as_current_span("change") as span:
        headers = telemetry.inject()
    async with echo(tmp_path, nats_server.url, DEALCAST_OTLP_ENDPOINT=url) as running:
        await running.ready()
        await Publisher(nats).publish([Outgoing("DEALS.changed.a", b"x", headers)])
        await eventually(lambda: _one_forwarded(nats))
        await eventually(lambda: bool(received))
        await asyncio.to_thread(running.stop)
    spans = [
        s for r in received for resource in r.resource_spans for scope in resource.scope_spans for s in scope.spans
    ]
    (handled,) = [s for s in spans if s.name == "echo process"]
    assert handled.trace_id.hex() == telemetry.trace_id(headers)
    assert handled.parent_span_id.hex() == format(span.get_span_context().span_id, "016x")
    out = await nats.jetstream().get_last_msg("INSIGHTS", "INSIGHTS.lead_score.a")
    carried = (out.headers or {})["traceparent"]
    assert carried.split("-")[1:3] == [handled.trace_id.hex(), handled.span_id.hex()]


async def _one_forwarded(nats: NATS) -> bool:
    return await _forwarded(nats) == 1
