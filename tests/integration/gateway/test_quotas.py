"""Quotas over REST: of owners and of nodes above, from a file, and taken away."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.domain import Principal, Scope
from services.gateway.rest import quotas
from tests.integration.gateway.conftest import RunningGateway

USERS: list[dict[str, Any]] = [
    {"id": "boss"}, {"id": "ann", "lines": [{"manager_id": "boss"}]}, {"id": "ben", "lines": [{"manager_id": "boss"}]},
]  # fmt: skip
FILE = b"""owner,period,currency,amount
ann,2017-Q4,USD,100
manager:boss,2017-Q4,USD,500.5
zoe,2017-Q4,USD,1
ann,X,USD,1
"""


def usd(value: str) -> dict[str, str]:
    return {"currency": "USD", "value": value}


async def shown(gateway: RunningGateway, node: str) -> list[Any]:
    answer = await gateway.http.get("/v1/forecast", params={"period": "2017-Q4", "node": node})
    [row] = answer.json()["nodes"]
    return [row[name] for name in ("quota", "quota_set", "quota_below", "remaining")]


async def test_quotas_of_owners_and_nodes(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-01"})
    await gateway.lines("/v1/users:batch", USERS)
    answer = await gateway.http.post("/v1/quotas:import", content=FILE)
    told = answer.json()
    assert [told[name] for name in ("created", "changed", "unchanged", "rejected")] == [2, 0, 0, 2]
    assert [(each["line"], each["errors"][0]["field"]) for each in told["errors"]] == [(4, "owner_id"), (5, "period")]
    ben = {"owner_id": "ben", "period": "2017-Q4", "amount": usd("40.00")}
    assert (await gateway.http.put("/v1/quotas", json=ben)).status_code == 201
    assert await shown(gateway, "manager:boss") == ["500.50", "500.50", "140.00", "500.50"]
    assert await shown(gateway, "company") == ["500.50", None, "500.50", "500.50"]
    listed = (await gateway.http.get("/v1/quotas", params={"period": "2017-Q4"})).json()["quotas"]
    boss = {"node": "manager:boss", "period": "2017-Q4", "amount": usd("500.50")}
    assert listed == [{"owner_id": "ann", "period": "2017-Q4", "amount": usd("100.00")}, ben, boss]
    [line] = await gateway.lines("/v1/quotas:batch", [boss])
    assert (line["id"], line["status"]) == ("manager:boss", "unchanged")
    await _as_people_write_them(gateway)
    asked = {"node": "manager:boss", "period": "2017-Q4"}
    assert [(await gateway.http.delete("/v1/quotas", params=asked)).status_code for _ in "12"] == [204, 404]
    assert await shown(gateway, "company") == ["140.00", None, "140.00", "140.00"]
    assert (await gateway.http.delete("/v1/quotas")).json()["field"] == "node"
    monkeypatch.setattr(quotas, "principal_of", lambda _: Principal("ann", Scope.OWN, "ann"))
    assert (await gateway.http.delete("/v1/quotas", params=asked)).status_code == 403
    mine = (await gateway.http.get("/v1/quotas", params={"period": "2017-Q4"})).json()["quotas"]
    assert mine == listed[:1]


async def _as_people_write_them(gateway: RunningGateway) -> None:
    """Amounts in files may have thousands separators; a period that is none, and unknown parameters, are refused."""
    rows = [
        'ben,2018-Q1,USD,"40,000.00"',
        'ann,2018-Q1,KRW,"4,000만"',
        'ann,2018-Q2,USD,"40,00"',
        "ann,2018-Q2,USD,1e3",
    ]
    file = "\n".join(["owner,period,currency,amount", *rows]).encode()
    told = (await gateway.http.post("/v1/quotas:import", content=file)).json()
    assert (told["created"], told["rejected"], told["errors"][0]["line"]) == (2, 2, 4)
    listed = (await gateway.http.get("/v1/quotas", params={"period": "2018-Q1"})).json()["quotas"]
    assert [each["amount"]["value"] for each in listed] == ["40000000", "40000.00"]
    [caution] = (await gateway.http.get("/v1/forecast", params={"period": "2018-Q1"})).json()["cautions"]
    assert (caution["code"], caution["currency"]) == ("quota_apart", "KRW"), "it is in no total"
    for path in ("/v1/quotas", "/v1/forecast", "/v1/forecast/changes", "/v1/forecast/submissions", "/v1/forecast/days"):
        for name, value in (("period", "xx"), ("perod", "2017-Q4")):
            refused = await gateway.http.get(path, params={name: value})
            assert (refused.status_code, refused.json()["field"]) == (400, name), path
    wrong = await gateway.http.delete("/v1/quotas", params={"node": "company", "period": "xx"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "period")
    for name in ("from", "to"):
        ahead = await gateway.http.get("/v1/forecast/changes", params={name: "2017-10-02"})
        assert (ahead.status_code, ahead.json()["field"]) == (400, name), "the day is yet to come"
    for code in ("XXX", "XTS", "ABC"):
        rate = {"currency": code, "date": "2017-10-01", "rate": "2"}
        assert (await gateway.http.put("/v1/exchange-rates", json=rate)).json()["field"] == "currency"
    assert (await gateway.http.get("/v1/exchange-rates", params={"on": "2017-10-01"})).json()["field"] == "on"
