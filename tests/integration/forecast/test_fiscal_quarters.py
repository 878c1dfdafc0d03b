"""Quarters that come to begin with another month: the totals of every replica follow, exactly."""

from __future__ import annotations

from collections import defaultdict

import grpc
import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.common.v1 import insights_pb2
from dealcast.forecast.v1 import forecast_pb2 as pb
from kit.models import ModelShelf
from kit.nats_server import NatsServer
from kit.testing import eventually
from learning.fiscal import FiscalCalendar
from services.gateway.fiscal_pointer import FiscalPointer
from services.gateway.store import Store
from services.gateway.workspace import Workspace
from tests.integration.forecast.test_forecast_replicas import Replica, published, replica, send, some_events

MONTHS = ["2017-10", "2017-11", "2017-12"]  # as of the end of September


async def told(one: Replica, period: str = "") -> dict[str, insights_pb2.Rollup]:
    """The company's totals by period."""
    try:
        answer = await one.stub.GetRollup(pb.GetRollupRequest(node="company", period=period))
    except grpc.aio.AioRpcError:
        return {}  # it reads the stream anew
    return {row.period: row for row in answer.rollups if row.open_deals}


async def stands(client: NATS, one: Replica) -> bool:
    return await published(client) == await one.rollups()


async def test_totals_follow_the_fiscal_year(server: NatsServer, client: NATS, store: Store) -> None:
    workspace = Workspace(store)
    pointer = FiscalPointer(workspace, ModelShelf(client))
    await pointer.refill()
    async with replica(server) as one:
        await send(client, some_events(30))

        async def quarters(count: int, *names: str) -> bool:
            found = await told(one)
            return sorted(found) == sorted(names) and all(row.open_deals == count for row in found.values())

        calendar = ("2017-Q4", "2018-Q1", "2018-Q2", "2018-Q3")
        await eventually(lambda: quarters(30, *calendar), 20)
        await eventually(lambda: stands(client, one), 10)
        last = await client.jetstream().get_last_msg("INSIGHTS", "INSIGHTS.rollup.>")
        assert insights_pb2.Rollup.FromString(last.data or b"").node == "company", "after all that it is made of"
        before = [(await told(one, month))[month] for month in MONTHS]
        await workspace.set_fiscal_year({"start_month": 4})
        await pointer.refill()
        assert workspace.fiscal_editions == 0  # the same quarters by other names
        await workspace.set_fiscal_year({"start_month": 2})
        await pointer.refill()
        moved = ("2017-08/2017-10", "2017-11/2018-01", "2018-02/2018-04", "2018-05/2018-07")
        await eventually(lambda: quarters(30, *moved), 20)
        after = [(await told(one, month))[month] for month in MONTHS]
        near = [pytest.approx(row.deals_sum, rel=0.1) for row in before]  # other quarters share other shocks
        assert [row.deals_sum for row in after] == near
        [half] = (await told(one, "2017-11/2018-04")).values()
        found = await told(one)
        assert half.deals_sum == found[moved[1]].deals_sum + found[moved[2]].deals_sum
        assert (half.model_generation, workspace.fiscal_editions) == (0, 1), "deals are forecast by the old quarters"
        await send(client, some_events(30, revision=2))

        async def forecast_anew() -> bool:
            rows = (await told(one)).values()
            return all((row.open_deals, row.model_generation) == (30, 1) for row in rows)

        await eventually(forecast_anew, 20)
        added: dict[str, int] = defaultdict(int)
        for month in ("2017-11", "2017-12", "2018-01"):
            added[moved[1]] += (await told(one, month))[month].deals_sum
        assert added[moved[1]] == (await told(one))[moved[1]].deals_sum


async def test_a_pointer_of_another_life_is_overtaken(client: NATS, store: Store, another: Store) -> None:
    shelf, workspace = ModelShelf(client), Workspace(store)
    await workspace.set_fiscal_year({"start_month": 3})
    await FiscalPointer(workspace, shelf).refill()
    again = Workspace(another)
    assert again.calendar == FiscalCalendar()
    await FiscalPointer(again, shelf).refill()
    found = await shelf.pointer("fiscal_year")
    assert found is not None
    assert (again.fiscal_editions, found.generation) == (2, 2)
    await FiscalPointer(again, shelf).refill()
    assert await shelf.pointer("fiscal_year") == found
