"""GET /v1/forecast/close-gap, answered on the forecast service's own scenarios."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.clock import FixedClock
from kit.models import Pointer
from kit.nats_server import NatsServer
from services.forecast.model import ForecastModel
from services.forecast.service import Forecasts
from services.gateway.domain import Principal, Scope
from services.gateway.rest import forecast_gap
from services.gateway.rest.schemas_forecast import ClosedGap, Simulation
from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.forecasting import chance_with, serving, tell_forecasts

TODAY = date(2017, 10, 5)
AMOUNTS = {"a1": 400, "a2": 300, "a3": 20, "b1": 500, "b2": 250}  # dollars
UNPRICED = "n1"


@pytest.fixture
async def running(nats: NATS, nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    gateway = RunningGateway(nats_server.url, tmp_path / "data", run_dir=tmp_path)
    await gateway.start()
    await gateway.http.put("/v1/workspace/clock", json={"today": TODAY.isoformat()})
    lines = {"lines": [{"manager_id": "boss"}]}
    await gateway.lines("/v1/users:batch", [{"id": "boss"}, {"id": "a"} | lines, {"id": "b"} | lines])
    await gateway.lines("/v1/deals:batch", [
        {"id": name, "name": name, "owner_id": name[0], "amount": {"currency": "USD", "value": str(amount)},
         "close_date": "2017-11-15", "created_time": "2017-08-01T00:00:00Z", "stage": "Engaging"}
        for name, amount in AMOUNTS.items()
    ])  # fmt: skip
    away = {"id": UNPRICED, "created_time": "2017-08-01T00:00:00Z", "stage": "Engaging"}
    await gateway.lines("/v1/deals:batch", [away])
    yield gateway
    await gateway.stop()


async def forecasts(running: RunningGateway, currency: str = "") -> Forecasts:
    """A forecast service that knows of the deals, and the gateway of what it says; currency: the company's."""
    clock = FixedClock(datetime(2017, 10, 5, 20, tzinfo=UTC))
    service = Forecasts(SimpleNamespace(current=(ForecastModel(), Pointer("1", 0, ""))), clock)
    await tell_forecasts(running.gateway.store, service, [*AMOUNTS, UNPRICED], TODAY, clock.now(), currency)
    return service


def probability(service: Forecasts, node: str, quota: int, won: list[str]) -> float:
    return chance_with(service, node, quota * 100, {name: AMOUNTS[name] * 100 for name in won})


async def asked(running: RunningGateway, **params: Any) -> Any:
    return await running.http.get("/v1/forecast/close-gap", params=params)


