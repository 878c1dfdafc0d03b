"""Split credit over REST: in, out, refused, and in the totals of those who share it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from tests.integration.gateway.conftest import RunningGateway
from tests.integration.gateway.forecasting import Forecaster

SPLIT = [{"owner_id": "ann", "percent": 66.67}, {"owner_id": "bob", "percent": 33.33}]


async def test_credit_is_shared(gateway: RunningGateway) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-05"})
    forecaster = Forecaster(gateway.nc, gateway.gateway.store, datetime(2017, 10, 5, 20, tzinfo=UTC))  # type: ignore[arg-type]
    await forecaster.start()
    lines = {"lines": [{"manager_id": "boss", "region": "East"}]}
    await gateway.lines(
        "/v1/users:batch", [{"id": "boss"}, {"id": "ann"} | lines, {"id": "bob", "name": "Bob"} | lines]
    )
    deal = {
        "owner_id": "ann", "close_date": "2017-11-15", "created_time": "2017-08-01T00:00:00Z", "category": "commit",
        "amount": {"currency": "USD", "value": "100.01"}, "credits": SPLIT,
    }  # fmt: skip
    won = {"outcome": "WON", "closed_date": "2017-10-02"}
    for name, more in (("d1", {}), ("w1", won)):
        put = await gateway.http.put(f"/v1/deals/{name}", json=deal | more)
        assert put.status_code == 201, put.text
    shown = (await gateway.http.get("/v1/deals/d1")).json()["credits"]
    assert shown == [SPLIT[0] | {"name": "ann"}, SPLIT[1] | {"name": "Bob"}]
    await forecaster.told(lambda: {one.deal.id for one in forecaster.seen} >= {"d1", "w1"})
    rows = {row["node"]: row for row in (await gateway.http.get("/v1/forecast")).json()["nodes"]}
    assert [rows[one]["booked"] for one in ("owner:ann", "owner:bob", "company")] == ["66.67", "33.34", "100.01"]
    assert [rows[one]["commit"] for one in ("owner:ann", "owner:bob", "region:East")] == ["66.67", "33.34", "100.01"]
    assert [rows[one]["open_deals"] for one in ("owner:ann", "owner:bob", "region:East", "company")] == [1] * 4
    parts = [Decimal(rows[one]["deals"]) for one in ("owner:ann", "owner:bob", "company")]
    assert parts[0] + parts[1] == parts[2] > 0
    assert abs(parts[0] - parts[2] * 2 / 3) < 1


async def test_what_is_no_split_is_refused(gateway: RunningGateway) -> None:
    await gateway.lines("/v1/users:batch", [{"id": "ann"}, {"id": "bob"}])
    for shared, field, value in (
        (SPLIT[:1], "credits", "66.67 %"),
        ([SPLIT[0], {"owner_id": "bob", "percent": 33.333}], "credits[1].percent", "33.333"),
        ([SPLIT[0], {"owner_id": "bob"}], "credits[1].percent", ""),
        ([{"owner_id": "ann", "percent": 150}, {"owner_id": "bob", "percent": -50}], "credits[0].percent", "150 %"),
        ([{"owner_id": "ann", "percent": 50}] * 2, "credits", "ann"),
        ([{"owner_id": "ann", "percent": 50}, {"owner_id": "eve", "percent": 50}], "credits.owner_id", "eve"),
    ):
        answer = await gateway.http.put("/v1/deals/d1", json={"owner_id": "ann", "credits": shared})
        first = (answer.json().get("errors") or [answer.json()])[0]
        assert (answer.status_code // 100, first["field"], first["value"]) == (4, field, value), answer.text
        assert first["mend"]
