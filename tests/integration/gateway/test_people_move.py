"""What people set and said moves with the history, once however often it is loaded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from kit.errors import InvalidInput
from kit.nats_server import NatsServer
from learning.history import read_history
from services.gateway.domain import LOCAL
from services.gateway.history_export import export_history
from services.gateway.history_load import load_history
from services.gateway.store.interface import ForecastDay
from tests.integration.gateway.conftest import RunningGateway

DAY = date(2017, 10, 4)


@pytest.fixture
async def other(nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunningGateway]:
    """Another installation."""
    running = RunningGateway(nats_server.url, tmp_path / "other")
    await running.start()
    yield running
    await running.stop()


async def said(gateway: RunningGateway) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("submissions", "adjustments"):
        calls = (await gateway.http.get(f"/v1/forecast/{name}")).json()["calls"]
        found[name] = [{key: value for key, value in call.items() if key != "id"} for call in calls]
    quotas = (await gateway.http.get("/v1/quotas", params={"period": "2017-Q4"})).json()["quotas"]
    found["quotas"] = sorted(map(str, quotas))
    found["rates"] = await gateway.gateway.store.list_rates(LOCAL, "EUR", replaced=True)
    found["days"] = await gateway.gateway.store.forecast_days(LOCAL, "manager:boss", "USD")
    return found


async def test_nothing_that_a_person_entered_is_lost(
    gateway: RunningGateway, other: RunningGateway, tmp_path: Path
) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-10-05"})
    await gateway.lines("/v1/users:batch", [{"id": "boss"}, {"id": "ann", "lines": [{"manager_id": "boss"}]}])
    usd = {"currency": "USD", "value": "500.25"}
    await gateway.http.put("/v1/fields", json={"fields": [
        {"entity": "deal", "name": "arr", "type": "number"}, {"entity": "account", "name": "land", "type": "text"},
    ]})  # fmt: skip
    await gateway.http.put("/v1/forecast/trees", json={"trees": [{"name": "lands", "levels": ["account.fields.land"]}]})
    await gateway.http.put("/v1/forecast/types", json={"types": [{"name": "arr", "field": "arr"}]})
    for node in ({"owner_id": "ann"}, {"node": "manager:boss"}, {"node": "lands:Korea"}, {"node": "company"},
                 {"owner_id": "ann", "type": "arr"}):  # fmt: skip
        made = await gateway.http.put("/v1/quotas", json={"period": "2017-Q4", "amount": usd} | node)
        assert made.status_code == 201, made.text
    for name, value in (("submissions", "7"), ("submissions", "9"), ("adjustments", "-2")):
        call = {"amount": {"currency": "USD", "value": value}, "node": "manager:boss", "note": "half of it is late"}
        made = await gateway.http.post(f"/v1/forecast/{name}", json=call)
        assert made.status_code == 201, made.text
        if value == "9":
            await gateway.http.post(f"/v1/forecast/submissions/{made.json()['id']}:undo")
    for rate in ("1.1", "1.2"):
        body = {"currency": "EUR", "date": "2017-10-01", "rate": rate}
        assert (await gateway.http.put("/v1/exchange-rates", json=body)).status_code in {200, 201}
    days = [ForecastDay("2017-Q4", "USD", "manager:boss", DAY, {"mean": 5, "p10": None})]
    await gateway.gateway.store.save_forecast_days(days)
    before = await said(gateway)
    assert [len(before[name]) for name in ("submissions", "adjustments", "quotas", "days", "rates")] == [2, 1, 5, 1, 2]
    await export_history(gateway.gateway.store, gateway.gateway.workspace, LOCAL, tmp_path / "history")
    for _ in range(2):
        await load_history(other.gateway, LOCAL, tmp_path / "history", lambda *_: None)
        assert await said(other) == before
        for name in ("trees", "types"):
            defined = [(await one.http.get(f"/v1/forecast/{name}")).json() for one in (gateway, other)]
            assert defined[0] == defined[1] != {name: []}
    for name in ("calls", "forecast_days"):  # as a folder from before there were types
        path = tmp_path / "history" / f"{name}.parquet"
        pq.write_table(pq.read_table(path).drop_columns(["type"]), path)
    await load_history(other.gateway, LOCAL, tmp_path / "history", lambda *_: None)
    assert await said(other) == before
    earlier = gateway.gateway.workspace.now().replace(year=2017, month=10, day=3)
    await export_history(gateway.gateway.store, gateway.gateway.workspace, LOCAL, tmp_path / "earlier", earlier)
    folder = read_history(tmp_path / "earlier")
    assert (folder.columns("calls")["kind"], folder.columns("forecast_days")["day"]) == ([], [])
    for name in ("calls", "node_quotas", "forecast_days", "exchange_rates"):
        (tmp_path / "history" / f"{name}.parquet").unlink()
    await load_history(other.gateway, LOCAL, tmp_path / "history", lambda *_: None)
    (tmp_path / "history" / "calls.parquet").write_text("no table")
    with pytest.raises(InvalidInput):
        await load_history(other.gateway, LOCAL, tmp_path / "history", lambda *_: None)
