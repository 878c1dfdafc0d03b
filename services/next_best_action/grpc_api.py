"""The gRPC edge."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc

from dealcast.next_best_action.v1 import next_best_action_pb2 as pb
from dealcast.next_best_action.v1 import next_best_action_pb2_grpc
from kit.errors import DealcastError, InvalidInput, TooLarge
from learning.wire import business_day, history_from_event
from services.next_best_action import catalogue, convert
from services.next_best_action.encoder import TextVectors
from services.next_best_action.likeness import Likeness, NoneKnown
from services.next_best_action.service import PRIOR_VERSION, NextBestAction

MOST_DEALS = 1_000
MOST_SIMILAR = 50
CHUNK = 32
SERVICE_NAME = pb.DESCRIPTOR.services_by_name["NextBestActionService"].full_name


class NextBestActionApi(next_best_action_pb2_grpc.NextBestActionServiceServicer):
    """Serves NextBestActionService; expected errors are mapped to status codes by the server."""

    def __init__(self, service: NextBestAction, likeness: Likeness | None = None) -> None:
        self._service = service
        self._likeness = likeness or Likeness(NoneKnown(), TextVectors(""))

    def add_to(self, server: grpc.aio.Server) -> None:
        """Register on a server."""
        next_best_action_pb2_grpc.add_NextBestActionServiceServicer_to_server(self, server)

    async def RankActions(  # noqa: N802
        self, request: pb.RankActionsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.RankActionsResponse:
        """The next actions of up to 1,000 deals, in their order."""
        if len(request.deals) > MOST_DEALS:
            raise TooLarge("too many deals in one call", field="deals", value=str(len(request.deals)),
                           mend=f"Ask for at most {MOST_DEALS} at a time")  # fmt: skip
        asked = []
        for index, event in enumerate(request.deals):
            try:
                asked.append(convert.asked_from_event(event))
            except DealcastError as error:
                error.field = f"deals[{index}].{error.field}"
                raise
        response = pb.RankActionsResponse()
        for start in range(0, len(asked), CHUNK):
            answers = self._service.answer(asked[start : start + CHUNK])
            response.next_actions.extend(convert.next_actions_to_pb(answer) for answer in answers)
            await asyncio.sleep(0)
        return response

    async def ListActions(  # noqa: N802
        self, request: pb.ListActionsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListActionsResponse:
        """The catalogue, in playbook order."""
        actions = self._service.catalogue.actions
        return pb.ListActionsResponse(actions=[convert.action_to_pb(action) for action in actions])

    async def GetCatalogue(  # noqa: N802
        self, request: pb.GetCatalogueRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetCatalogueResponse:
        """The catalogue in use, as text."""
        return pb.GetCatalogueResponse(text=self._service.catalogue.text, generation=self._service.edition)

    async def CheckCatalogue(  # noqa: N802
        self, request: pb.CheckCatalogueRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.CheckCatalogueResponse:
        """The actions a text would give. Raises InvalidInput with line and mend; nothing changes."""
        found = await asyncio.to_thread(catalogue.parse, request.text)
        return pb.CheckCatalogueResponse(actions=[convert.action_to_pb(action) for action in found.actions])

    async def SimilarDeals(  # noqa: N802
        self, request: pb.SimilarDealsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.SimilarDealsResponse:
        """The past deals most like one, by its texts and fields as of its business day."""
        if not request.deal.deal.id:
            raise InvalidInput("the event has no deal", field="deal.deal.id", mend="Set the deal and its id")
        if not 1 <= request.count <= MOST_SIMILAR:
            raise InvalidInput("this is no number of deals", field="count", value=str(request.count),
                               mend=f"Ask for 1 to {MOST_SIMILAR}")  # fmt: skip
        history, day = history_from_event(request.deal), business_day(request.deal)
        found, pending = await self._likeness.nearest(history, day, request.count)
        return pb.SimilarDealsResponse(deals=[
            pb.SimilarDeal(
                deal_id=one.deal_id, likeness=one.likeness, won=one.won, as_of_day=one.as_of.isoformat(),
                next_activity=one.next_activity, days_to_next=one.days_to_next, days_to_close=one.days_to_close,
            ) for one in found
        ], text_pending=pending)  # fmt: skip

    async def GetModel(  # noqa: N802
        self, request: pb.GetModelRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetModelResponse:
        """The model in use and its evaluation."""
        model, pointer = self._service.models.current
        evaluation = json.dumps(model.evaluation, sort_keys=True, ensure_ascii=False)
        if pointer is None:
            return pb.GetModelResponse(model_version=PRIOR_VERSION, prior=True, evaluation_json=evaluation)
        return pb.GetModelResponse(
            model_version=pointer.version, generation=pointer.generation, digest=pointer.digest,
            evaluation_json=evaluation,
        )  # fmt: skip
