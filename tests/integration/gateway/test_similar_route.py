"""Past deals like one over REST, answered by the next best action service itself; foreign ones are not told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.clock import WallClock
from kit.models import Pointer
from kit.nats_server import NatsServer
from kit.server import GrpcServer
from learning.records import Deal, DealHistory, ProductLine
from learning.testing import company, last_day
from services.gateway.domain import Principal, Record, Scope
from services.gateway.rest.schemas_suggestions import SimilarDeals as Shape
from services.gateway.similar_deals import bought, told
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
async def running(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
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
    for product in ("P-1", "P-2"):
        assert (await running.http.put(f"/v1/products/{product}", json={"name": f"Pump {product}"})).status_code == 201
    for name, owner in owners.items():
        body = {"name": f"deal {name}", "owner_id": owner, "outcome": "WON" if ended[name] else "LOST",
                "products": [{"product_id": "P-1" if ended[name] else "P-2", "quantity": 2}]}  # fmt: skip
        assert (await running.http.put(f"/v1/deals/{name}", json=body)).status_code == 201
    await running.http.put("/v1/deals/asking", json={"stage": "S0", "owner_id": "u1"})
    address = "/v1/deals/asking/similar?limit=10"
    assert (await running.http.get(address)).status_code == 503
    (tmp_path / "next_best_action.json").write_text(json.dumps({"grpc": actions.address}))
    answer = await running.http.get(address)
    assert answer.status_code == 200, answer.text
    Shape.model_validate(answer.json())
    shown = {one["id"]: one for one in answer.json()["deals"]}
    assert set(shown) < set(owners), "deals that are not kept here any more are not told"
    assert {one["won"] for one in shown.values()} == {True, False}
    (pump,) = answer.json()["products"]
    assert (pump["product_id"], pump["name"]) == ("P-1", "Pump P-1"), "what lost deals had is not told"
    assert sum(one["won"] for one in shown.values()) <= pump["deals"] <= sum(ended[name] for name in owners)
    assert all(one["won"] == ended[name] for name, one in shown.items())
    lost = next(name for name, one in shown.items() if not one["won"])
    assert "lost after" in shown[lost]["text"]
    assert "실주" in (await running.http.get(f"{address}&lang=ko")).text
    assert (await running.http.get("/v1/deals/none/similar")).status_code == 404
    assert (await running.http.get("/v1/deals/asking/similar?limit=99")).status_code == 400
    monkeypatch.setattr("services.gateway.rest.similar.principal_of", lambda _: Principal("p", Scope.OWN, "u1"))
    own = {one["id"] for one in (await running.http.get(address)).json()["deals"]}
    assert own >= {name for name in shown if owners[name] == "u1"}
    assert {owners[name] for name in own} == {"u1"}, "a foreign deal does not exist"
    (own_pump,) = (await running.http.get(address)).json()["products"]
    assert own_pump["deals"] < pump["deals"], "nor do its products"
    mine = next(name for name in own if ended[name])
    await running.http.put(f"/v1/deals/{mine}", json={"outcome": "LOST"})
    assert mine not in (await running.http.get(address)).text, "corrected since"


def test_quantities_of_a_deal_add_up_and_the_commonest_product_comes_first() -> None:
    def won(number: int, *lines: tuple[str, float]) -> Record:
        products = tuple(ProductLine(product, quantity) for product, quantity in lines)
        return Record(DealHistory(Deal(f"d{number}", products=products), product_names={"P-1": "Pump"}), "", {})

    deals = [won(1, ("P-2", 1), ("P-1", 2), ("P-1", 3)), won(2, ("P-1", 9)), won(3, ("P-1", 1))]
    assert bought(deals) == [
        {"product_id": "P-1", "name": "Pump", "deals": 3, "quantity": 5},
        {"product_id": "P-2", "name": "P-2", "deals": 1, "quantity": 1},
    ]


def test_what_was_done_next_is_told_in_words() -> None:
    one = {"next_activity": "mail", "days_to_next": 3, "days_to_close": 20, "won": True}
    assert told(one, "en") == "3 days later: mail; won after 20 days"
    assert told({**one, "days_to_next": 1, "days_to_close": 1}, "en") == "1 day later: mail; won after 1 day"
    assert told(one, "ko") == "3일 뒤 메일; 20일 뒤 수주"
    assert told({**one, "next_activity": "", "won": False}, "ko") == "종결까지 활동 없음; 20일 뒤 실주"
