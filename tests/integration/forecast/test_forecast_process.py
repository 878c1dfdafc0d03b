"""The process itself: events in, forecasts out; killed and started again; a clean end; dead letters."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js.errors import NotFoundError

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from kit.messaging import Outgoing, Publisher, read_streams
from kit.nats_server import NatsServer
from kit.subjects import INSIGHTS_LEAD_SCORE, subject
from kit.testing import eventually
from tests.unit.forecast.forecast_builders import scored_event

SERVICE = "dealcast.forecast.v1.ForecastService"


def start(server: NatsServer, folder: Path) -> subprocess.Popen[bytes]:
    """The process; what it had in hand when killed is delivered again after two seconds."""
    streams = dict(read_streams())
    streams["consumer_defaults"] = {**streams["consumer_defaults"], "ack_wait_seconds": 2}
    streams_file = folder / "streams.json"
    streams_file.write_text(json.dumps(streams))
    given = {"NATS_URL": server.url, "RUN_DIR": str(folder), "STREAMS_FILE": str(streams_file)}
    environment = {**os.environ, **{f"DEALCAST_{name}": value for name, value in given.items()}}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", "services.forecast"], env=environment, stderr=log)


@asynccontextmanager
async def running(server: NatsServer, folder: Path) -> AsyncIterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    process = start(server, folder)
    run_file = folder / "forecast.json"
    try:
        await eventually(run_file.is_file, 30)
        told = json.loads(run_file.read_text())
        await eventually(lambda: healthy(told["grpc"]), 20)
        yield process, told
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        run_file.unlink(missing_ok=True)


async def healthy(address: str) -> bool:
    async with grpc.aio.insecure_channel(address) as channel:
        try:
            answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=SERVICE))
        except grpc.aio.AioRpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


async def forecast_of(nats: NATS, deal_id: str) -> insights_pb2.Forecast | None:
    try:
        message = await nats.jetstream().get_last_msg("INSIGHTS", subject("INSIGHTS.forecast", deal_id))
    except NotFoundError:
        return None
    return events_pb2.DealEvent.FromString(message.data or b"").forecast


async def forecast_at(nats: NATS, deal_id: str, revision: int) -> bool:
    found = await forecast_of(nats, deal_id)
    return found is not None and found.header.key.deal_revision == revision


def outgoing(event: events_pb2.DealEvent) -> Outgoing:
    return Outgoing(subject(INSIGHTS_LEAD_SCORE, event.deal.id), event.SerializeToString())


async def forecasts(nats: NATS, count: int) -> bool:
    info = await nats.jetstream().stream_info("INSIGHTS", subjects_filter="INSIGHTS.forecast.>")
    return len(info.state.subjects or {}) == count


async def company_total(nats: NATS) -> insights_pb2.Rollup | None:
    try:
        message = await nats.jetstream().get_last_msg("INSIGHTS", "INSIGHTS.rollup.company.2017-Q4.USD")
    except NotFoundError:
        return None
    return insights_pb2.Rollup.FromString(message.data or b"")


async def test_killed_while_changes_stream_in_every_deal_ends_forecast(
    nats_server: NatsServer, nats: NATS, tmp_path: Path
) -> None:
    publisher, deals = Publisher(nats), 600
    async with running(nats_server, tmp_path) as (process, _):
        await publisher.publish([outgoing(scored_event(f"d{i}", owner=f"u{i % 5}")) for i in range(deals)])
        await eventually(lambda: forecast_at(nats, "d5", 1), 20)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    await publisher.publish(
        [outgoing(scored_event("d7", revision=2, score=0.9)), Outgoing("INSIGHTS.lead_score.bad", b"\xff")]
    )
    async with running(nats_server, tmp_path) as (process, told):
        await eventually(lambda: forecasts(nats, deals), 30)
        await eventually(lambda: forecast_at(nats, "d7", 2), 30)

        async def complete() -> bool:
            total = await company_total(nats)
            return total is not None and total.open_deals == deals

        await eventually(complete, 20)
        dead = await nats.jetstream().stream_info("DEAD")
        assert dead.state.messages == 1
        page = await asyncio.to_thread(metrics, told["metrics"])
        assert "dealcast_rollups_published_total" in page
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 20) == 0
        log = (tmp_path / "log").read_bytes()
        assert b"Traceback" not in log
        assert b"owner" not in log


def metrics(address: str) -> str:
    from urllib.request import urlopen

    with urlopen(f"http://{address}/metrics", timeout=5) as response:
        return str(response.read().decode())
