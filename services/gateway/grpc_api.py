"""gRPC: the history as a stream of files, and deals as events carry them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc

from dealcast.gateway.v1 import gateway_pb2, gateway_pb2_grpc
from kit.errors import InvalidInput, TooLarge
from learning.wire_event import deal_event
from services.gateway.access.calls import CALLING, guarded, guarded_stream
from services.gateway.access.gate import Access
from services.gateway.convert import add_insight
from services.gateway.convert_feedback import feedback_from_pb, feedback_to_pb
from services.gateway.domain import Principal
from services.gateway.feedback import FeedbackDesk
from services.gateway.history_export import exported
from services.gateway.service import Gateway

CHUNK = 1024 * 1024
MOST_DEALS = 200
SERVICE = gateway_pb2.DESCRIPTOR.services_by_name["GatewayService"].full_name


class GatewayApi(gateway_pb2_grpc.GatewayServiceServicer):
    """GatewayService over the gateway's use cases."""

    def __init__(self, gateway: Gateway, scratch: Path) -> None:
        self._gateway = gateway
        self._scratch = scratch

    async def ExportHistory(  # noqa: N802 - named by the proto
        self, request: gateway_pb2.ExportHistoryRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[gateway_pb2.ExportHistoryResponse]:
        """Files of the history format, one after the other in chunks of 1 MB."""
        as_of = _time(request) if request.HasField("as_of") else None
        async with exported(
            self._gateway.store, self._gateway.workspace, principal_of(context), self._scratch, as_of
        ) as folder:
            files = await asyncio.to_thread(lambda: sorted(folder.iterdir()))
            for file in files:
                pieces = chunks(file)
                while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                    yield piece

    async def GiveActionFeedback(  # noqa: N802 - named by the proto
        self, request: gateway_pb2.GiveActionFeedbackRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> gateway_pb2.GiveActionFeedbackResponse:
        """Answers a suggestion; the same id again changes nothing."""
        given = feedback_from_pb(request.feedback, self._gateway.workspace.now())
        kept = await FeedbackDesk(self._gateway).give(principal_of(context), given)
        return gateway_pb2.GiveActionFeedbackResponse(feedback=feedback_to_pb(kept))

    async def BatchGetDeals(  # noqa: N802 - named by the proto
        self, request: gateway_pb2.BatchGetDealsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> gateway_pb2.BatchGetDealsResponse:
        """The deals that exist, in the order asked for, with the insights they have."""
        if len(request.deal_ids) > MOST_DEALS:
            raise TooLarge(
                f"at most {MOST_DEALS} deals a call", field="deal_ids", value=str(len(request.deal_ids)),
                mend="Ask in several calls",
            )  # fmt: skip
        store, day = self._gateway.store, self._gateway.workspace.business_day
        types = {each.name: each.type for each in await store.list_fields() if each.entity == "deal"}
        response = gateway_pb2.BatchGetDealsResponse()
        for record in await store.get_records(principal_of(context), list(request.deal_ids)):
            event = deal_event(record.history, business_day=day, owner_name=record.owner_name, field_types=types)
            for insight in record.insights.values():
                add_insight(event, insight)
            response.deals.append(event)
        return response


def principal_of(_: grpc.aio.ServicerContext[Any, Any]) -> Principal:
    """Who asks, as was found out when the call came in."""
    return CALLING.get()


def add_to(gateway: Gateway, scratch: Path, access: Access, server: grpc.aio.Server) -> None:
    """Register the servicer; each of its methods first asks who calls and whether they may."""
    api = GatewayApi(gateway, scratch)
    for method in gateway_pb2.DESCRIPTOR.services_by_name["GatewayService"].methods:
        guard = guarded_stream if method.server_streaming else guarded
        setattr(api, method.name, guard(access, f"GatewayService/{method.name}", getattr(api, method.name)))
    gateway_pb2_grpc.add_GatewayServiceServicer_to_server(api, server)


def chunks(file: Path) -> Iterator[gateway_pb2.ExportHistoryResponse]:
    """A file's parts; the last carries the SHA-256 of all of it."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        piece = stream.read(CHUNK)
        while True:
            digest.update(piece)
            following = stream.read(CHUNK)
            last = digest.hexdigest() if not following else ""
            yield gateway_pb2.ExportHistoryResponse(file=file.name, chunk=piece, sha256=last)
            if not following:
                return
            piece = following


def _time(request: gateway_pb2.ExportHistoryRequest) -> datetime:
    try:
        return request.as_of.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidInput("the time is out of range", field="as_of", mend="Use the years 1900 to 2199") from None
