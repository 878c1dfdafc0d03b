"""GET /v1/forecast/changes: from the total at one day to the total at another."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.domain import Principal, Scope
from services.gateway.rest import forecast
from tests.integration.gateway.conftest import RunningGateway

USERS: list[dict[str, Any]] = [
    {"id": "boss"}, {"id": "ann", "lines": [{"manager_id": "boss"}]}, {"id": "ben", "lines": [{"manager_id": "boss"}]},
]  # fmt: skip


def deal(deal_id: str, owner: str, value: str, close: str, created: str = "2017-09-01") -> dict[str, Any]:
    amount = {"currency": "USD", "value": value}
    return {"id": deal_id, "name": deal_id.upper(), "owner_id": owner, "amount": amount, "close_date": close,
            "created_time": f"{created}T09:00:00Z"}  # fmt: skip


async def changes(gateway: RunningGateway, **asked: str) -> dict[str, Any]:
    answer = await gateway.http.get("/v1/forecast/changes", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_parts_between_two_days(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-20"})
    await gateway.lines("/v1/users:batch", USERS)
    await gateway.lines("/v1/deals:batch", [
        deal("a1", "ann", "10", "2017-11-01"), deal("a2", "ann", "20", "2018-02-01"),
        deal("b1", "ben", "40", "2017-12-01"), deal("b2", "ben", "80", "2017-12-01", "2017-10-05"),
    ])  # fmt: skip
    at = "2017-10-10T09:00:00Z"
    results = await gateway.lines("/v1/deals:batch", [
        {"id": "a1", "outcome": "WON", "closed_date": "2017-10-10", "effective_time": at},
        {"id": "a2", "close_date": "2017-12-20", "effective_time": at},
        {"id": "b1", "owner_id": "ann", "effective_time": at},
    ])  # fmt: skip
    assert [line["status"] for line in results] == ["changed"] * 3
    whole = await changes(gateway, period="2017-Q4")
    assert (whole["from"], whole["to"]) == ("2017-09-30T23:59:59Z", "2017-10-20T23:59:59Z")
    company = whole["nodes"][0]
    assert company["start"] == {"open": "50.00", "booked": "0.00", "total": "50.00"}
    assert company["end"] == {"open": "140.00", "booked": "10.00", "total": "150.00"}
    told = {cause: (part["open"], part["booked"], part["deals"]) for cause, part in company["parts"].items()
            if part["deals"]}  # fmt: skip
    assert told == {
        "new": ("80.00", "0.00", 1), "won": ("-10.00", "10.00", 1), "pulled_in": ("20.00", "0.00", 1),
        "moved_owner": ("0.00", "0.00", 1),
    }  # fmt: skip
    assert [(row["id"], row["cause"], row["owner_id"], row["total"]) for row in whole["deals"]] == [
        ("b2", "new", "ben", "80.00"), ("b1", "moved_owner", "ben", "-40.00"), ("b1", "moved_owner", "ann", "40.00"),
        ("a1", "won", "ann", "0.00"), ("a2", "pulled_in", "ann", "20.00"),
    ]  # fmt: skip
    early = await changes(gateway, period="2017-Q4", to="2017-10-09", node="owner:ben", **{"from": "2017-10-01"})
    assert [row["node"] for row in early["nodes"]] == ["owner:ben"]
    assert [row["cause"] for row in early["deals"]] == ["new"]
    monkeypatch.setattr(forecast, "principal_of", lambda _: Principal("ann", Scope.OWN, "ann"))
    cut = await changes(gateway, period="2017-Q4")
    assert {row["node"]: row["end"] and row["end"]["total"] for row in cut["nodes"]} == {
        "company": None, "manager:boss": None, "owner:ann": "70.00",
    }  # fmt: skip
    assert {(row["id"], row["owner_id"]) for row in cut["deals"]} == {("a1", "ann"), ("a2", "ann"), ("b1", "ann")}
    assert (await changes(gateway, period="2017-Q4", node="company"))["deals"] == []


WRONG = [
    ({"from": "2017-10-02", "to": "2017-10-01"}, "from"), ({"to": "x"}, "to"), ({"period": "2017-Q9"}, "period"),
    ({"period": "1900-Q1"}, "period"), ({"currency": "XYZ"}, "currency"), ({"node": "owner:zoe"}, "node"),
]  # fmt: skip


async def test_what_cannot_be_asked(gateway: RunningGateway) -> None:
    for asked, field in WRONG:
        answer = await gateway.http.get("/v1/forecast/changes", params=asked)
        assert (answer.status_code, answer.json()["field"]) == (404 if field == "node" else 400, field)
