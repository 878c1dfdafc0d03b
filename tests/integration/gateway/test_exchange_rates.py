"""Exchange rates over REST, and the forecast in the company's currency that comes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from kit.documents import document_follower
from kit.models import ModelShelf
from services.forecast.exchange import Exchange
from services.forecast.told import EXCHANGE_RATES, read_exchange
from services.gateway.domain import Principal, Scope
from services.gateway.rest import exchange
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.forecasting import Forecaster

FILE = b"""Currency;Date;Rate
EUR;2017-09-01;1.10
eur;2017-10-15;1.20
EUR;2018-01-01;9
ZZZ;2017-09-01;1
EUR;2017-09-01;0
USD;2017-09-01;1
EUR;2017-13-01;1
"""
NOW = datetime(2017, 10, 20, 20, tzinfo=UTC)


def money(value: str, currency: str) -> dict[str, str]:
    return {"currency": currency, "value": value}


def deal(deal_id: str, amount: dict[str, str]) -> dict[str, Any]:
    return {"id": deal_id, "owner_id": "ann", "amount": amount, "close_date": "2017-12-01",
            "created_time": "2017-09-01T09:00:00Z"}  # fmt: skip


async def asked(gateway: RunningGateway, path: str = "/v1/forecast", **params: str) -> dict[str, Any]:
    answer = await gateway.http.get(path, params={"period": "2017-Q4", "node": "company"} | params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def fill(gateway: RunningGateway) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-20"})
    await gateway.lines("/v1/users:batch", [{"id": "ann"}])
    deals = [deal("e1", money("100", "EUR")), deal("e2", money("100", "EUR")), deal("u1", money("50", "USD")),
             deal("g1", money("70", "GBP"))]  # fmt: skip
    won = {"id": "e1", "outcome": "WON", "closed_date": "2017-10-10", "effective_time": "2017-10-10T09:00:00Z"}
    for line in (*await gateway.lines("/v1/deals:batch", deals), *await gateway.lines("/v1/deals:batch", [won])):
        assert line["status"] in {"created", "changed"}, line
    for code in ("USD", "EUR"):
        quota = {"owner_id": "ann", "period": "2017-Q4", "amount": money("100", code)}
        assert (await gateway.http.put("/v1/quotas", json=quota)).status_code == 201
    said = {"amount": money("50", "EUR"), "node": "company"}
    assert (await gateway.http.post("/v1/forecast/submissions", json=said)).status_code == 201


async def test_totals_in_the_companys_currency(gateway: RunningGateway) -> None:
    assert gateway.nc is not None
    forecaster = await Forecaster(gateway.nc, gateway.gateway.store, NOW).start()
    await fill(gateway)
    await forecaster.told(lambda: {one.deal.id for one in forecaster.seen} >= {"e1", "e2", "u1", "g1"})
    apart = await asked(gateway)
    assert (apart["currency"], apart["currencies"]) == ("USD", ["EUR", "GBP", "USD"])
    told = [(one["code"], one["currency"]) for one in apart["cautions"] if one["code"] == "no_rate"]
    assert told == [("no_rate", "EUR"), ("no_rate", "GBP")]
    assert apart["nodes"][0]["booked"] == "0.00"
    euros = (await asked(gateway, currency="EUR"))["nodes"][0]
    assert (euros["booked"], euros["submitted"]) == ("100.00", "50.00")

    told = (await gateway.http.post("/v1/exchange-rates:import", content=FILE)).json()
    assert [told[name] for name in ("created", "changed", "unchanged", "rejected")] == [3, 0, 0, 4]
    assert [(each["line"], each["errors"][0]["field"], bool(each["errors"][0]["mend"])) for each in told["errors"]] == [
        (5, "currency", True), (6, "rate", True), (7, "currency", True), (8, "date", True)
    ]  # fmt: skip
    assert (await asked(gateway))["stale"], "totals were reckoned with other rates"
    adopt = forecaster.service.adopt_exchange
    follower = document_follower(ModelShelf(gateway.nc), EXCHANGE_RATES, read_exchange, adopt, prior=Exchange())
    assert await follower.look(), "the rates that hold today are pointed at at once"
    known = {(node.id, str(span), code) for node, span, code, _ in forecaster.service.rollup.vectors()}
    assert not known, "totals begin anew"
    newest = {one.deal.id: one for one in forecaster.seen}
    for event in newest.values():
        await forecaster.take(event)
    for row in forecaster.service.rollup.rows():  # as a replica does with what it finds on the stream
        for code in ("EUR", "GBP"):
            forecaster.service.rollup.empty(row.node, row.period, code)
    await forecaster.told(lambda: True)

    found = await asked(gateway)
    [company] = found["nodes"]
    assert (found["currency"], found["currencies"], found["stale"]) == ("USD", ["GBP", "USD"], False)
    [caution] = found["cautions"]
    assert caution["currency"] == "GBP"
    assert "no exchange rate of GBP to USD" in caution["text"]
    assert company["booked"] == "110.00", "by the rate of the day it was won on"
    assert (company["open_pipeline"], company["open_deals"]) == ("170.00", 2), "by the newest rate"
    assert company["quota"] == "220.00"
    assert (company["submitted"], company["submitted_below"]) == ("60.00", None)
    before = float(apart["nodes"][0]["deals"]) + 1.2 * float(euros["deals"])
    assert float(company["deals"]) == pytest.approx(before, abs=0.01)
    assert Decimal(company["mean"]) == 110 + Decimal(company["deals"])

    bridge = await asked(gateway, "/v1/forecast/changes", **{"from": "2017-10-05"})
    [row] = bridge["nodes"]
    assert row["start"] == {"open": "270.00", "booked": "0.00", "total": "270.00"}
    assert row["end"] == {"open": "170.00", "booked": "110.00", "total": "280.00"}
    parts = {cause: (part["open"], part["booked"]) for cause, part in row["parts"].items() if part["deals"]}
    assert parts == {"won": ("-110.00", "110.00"), "exchange_rates": ("10.00", "0.00")}
    since = await asked(gateway, "/v1/forecast/changes", **{"from": "submission"})
    assert since["currency"] == "USD"


async def test_rates_are_shown_replaced_and_taken_away(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = gateway.http
    await http.put("/v1/workspace/clock", json={"today": "2017-10-20"})
    rate = {"currency": "EUR", "date": "2017-10-01", "rate": "1.1"}
    assert [(await http.put("/v1/exchange-rates", json=rate | {"rate": text})).status_code for text in ("1.1", "1.2")] \
        == [201, 200]  # fmt: skip
    later = rate | {"date": "2017-10-21", "rate": 2}
    assert (await http.put("/v1/exchange-rates", json=later)).status_code == 201
    edition = gateway.gateway.workspace.exchange_edition
    holding = (await http.get("/v1/exchange-rates")).json()
    assert holding == {"currency": "USD", "day": "2017-10-20", "rates": [rate | {"rate": "1.2"}]}
    await http.put("/v1/workspace/clock", json={"today": "2017-10-21"})
    assert (await http.get("/v1/exchange-rates")).json()["rates"][0]["rate"] == "2"
    assert (await http.get("/v1/exchange-rates", params={"day": "2017-09-30"})).json()["rates"] == []
    all_entries = (await http.get("/v1/exchange-rates/EUR", params={"replaced": "yes"})).json()["rates"]
    assert [(each["date"], each["rate"]) for each in all_entries] == [
        ("2017-10-01", "1.1"), ("2017-10-01", "1.2"), ("2017-10-21", "2")
    ]  # fmt: skip
    asked = {"currency": "EUR", "date": "2017-10-21"}
    assert [(await http.delete("/v1/exchange-rates", params=asked)).status_code for _ in "12"] == [204, 404]
    assert [each["rate"] for each in (await http.get("/v1/exchange-rates/eur")).json()["rates"]] == ["1.2"]
    assert gateway.gateway.workspace.exchange_edition == edition, "what holds is what held"
    wrong: list[tuple[dict[str, Any], str]] = [
        (rate | {"currency": "ZZZ"}, "currency"), (rate | {"rate": "-1"}, "rate"), (rate | {"rate": "1e3"}, "rate"),
        (rate | {"rate": None}, "rate"), ({"currency": "EUR", "rate": "1"}, "date"), (rate | {"x": 1}, "x"),
        (rate | {"currency": "USD"}, "currency"),
    ]  # fmt: skip
    for body, field in wrong:
        answer = await http.put("/v1/exchange-rates", json=body)
        problem = answer.json()
        assert (answer.status_code, problem["field"], bool(problem["mend"])) == (400, field, True), body
    for path in ("/v1/exchange-rates/ZZZ", "/v1/exchange-rates/EUR?replaced=no", "/v1/exchange-rates?day=x"):
        assert (await http.get(path)).status_code == 400
    assert (await http.delete("/v1/exchange-rates")).json()["field"] == "currency"
    [line] = await gateway.lines("/v1/deals:batch", [{"id": "z", "amount": money("1", "ZZZ")}])
    assert (line["status"], line["errors"][0]["field"], bool(line["errors"][0]["mend"])) == ("rejected", "amount", True)
    monkeypatch.setattr(exchange, "principal_of", lambda _: Principal("ann", Scope.OWN, "ann"))
    assert (await http.put("/v1/exchange-rates", json=rate)).status_code == 403
