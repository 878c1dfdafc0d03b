"""A channel to a model service: at a fixed address, or where its run file says it listens."""

from __future__ import annotations

import json
from pathlib import Path

import grpc

from kit.errors import DealcastError, Unavailable
from kit.server import error_of

SECONDS = 5.0
MAX_MESSAGE = 64 * 1024 * 1024


class ServiceChannel:
    """Connects when first asked, and anew where the service listens elsewhere after a restart."""

    def __init__(self, service: str, address: str, run_dir: Path | None) -> None:
        self._service = service
        self._fixed = address
        self._run_dir = run_dir
        self._address = ""
        self._channel: grpc.aio.Channel | None = None

    async def connected(self) -> grpc.aio.Channel:
        """A channel to where the service listens now. Raises Unavailable where nothing says so."""
        address = self._fixed or self._listening()
        if self._channel is None or address != self._address:
            await self.close()
            options = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.enable_http_proxy", 0)]
            self._channel, self._address = grpc.aio.insecure_channel(address, options), address
        return self._channel

    async def close(self) -> None:
        """Let the connection go."""
        if self._channel is not None:
            await self._channel.close(None)

    def error(self, failure: grpc.aio.AioRpcError) -> DealcastError:
        """What the service raised, or that it does not answer."""
        error = error_of(failure)
        return self._away() if isinstance(error, Unavailable) else error

    def _listening(self) -> str:
        if self._run_dir is None:
            raise self._away()
        try:
            return str(json.loads((self._run_dir / f"{self._service}.json").read_text("utf-8"))["grpc"])
        except (OSError, ValueError, KeyError, TypeError):
            raise self._away() from None

    def _away(self) -> Unavailable:
        mend = f"Try again when it runs; DEALCAST_{self._service.upper()}_ADDRESS says where it listens"
        spoken = self._service.replace("_", " ")
        return Unavailable(f"the {spoken} service does not answer", field=self._service, mend=mend)
