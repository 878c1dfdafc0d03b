"""The next best action service over gRPC, as far as its catalogue goes, which it alone can check, and past deals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import grpc

from dealcast.events.v1 import events_pb2
from dealcast.next_best_action.v1 import next_best_action_pb2 as pb
from dealcast.next_best_action.v1 import next_best_action_pb2_grpc
from services.gateway.service_channel import SECONDS, ServiceChannel


class CatalogueService(Protocol):
    """Knows the catalogue in use, and whether a text would do as one; raises Unavailable while nobody does."""

    async def in_use(self) -> tuple[str, int]: ...

    async def check(self, text: str) -> list[Mapping[str, Any]]: ...


class ActionService:
    """The service over gRPC: at a fixed address, or where its run file says it listens."""

    def __init__(self, address: str, run_dir: Path | None) -> None:
        self._channel = ServiceChannel("next_best_action", address, run_dir)

    async def in_use(self) -> tuple[str, int]:
        """The text of the catalogue in use and its generation; 0 is the file the service started with."""
        try:
            answer = await (await self._stub()).GetCatalogue(pb.GetCatalogueRequest(), timeout=SECONDS)
        except grpc.aio.AioRpcError as failure:
            raise self._channel.error(failure) from None
        return answer.text, answer.generation

    async def check(self, text: str) -> list[Mapping[str, Any]]:
        """The actions of a text. Raises InvalidInput with line and mend where it is no catalogue."""
        try:
            answer = await (await self._stub()).CheckCatalogue(pb.CheckCatalogueRequest(text=text), timeout=SECONDS)
        except grpc.aio.AioRpcError as failure:
            raise self._channel.error(failure) from None
        return [
            {"name": one.name, "text": {"en": one.text_en, "ko": one.text_ko}, "channel": one.channel}
            for one in answer.actions
        ]

    async def similar(self, event: events_pb2.DealEvent, count: int) -> tuple[list[Mapping[str, Any]], bool]:
        """Past deals like the event's, at most `count` each of won and lost; and whether its text is yet to be read."""
        request = pb.SimilarDealsRequest(deal=event, count=count)
        try:
            answer = await (await self._stub()).SimilarDeals(request, timeout=SECONDS)
        except grpc.aio.AioRpcError as failure:
            raise self._channel.error(failure) from None
        return [
            {"deal_id": one.deal_id, "likeness": one.likeness, "won": one.won, "as_of_day": one.as_of_day,
             "next_activity": one.next_activity, "days_to_next": one.days_to_next, "days_to_close": one.days_to_close}
            for one in answer.deals
        ], answer.text_pending  # fmt: skip

    async def close(self) -> None:
        """Let the connection go."""
        await self._channel.close()

    async def _stub(self) -> Any:
        return next_best_action_pb2_grpc.NextBestActionServiceStub(await self._channel.connected())