async def test_the_fewest_deals_close_the_gap(
    running: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await forecasts(running)
    without = await asked(running, node="company")
    assert (without.status_code, without.json()["field"]) == (400, "node"), "there is no quota"
    for node, value in (("manager:boss", "900"), ("owner:a", "650")):
        quota = {"node": node, "period": "2017-Q4", "amount": {"currency": "USD", "value": value}}
        assert (await running.http.put("/v1/quotas", json=quota)).status_code == 201
    away = await asked(running, node="company")
    assert (away.status_code, away.json().get("field")) == (503, "forecast"), away.text
    async with serving(service, FixedClock(TODAY), tmp_path):
        answer = await asked(running, node="manager:boss")
        assert answer.status_code == 200, answer.text
        found = answer.json()
        ClosedGap.model_validate(found)
        assert (found["quota"], found["booked"], found["tried"]) == ("900.00", "0.00", len(AMOUNTS))
        base = probability(service, "manager:boss", 900, [])
        assert found["quota_probability"] == pytest.approx(base, abs=0.02)
        names = [deal["id"] for deal in found["deals"]]
        alone = {name: probability(service, "manager:boss", 900, [name]) for name in AMOUNTS}
        assert alone[names[0]] >= max(alone.values()) - 0.02
        for place, deal in enumerate(found["deals"]):
            assert deal["effect"] == pytest.approx(alone[deal["id"]] - base, abs=0.03)
            reached = probability(service, "manager:boss", 900, names[: place + 1])
            assert deal["quota_probability"] == pytest.approx(reached, abs=0.02)
        chances = [found["quota_probability"], *(deal["quota_probability"] for deal in found["deals"])]
        assert chances == sorted(set(chances))
        assert probability(service, "manager:boss", 900, []) == base, "nothing stays changed"
        assert chances[-1] >= 0.995
        mine = (await asked(running, node="owner:a", deals=1)).json()
        assert {deal["owner"]["id"] for deal in mine["deals"]} == {"a"}
        assert len(mine["deals"]) == 1
        assert (await asked(running, node="owner:zoe")).status_code == 404
        assert (await asked(running, node="manager:boss", period="2017-Q3")).json()["field"] == "period"
        assert (await asked(running, deals="0")).json()["field"] == "deals"
        await together(running, service)
        await supposing(running, service)
        monkeypatch.setattr(forecast_gap, "principal_of", lambda _: Principal("a", Scope.OWN, "a"))
        assert (await asked(running, node="manager:boss")).status_code == 403
        assert (await asked(running, node="owner:a", deals=1)).json() == mine


async def test_a_deal_without_amount_stays_in_the_company_s_currency(running: RunningGateway, tmp_path: Path) -> None:
    assert (await running.http.put("/v1/workspace", json={"currency": "KRW"})).status_code == 200
    service = await forecasts(running, "KRW")
    async with serving(service, FixedClock(TODAY), tmp_path):
        body = {"period": "2017-Q4", "deals": [{"id": UNPRICED, "close_date": "2017-12-20"}]}
        found = (await running.http.post("/v1/forecast:simulate", json=body)).json()
    rows = {row["currency"]: row for row in found["nodes"] if row["node"] == "company"}
    assert 0 < float(rows["KRW"]["after"]["mean"]) != float(rows["KRW"]["before"]["mean"]), "promised, it is likelier"
    assert "USD" not in rows or rows["USD"]["before"] == rows["USD"]["after"], "what is in another one stays"


async def together(running: RunningGateway, service: Forecasts) -> None:
    """Deals of which none alone moves the chance are named where several reach the quota; what none reach is said."""

    async def aimed(value: int, period: str = "2017-Q4", node: str = "manager:boss") -> Any:
        quota = {"node": node, "period": period, "amount": {"currency": "USD", "value": str(value)}}
        assert (await running.http.put("/v1/quotas", json=quota)).status_code < 300
        found = (await asked(running, node="manager:boss", period=period, deals=10)).json()
        ClosedGap.model_validate(found)
        return found

    def reaching(value: int, names: list[str]) -> float:
        return probability(service, "manager:boss", value, names)

    most = sum(AMOUNTS.values())
    found = await aimed(most)
    names = [deal["id"] for deal in found["deals"]]
    assert all(deal["effect"] < 0.02 for deal in found["deals"])
    assert set(names) == set(AMOUNTS), "it takes all of them"
    reached = [deal["quota_probability"] for deal in found["deals"]]
    assert reached == pytest.approx([reaching(most, names[: place + 1]) for place in range(len(names))], abs=0.02)
    steps = [found["quota_probability"], *reached]
    assert [deal["adds"] for deal in found["deals"]] == pytest.approx(np.diff(steps).tolist())
    assert (found["quota_probability_all"], found["note"]) == (reached[-1], None)
    few = (await asked(running, node="manager:boss", deals=2)).json()
    assert ([deal["id"] for deal in few["deals"]], few["note"]["code"]) == (names[:2], "more_needed")
    assert [len((await aimed(value))["deals"]) for value in (1_440, 1_200, 900)] == [4, 3, 2], (
        "and no more than it takes"
    )
    far = await aimed(10 * most)
    assert (far["deals"], far["note"]["code"], far["quota_probability_all"]) == ([], "out_of_reach", 0.0)
    assert (await aimed(1))["note"] is None
    part = await aimed(1, "2018-Q1", "owner:a")
    told = (await running.http.get("/v1/forecast", params={"period": "2018-Q1", "node": "manager:boss"})).json()
    assert told["nodes"][0]["quota_probability"] is None
    assert (part["deals"], part["note"]["code"], part["quota_probability"]) == ([], "part_quota", None)
    body = {"period": "2018-Q1", "deals": [{"id": "a1", "outcome": "WON"}]}
    rows = (await running.http.post("/v1/forecast:simulate", json=body)).json()["nodes"]
    chances = {row["node"]: (row["before"]["quota_probability"], row["after"]["quota_probability"]) for row in rows}
    assert chances["manager:boss"] == (None, None)
    assert None not in chances["owner:a"]
    await aimed(900)


async def supposing(running: RunningGateway, service: Forecasts) -> None:
    """POST /v1/forecast:simulate: won deals are booked, slipped ones leave the quarter, nothing stays changed."""

    async def asked_with(*deals: dict[str, Any], period: str = "2017-Q4") -> Any:
        return await running.http.post("/v1/forecast:simulate", json={"period": period, "deals": list(deals)})

    answer = await asked_with({"id": "b1", "outcome": "WON"})
    assert answer.status_code == 200, answer.text
    Simulation.model_validate(answer.json())
    nodes = {row["node"]: row for row in answer.json()["nodes"]}
    assert set(nodes) == {"company", "manager:boss", "owner:b"}
    boss = nodes["manager:boss"]
    assert (boss["before"]["booked"], boss["after"]["booked"], boss["quota"]) == ("0.00", "500.00", "900.00")
    won = probability(service, "manager:boss", 900, ["b1"])
    assert boss["after"]["quota_probability"] == pytest.approx(won, abs=0.02)
    assert boss["before"]["quota_probability"] == pytest.approx(probability(service, "manager:boss", 900, []), abs=0.02)
    unpriced = (await asked_with({"id": UNPRICED, "outcome": "WON"})).json()
    [company] = [row for row in unpriced["nodes"] if row["node"] == "company"]
    brought = unpriced["assumed"][0]["amount"]["value"]
    assert (unpriced["assumed"][0]["id"], company["after"]["booked"]) == (UNPRICED, brought)
    assert float(company["after"]["mean"]) > float(company["before"]["mean"]), "a win never lowers what is expected"
    for deal in ({"outcome": "LOST"}, {"close_date": "2018-03-30"}, {"amount": {"currency": "USD", "value": "9"}}):
        rows = (await asked_with({"id": "b1"} | deal)).json()["nodes"]
        company = next(row for row in rows if row["node"] == "company")
        assert float(company["after"]["mean"]) < float(company["before"]["mean"]), deal
    for wrong, status, field in (
        ([], 400, "deals"), ([{"id": "b1"}, {"id": "b1"}], 400, "deals"), ([{"id": "zz"}], 404, "id"),
        ([{"id": "b1", "outcome": "OPEN"}], 400, "deals[0].outcome"), ([{"outcome": "WON"}], 400, "deals[0].id"),
        ([{"id": "b1", "close_date": "2017-10-04"}], 400, "deals[0].close_date"),
        ([{"id": "b1", "amount": {"currency": "GBP", "value": "9"}}], 400, "deals[0].amount"),
    ):  # fmt: skip
        refused = await asked_with(*wrong)
        assert (refused.status_code, refused.json()["field"]) == (status, field)
    assert (await asked_with({"id": "b1"}, period="FY2018")).json()["field"] == "period"
    await _adding(running)


async def _adding(running: RunningGateway) -> None:
    """Pipeline that is not there yet raises its owner's number and those above by what it is worth."""

    async def added(*kinds: dict[str, Any], period: str = "FY2017") -> Any:
        return await running.http.post("/v1/forecast:simulate", json={"period": period, "added": list(kinds)})

    before = (await running.http.get("/v1/forecast")).json()["nodes"]
    new = {"count": 20, "owner_id": "a", "stage": "Engaging", "probability": 0.5, "close_date": "2017-11-20"}
    new |= {"amount": {"currency": "USD", "value": "100"}}
    answer = await added(new)
    assert answer.status_code == 200, answer.text
    nodes = {row["node"]: row for row in answer.json()["nodes"]}
    assert set(nodes) == {"company", "manager:boss", "owner:a"}
    gained = {name: float(row["after"]["mean"]) - float(row["before"]["mean"]) for name, row in nodes.items()}
    assert gained["company"] == pytest.approx(gained["owner:a"], abs=0.01)
    assert 500 < gained["company"] <= 1_000  # 20 × 100 × ½, as far as they close this year
    assert nodes["manager:boss"]["after"]["quota_probability"] is None, "the quota is of one quarter of the year"
    quarter = {row["node"]: row for row in (await added(new, period="2017-Q4")).json()["nodes"]}["manager:boss"]
    assert quarter["after"]["quota_probability"] > quarter["before"]["quota_probability"]
    months = [(await added(new, period=f"2017-{month}")).json()["nodes"][0] for month in (10, 11, 12)]
    by_month = [float(row["after"]["mean"]) - float(row["before"]["mean"]) for row in months]
    assert sum(by_month) == pytest.approx(gained["company"], abs=0.02)
    sure = (await added(new | {"probability": 1})).json()["nodes"][0]["after"]["mean"]
    assert float(sure) > float(nodes["company"]["after"]["mean"])
    assert (await running.http.get("/v1/forecast")).json()["nodes"] == before
    for wrong, status, field in (
        ({"owner_id": "zz"}, 404, "owner_id"), ({"count": 0}, 400, "added[0].count"),
        ({"count": 1001}, 400, "added[0].count"), ({"probability": 2}, 400, "added[0].probability"),
        ({"size": 2}, 400, "added[0].size"), ({"close_date": "2017-10-04"}, 400, "added[0].close_date"),
        ({"stage": "Nego"}, 400, "added[0].stage"),
        ({"amount": {"currency": "GBP", "value": "9"}}, 400, "added[0].amount"),
    ):  # fmt: skip
        refused = await added(wrong)
        assert (refused.status_code, refused.json()["field"]) == (status, field), refused.text
    assert "Engaging" in (await added({"stage": "Nego"})).json()["mend"]
