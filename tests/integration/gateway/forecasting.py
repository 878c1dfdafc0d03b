"""The forecast service's totals, kept in this process from what a gateway publishes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.events.v1 import events_pb2
from kit.clock import Clock, FixedClock
from kit.models import Pointer
from kit.server import GrpcServer
from learning.wire_event import deal_event
from services.forecast import convert
from services.forecast.draws import Drawer
from services.forecast.exchange import CountingDrawer, Exchange
from services.forecast.grpc_api import SERVICE_NAME, ForecastApi
from services.forecast.model import ForecastModel
from services.forecast.service import Forecasts
from services.gateway.convert import insight_from_event, rollup_from_pb
from services.gateway.domain import LOCAL, InsightKind
from services.gateway.store.interface import Store
from tests.integration.gateway.conftest import until


class Forecaster:
    """Forecasts every deal event as the built-in prior does, by the name of a trained model; P(won) one half."""

    def __init__(self, nc: NATS, store: Store, now: datetime) -> None:
        self.nc, self.store, self.clock = nc, store, FixedClock(now)
        self.service = Forecasts(SimpleNamespace(current=(ForecastModel(), Pointer("1", 0, ""))), self.clock)
        self.seen: list[events_pb2.DealEvent] = []

    async def start(self) -> Forecaster:
        async def take(message: Any) -> None:
            await self.take(events_pb2.DealEvent.FromString(message.data))

        await self.nc.subscribe("DEALS.>", cb=take)
        await self.nc.flush()
        return self

    async def take(self, event: events_pb2.DealEvent) -> None:
        await take(self.store, self.service, event)
        self.seen.append(event)

    async def told(self, enough: Callable[[], bool]) -> None:
        """Wait for events, then tell the gateway every total."""
        await until(enough)
        await asyncio.sleep(0)
        await tell_totals(self.store, self.service, self.clock.now())


async def take(store: Store, service: Forecasts, event: events_pb2.DealEvent) -> Sequence[bool]:
    """Forecast an event's deal, won with a chance of one half; whether the store took the score and the forecast."""
    key = event.lead_score.header.key
    event.lead_score.probability = 0.5
    key.deal_revision, key.business_day, key.insight_id = event.deal.revision, event.business_day, "s"
    asked = convert.asked_from_event(event)
    [answer] = service.answer([asked])
    service.rollup.apply([convert.update_of(asked, answer)])
    event.forecast.CopyFrom(convert.forecast_to_pb(event, answer))
    kinds = (InsightKind.LEAD_SCORE, InsightKind.FORECAST)
    return await store.apply_insights([insight_from_event(event, kind) for kind in kinds])


async def tell_totals(store: Store, service: Forecasts, now: datetime) -> None:
    """Tell the gateway every total."""
    rows = [convert.rollup_to_pb(row, service.info, now) for row in service.rollup.rows()]
    await store.save_rollups([rollup_from_pb(row) for row in rows])


@contextlib.asynccontextmanager
async def serving(service: Forecasts, clock: Clock, run_dir: Path) -> AsyncIterator[None]:
    """Answer over gRPC, where a gateway of this run folder looks for the forecast service."""
    api = ForecastApi(service, SimpleNamespace(ready=True), clock)
    server = GrpcServer("127.0.0.1:0", api.add_to, [SERVICE_NAME])
    await server.start()
    (run_dir / "forecast.json").write_text(json.dumps({"grpc": server.address}))
    try:
        yield
    finally:
        await server.stop(0)


def chance_with(
    service: Forecasts, node: str, quota: int, won: Mapping[str, int], exchange: Exchange | None = None
) -> float:
    """P(quota met) in the last quarter of 2017 by the scenarios themselves, with deals won of which each brings so
    much; all in cents of dollars, which all counts in."""
    asked = (node, "2017-Q4", "USD")
    [total] = [one for at, span, code, one in service.rollup.vectors() if (at.id, str(span), code) == asked]
    reached = total.astype(float)
    scenarios = len(reached)
    for name, amount in won.items():
        parameters = service.rollup.held[name].parameters
        assert parameters is not None
        [draw] = CountingDrawer(Drawer(), exchange or Exchange()).draw([parameters])
        cells = np.zeros(len(draw.periods) * scenarios)
        cells[draw.cells] += draw.amounts
        start = [str(period) for period in draw.periods].index("2017-Q4") * scenarios
        reached += amount - cells[start : start + scenarios]
    return float((reached >= quota).mean())


async def tell_forecasts(
    store: Store, service: Forecasts, deals: Sequence[str], day: date, now: datetime, currency: str = ""
) -> None:
    """What the service says of these deals, at a chance of one half, and of the totals; currency: the company's."""
    for record in await store.get_records(LOCAL, deals):
        event = deal_event(record.history, business_day=day, company_currency=currency)
        assert all(await take(store, service, event))
    await tell_totals(store, service, now)
