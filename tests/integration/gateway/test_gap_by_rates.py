"""Closing the gap, and what would be, where deals of another currency count in the company's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.nats_server import NatsServer
from services.forecast.exchange import Exchange
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.forecasting import Forecaster, chance_with, serving

NOW = datetime(2017, 10, 20, 20, tzinfo=UTC)
EXCHANGE = Exchange.of("USD", {"EUR": "2"})
COUNTED = {"e1": 40_000, "u1": 30_000}  # cents of dollars


def deal(deal_id: str, value: str, currency: str) -> dict[str, Any]:
    return {"id": deal_id, "owner_id": "ann", "amount": {"currency": currency, "value": value},
            "close_date": "2017-12-01", "created_time": "2017-09-01T09:00:00Z"}  # fmt: skip


@pytest.fixture
async def running(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    gateway = RunningGateway(nats_server.url, tmp_path / "data", run_dir=tmp_path)
    await gateway.start()
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-20"})
    await gateway.lines("/v1/users:batch", [{"id": "ann"}])
    for day, rate in (("2017-09-01", "2"), ("2017-11-01", "9")):
        body = {"currency": "EUR", "date": day, "rate": rate}
        assert (await gateway.http.put("/v1/exchange-rates", json=body)).status_code == 201
    yield gateway
    await gateway.stop()


async def test_each_deal_counts_by_the_rate_of_the_day(running: RunningGateway, tmp_path: Path) -> None:
    assert running.nc is not None
    forecaster = await Forecaster(running.nc, running.gateway.store, NOW).start()
    forecaster.service.adopt_exchange(EXCHANGE, 1)
    nobodys = deal("u1", "300", "USD") | {"owner_id": ""}
    deals = [deal("e1", "200", "EUR"), nobodys, deal("g1", "999", "GBP")]
    await running.lines("/v1/deals:batch", deals)
    await forecaster.told(lambda: {one.deal.id for one in forecaster.seen} >= {"e1", "u1", "g1"})
    quota = {"node": "company", "period": "2017-Q4", "amount": {"currency": "EUR", "value": "250"}}
    assert (await running.http.put("/v1/quotas", json=quota)).status_code == 201
    async with serving(forecaster.service, forecaster.clock, tmp_path):
        found = (await running.http.get("/v1/forecast/close-gap", params={"period": "2017-Q4"})).json()
        assert (found["currency"], found["quota"], found["tried"]) == ("USD", "500.00", 2), "pounds stand apart"
        for each in found["deals"]:
            alone = chance_with(forecaster.service, "company", 50_000, {each["id"]: COUNTED[each["id"]]}, EXCHANGE)
            assert each["effect"] == pytest.approx(alone - found["quota_probability"], abs=0.03)
        assert {each["id"]: each["amount"]["value"] for each in found["deals"]}["e1"] == "400.00"
        body = {"period": "2017-Q4", "deals": [{"id": "e1", "outcome": "WON"}, {"id": "g1", "outcome": "LOST"}]}
        nodes = (await running.http.post("/v1/forecast:simulate", json=body)).json()["nodes"]
    rows = {row["currency"]: row for row in nodes if row["node"] == "company"}
    dollars, pounds = rows["USD"], rows["GBP"]
    assert (dollars["before"]["booked"], dollars["after"]["booked"]) == ("0.00", "400.00")
    chance = chance_with(forecaster.service, "company", 50_000, {"e1": COUNTED["e1"]}, EXCHANGE)
    assert dollars["after"]["quota_probability"] == pytest.approx(chance, abs=0.02)
    assert (float(pounds["before"]["mean"]) > 0, pounds["after"]["mean"]) == (True, "0.00")
