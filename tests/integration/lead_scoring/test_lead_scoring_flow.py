"""The service as it runs, on a real NATS: deals in, scores out, models swapped, gRPC answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import grpc
import numpy as np
import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.common.v1 import columns_pb2
from dealcast.events.v1 import events_pb2
from dealcast.lead_scoring.v1 import lead_scoring_pb2 as pb
from dealcast.lead_scoring.v1 import lead_scoring_pb2_grpc
from kit.errors import InvalidInput
from kit.messaging import Outgoing, Publisher, ensure_streams
from kit.models import ModelShelf, Pointer, pack
from kit.process import Parts
from kit.server import GrpcServer, error_of
from kit.subjects import DEALS_CHANGED, DEALS_RESCORE, INSIGHTS_LEAD_SCORE, subject
from learning.records import DealHistory, Outcome
from learning.testing import company, last_day
from learning.wire import deal_event
from services.lead_scoring.bootstrap import build
from services.lead_scoring.dataset import build_dataset
from services.lead_scoring.settings import Settings
from services.lead_scoring.training import train

DAY = last_day()


@asynccontextmanager
async def running(nats: NATS) -> AsyncIterator[lead_scoring_pb2_grpc.LeadScoringServiceStub]:
    """The service's own parts on the test's connection, and a stub to call it."""
    parts: Parts = await build(nats, Settings())
    stop = asyncio.Event()
    tasks = [asyncio.create_task(runner.run(stop)) for runner in parts.runners]
    assert parts.grpc is not None
    server = GrpcServer("127.0.0.1:0", parts.grpc, parts.grpc_services)
    await server.start()
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield lead_scoring_pb2_grpc.LeadScoringServiceStub(channel)
    stop.set()
    await asyncio.gather(*tasks)
    await server.stop(1.0)


async def publish(nats: NATS, prefix: str, histories: Sequence[DealHistory], day: date = DAY) -> None:
    events = [deal_event(one, business_day=day) for one in histories]
    messages = [Outgoing(subject(prefix, one.deal.id), one.SerializeToString()) for one in events]
    assert await Publisher(nats).publish(messages) == [None] * len(messages)


async def insights(nats: NATS, count: int, generation: int = 0) -> dict[str, events_pb2.DealEvent]:
    """The last lead scores by deal, once `count` of that generation are there."""
    found: dict[str, events_pb2.DealEvent] = {}
    subscription = await nats.jetstream().subscribe(f"{INSIGHTS_LEAD_SCORE}.*", ordered_consumer=True)
    async with asyncio.timeout(30):
        async for message in subscription.messages:
            event = events_pb2.DealEvent.FromString(message.data)
            if event.lead_score.header.key.model_generation == generation:
                found[event.deal.id] = event
            if len(found) == count:
                break
    await subscription.unsubscribe()
    return found


async def until(true: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Wait for what no event tells; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def at_generation(stub: lead_scoring_pb2_grpc.LeadScoringServiceStub, generation: int) -> bool:
    return bool((await stub.GetModel(pb.GetModelRequest())).generation == generation)


async def buried(nats: NATS, count: int) -> bool:
    return (await nats.jetstream().stream_info("DEAD")).state.messages >= count


async def promote(nats: NATS, folder: Path, generation: int) -> None:
    shelf = ModelShelf(nats)
    digest = await shelf.put(pack(folder))
    await shelf.point("lead_scoring", Pointer(f"v{generation}", generation, digest))


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lead-model")
    train(build_dataset(company(400, signal=2.0), DAY), 0, lambda *_: None).model.save(folder)
    return folder


async def test_every_deal_flows_through_with_its_score(nats: NATS) -> None:
    histories = company(120)
    async with running(nats):
        await publish(nats, DEALS_CHANGED, histories[:60])
        await publish(nats, DEALS_RESCORE, histories[60:])
        found = await insights(nats, 120)
    for history in histories:
        event = found[history.deal.id]
        key, score = event.lead_score.header.key, event.lead_score
        assert (key.deal_revision, key.business_day) == (history.deal.revision, DAY.isoformat())
        assert len(key.insight_id) == 16
        if history.deal.outcome is Outcome.OPEN:
            assert score.prior
            assert 0 < score.low < score.probability < score.high < 1
        else:
            assert score.probability == score.low == score.high == (history.deal.outcome is Outcome.WON)
            assert not score.reasons


async def test_a_promoted_model_serves_within_five_seconds(nats: NATS, artifact: Path) -> None:
    open_deals = [one for one in company(400, signal=2.0) if one.deal.outcome is Outcome.OPEN]
    async with running(nats) as stub:
        await publish(nats, DEALS_CHANGED, open_deals)
        await insights(nats, len(open_deals))
        assert (await stub.GetModel(pb.GetModelRequest())).prior
        await promote(nats, artifact, 1)
        await until(lambda: at_generation(stub, 1), 5)
        await publish(nats, DEALS_RESCORE, open_deals)
        found = await insights(nats, len(open_deals), generation=1)
        for event in found.values():
            score = event.lead_score
            assert not score.prior
            assert score.header.model_version == "v1"
            log_odds = score.base_log_odds + sum(one.effect for one in score.reasons)
            assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(score.probability, abs=1e-12)
        model = await stub.GetModel(pb.GetModelRequest())
        assert "fields.source" in model.columns
        assert '"auc"' in model.evaluation_json


async def test_the_first_batch_after_a_restart_is_answered_by_the_model(nats: NATS, artifact: Path) -> None:
    open_deals = [one for one in company(20) if one.deal.outcome is Outcome.OPEN]
    await ensure_streams(nats)
    await promote(nats, artifact, 1)
    await publish(nats, DEALS_CHANGED, open_deals)
    parts = await build(nats, Settings())
    _, changed, _ = parts.runners  # the follower does not run yet
    stop = asyncio.Event()
    consuming = asyncio.create_task(changed.run(stop))
    assert len(await insights(nats, len(open_deals), generation=1)) == len(open_deals)
    stop.set()
    await consuming


async def test_a_bad_message_goes_to_the_dead_letters_and_harms_no_other(nats: NATS) -> None:
    async with running(nats):
        bad = [Outgoing(f"{DEALS_CHANGED}.x", b"\xff\xff"), Outgoing(f"{DEALS_CHANGED}.y", b"")]
        await Publisher(nats).publish(bad)
        await publish(nats, DEALS_CHANGED, company(20))
        await insights(nats, 20)
        await until(lambda: buried(nats, 2), 10)


async def test_all_ways_of_asking_agree(nats: NATS, artifact: Path) -> None:
    history = next(one for one in company(400, signal=2.0) if one.deal.outcome is Outcome.OPEN)
    event = deal_event(history, business_day=DAY)
    await promote(nats, artifact, 1)
    async with running(nats) as stub:
        await until(lambda: at_generation(stub, 1), 5)
        single = await stub.ScoreDeal(pb.ScoreDealRequest(deal=event))
        explained = (await stub.ExplainDeal(pb.ExplainDealRequest(deal=event))).lead_score
        bulk = await stub.ScoreDeals(
            pb.ScoreDealsRequest(rows=1, deal_ids=[history.deal.id], columns=columns_of(history))
        )
        assert single.probability == pytest.approx(explained.probability, abs=1e-12)
        assert bulk.probability[0] == pytest.approx(single.probability, abs=1e-12)
        assert (bulk.low[0], bulk.high[0]) == pytest.approx((single.low, single.high))
        assert (single.deal_id, bulk.deal_ids[0]) == (history.deal.id,) * 2
        many = await asyncio.gather(*(stub.ScoreDeal(pb.ScoreDealRequest(deal=event)) for _ in range(50)))
        assert [one.probability for one in many] == pytest.approx([single.probability] * 50, abs=1e-12)
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await stub.ScoreDeal(pb.ScoreDealRequest(deal=events_pb2.DealEvent()))
        assert isinstance(error_of(failure.value), InvalidInput)


def columns_of(history: DealHistory) -> list[columns_pb2.Column]:
    """One row of features as a program would send it."""
    from learning.snapshots import row_at

    columns = []
    for name, cell in row_at(history, DAY).items():
        if isinstance(cell, str):
            text = columns_pb2.TextColumn(dictionary=[cell], codes=[0])
            columns.append(columns_pb2.Column(name=name, texts=text))
        elif isinstance(cell, int | float):
            columns.append(columns_pb2.Column(name=name, numbers=columns_pb2.NumberColumn(values=[float(cell)])))
    return columns
