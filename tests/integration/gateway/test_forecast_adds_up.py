"""Forecast totals over REST: those of nodes add up, by what services tell and by the records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.common.v1 import insights_pb2
from kit.subjects import rollup_subject
from services.gateway.rest.schemas_totals import ForecastTotals
from tests.integration.gateway.conftest import RunningGateway, until


def rollup(node: str, level: str, parent: str, deals: int) -> insights_pb2.Rollup:
    made = insights_pb2.Rollup(
        node=node, level=level, parent=parent, period="2017-Q4", currency="USD", open_deals=1, scenarios=2_000,
        deals_sum=deals, not_yet_created_sum=1_000, correction_sum=-500, quantiles=[0, 100_00, 200_00, 300_00, 400_00],
        business_day="2017-09-30", model_version="1",
    )  # fmt: skip
    made.as_of.FromJsonString("2017-09-30T12:00:00Z")
    return made


async def test_the_forecast_adds_up(gateway: RunningGateway, nats: NATS) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    await gateway.lines(
        "/v1/users:batch",
        [{"id": "boss", "name": "Boss", "lines": [{"region": "East"}]}]
        + [{"id": u, "name": u, "lines": [{"manager_id": "boss"}]} for u in ("u1", "u2")],
    )
    quota = {"owner_id": "u1", "period": "2017-Q4", "amount": {"currency": "USD", "value": "200.00"}}
    await gateway.lines("/v1/quotas:batch", [quota])
    deals = [
        {"id": "won", "owner_id": "u1", "outcome": "WON", "closed_date": "2017-08-01",
         "amount": {"currency": "USD", "value": "10.10"}},
        {"id": "none", "outcome": "WON", "closed_date": "2017-08-02", "amount": {"currency": "USD", "value": "0.01"}},
        {"id": "open", "owner_id": "u2", "close_date": "2017-11-01", "category": "commit",
         "amount": {"currency": "USD", "value": "99.00"}},
    ]  # fmt: skip
    await gateway.lines("/v1/deals:batch", deals)
    js = nats.jetstream()
    waiting = (await gateway.http.get("/v1/forecast")).json()
    ForecastTotals.model_validate(waiting)
    assert waiting["period"] == "2017-Q4"
    assert waiting["stale"] is True
    assert waiting["nodes"][0]["deals"] is None
    for node, level, parent in (  # the company last: once it is there, a node without a rollup has nothing open
        ("owner:u2", "owner", "manager:boss"), ("manager:boss", "manager", "region:East"),
        ("region:East", "region", "company"), ("company", "company", ""),
    ):  # fmt: skip
        made = rollup(node, level, parent, 2_001)
        await js.publish(rollup_subject(node, "2017-Q4", "USD"), made.SerializeToString())
    totals = await until(lambda: spoken(gateway))
    nodes = {node["node"]: node for node in totals["nodes"]}
    assert nodes["company"]["deals"] == "0.010005"
    assert nodes["company"]["mean"] == "0.012505"
    assert nodes["company"]["commit"] == nodes["owner:u2"]["commit"] == "99.00"
    assert nodes["company"]["quota"] == nodes["owner:u1"]["quota"] == "200.00"
    assert nodes["company"]["quota_of"] == {"owners": 1, "of": 2, "months": 3, "of_months": 3}
    assert nodes["company"]["quota_probability"] is None  # it is a part's
    assert nodes["owner:u1"]["deals"] == "0.00"
    assert nodes["owner:u1"]["quota_probability"] == 0.0
    assert [nodes["company"][name] for name in ("p10", "p50", "p90")] == ["40.00", "200.00", "360.00"]
    past = (await gateway.http.get("/v1/forecast?period=2017-Q3")).json()
    nodes = {node["node"]: node for node in past["nodes"]}
    assert past["stale"] is False
    assert nodes["company"]["booked"] == nodes["company"]["mean"] == nodes["company"]["p90"] == "10.11"
    children = [Decimal(node["booked"]) for node in past["nodes"] if node["parent"] == "company"]
    assert sum(children) == Decimal("10.11")
    one = (await gateway.http.get("/v1/forecast?period=2017-Q3&node=owner:u1")).json()
    assert [node["booked"] for node in one["nodes"]] == ["10.10"]


async def spoken(gateway: RunningGateway) -> dict[str, Any] | None:
    totals = (await gateway.http.get("/v1/forecast?period=2017-Q4")).json()
    ForecastTotals.model_validate(totals)
    return totals if not totals["stale"] else None
