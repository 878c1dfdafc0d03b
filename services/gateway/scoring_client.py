"""The lead scoring service over gRPC."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import grpc

from dealcast.lead_scoring.v1 import lead_scoring_pb2 as pb
from dealcast.lead_scoring.v1 import lead_scoring_pb2_grpc
from kit.errors import Unavailable
from kit.server import error_of

SECONDS = 5.0
MAX_MESSAGE = 64 * 1024 * 1024
RUN_FILE = "lead_scoring.json"


class Scoring(Protocol):
    """Answers what-if; raises Unavailable while nobody does."""

    async def what_if(self, request: pb.WhatIfRequest) -> pb.WhatIfResponse: ...


class ScoringService:
    """The lead scoring service over gRPC: at a fixed address, or where its run file says it listens."""

    def __init__(self, address: str, run_dir: Path | None) -> None:
        self._fixed = address
        self._run_dir = run_dir
        self._address = ""
        self._channel: grpc.aio.Channel | None = None

    async def what_if(self, request: pb.WhatIfRequest) -> pb.WhatIfResponse:
        """One call. Raises what the service raised, and Unavailable where it does not answer in time."""
        stub = lead_scoring_pb2_grpc.LeadScoringServiceStub(await self._connected())
        try:
            answer: pb.WhatIfResponse = await stub.WhatIf(request, timeout=SECONDS)
        except grpc.aio.AioRpcError as failure:
            error = error_of(failure)
            if isinstance(error, Unavailable):
                raise _away() from None
            raise error from None
        return answer

    async def close(self) -> None:
        """Let the connection go."""
        if self._channel is not None:
            await self._channel.close(None)

    async def _connected(self) -> grpc.aio.Channel:
        """A channel to where the service listens now: started anew, it may listen elsewhere."""
        address = self._fixed or self._listening()
        if self._channel is None or address != self._address:
            await self.close()
            options = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.enable_http_proxy", 0)]
            self._channel, self._address = grpc.aio.insecure_channel(address, options), address
        return self._channel

    def _listening(self) -> str:
        if self._run_dir is None:
            raise _away()
        try:
            return str(json.loads((self._run_dir / RUN_FILE).read_text("utf-8"))["grpc"])
        except (OSError, ValueError, KeyError, TypeError):
            raise _away() from None


def _away() -> Unavailable:
    mend = "Try again when it runs; DEALCAST_LEAD_SCORING_ADDRESS says where it listens"
    return Unavailable("the lead scoring service does not answer", field="lead_scoring", mend=mend)
