"""The forecast service over gRPC: what would be, and totals of other amounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

import grpc

from dealcast.events.v1 import events_pb2
from dealcast.forecast.v1 import forecast_pb2 as pb
from dealcast.forecast.v1 import forecast_pb2_grpc
from kit.errors import InvalidInput
from learning.wire_event import deal_event
from services.gateway.added_pipeline import NewDeals
from services.gateway.convert import add_insight, rollup_from_pb
from services.gateway.domain import InsightKind, Record
from services.gateway.service_channel import SECONDS, ServiceChannel
from services.gateway.store.interface import StoredRollup

Totals = list[StoredRollup]


class Simulator(Protocol):
    """Tells the totals of the nodes concerned as they are and as they would be; Unavailable while nobody does.
    With `field` those of the numbers in a custom field."""

    async def simulate(
        self, period: str, day: date, deals: Sequence[Record], added: Sequence[NewDeals] = (), field: str = ""
    ) -> tuple[Totals, Totals]: ...


class ForecastService:
    """The service over gRPC: at a fixed address, or where its run file says it listens. `currency` tells the company's:
    that of deals without an amount."""

    def __init__(self, address: str, run_dir: Path | None, currency: Callable[[], str]) -> None:
        self._channel = ServiceChannel("forecast", address, run_dir)
        self._currency = currency

    async def simulate(
        self, period: str, day: date, deals: Sequence[Record], added: Sequence[NewDeals] = (), field: str = ""
    ) -> tuple[Totals, Totals]:
        """One call, of deals with their scores as they would stand on the business day, and of new ones.

        Raises what the service raised, and Unavailable where it does not answer in time.
        """
        own = self._currency()
        request = pb.SimulateRollupRequest(
            period=period, deals=[_event(record, day, own) for record in deals],
            added=[_added(each, day) for each in added], amount_field=field,
        )  # fmt: skip
        stub = forecast_pb2_grpc.ForecastServiceStub(await self._channel.connected())
        try:
            answer = await stub.SimulateRollup(request, timeout=SECONDS)
        except grpc.aio.AioRpcError as failure:
            raise self._channel.error(failure) from None
        return [rollup_from_pb(one) for one in answer.current], [rollup_from_pb(one) for one in answer.simulated]

    async def totals_of_field(self, period: str, field: str) -> Totals:
        """The totals of a number in a custom field, of every node; none while no open deal has it. Raises as above."""
        request = pb.GetRollupRequest(period=period, amount_field=field)
        stub = forecast_pb2_grpc.ForecastServiceStub(await self._channel.connected())
        try:
            answer = await stub.GetRollup(request, timeout=SECONDS)
        except grpc.aio.AioRpcError as failure:
            error = self._channel.error(failure)
            if isinstance(error, InvalidInput) and error.field == "amount_field":
                return []
            raise error from None
        return [rollup_from_pb(one) for one in answer.rollups]

    async def close(self) -> None:
        """Let the connection go."""
        await self._channel.close()


def _event(record: Record, day: date, currency: str) -> events_pb2.DealEvent:
    event = deal_event(record.history, business_day=day, owner_name=record.owner_name, company_currency=currency)
    add_insight(event, record.insights[InsightKind.LEAD_SCORE])
    return event


def _added(each: NewDeals, day: date) -> pb.AddedPipeline:
    event = deal_event(each.history, business_day=day)
    if each.probability is not None:
        event.lead_score.probability = each.probability
    return pb.AddedPipeline(deal=event, count=each.count)
