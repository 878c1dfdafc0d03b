"""The gRPC edge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Protocol

import grpc

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from dealcast.forecast.v1 import forecast_pb2 as pb
from dealcast.forecast.v1 import forecast_pb2_grpc
from kit.clock import Clock
from kit.errors import DealcastError, TooLarge, Unavailable
from learning.periods import Period
from services.forecast import convert
from services.forecast.domain import RollupRow
from services.forecast.service import Asked, Forecasts

MOST_DEALS = 1_000
CHUNK = 32
SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ForecastService"].full_name


class Readiness(Protocol):
    """Whether the totals are complete."""

    @property
    def ready(self) -> bool: ...


class ForecastApi(forecast_pb2_grpc.ForecastServiceServicer):
    """Serves ForecastService; expected errors are mapped to status codes by the server."""

    def __init__(self, service: Forecasts, replica: Readiness, clock: Clock) -> None:
        self._service = service
        self._replica = replica
        self._clock = clock

    def add_to(self, server: grpc.aio.Server) -> None:
        """Register on a server."""
        forecast_pb2_grpc.add_ForecastServiceServicer_to_server(self, server)

    async def ForecastDeals(  # noqa: N802
        self, request: pb.ForecastDealsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ForecastDealsResponse:
        """The forecasts of up to 1,000 deals, in their order."""
        asked = await _asked(request.deals)
        response = pb.ForecastDealsResponse()
        for start in range(0, len(asked), CHUNK):
            chunk = range(start, min(start + CHUNK, len(asked)))
            answers = self._service.answer([asked[index] for index in chunk])
            response.forecasts.extend(
                convert.forecast_to_pb(request.deals[index], answer)
                for index, answer in zip(chunk, answers, strict=True)
            )
            await asyncio.sleep(0)
        return response

    async def GetRollup(  # noqa: N802
        self, request: pb.GetRollupRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetRollupResponse:
        """The totals of a node, a period or all."""
        self._require_caught_up()
        return pb.GetRollupResponse(rollups=self._rollups(self._service.rollup.rows(request.node, _period(request))))

    async def SimulateRollup(  # noqa: N802
        self, request: pb.SimulateRollupRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.SimulateRollupResponse:
        """The totals of the nodes concerned, now and with up to 1,000 deals as given."""
        self._require_caught_up()
        asked = await _asked(request.deals)
        current, simulated = self._service.simulate(asked, _period(request))
        return pb.SimulateRollupResponse(current=self._rollups(current), simulated=self._rollups(simulated))

    async def GetModel(  # noqa: N802
        self, request: pb.GetModelRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetModelResponse:
        """The model in use and its evaluation."""
        info = self._service.info
        return pb.GetModelResponse(
            model_version=info.version, generation=info.generation, digest=info.digest, prior=info.prior,
            evaluation_json=json.dumps(info.evaluation, sort_keys=True, ensure_ascii=False),
        )  # fmt: skip

    def _rollups(self, rows: Sequence[RollupRow]) -> list[insights_pb2.Rollup]:
        info, now = self._service.info, self._clock.now()
        return [convert.rollup_to_pb(row, info, now) for row in rows]

    def _require_caught_up(self) -> None:
        if not self._replica.ready:
            raise Unavailable("this replica is still reading the forecasts", mend="Ask again in a moment")


def _period(request: pb.GetRollupRequest | pb.SimulateRollupRequest) -> Period | None:
    return Period.parse(request.period) if request.period else None


async def _asked(events: Sequence[events_pb2.DealEvent]) -> list[Asked]:
    """Read the deals. Raises TooLarge, or InvalidInput that names the deal's place."""
    if len(events) > MOST_DEALS:
        raise TooLarge("too many deals in one call", field="deals", value=str(len(events)),
                       mend=f"Ask for at most {MOST_DEALS} at a time")  # fmt: skip
    asked = []
    for index, event in enumerate(events):
        try:
            asked.append(convert.asked_from_event(event))
        except DealcastError as error:
            error.field = f"deals[{index}].{error.field}"
            raise
        if index % CHUNK == 0:
            await asyncio.sleep(0)
    return asked
