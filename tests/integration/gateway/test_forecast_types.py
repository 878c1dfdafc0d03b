"""GET /v1/forecast?type=…: totals of a number in a custom field, answered on the forecast service's own scenarios."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.nats_server import NatsServer
from services.forecast.by_field import of_field
from services.forecast.model import ForecastModel
from services.forecast.service import Forecasts
from services.gateway.domain import Principal, Scope
from services.gateway.forecast_days import Diary
from services.gateway.rest import views
from services.gateway.rest.schemas_forecast import ClosedGap, ForecastChanges
from services.gateway.rest.schemas_totals import ForecastTotals
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.forecasting import Forecaster, chance_with, serving

FILE = b"""node,period,currency,amount,type
ann,2017-Q4,USD,100,arr
company,2017-Q4,USD,160,arr
ann,2017-Q4,USD,9,x
"""
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


def usd(value: str) -> dict[str, str]:
    return {"currency": "USD", "value": value}


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
    async with serving(forecaster.service, forecaster.clock, tmp_path):
        await _look(running)
        await _set_and_say(running)
        await _suppose(running, forecaster)
        await _past(running)
        assert (await totals(running, type="arr", period="2017-Q3")).json()["nodes"][0]["booked"] == "0.00"
        monkeypatch.setattr(views, "principal_of", lambda _: Principal("ann", Scope.OWN, "ann"))
        mine = {row["node"]: row for row in (await totals(running, type="arr")).json()["nodes"]}
        assert mine.keys() == {"company", "manager:boss", "owner:ann"}
        assert (mine["company"]["booked"], mine["owner:ann"]["booked"]) == (None, "0.00")


async def _look(running: RunningGateway) -> None:
    amounts = (await totals(running, type="amount")).json()
    answer = await totals(running, type="arr")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    ForecastTotals.model_validate(found)
    assert (amounts["type"], found["type"], found["currency"], found["stale"]) == ("amount", "arr", "USD", False)
    assert ([each["code"] for each in found["cautions"]], amounts["cautions"]) == (["no_new_business"], [])
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


async def _set_and_say(running: RunningGateway) -> None:
    """Quotas, submissions and adjustments of a type stand beside those of amounts."""
    told = (await running.http.post("/v1/quotas:import", content=FILE)).json()
    assert (told["created"], told["rejected"], told["errors"][0]["errors"][0]["field"]) == (2, 1, "type")
    ben = {"owner_id": "ben", "period": "2017-Q4", "amount": usd("50"), "type": "arr"}
    assert (await running.http.put("/v1/quotas", json=ben)).status_code == 201
    listed = (await running.http.get("/v1/quotas", params={"period": "2017-Q4"})).json()["quotas"]
    assert {"node": "owner:ben", "period": "2017-Q4", "amount": usd("50.00"), "type": "arr"} in listed
    for what, node, value in (("submissions", "owner:ann", "95"), ("adjustments", "manager:boss", "-5")):
        body = {"node": node, "type": "arr", "amount": usd(value)}
        made = await running.http.post(f"/v1/forecast/{what}", json=body)
        assert (made.status_code, made.json()["type"]) == (201, "arr"), made.text
    rows_of = {}
    for kind in ("arr", "amount"):
        rows_of[kind] = {row["node"]: row for row in (await totals(running, type=kind)).json()["nodes"]}
    company, boss = rows_of["arr"]["company"], rows_of["arr"]["manager:boss"]
    assert (company["quota"], company["quota_below"], boss["quota"]) == ("160.00", "150.00", "150.00")
    assert company["remaining"] == "129.75"
    assert 0 < company["quota_probability"] < 1
    assert (boss["adjustment"], boss["submitted_below"]) == ("-5.00", "95.00")
    assert Decimal(company["adjusted"]) == Decimal(company["mean"]) - 5
    of_amounts = rows_of["amount"]["company"]
    assert (of_amounts["quota"], of_amounts["submitted_below"], of_amounts["adjusted"]) == (
        "900.00", None, of_amounts["mean"]
    )  # fmt: skip
    [call] = (await running.http.get("/v1/forecast/submissions", params={"type": "arr"})).json()["calls"]
    assert call["context"]["mean"] == rows_of["arr"]["owner:ann"]["mean"]
    assert (await running.http.get("/v1/forecast/submissions")).json()["calls"] == [], "of amounts alone"
    assert (await running.http.post("/v1/forecast/submissions", json={"type": "x", "amount": usd("1")})) \
        .status_code == 404  # fmt: skip


async def _suppose(running: RunningGateway, forecaster: Forecaster) -> None:
    """The gap is closed, and deals are supposed won, by the type's numbers."""
    open_deals = {"a1": 10_000, "b1": 5_000}
    answer = await running.http.get("/v1/forecast/close-gap", params={"period": "2017-Q4", "type": "arr"})
    found = answer.json()
    ClosedGap.model_validate(found)
    assert (found["type"], found["quota"], found["tried"]) == ("arr", "160.00", 2)
    totals_of = Forecasts(SimpleNamespace(current=(ForecastModel(), None)), forecaster.clock)
    totals_of.rollup.apply([of_field(one, "annual") for one in forecaster.service.rollup.held.values()])
    for deal_ in found["deals"]:
        alone = chance_with(totals_of, "company", 12_975, {deal_["id"]: open_deals[deal_["id"]]})
        assert deal_["effect"] == pytest.approx(alone - found["quota_probability"], abs=0.03)
    won = {"period": "2017-Q4", "type": "arr", "deals": [{"id": "a1", "outcome": "WON"}]}
    [company, *_] = (await running.http.post("/v1/forecast:simulate", json=won)).json()["nodes"]
    assert (company["before"]["booked"], company["after"]["booked"]) == ("30.25", "130.25")
    chance = chance_with(totals_of, "company", 12_975, {"a1": 10_000})
    assert company["after"]["quota_probability"] == pytest.approx(chance, abs=0.02)
    new = {"type": "arr", "added": [{"count": 3}]}
    assert (await running.http.post("/v1/forecast:simulate", json=new)).json()["field"] == "added"


async def _past(running: RunningGateway) -> None:
    """What happened to a type's number, and what was said of it on each day."""
    await running.lines("/v1/deals:batch", [{"id": "a1", "fields": {"annual": 120.5}}])
    params = {"period": "2017-Q4", "type": "arr"}
    changes = (await running.http.get("/v1/forecast/changes", params=params | {"from": "2017-10-05"})).json()
    ForecastChanges.model_validate(changes)
    company = changes["nodes"][0]
    assert (company["start"]["total"], company["end"]["total"]) == ("180.25", "200.75")
    assert company["parts"]["up"]["open"] == "20.50"
    assert await Diary(running.gateway).write() >= 8
    days = (await running.http.get("/v1/forecast/days", params=params)).json()
    assert (days["type"], days["days"][-1]["booked"], days["days"][-1]["quota"]) == ("arr", "30.25", "160.00")
    assert (await running.http.get("/v1/forecast/accuracy", params={"type": "arr"})).json()["periods"] == []


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
