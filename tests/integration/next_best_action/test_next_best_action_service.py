"""The whole process over real NATS: events in, insights out; gRPC; following a model; dead letters; a clean end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js.errors import NotFoundError

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from dealcast.next_best_action.v1 import next_best_action_pb2 as pb
from dealcast.next_best_action.v1 import next_best_action_pb2_grpc
from kit.messaging import Outgoing, Publisher
from kit.models import ModelShelf, Pointer, pack
from kit.nats_server import NatsServer
from kit.server import error_of
from kit.subjects import insight_id, subject
from kit.testing import eventually
from learning.records import Outcome
from learning.wire import deal_event
from services.next_best_action.domain import Effect
from services.next_best_action.model import ActionModel
from tests.unit.next_best_action.nba_builders import DAY, activity, asked, person


def forecast_event(deal_id: str, **deal: object) -> events_pb2.DealEvent:
    """What the forecast service publishes, as far as this service reads it."""
    contacts = ((person(), "decides"),)
    question = asked(id=deal_id, contacts=contacts, activities=(activity("call", "outbound", 21.5),), **deal)  # type: ignore[arg-type]
    event = deal_event(question.history, business_day=DAY)
    event.lead_score.header.key.insight_id = "score"
    event.lead_score.probability = 0.4
    event.forecast.header.key.CopyFrom(
        insights_pb2.InsightKey(deal_revision=4, model_generation=2, business_day=DAY.isoformat(), insight_id="timing",
                                upstream=insights_pb2.InsightKey(insight_id="score"))
    )  # fmt: skip
    return event


class Service:
    """A running process and a channel to it."""

    def __init__(self, process: subprocess.Popen[bytes], run_file: Path) -> None:
        self.process = process
        self._run_file = run_file
        self.told: dict[str, str] = {}

    def listening(self) -> bool:
        """Whether it wrote where it listens."""
        assert self.process.poll() is None, "the service ended"
        if self._run_file.is_file():
            self.told = json.loads(self._run_file.read_text())
        return bool(self.told)

    async def healthy(self) -> bool:
        async with grpc.aio.insecure_channel(self.told["grpc"]) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            try:
                answer = await stub.Check(health_pb2.HealthCheckRequest(service=_SERVICE))
            except grpc.aio.AioRpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


_SERVICE = "dealcast.next_best_action.v1.NextBestActionService"


@pytest.fixture
async def service(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[Service]:
    environment = os.environ | {"DEALCAST_NATS_URL": nats_server.url, "DEALCAST_RUN_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "services.next_best_action"]
    process = await asyncio.to_thread(subprocess.Popen, command, env=environment)
    found = Service(process, tmp_path / "next_best_action.json")
    await eventually(found.listening, 30)
    await eventually(found.healthy, 30)
    yield found
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 20) == 0


async def last(nats: NATS, stream: str, name: str) -> bytes | None:
    try:
        return (await nats.jetstream().get_last_msg(stream, name)).data
    except NotFoundError:
        return None


async def buried(nats: NATS, token: str) -> bool:
    return await last(nats, "DEAD", f"DEAD.next_best_action.{token}") is not None


async def insight(nats: NATS, deal_id: str, generation: int = 0) -> events_pb2.DealEvent:
    found = events_pb2.DealEvent()

    async def there() -> bool:
        data = await last(nats, "INSIGHTS", subject("INSIGHTS.next_actions", deal_id))
        found.ParseFromString(data or b"")
        return data is not None and found.next_actions.header.key.model_generation == generation

    await eventually(there, 15, what=f"next actions of {deal_id}")
    return found


async def send(nats: NATS, deal_id: str, data: bytes) -> None:
    name = subject("INSIGHTS.forecast", deal_id)
    assert await Publisher(nats).publish([Outgoing(name, data)]) == [None]


async def test_events_become_insights_and_poisoned_ones_dead_letters(nats: NATS, service: Service) -> None:
    await send(nats, "broken", b"\xff\xfe no event")
    bare = forecast_event("bare")
    bare.ClearField("forecast")
    await send(nats, "bare", bare.SerializeToString())
    odd = "거래 #1/2"
    for deal_id in ("d1", odd):
        await send(nats, deal_id, forecast_event(deal_id).SerializeToString())
    await send(nats, "closed", forecast_event("closed", outcome=Outcome.WON).SerializeToString())

    found = await insight(nats, "d1")
    assert not found.history
    assert not found.activities
    key = found.next_actions.header.key
    assert (key.deal_revision, key.business_day, key.upstream.insight_id) == (4, DAY.isoformat(), "timing")
    assert key.upstream.upstream.insight_id == "score"
    assert key.insight_id == insight_id("next_actions", "d1", 4, 0, DAY.isoformat(), "timing", "prior")
    assert found.next_actions.header.model_version == "prior"
    assert 1 <= len(found.next_actions.actions) <= 3
    first = found.next_actions.actions[0]
    assert first.propensity == 1
    assert first.contact_id == "p1"
    assert float(first.gain.value) > 0
    assert (await insight(nats, odd)).deal.id == odd
    closed = (await insight(nats, "closed")).next_actions
    assert not closed.actions
    assert not closed.look_again_date
    for name in ("broken", "bare"):
        await eventually(partial(buried, nats, name), 15)
    letter = events_pb2.DeadLetter.FromString(await last(nats, "DEAD", "DEAD.next_best_action.bare") or b"")
    assert "forecast" in letter.error


async def test_grpc_answers_and_a_promoted_model_is_followed(nats: NATS, service: Service, tmp_path: Path) -> None:
    async with grpc.aio.insecure_channel(service.told["grpc"]) as channel:
        stub = next_best_action_pb2_grpc.NextBestActionServiceStub(channel)
        assert len((await stub.ListActions(pb.ListActionsRequest())).actions) == 20
        assert (await stub.GetModel(pb.GetModelRequest())).prior
        asked_for = pb.RankActionsRequest(deals=[forecast_event("d1"), forecast_event("d2", deleted=True)])
        ranked = (await stub.RankActions(asked_for)).next_actions
        assert [bool(each.actions) for each in ranked] == [True, False]
        asked_for.deals[1].ClearField("lead_score")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.RankActions(asked_for)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert error_of(refused.value).field == "deals[1].lead_score"

        digest = await promote(nats, tmp_path)
        await send(nats, "d1", forecast_event("d1").SerializeToString())

        async def followed() -> bool:
            return bool((await stub.GetModel(pb.GetModelRequest())).generation == 3)

        await eventually(followed, 5)
        told = await stub.GetModel(pb.GetModelRequest())
        assert (told.model_version, told.digest, json.loads(told.evaluation_json)) == ("7", digest, {"rows": 9})
    await send(nats, "d1", forecast_event("d1").SerializeToString())
    actions = (await insight(nats, "d1", generation=3)).next_actions.actions
    assert actions[0].action == "call"
    assert actions[0].reasons[-1].evidence_count == 500


async def promote(nats: NATS, folder: Path) -> str:
    """A model that thinks the world of calls."""
    target = folder / "model"
    target.mkdir()
    strong = Effect(2.0, 1.5, 2.5, learned=True, deals=500, deals_won=300)
    ActionModel(effects={"call": strong}, outcomes=900, evaluation={"rows": 9}).save(target)
    shelf = ModelShelf(nats)
    digest = await shelf.put(pack(target))
    await shelf.point("next_best_action", Pointer("7", 3, digest))
    return digest


def test_a_wrong_catalogue_keeps_it_from_starting(tmp_path: Path, nats_server: NatsServer) -> None:
    wrong = tmp_path / "actions.toml"
    wrong.write_text('[[actions]]\nname = "call"\nen = ""\nko = ""\neligibility = "dayz > 1"\n')
    environment = os.environ | {"DEALCAST_NATS_URL": nats_server.url, "DEALCAST_ACTION_CATALOGUE": str(wrong)}
    ended = subprocess.run([sys.executable, "-m", "services.next_best_action"], env=environment, capture_output=True,
                           text=True, timeout=60, check=False)  # fmt: skip
    assert ended.returncode == 1
    assert "actions.call.eligibility" in ended.stderr
    assert "Traceback" not in ended.stderr
