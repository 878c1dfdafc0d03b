"""The action catalogue over REST: checked by the service that uses it, versioned, shipped through NATS."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.clock import WallClock
from kit.models import Follower, ModelShelf
from kit.nats_server import NatsServer
from kit.server import GrpcServer
from services.gateway.domain import InsightKind
from services.gateway.rest.schemas_actions import Catalogue as CatalogueShape
from services.next_best_action import catalogue
from services.next_best_action.catalogue import Catalogue
from services.next_best_action.catalogue_source import edition_follower
from services.next_best_action.grpc_api import SERVICE_NAME, NextBestActionApi
from services.next_best_action.service import NextBestAction
from tests.integration.gateway.conftest import RunningGateway, until
from tests.unit.next_best_action.nba_builders import Prior

ADDRESS = "/v1/actions/catalogue"
OWN = '[channels.call]\n[[actions]]\nname = "call"\nen = "Call"\nko = "전화하기"\nchannels = ["call"]\n'


class Ranking:
    """The ranking service's parts that know of catalogues."""

    def __init__(self, nats: NATS) -> None:
        self.service = NextBestAction(catalogue.load(), Prior(), WallClock())
        self.follower: Follower[Catalogue] = edition_follower(
            ModelShelf(nats), self.service.catalogue, self.service.adopt
        )


@pytest.fixture
async def ranking(nats: NATS, tmp_path: Path) -> AsyncIterator[Ranking]:
    made = Ranking(nats)
    server = GrpcServer("127.0.0.1:0", NextBestActionApi(made.service).add_to, [SERVICE_NAME])
    await server.start()
    (tmp_path / "next_best_action.json").write_text(json.dumps({"grpc": server.address}))
    yield made
    await server.stop(0)


@pytest.fixture
async def running(nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    gateway = await RunningGateway(nats_server.url, tmp_path / "data", run_dir=tmp_path).start()
    yield gateway
    await gateway.stop()


async def test_an_edit_is_checked_versioned_and_followed(running: RunningGateway, ranking: Ranking) -> None:
    found = (await running.http.get(ADDRESS)).json()
    CatalogueShape.model_validate(found)
    assert (found["generation"], found["editions"]) == (0, [])
    assert found["text"] == catalogue.DEFAULT_FILE.read_text(encoding="utf-8")

    wrong = await running.http.put(ADDRESS, json={"text": OWN + 'eligibility = "kind = 1"\n'})
    assert wrong.status_code == 400
    assert wrong.json()["field"] == "actions.call.eligibility"
    assert wrong.json()["detail"].startswith("line 7: ")
    assert wrong.json()["mend"]
    assert not await ranking.follower.look()
    assert (await running.http.get(ADDRESS)).json()["generation"] == 0

    edited = await running.http.put(ADDRESS, json={"text": OWN, "note": "calls alone"}, headers={"If-Match": '"0"'})
    assert edited.status_code == 200, edited.text
    assert edited.headers["ETag"] == '"1"'
    assert [(each["generation"], each["note"], each["actions"]) for each in edited.json()["editions"]] == [
        (1, "calls alone", 1)
    ]
    assert await ranking.follower.look()
    assert ([action.name for action in ranking.service.catalogue.actions], ranking.service.edition) == (["call"], 1)
    assert running.gateway.workspace.generations[InsightKind.NEXT_ACTIONS] == 1  # open deals are ranked anew

    stale = await running.http.put(ADDRESS, json={"text": OWN + "minutes = 5\n"}, headers={"If-Match": '"0"'})
    assert stale.status_code == 412
    again = await running.http.put(ADDRESS, json={"text": OWN})
    assert again.json()["generation"] == 1
    first = (await running.http.get(f"{ADDRESS}?generation=0")).json()
    assert (first["text"], first["serving"]) == (found["text"], 1)
    assert (await running.http.get(f"{ADDRESS}?generation=7")).status_code == 404
    back = await running.http.put(ADDRESS, json={"text": first["text"]})
    assert back.json()["generation"] == 2


async def test_the_edition_comes_back_after_a_restart_and_a_loss(
    running: RunningGateway, ranking: Ranking, nats: NATS
) -> None:
    assert (await running.http.put(ADDRESS, json={"text": OWN})).status_code == 200
    await running.stop()
    bucket = await nats.jetstream().key_value("models")
    await bucket.purge("action_catalogue")
    await running.start()
    assert running.gateway.workspace.catalogue_generation == 1
    await until(ranking.follower.look)
    assert ranking.service.edition == 1


async def test_without_the_service_an_edit_is_refused(running: RunningGateway) -> None:
    answer = await running.http.put(ADDRESS, json={"text": OWN})
    assert answer.status_code == 503
    assert answer.json()["field"] == "next_best_action"
