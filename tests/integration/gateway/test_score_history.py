"""The scores a deal had, over REST."""

from __future__ import annotations

from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from services.gateway.domain import Principal, Scope
from services.gateway.rest.schemas_records import ScorePage
from tests.integration.gateway.conftest import RunningGateway, until
from tests.integration.gateway.players import Player

ADDRESS = "/v1/deals/d%2F1/scores"


async def scores(gateway: RunningGateway, count: int) -> list[dict[str, Any]] | None:
    found: list[dict[str, Any]] = (await gateway.http.get(ADDRESS)).json()["scores"]
    return found if len(found) == count else None


async def test_the_scores_a_deal_had_are_told_newest_first(
    gateway: RunningGateway, nats: NATS, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gateway.http.put("/v1/users/u1", json={"name": "Kim"})
    async with Player(nats):
        for revision, stage in ((1, "Engaging"), (2, "Won soon")):
            await gateway.http.put("/v1/deals/d%2F1", json={"stage": stage, "owner_id": "u1"})
            found = await until(lambda count=revision: scores(gateway, count))  # type: ignore[misc]
    ScorePage.model_validate({"scores": found})
    assert [one["deal_revision"] for one in found] == [2, 1]
    assert {(one["probability"], one["model_version"], one["nothing_predicts"]) for one in found} == {
        (0.6, "v0", False)
    }
    assert found[0]["contributions"] == {"stage": 0.4}
    assert (await gateway.http.get(ADDRESS, params={"limit": 1})).json()["scores"] == found[:1]
    for limit in ("0", "201", "x"):
        assert (await gateway.http.get(ADDRESS, params={"limit": limit})).status_code == 400
    assert (await gateway.http.get("/v1/deals/none/scores")).status_code == 404
    other = lambda _: Principal("ben", Scope.OWN, "ben")  # noqa: E731
    monkeypatch.setattr("services.gateway.rest.score_history.principal_of", other)
    assert (await gateway.http.get(ADDRESS)).status_code == 404
