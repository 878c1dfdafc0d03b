"""GET /v1/forecast?tree=…: pipelines, territories and products, from the definition to totals that add up."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.gateway.domain import Principal, Scope
from services.gateway.forecast_trees import PipelineWatch
from services.gateway.rest import views
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.forecasting import Forecaster

TODAY = date(2017, 10, 5)
SUMS = ("booked", "deals", "not_yet_created", "correction", "mean", "commit", "best_case", "pipeline")
TREES = [
    {"name": "territory", "levels": ["account.fields.country", "account.fields.city"]},
    {"name": "product", "levels": ["product_series", "product"]},
]


def usd(value: str) -> dict[str, str]:
    return {"currency": "USD", "value": value}


async def filled(gateway: RunningGateway) -> Forecaster:
    """Two pipelines, accounts in two countries, products of two series; open and booked."""
    await gateway.http.put("/v1/workspace/clock", json={"today": TODAY.isoformat()})
    forecaster = Forecaster(gateway.nc, gateway.gateway.store, datetime(2017, 10, 5, 20, tzinfo=UTC))  # type: ignore[arg-type]
    await forecaster.start()
    await gateway.lines("/v1/users:batch", [{"id": "ann"}, {"id": "bob"}])
    await gateway.lines("/v1/accounts:batch", [
        {"id": "a1", "name": "A1", "fields": {"country": "Korea", "city": "Seoul"}},
        {"id": "a2", "name": "A2", "fields": {"country": "Korea"}}, {"id": "a3", "name": "A3"},
    ])  # fmt: skip
    await gateway.lines("/v1/products:batch", [
        {"id": "p1", "name": "Pump", "series": "Pumps", "price": usd("50")}, {"id": "p2", "name": "Pipe"},
    ])  # fmt: skip
    both = [{"product_id": "p1", "quantity": 2}, {"product_id": "p2", "quantity": 1, "price": usd("200")}]
    deal = {"owner_id": "ann", "close_date": "2017-11-15", "created_time": "2017-08-01T00:00:00Z", "pipeline": "Mid"}
    won = {"outcome": "WON", "closed_date": "2017-10-02", "stage": "Won"}
    results = await gateway.lines("/v1/deals:batch", [
        deal | {"id": "d1", "amount": usd("100.01"), "account_id": "a1", "products": both},
        deal | {"id": "d2", "amount": usd("70"), "account_id": "a2", "category": "commit", "products": both[:1]},
        deal | {"id": "d3", "amount": usd("30"), "account_id": "a3", "owner_id": "bob", "pipeline": "Big"},
        deal | won | {"id": "w1", "amount": usd("10.01"), "account_id": "a1", "products": both},
    ])  # fmt: skip
    assert {line["status"] for line in results} == {"created"}, results
    return forecaster


async def totals(gateway: RunningGateway, **params: str) -> dict[str, Any]:
    answer = await gateway.http.get("/v1/forecast", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def adds_up(found: dict[str, Any]) -> None:
    below: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in found["nodes"]:
        below[row["parent"]].append(row)
    by_id = {row["node"]: row for row in found["nodes"]}
    for parent in (one for one in below if one):
        for name in SUMS:
            assert Decimal(by_id[parent][name]) == sum(Decimal(row[name]) for row in below[parent]), (parent, name)


async def test_trees_are_defined_and_add_up_to_the_company(gateway: RunningGateway) -> None:
    forecaster = await filled(gateway)
    await forecaster.told(lambda: len(forecaster.seen) >= 4)
    before = len(forecaster.seen)
    defined = await gateway.http.put("/v1/forecast/trees", json={"trees": TREES})
    assert (defined.status_code, defined.json()) == (200, {"trees": TREES})
    assert (await gateway.http.get("/v1/forecast/trees")).json() == {"trees": TREES}
    assert (await totals(gateway, tree="territory"))["stale"], "the deals are on the way to their new places"

    def placed() -> bool:
        return {event.deal.id for event in forecaster.seen[before:] if event.deal.placements} >= {"d1", "d2", "d3"}

    await forecaster.told(placed)
    company = (await totals(gateway))["nodes"][0]
    for tree in ("territory", "product"):
        found = await totals(gateway, tree=tree)
        assert (found["tree"], found["stale"], found["nodes"][0]) == (tree, False, company)
        adds_up(found)
    rows = {row["node"]: row for row in (await totals(gateway, tree="territory"))["nodes"]}
    assert set(rows) == {
        "company", "territory:Korea", "territory:", "territory:Korea/Seoul", "territory:Korea/", "territory:/",
    }  # fmt: skip
    assert [rows["territory:Korea"][name] for name in ("level", "name", "booked", "commit", "open_deals")] == [
        "account.fields.country", "Korea", "10.01", "70.00", 2,
    ]  # fmt: skip
    assert rows["territory:Korea/"]["name"] == "(none)"
    rows = {row["node"]: row for row in (await totals(gateway, tree="product"))["nodes"]}
    assert (rows["product:Pumps/p1"]["booked"], rows["product:/p2"]["booked"]) == ("3.34", "6.67")
    assert (rows["product:Pumps"]["open_deals"], rows["product:/p2"]["open_deals"]) == (2, 1)
    quota = {"node": "product:Pumps", "period": "2017-Q4", "amount": usd("40")}
    assert (await gateway.http.put("/v1/quotas", json=quota)).status_code == 201
    [row] = (await totals(gateway, tree="product", node="product:Pumps"))["nodes"]
    assert (row["quota"], 0 < row["quota_probability"] < 1) == ("40.00", True)


async def test_two_pipelines_make_a_tree(gateway: RunningGateway) -> None:
    forecaster = await filled(gateway)
    await PipelineWatch(gateway.gateway).look()
    assert (await gateway.http.get("/v1/forecast/trees")).json()["trees"][0]["name"] == "pipeline"
    seen = lambda: {one.deal.id for one in forecaster.seen if one.deal.placements} >= {"d1", "d2", "d3"}  # noqa: E731
    await forecaster.told(seen)
    found = await totals(gateway, tree="pipeline")
    adds_up(found)
    assert [row["node"] for row in found["nodes"]] == ["company", "pipeline:Big", "pipeline:Mid"]
    assert [row["open_pipeline"] for row in found["nodes"]] == ["200.01", "30.00", "170.01"]


async def test_what_is_no_tree_is_refused(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    await gateway.lines("/v1/accounts:batch", [{"id": "a1", "name": "A1", "fields": {"country": "Korea", "size": 5}}])
    for trees, field in (
        ([{"name": "t", "levels": ["account.fields.land"]}], "trees[0].levels[0]"),
        ([{"name": "t", "levels": ["account.fields.size"]}], "trees[0].levels[0]"),
        ([{"name": "t", "levels": ["stage", "stage"]}], "trees[0].levels"),
        ([{"name": "t", "levels": []}], "trees[0].levels"),
        ([{"name": "owner", "levels": ["stage"]}], "trees[0].name"),
        ([{"name": "t", "levels": ["stage"]}] * 2, "trees[1].name"),
        ([{"name": "t", "levels": ["stage"], "more": 1}], "trees[0]"),
        ([{"name": f"t{number}", "levels": ["stage"]} for number in range(6)], "trees"),
        ("stage", "trees"),
    ):
        refused = await gateway.http.put("/v1/forecast/trees", json={"trees": trees})
        assert (refused.status_code, refused.json()["field"]) == (400, field)
        assert refused.json()["mend"]
    unknown = await gateway.http.get("/v1/forecast", params={"tree": "t"})
    assert (unknown.status_code, unknown.json()["field"]) == (404, "tree")
    await gateway.http.put("/v1/forecast/trees", json={"trees": [{"name": "t", "levels": ["stage"]}]})
    monkeypatch.setattr(views, "principal_of", lambda _: Principal("ann", Scope.OWN, "ann"))
    foreign = await gateway.http.get("/v1/forecast", params={"tree": "t"})
    assert (foreign.status_code, foreign.json()["field"]) == (403, "tree")
