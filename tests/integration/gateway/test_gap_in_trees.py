"""Closing the gap of a territory, and what would be over other trees than the reporting line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.nats_server import NatsServer
from services.gateway.domain import Principal, Scope
from services.gateway.rest import forecast_gap
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.forecasting import chance_with, serving
from tests.integration.gateway.test_forecast_trees import TREES, filled, usd

OPEN = {"d1": 10_001, "d2": 7_000}  # of Korea, in cents
KOREA = {"node": "territory:Korea", "period": "2017-Q4"}


@pytest.fixture
async def running(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    gateway = RunningGateway(nats_server.url, tmp_path / "data", run_dir=tmp_path)
    await gateway.start()
    yield gateway
    await gateway.stop()


async def test_the_gap_of_a_territory(running: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forecaster = await filled(running)
    assert (await running.http.put("/v1/forecast/trees", json={"trees": TREES})).status_code == 200
    assert (await running.http.put("/v1/quotas", json=KOREA | {"amount": usd("150")})).status_code == 201
    await forecaster.told(lambda: {one.deal.id for one in forecaster.seen if one.deal.placements} >= {"d1", "d2", "d3"})
    async with serving(forecaster.service, forecaster.clock, tmp_path):
        found = (await running.http.get("/v1/forecast/close-gap", params=KOREA)).json()
        assert (found["node"], found["quota"], found["booked"], found["tried"]) == (KOREA["node"], "150.00", "10.01", 2)
        assert [deal["id"] for deal in found["deals"]] == ["d1", "d2"]
        for deal in found["deals"]:
            alone = chance_with(forecaster.service, KOREA["node"], 13_999, {deal["id"]: OPEN[deal["id"]]})
            assert deal["effect"] == pytest.approx(alone - found["quota_probability"], abs=0.03)
        reached = chance_with(forecaster.service, KOREA["node"], 13_999, OPEN)
        assert found["deals"][1]["quota_probability"] == pytest.approx(reached, abs=0.02)
        body = {"period": "2017-Q4", "tree": "product", "deals": [{"id": "d1", "outcome": "WON"}]}
        answer = (await running.http.post("/v1/forecast:simulate", json=body)).json()
        assert answer["tree"] == "product"
        booked = {row["node"]: Decimal(row["after"]["booked"]) for row in answer["nodes"]}
        assert booked["company"] == Decimal("110.02")
        assert booked["product:Pumps"] + booked["product:"] == booked["company"]
        assert booked["product:Pumps/p1"] == Decimal("3.34") + Decimal("33.35"), "0.3334 of it, as its lines are worth"
        unknown = await running.http.post("/v1/forecast:simulate", json=body | {"tree": "x"})
        assert (unknown.status_code, unknown.json()["field"]) == (404, "tree")
        monkeypatch.setattr(forecast_gap, "principal_of", lambda _: Principal("ann", Scope.OWN, "ann"))
        assert (await running.http.get("/v1/forecast/close-gap", params=KOREA)).status_code == 403
        assert (await running.http.post("/v1/forecast:simulate", json=body)).status_code == 403
