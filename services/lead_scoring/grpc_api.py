"""The gRPC edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc

from dealcast.lead_scoring.v1 import lead_scoring_pb2 as pb
from dealcast.lead_scoring.v1 import lead_scoring_pb2_grpc
from services.lead_scoring import convert
from services.lead_scoring.batching import MicroBatcher
from services.lead_scoring.service import LeadScoring

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["LeadScoringService"].full_name


class LeadScoringApi(lead_scoring_pb2_grpc.LeadScoringServiceServicer):
    """Serves LeadScoringService; expected errors are mapped to status codes by the server."""

    def __init__(self, service: LeadScoring) -> None:
        self._service = service
        self._batcher = MicroBatcher(self._score)

    def add_to(self, server: grpc.aio.Server) -> None:
        """Register on a server."""
        lead_scoring_pb2_grpc.add_LeadScoringServiceServicer_to_server(self, server)

    def _score(self, requests: Sequence[pb.ScoreDealRequest]) -> list[pb.ScoreDealResponse]:
        scores, version = self._service.score([convert.unnamed_from_event(request.deal) for request in requests])
        pairs = zip(requests, scores, strict=True)
        return [convert.score_to_pb(request.deal.deal.id, score, version) for request, score in pairs]

    async def ScoreDeal(  # noqa: N802
        self, request: pb.ScoreDealRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ScoreDealResponse:
        """One deal without reasons; concurrent calls are one batch."""
        return await self._batcher.ask(request)

    async def ScoreDeals(  # noqa: N802
        self, request: pb.ScoreDealsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ScoreDealsResponse:
        """Many rows as columns, named as in learning.snapshots.row_at."""
        scores, info = self._service.score_table(convert.table_from_request(request))
        return convert.scores_to_pb(request, scores, info)

    async def ExplainDeal(  # noqa: N802
        self, request: pb.ExplainDealRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ExplainDealResponse:
        """One deal with its reasons."""
        (answer,) = self._service.answer([convert.asked_from_event(request.deal)])
        return pb.ExplainDealResponse(lead_score=convert.lead_score_to_pb(answer))

    async def WhatIf(  # noqa: N802
        self, request: pb.WhatIfRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.WhatIfResponse:
        """One open deal as it is and as it would be with other values."""
        asked, hypothesis = convert.whole_from_event(request.deal), convert.hypothesis_from_pb(request)
        return convert.supposed_to_pb(self._service.what_if(asked, hypothesis))

    async def GetModel(  # noqa: N802
        self, request: pb.GetModelRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetModelResponse:
        """The model in use and its evaluation."""
        return convert.model_to_pb(self._service.info())
