"""GET /v1/forecast?type=…: totals of a number in a custom field, answered on the forecast service's own scenarios."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.nats_server import NatsServer
from kit.server import GrpcServer
from services.forecast.grpc_api import SERVICE_NAME, ForecastApi
from services.gateway.domain import Principal, Scope
from services.gateway.rest import views
from services.gateway.rest.schemas_totals import ForecastTotals
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.forecasting import Forecaster

NOW = datetime(2017, 10, 20, 20, tzinfo=UTC)


def deal(deal_id: str, owner: str, value: str, arr: float | None, **members: Any) -> dict[str, Any]:
    return {"id": deal_id, "owner_id": owner, "amount": {"currency": "USD", "value": value}, "close_date": "2017-12-01",
            "created_time": "2017-09-01T09:00:00Z", "fields": {"annual": arr, "note": "many"}} | members  # fmt: skip


@pytest.fixture
async def running(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    gateway = RunningGateway(nats_server.url, tmp_path / "data", run_dir=tmp_path)
    await gateway.start()
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-20"})
    lines = {"lines": [{"manager_id": "boss"}]}
    await gateway.lines("/v1/users:batch", [{"id": "boss"}, {"id": "ann"} | lines, {"id": "ben"} | lines])
    yield gateway
    await gateway.stop()


async def totals(running: RunningGateway, **asked: str) -> Any:
    return await running.http.get("/v1/forecast", params={"period": "2017-Q4"} | asked)


async def defined(running: RunningGateway, *types: dict[str, Any]) -> Any:
    return await running.http.put("/v1/forecast/types", json={"types": list(types)})


async def test_totals_of_a_field(running: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert running.nc is not None
    forecaster = await Forecaster(running.nc, running.gateway.store, NOW).start()
    await running.lines("/v1/deals:batch", [
        deal("a1", "ann", "400", 100.0), deal("a2", "ann", "300", None), deal("b1", "ben", "200", 50.0),
        deal("b2", "ben", "90", 30.25, outcome="WON", closed_date="2017-10-10"),
    ])  # fmt: skip
    await forecaster.told(lambda: {one.deal.id for one in forecaster.seen} >= {"a1", "a2", "b1", "b2"})
    quota = {"node": "company", "period": "2017-Q4", "amount": {"currency": "USD", "value": "900"}}
    assert (await running.http.put("/v1/quotas", json=quota)).status_code == 201
    arr = {"name": "arr", "field": "annual"}
    assert (await defined(running, arr)).json() == {"types": [arr]}
    assert (await running.http.get("/v1/forecast/types")).json() == {"types": [arr]}
    unknown = await totals(running, type="tcv")
    assert (unknown.status_code, unknown.json()["field"]) == (404, "type")
    assert "amount, arr" in unknown.json()["mend"]
    away = await totals(running, type="arr")
    assert (away.status_code, away.json()["field"]) == (503, "forecast")
    api = ForecastApi(forecaster.service, SimpleNamespace(ready=True), forecaster.clock)
    server = GrpcServer("127.0.0.1:0", api.add_to, [SERVICE_NAME])
    await server.start()
    (tmp_path / "forecast.json").write_text(json.dumps({"grpc": server.address}))
    try:
        await _look(running)
        assert (await totals(running, type="arr", period="2017-Q3")).json()["nodes"][0]["booked"] == "0.00"
        monkeypatch.setattr(views, "principal_of", lambda _: Principal("ann", Scope.OWN, "ann"))
        mine = {row["node"]: row for row in (await totals(running, type="arr")).json()["nodes"]}
        assert mine.keys() == {"company", "manager:boss", "owner:ann"}
        assert (mine["company"]["booked"], mine["owner:ann"]["booked"]) == (None, "0.00")
    finally:
        await server.stop(0)


async def _look(running: RunningGateway) -> None:
    amounts = (await totals(running, type="amount")).json()
    answer = await totals(running, type="arr")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    ForecastTotals.model_validate(found)
    assert (amounts["type"], found["type"], found["currency"], found["stale"]) == ("amount", "arr", "USD", False)
    rows = {row["node"]: row for row in found["nodes"]}
    company = rows["company"]
    assert (company["booked"], company["open_pipeline"], company["open_deals"]) == ("30.25", "150.00", 2)
    assert (company["quota"], company["submitted"], company["not_yet_created"]) == (None, None, "0.00")
    assert Decimal(company["mean"]) == Decimal(company["booked"]) + Decimal(company["deals"])
    for name in ("booked", "deals", "mean"):
        assert Decimal(company[name]) == sum(Decimal(rows[node][name]) for node in ("owner:ann", "owner:ben"))
    ann = Decimal(rows["owner:ann"]["deals"])
    assert 0 < ann < 100
    assert float(company["p90"]) <= 30.25 + 150 * 2
    company_amounts = amounts["nodes"][0]
    assert (company_amounts["booked"], company_amounts["quota"]) == ("90.00", "900.00")
    month = (await totals(running, type="arr", period="2017-11", node="company")).json()["nodes"][0]
    assert 0 < Decimal(month["mean"]) < Decimal(company["deals"])
    assert (await running.http.put("/v1/forecast/trees", json={"trees": [{"name": "line", "levels": ["stage"]}]})) \
        .status_code == 200  # fmt: skip
    tree = {row["node"]: row for row in (await totals(running, type="arr", tree="line")).json()["nodes"]}
    assert tree["company"]["booked"] == "30.25"
    assert sum(Decimal(row["booked"]) for node, row in tree.items() if node.startswith("line:")) == Decimal("30.25")


async def test_what_is_no_type(running: RunningGateway) -> None:
    fields = {"fields": [{"entity": "deal", "name": "annual", "type": "number"}]}
    made = await running.http.put("/v1/fields", json=fields)
    assert made.status_code == 200, made.text
    good = {"name": "arr", "field": "annual"}
    wrong: list[tuple[list[Any], str]] = [
        ([{"name": "amount", "field": "annual"}], "types[0].name"), ([good, good], "types[1].name"),
        ([{"name": "arr", "field": "stage"}], "types[0].field"), ([{"name": "arr"}], "types[0]"),
        ([good | {"name": f"t{n}"} for n in range(4)], "types"),
    ]  # fmt: skip
    for types, field in wrong:
        refused = await defined(running, *types)
        assert (refused.status_code, refused.json()["field"], bool(refused.json()["mend"])) == (400, field, True)
    assert "annual" in (await defined(running, {"name": "arr", "field": "x"})).json()["mend"]
