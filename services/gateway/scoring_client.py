"""The lead scoring service over gRPC."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import grpc

from dealcast.lead_scoring.v1 import lead_scoring_pb2 as pb
from dealcast.lead_scoring.v1 import lead_scoring_pb2_grpc
from services.gateway.service_channel import SECONDS, ServiceChannel


class Scoring(Protocol):
    """Answers what-if; raises Unavailable while nobody does."""

    async def what_if(self, request: pb.WhatIfRequest) -> pb.WhatIfResponse: ...


class ScoringService:
    """The lead scoring service over gRPC: at a fixed address, or where its run file says it listens."""

    def __init__(self, address: str, run_dir: Path | None) -> None:
        self._channel = ServiceChannel("lead_scoring", address, run_dir)

    async def what_if(self, request: pb.WhatIfRequest) -> pb.WhatIfResponse:
        """One call. Raises what the service raised, and Unavailable where it does not answer in time."""
        stub = lead_scoring_pb2_grpc.LeadScoringServiceStub(await self._channel.connected())
        try:
            answer: pb.WhatIfResponse = await stub.WhatIf(request, timeout=SECONDS)
        except grpc.aio.AioRpcError as failure:
            raise self._channel.error(failure) from None
        return answer

    async def close(self) -> None:
        """Let the connection go."""
        await self._channel.close()
