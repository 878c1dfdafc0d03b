"""Past deals like one over REST, answered by the next best action service itself; foreign ones are not told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kit.clock import WallClock
from kit.models import Pointer
from kit.nats_server import NatsServer
from kit.server import GrpcServer
from learning.testing import company, last_day
from services.gateway.domain import Principal, Scope
from services.gateway.rest.schemas_suggestions import SimilarDeals as Shape
from services.next_best_action import catalogue
from services.next_best_action.encoder import TextVectors
from services.next_best_action.grpc_api import SERVICE_NAME, NextBestActionApi
from services.next_best_action.likeness import Likeness
from services.next_best_action.model import ActionModel
from services.next_best_action.service import NextBestAction
from services.next_best_action.similar import SimilarDeals
from services.next_best_action.similar_training import index, past_of
from tests.integration.gateway.conftest import RunningGateway


class Prior:
    """The model in use when none was promoted."""

    current = (ActionModel(), None)


class Learned:
    """Past deals of a made-up company."""

    def __init__(self) -> None:
        past = [one for each in company(60) if (one := past_of(each, last_day())) is not None]
        self.current: tuple[SimilarDeals, Pointer | None] = (index(past), Pointer("v1", 1, "x"))


@pytest.fixture
async def actions() -> AsyncIterator[GrpcServer]:
    service = NextBestAction(catalogue.load(), Prior(), WallClock())
    api = NextBestActionApi(service, Likeness(Learned(), TextVectors("")))
    server = GrpcServer("127.0.0.1:0", api.add_to, [SERVICE_NAME])
    await server.start()
    yield server
    await server.stop(0)


@pytest.fixture
async def running(nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    gateway = RunningGateway(nats_server.url, tmp_path / "data", run_dir=tmp_path)
    await gateway.start()
    yield gateway
    await gateway.stop()


async def test_similar_deals_are_told_as_far_as_they_may_be_seen(
    running: RunningGateway, actions: GrpcServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Learned().current[0]
    assert known.ids is not None
    assert known.won is not None
    for user in ("u1", "u2"):
        await running.http.put(f"/v1/users/{user}", json={"name": f"Kim {user}"})
    ended = dict(zip(map(str, known.ids), known.won.tolist(), strict=True))
    owners = {name: ("u1", "u2")[number % 2] for number, name in enumerate(list(ended)[:16])}
    for name, owner in owners.items():
        body = {"name": f"deal {name}", "owner_id": owner, "outcome": "WON" if ended[name] else "LOST"}
        assert (await running.http.put(f"/v1/deals/{name}", json=body)).status_code == 201
    await running.http.put("/v1/deals/asking", json={"stage": "S0", "owner_id": "u1"})
    address = "/v1/deals/asking/similar?limit=10"
    assert (await running.http.get(address)).status_code == 503
    (tmp_path / "next_best_action.json").write_text(json.dumps({"grpc": actions.address}))
    answer = await running.http.get(address)
    assert answer.status_code == 200, answer.text
    Shape.model_validate(answer.json())
    told = {one["id"]: one for one in answer.json()["deals"]}
    assert set(told) < set(owners), "deals that are not kept here any more are not told"
    assert {one["won"] for one in told.values()} == {True, False}
    assert all(one["won"] == ended[name] for name, one in told.items())
    lost = next(name for name, one in told.items() if not one["won"])
    assert "lost after" in told[lost]["text"]
    assert "실주" in (await running.http.get(f"{address}&lang=ko")).text
    assert (await running.http.get("/v1/deals/none/similar")).status_code == 404
    assert (await running.http.get("/v1/deals/asking/similar?limit=99")).status_code == 400
    monkeypatch.setattr("services.gateway.rest.similar.principal_of", lambda _: Principal("p", Scope.OWN, "u1"))
    own = {one["id"] for one in (await running.http.get(address)).json()["deals"]}
    assert own >= {name for name in told if owners[name] == "u1"}
    assert {owners[name] for name in own} == {"u1"}, "a foreign deal does not exist"
    mine = next(name for name in own if ended[name])
    await running.http.put(f"/v1/deals/{mine}", json={"outcome": "LOST"})
    assert mine not in (await running.http.get(address)).text, "corrected since"
