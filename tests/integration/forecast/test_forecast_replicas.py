"""Replicas over real NATS: they agree to the last unit, through kills, wipes and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.common.v1 import insights_pb2, records_pb2
from dealcast.events.v1 import events_pb2
from dealcast.forecast.v1 import forecast_pb2 as pb
from dealcast.forecast.v1 import forecast_pb2_grpc
from kit.connection import connect
from kit.messaging import Outgoing, Publisher
from kit.models import ModelShelf, Pointer, pack
from kit.nats_server import NatsServer
from kit.server import GrpcServer
from kit.subjects import INSIGHTS_LEAD_SCORE, subject
from kit.testing import eventually
from learning.records import Outcome
from services.forecast.blend import Blend, Level
from services.forecast.bootstrap import build
from services.forecast.grpc_api import SERVICE_NAME
from services.forecast.model import ForecastModel
from services.forecast.newbusiness import NewBusiness, OwnerRate
from services.forecast.settings import Settings
from tests.unit.forecast.forecast_builders import owner_path, scored_event

Rollups = dict[tuple[str, str, str], tuple[int, int, int, int, tuple[int, ...]]]


class Replica:
    """A running service in this process and a stub to it."""

    def __init__(self, stub: forecast_pb2_grpc.ForecastServiceStub) -> None:
        self.stub = stub

    async def rollups(self) -> Rollups:
        response = await self.stub.GetRollup(pb.GetRollupRequest())
        return plain(response.rollups)


def plain(rollups: Iterable[insights_pb2.Rollup]) -> Rollups:
    """The numbers of what is not empty, by node, period and currency."""
    return {
        (one.node, one.period, one.currency): (
            one.open_deals, one.deals_sum, one.not_yet_created_sum, one.correction_sum, tuple(one.quantiles),
        )
        for one in rollups
        if one.open_deals or any(one.quantiles)
    }  # fmt: skip


@asynccontextmanager
async def replica(server: NatsServer) -> AsyncIterator[Replica]:
    client = await connect(server.url, "forecast")
    settings = Settings(nats_url=server.url)
    parts = await build(client, settings)
    assert parts.grpc is not None
    listener = GrpcServer("127.0.0.1:0", parts.grpc, [SERVICE_NAME])
    await listener.start()
    stop = asyncio.Event()
    tasks = [asyncio.create_task(runner.run(stop)) for runner in parts.runners]
    async with grpc.aio.insecure_channel(listener.address) as channel:
        try:
            await eventually(lambda: all(runner.ready for runner in parts.runners), 20)
            yield Replica(forecast_pb2_grpc.ForecastServiceStub(channel))
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 20)
            await listener.stop(0.1)
            await client.close()


async def send(client: NATS, events: Iterable[events_pb2.DealEvent]) -> None:
    publisher = Publisher(client, ack_seconds=2)
    left = [Outgoing(subject(INSIGHTS_LEAD_SCORE, one.deal.id), one.SerializeToString()) for one in events]
    while left:
        results = await publisher.publish(left)
        left = [one for one, result in zip(left, results, strict=True) if result is not None]


def some_events(count: int, revision: int = 1) -> list[events_pb2.DealEvent]:
    return [
        scored_event(f"d{i}", owner=f"u{i % 7}", score=(i * revision % 97) / 97, revision=revision)
        for i in range(count)
    ]


async def open_deals(one: Replica) -> int:
    found = await one.rollups()
    return found.get(("company", "2017-Q4", "USD"), (0,))[0]


async def published(client: NATS) -> Rollups:
    """What stands on the stream for each node."""
    js = client.jetstream()
    info = await js.stream_info("INSIGHTS", subjects_filter="INSIGHTS.rollup.>")
    found = []
    for name in info.state.subjects or {}:
        message = await js.get_last_msg("INSIGHTS", name)
        found.append(insights_pb2.Rollup.FromString(message.data or b""))
    return plain(found)


async def test_two_replicas_agree_to_the_last_unit_and_publish_it(server: NatsServer, client: NATS) -> None:
    async with replica(server) as one, replica(server) as other:
        await send(client, some_events(300))
        changed = some_events(150, revision=2)
        for index, event in enumerate(changed[:50]):
            event.deal.outcome = records_pb2.OUTCOME_WON if index % 2 else records_pb2.OUTCOME_OPEN
            event.deal.deleted = index % 2 == 0
        await send(client, changed)
        await eventually(lambda: _counts(one, 250), 20)
        await eventually(lambda: _counts(other, 250), 20)
        await eventually(lambda: _same(one, other), 10)
        await eventually(lambda: _stands(client, one), 10)
        async with replica(server) as late:
            assert await late.rollups() == await one.rollups()


async def _counts(one: Replica, count: int) -> bool:
    return await open_deals(one) == count


async def _same(one: Replica, other: Replica) -> bool:
    found = await one.rollups()
    return bool(found) and found == await other.rollups()


async def _stands(client: NATS, one: Replica) -> bool:
    found = await one.rollups()
    return bool(found) and await published(client) == found


async def test_nats_killed_and_wiped_under_replicas(server: NatsServer, client: NATS) -> None:
    async with replica(server) as one, replica(server) as other:
        await send(client, some_events(60))
        await eventually(lambda: _counts(one, 60), 20)
        server.kill()
        server.start()
        await eventually(lambda: client.is_connected, 20)
        await send(client, some_events(60, revision=2))
        await send(client, [scored_event("new", revision=1)])
        await eventually(lambda: _counts(one, 61), 30)
        await eventually(lambda: _counts(other, 61), 30)
        await eventually(lambda: _same(one, other), 20)
        server.kill()
        server.wipe()
        server.start()
        await eventually(lambda: client.is_connected, 20)
        # The store is the truth: what it holds is sent again, here from a backup that is older.
        await send(client, some_events(61))
        await eventually(lambda: _counts(one, 62), 30)
        await eventually(lambda: _same(one, other), 30)
        await eventually(lambda: _stands(client, one), 20)


async def test_a_node_emptied_while_nobody_watched_is_published_as_empty(server: NatsServer, client: NATS) -> None:
    async with replica(server) as one:
        await send(client, [scored_event("d1", owner="u1"), scored_event("d2", owner="u2")])
        await eventually(lambda: _stands(client, one), 20)
        assert ("owner:u1", "2017-Q4", "USD") in await published(client)
    await client.jetstream().purge_stream("INSIGHTS", subject="INSIGHTS.forecast.d1")
    async with replica(server) as one:
        await eventually(lambda: _stands(client, one), 20)
        assert ("owner:u1", "2017-Q4", "USD") not in await published(client)


async def test_a_new_model_brings_new_business_within_seconds(server: NatsServer, client: NATS, tmp_path: Path) -> None:
    async with replica(server) as one:
        await send(client, [scored_event("d1", owner="u1")])
        await eventually(lambda: _counts(one, 1), 20)
        rates = (OwnerRate("u9", "USD", owner_path("u9"), 0.5, 11.0, 0.3),)
        model = ForecastModel(
            new_business=NewBusiness(rates, np.linspace(0, 0.5, 100), note="t"), blend=Blend((Level(0.9),))
        )
        model.save(tmp_path / "model")
        shelf = ModelShelf(client)
        digest = await shelf.put(pack(tmp_path / "model"))
        await shelf.point("forecast", Pointer("v1", 1, digest))
        await eventually(lambda: _has_new_business(one), 5)
        found = await one.rollups()
        company, owner = found["company", "2017-Q4", "USD"], found["owner:u9", "2017-Q4", "USD"]
        assert company[2] == owner[2] > 0
        assert company[3] < 0
        told = await one.stub.GetModel(pb.GetModelRequest())
        assert (told.model_version, told.generation, told.prior) == ("v1", 1, False)
        await eventually(lambda: _stands(client, one), 10)
        assert await _generations(one) == {"company": 0, "owner:u1": 0, "owner:u9": 1}, (
            "the deal is the earlier model's"
        )
        await send(client, [scored_event("d1", owner="u1", revision=2)])
        await eventually(lambda: _all_new(one), 10)


async def _generations(one: Replica) -> dict[str, int]:
    response = await one.stub.GetRollup(pb.GetRollupRequest(period="2017-Q4"))
    shown = ("company", "owner:u1", "owner:u9")
    return {each.node: each.model_generation for each in response.rollups if each.node in shown}


async def _all_new(one: Replica) -> bool:
    return set((await _generations(one)).values()) == {1}


async def _has_new_business(one: Replica) -> bool:
    found = await one.rollups()
    return ("owner:u9", "2017-Q4", "USD") in found


async def test_asking_and_simulating_over_grpc(server: NatsServer, client: NATS) -> None:
    async with replica(server) as one:
        await send(client, some_events(20))
        await eventually(lambda: _counts(one, 20), 20)
        response = await one.stub.ForecastDeals(pb.ForecastDealsRequest(deals=some_events(3)))
        assert [len(forecast.periods) for forecast in response.forecasts] == [4, 4, 4]
        before = await one.rollups()
        sure = scored_event("d0", owner="u0", score=1.0, revision=9)
        simulated = await one.stub.SimulateRollup(pb.SimulateRollupRequest(period="2017-Q4", deals=[sure]))
        assert plain(simulated.current)["company", "2017-Q4", "USD"] == before["company", "2017-Q4", "USD"]
        after = plain(simulated.simulated)
        assert after["company", "2017-Q4", "USD"][1] > before["company", "2017-Q4", "USD"][1]
        assert after["owner:u0", "2017-Q4", "USD"][1] > before.get(("owner:u0", "2017-Q4", "USD"), (0, 0))[1]
        assert await one.rollups() == before
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await one.stub.GetRollup(pb.GetRollupRequest(period="Q4"))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        unscored = scored_event("new", owner="u0")
        unscored.ClearField("lead_score")
        many = pb.AddedPipeline(deal=unscored, count=3)
        simulated = await one.stub.SimulateRollup(pb.SimulateRollupRequest(period="2017-10", added=[many]))
        assert plain(simulated.simulated)["company", "2017-10", "USD"][0] == 23
        assert await one.rollups() == before
        gone = scored_event("d1", owner="u1", outcome=Outcome.LOST, revision=9)
        simulated = await one.stub.SimulateRollup(pb.SimulateRollupRequest(period="2017-Q4", deals=[gone]))
        assert plain(simulated.simulated)["company", "2017-Q4", "USD"][0] == 19
