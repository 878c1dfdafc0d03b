"""The gRPC edge."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import grpc

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from dealcast.forecast.v1 import forecast_pb2 as pb
from dealcast.forecast.v1 import forecast_pb2_grpc
from kit.clock import Clock
from kit.errors import DealcastError, InvalidInput, TooLarge, Unavailable
from services.forecast import convert
from services.forecast.domain import RollupRow
from services.forecast.service import Asked, Forecasts

MOST_DEALS = 1_000
CHUNK = 32
_PERIOD = re.compile(r"\d{4}-(Q[1-4]|\d\d(/\d{4}-\d\d)?)")
SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ForecastService"].full_name


Both = tuple[list[RollupRow], list[RollupRow]]


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
        """The totals of a node, a period or all, of amounts or of a number in a custom field."""
        self._require_caught_up()
        if request.amount_field:
            rows = await self._service.totals_of_field(request.node, _period(request), request.amount_field)
            return pb.GetRollupResponse(rollups=self._rollups(rows))
        return pb.GetRollupResponse(rollups=self._rollups(self._service.totals(request.node, _period(request))))

    async def SimulateRollup(  # noqa: N802
        self, request: pb.SimulateRollupRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.SimulateRollupResponse:
        """The totals of the nodes concerned, now and with up to 1,000 deals as given or added."""
        self._require_caught_up()
        asked = [*await _asked(request.deals), *_added(request.added)]
        if len(asked) > MOST_DEALS:
            raise _too_many("deals", len(asked))
        if request.amount_field:
            current, simulated = await self._of_field(request, asked)
        else:
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

    async def _of_field(self, request: pb.SimulateRollupRequest, asked: Sequence[Asked]) -> Both:
        if request.added:
            mend = "Leave amount_field out"
            raise InvalidInput("added deals have no custom field", field="added", value=request.amount_field, mend=mend)
        return await self._service.simulate_field(asked, _period(request), request.amount_field)

    def _rollups(self, rows: Sequence[RollupRow]) -> list[insights_pb2.Rollup]:
        info, now = self._service.info, self._clock.now()
        return [convert.rollup_to_pb(row, info, now) for row in rows]

    def _require_caught_up(self) -> None:
        if not self._replica.ready:
            raise Unavailable("this replica is still reading the forecasts", mend="Ask again in a moment")


def _period(request: pb.GetRollupRequest | pb.SimulateRollupRequest) -> str:
    """The period asked for, as totals name it. Raises InvalidInput."""
    text = request.period.strip()
    if text and not _PERIOD.fullmatch(text):
        mend = "Write it as 2017-Q4, 2017-10 or 2017-10/2018-03"
        raise InvalidInput("This is no period.", field="period", value=text[:40], mend=mend)
    return text


async def _asked(events: Sequence[events_pb2.DealEvent]) -> list[Asked]:
    """Read the deals. Raises TooLarge, or InvalidInput that names the deal's place."""
    if len(events) > MOST_DEALS:
        raise _too_many("deals", len(events))
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


def _too_many(field: str, count: int) -> TooLarge:
    mend = f"Ask for at most {MOST_DEALS} at a time"
    return TooLarge("too many deals in one call", field=field, value=str(count), mend=mend)


def _added(pipeline: Sequence[pb.AddedPipeline]) -> list[Asked]:
    """Deals that are not there yet: each kind as often as it says, under ids that no record has."""
    found: list[Asked] = []
    for place, each in enumerate(pipeline):
        if not 1 <= each.count <= MOST_DEALS - len(found):
            raise _too_many(f"added[{place}].count", each.count)
        one = convert.asked_from_event(each.deal, scored=False)
        if one.ask is None:
            mend = "Give an open opportunity"
            raise InvalidInput("this is no open deal", field=f"added[{place}].deal", value=one.deal_id, mend=mend)
        for number in range(each.count):
            name = f"{one.deal_id}\x00{place}.{number}"
            found.append(replace(one, deal_id=name, ask=replace(one.ask, deal_id=name)))
    return found
