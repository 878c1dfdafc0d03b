"""The action catalogue over REST: checked by the service that uses it, versioned, shipped through NATS."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.clock import WallClock
from kit.models import Follower, ModelShelf
from kit.nats_server import NatsServer
from kit.server import GrpcServer
from learning.action_policies import ActionPolicies
from services.gateway.domain import LOCAL, InsightKind
from services.gateway.rest.schemas_actions import Catalogue as CatalogueShape
from services.gateway.rest.schemas_actions import Policies as PoliciesShape
from services.next_best_action import catalogue
from services.next_best_action.catalogue_source import Edition, edition_follower
from services.next_best_action.grpc_api import SERVICE_NAME, NextBestActionApi
from services.next_best_action.service import NextBestAction
from tests.integration.gateway.conftest import RunningGateway, until
from tests.unit.next_best_action.nba_builders import Prior

POLICIES = "/v1/actions/policies"
ADDRESS = "/v1/actions/catalogue"
OWN = '[channels.call]\n[[actions]]\nname = "call"\nen = "Call"\nko = "전화하기"\nchannels = ["call"]\n'


class Ranking:
    """The ranking service's parts that know of catalogues."""

    def __init__(self, nats: NATS) -> None:
        self.service = NextBestAction(catalogue.load(), Prior(), WallClock())
        self.follower: Follower[Edition] = edition_follower(
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
async def running(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
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
    assert await running.done() == [("CATALOGUE_CHANGED", "1"), ("CATALOGUE_CHANGED", "2")]  # refusals left none


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


BOLD = {"id": "bold", "share": 0.2, "near": 0.5}


async def put_policies(running: RunningGateway, status: int = 200, **given: Any) -> dict[str, Any]:
    answer = await running.http.put(POLICIES, json={"policies": [{"id": "default"}, BOLD], **given})
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_policies_are_set_followed_and_come_back(running: RunningGateway, ranking: Ranking, nats: NATS) -> None:
    found = (await running.http.get(POLICIES)).json()
    PoliciesShape.model_validate(found)
    assert (found["generation"], found["champion"], found["control_share"]) == (0, "default", 0.05)
    assert (found["evaluation"], found["decisions"]) == (None, [])

    refused = await put_policies(running, 400, control_share=0.7)
    assert (refused["field"], bool(refused["mend"])) == ("control_share", True)
    assert (await put_policies(running, 400, colour="red"))["field"] == "colour"
    made = await put_policies(running, control_share=0.1)
    assert (made["generation"], made["shares"]["bold"]) == (1, pytest.approx(0.18))
    assert await ranking.follower.look()
    assert ranking.service.policies.shares()["bold"] == pytest.approx(0.18)
    assert running.gateway.workspace.generations[InsightKind.NEXT_ACTIONS] == 1  # open deals are ranked anew
    assert (await put_policies(running, control_share=0.1))["generation"] == 1
    stale = await running.http.put(POLICIES, json={"policies": [BOLD]}, headers={"If-Match": '"0"'})
    assert stale.status_code == 412 or stale.json()["field"] == "champion"

    edited = await running.http.put(ADDRESS, json={"text": OWN})  # a new catalogue keeps the policies
    assert edited.json()["generation"] == 2
    assert await running.done() == [("POLICIES_CHANGED", "1"), ("CATALOGUE_CHANGED", "2")]
    assert await ranking.follower.look()
    assert ([one.name for one in ranking.service.catalogue.actions], len(ranking.service.policies.policies)) == (
        ["call"], 2,
    )  # fmt: skip
    await running.stop()
    await (await nats.jetstream().key_value("models")).purge("action_catalogue")
    await running.start()
    newcomer = Ranking(nats)
    await until(newcomer.follower.look)
    assert newcomer.service.policies == ranking.service.policies != ActionPolicies()


async def test_a_champion_needs_the_log_or_a_reason(running: RunningGateway, ranking: Ranking) -> None:
    assert ranking.service.edition == 0
    await put_policies(running)
    refused = await put_policies(running, 409, champion="bold")
    assert refused["field"] == "champion"
    changed = await running.http.put(POLICIES, json={"policies": [{"id": "default"}, {**BOLD, "near": 0.9}]})
    assert (changed.status_code, changed.json()["field"]) == (409, "policies[1].id")

    models = running.models
    difference = {"low": -0.01, "high": 0.05, "why": ""}
    await models.add("next_best_action", {"version": "prior", "digest": "", "evaluation":
                     {"showing": {"differences": {"bold": {"default": difference}}}}})  # fmt: skip
    await put_policies(running, 409, champion="bold")
    difference["low"] = 0.01
    await models.add("next_best_action", {"version": "prior", "digest": "", "evaluation":
                     {"showing": {"differences": {"bold": {"default": difference}}}}})  # fmt: skip
    await put_policies(running, unit="owner")
    await put_policies(running, 409, champion="bold", unit="owner")
    await put_policies(running)
    promoted = await put_policies(running, champion="bold")
    assert [(one["to"], one["ground"], one["difference"]["low"]) for one in promoted["decisions"]] == [
        ("bold", "evaluation", 0.01)
    ]
    back = await put_policies(running, champion="default", reason="the team prefers it")
    PoliciesShape.model_validate(back)
    newest = back["decisions"][0]
    assert (newest["from"], newest["to"], newest["ground"], newest["reason"]) == (
        "bold", "default", "person", "the team prefers it",
    )  # fmt: skip
    for reason, status in (("", 400), ("tried on the page", 303)):
        answer = await running.http.post("/models/champion", data={"policy": "bold", "reason": reason})
        assert answer.status_code == status, answer.text[:300]
    audit = await running.gateway.store.list_model_audit(LOCAL)
    assert [(one.who, one.version, one.before) for one in audit] == [
        ("rule", "policy bold", "policy default"), (LOCAL.id, "policy default", "policy bold"),
        ("rule", "policy bold", "policy default"),
    ]  # fmt: skip
