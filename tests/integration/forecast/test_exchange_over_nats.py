"""Exchange rates that come to hold: every replica's totals follow, to the last unit, and none are left behind."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import grpc
from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from dealcast.forecast.v1 import forecast_pb2 as pb
from kit.models import ModelShelf
from kit.money import Money
from kit.nats_server import NatsServer
from kit.testing import eventually
from learning.exchange import DatedRate
from services.gateway.domain import LOCAL
from services.gateway.exchange_pointer import ExchangePointer
from services.gateway.store import Store
from services.gateway.workspace import Workspace
from tests.integration.forecast.test_forecast_replicas import Replica, Rollups, published, replica, send
from tests.unit.forecast.forecast_builders import scored_event

AMOUNTS = (Money("USD", 100_000), Money("EUR", 100_001), Money("KRW", 900_007))


async def set_rates(store: Store, *rates: DatedRate) -> None:
    await store.save_rates(LOCAL, rates, datetime(2017, 9, 30, tzinfo=UTC))


def events(count: int, revision: int = 1) -> list[events_pb2.DealEvent]:
    return [
        scored_event(f"d{i}", owner=f"u{i % 5}", score=i * revision % 97 / 97, revision=revision, amount=AMOUNTS[i % 3])
        for i in range(count)
    ]  # fmt: skip


async def told(one: Replica) -> Rollups:
    try:
        return await one.rollups()
    except grpc.aio.AioRpcError:
        return {}  # it reads the stream anew


async def test_replicas_follow_the_rates_that_hold(server: NatsServer, client: NATS, store: Store) -> None:
    workspace = Workspace(store)
    await workspace.pin(date(2017, 9, 30))
    pointer = ExchangePointer(store, workspace, ModelShelf(client))
    await pointer.refill()
    assert await ModelShelf(client).pointer("exchange_rates") is None, "nothing is told while there were never any"
    async with replica(server) as one, replica(server) as other:
        await send(client, events(60))

        async def agree(*codes: str) -> bool:
            found = await told(one)
            deals = sum(row[0] for (node, period, _), row in found.items() if (node, period) == ("company", "2017-Q4"))
            whole = {code for _, _, code in found} == set(codes) and deals == 60
            return whole and found == await told(other) and found == await published(client)

        await eventually(lambda: agree("USD", "EUR", "KRW"), 20)
        days = (date(2017, 9, 1), date(2017, 10, 1))
        await set_rates(store, *(DatedRate("EUR", day, Decimal(5 + place) / 4) for place, day in enumerate(days)))
        before = await one.rollups()
        await pointer.changed()
        await eventually(lambda: agree("USD", "KRW"), 20)
        after = await one.rollups()
        for node, period, code in after:
            mixed = sum(
                factor * before.get((node, period, each), (0, 0))[1] for each, factor in (("USD", 1.0), ("EUR", 1.25))
            )
            if code == "USD":
                assert abs(after[node, period, code][1] - mixed) <= 60 * 2_000, "each deal is rounded by itself"
        assert {row.exchange_edition for row in await rows(one)} == {1} == {workspace.exchange_edition}
        await send(client, events(60, revision=2))
        await pointer.changed()
        assert workspace.exchange_edition == 1, "the same rates hold"
        await workspace.pin(date(2017, 10, 1))
        await pointer.refill()
        assert workspace.exchange_edition == 2, "the day of other rates has come"

        async def dearer() -> bool:
            try:
                return await agree("USD", "KRW") and {row.exchange_edition for row in await rows(other)} == {2}
            except grpc.aio.AioRpcError:
                return False  # it begins to read the stream anew just now

        await eventually(dearer, 20)
        async with replica(server) as late:
            await eventually(lambda: same(late, one), 10)


async def same(one: Replica, other: Replica) -> bool:
    found = await told(one)
    return bool(found) and found == await told(other)


async def rows(one: Replica) -> list[insights_pb2.Rollup]:
    return list((await one.stub.GetRollup(pb.GetRollupRequest())).rollups)


async def test_a_pointer_of_another_life_is_overtaken(client: NATS, store: Store, another: Store) -> None:
    shelf = ModelShelf(client)
    await set_rates(store, DatedRate("EUR", date(2017, 9, 1), Decimal(2)))
    await ExchangePointer(store, Workspace(store), shelf).refill()
    again = Workspace(another)
    for _ in range(2):
        await ExchangePointer(another, again, shelf).refill()
        found = await shelf.pointer("exchange_rates")
        assert found is not None
        assert (again.exchange_edition, found.generation) == (2, 2)
