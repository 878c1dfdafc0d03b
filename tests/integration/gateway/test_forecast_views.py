"""GET /v1/forecast for somebody who sees only part of the company, and for quarters long over."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.rest import views
from services.gateway.store.interface import StoredRollup
from tests.integration.gateway.conftest import RunningGateway

USD = {"currency": "USD", "value": "10.00"}
EAST = Principal("east", Scope.SUBTREE, "east")
USERS: list[dict[str, Any]] = [
    {"id": "boss"}, {"id": "east", "lines": [{"manager_id": "boss", "region": "East"}]},
    {"id": "west", "lines": [{"manager_id": "boss", "region": "West"}]},
    {"id": "ann", "lines": [{"manager_id": "west", "valid_from": "2017-05-01"},
                            {"manager_id": "east", "valid_from": "2017-08-01"}]},
    {"id": "ben", "lines": [{"manager_id": "east"}]}, {"id": "cat", "lines": [{"manager_id": "west"}]},
]  # fmt: skip
SHOWN = ("booked", "deals", "mean", "p50", "quota", "commit", "open_deals")


def rollup(node: str, day: str = "2017-09-30") -> StoredRollup:
    body = {
        "scenarios": 100, "deals_sum": 500, "not_yet_created_sum": 0, "correction_sum": 0, "quantiles": [0, 10],
        "open_deals": 1, "as_of": "2017-09-30T12:00:00Z", "business_day": day, "model_version": "7",
        "model_generation": 0,
    }  # fmt: skip
    return StoredRollup(node, "2017-Q4", "USD", body)


@pytest.fixture
async def filled(gateway: RunningGateway) -> RunningGateway:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    await gateway.lines("/v1/users:batch", USERS)
    deals = [
        {"id": f"{owner}-{month}", "owner_id": owner, "amount": USD, "outcome": "WON",
         "closed_date": f"2017-{month}-15", "created_time": "2017-01-01T00:00:00Z"}
        for owner in ("ann", "ben", "cat") for month in ("03", "06")
    ]  # fmt: skip
    deals += [
        {"id": f"{owner}-open", "owner_id": owner, "amount": USD, "close_date": "2017-11-01"}
        for owner in ("ann", "cat")
    ]
    results = await gateway.lines("/v1/deals:batch", deals)
    assert {line["status"] for line in results} == {"created"}
    nodes = ("company", "manager:east", "manager:west", "owner:ann", "owner:cat")
    await gateway.gateway.store.save_rollups([rollup(node) for node in nodes])
    return gateway


async def forecast(gateway: RunningGateway, period: str, node: str = "") -> dict[str, Any]:
    answer = await gateway.http.get("/v1/forecast", params={"period": period} | ({"node": node} if node else {}))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found | {"by": {row["node"]: row for row in found["nodes"]}}


async def test_totals_above_what_is_seen_are_null(filled: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await forecast(filled, "2017-Q4")
    monkeypatch.setattr(views, "principal_of", lambda _: EAST)
    cut = await forecast(filled, "2017-Q4")
    assert set(cut["by"]) == {"company", "region:East", "manager:east", "owner:ann", "owner:ben"}
    for node in ("company", "region:East"):
        assert [cut["by"][node][name] for name in SHOWN] == [None] * len(SHOWN)
        assert cut["by"][node]["stale"] is False
    for node in ("manager:east", "owner:ann", "owner:ben"):
        assert cut["by"][node] == whole["by"][node], "what is seen is the same for everybody"
    assert (cut["by"]["owner:ben"]["mean"], cut["stale"]) == ("0.00", False)
    assert (cut["as_of"], cut["model_version"]) == (whole["as_of"], "7")
    alone = await forecast(filled, "2017-Q4", "company")
    assert [row["booked"] for row in alone["nodes"]] == [None]
    hidden = await filled.http.get("/v1/forecast", params={"node": "owner:cat"})
    assert hidden.status_code == 404


async def test_only_what_is_seen_makes_it_stale(filled: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled.gateway.store.save_rollups([rollup("company", "2017-09-29"), rollup("owner:cat", "2017-09-29")])
    assert (await forecast(filled, "2017-Q4"))["stale"] is True
    monkeypatch.setattr(views, "principal_of", lambda _: EAST)
    assert (await forecast(filled, "2017-Q4"))["stale"] is False
    assert {row["stale"] for row in (await forecast(filled, "2018-Q1"))["nodes"] if row["level"] == "owner"} == {True}
    assert await filled.gateway.store.rollups(EAST, "2018-Q1") == []
    assert len(await filled.gateway.store.rollups(LOCAL, "2017-Q4", node="company")) == 1


async def test_past_quarters_stand_as_the_line_stood_then(
    filled: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ann was West's in June; where she was in March nobody knows, so her first line that is known counts."""
    for principal in (LOCAL, EAST):
        monkeypatch.setattr(views, "principal_of", lambda _, who=principal: who)
        for period in ("2017-Q1", "2017-Q2"):
            ann = (await forecast(filled, period))["by"]["owner:ann"]
            assert (ann["parent"], ann["booked"]) == ("manager:west", "10.00")
        assert (await forecast(filled, "2017-Q3"))["by"]["owner:ann"]["parent"] == "manager:east"
    cut = (await forecast(filled, "2017-Q2"))["by"]
    assert (cut["manager:west"]["booked"], cut["manager:east"]["booked"]) == (None, "10.00")
    assert "owner:cat" not in cut
    monkeypatch.setattr(views, "principal_of", lambda _: LOCAL)
    whole = (await forecast(filled, "2017-Q2"))["by"]
    assert (whole["manager:west"]["booked"], whole["company"]["booked"]) == ("20.00", "30.00")


async def test_a_currency_without_business_is_a_problem_that_names_the_others(filled: RunningGateway) -> None:
    refused = await filled.http.get("/v1/forecast", params={"currency": "EUR"})
    problem = refused.json()
    assert (refused.status_code, problem["field"], problem["value"]) == (400, "currency", "EUR")
    assert "USD" in problem["mend"]
    later = {"id": "euro", "amount": {"currency": "EUR", "value": "5"}, "close_date": "2018-02-01"}
    assert (await filled.http.put("/v1/deals/euro", json=later)).status_code == 201
    for currency in ("EUR", "usd"):  # what comes up in any quarter of the horizon can be asked for in each
        answer = await filled.http.get("/v1/forecast", params={"currency": currency})
        assert (answer.status_code, answer.json()["currency"]) == (200, currency.upper())
