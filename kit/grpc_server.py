"""A gRPC server with health that tells the truth, reflection, error mapping and a graceful end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from kit.errors import Unavailable
from kit.grpc_errors import MeasuredServer

MAX_MESSAGE = 64 * 1024 * 1024


class GrpcServer:
    """Health is NOT_SERVING from the first moment until set_ready(True), and again while draining.

    address is host:port (port 0: a free one); add registers the servicers; services are their
    full names, for health and reflection.
    """

    def __init__(self, address: str, add: Callable[[grpc.aio.Server], None], services: Sequence[str]) -> None:
        self._address = address
        self._services = tuple(services)
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE),
                ("grpc.max_send_message_length", MAX_MESSAGE),
                ("grpc.so_reuseport", 0),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
            ],
        )
        self._health = health_aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (*self._services, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name)
        reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), self._server)
        add(cast("grpc.aio.Server", MeasuredServer(self._server)))
        self.port = 0

    @property
    def address(self) -> str:
        """host:port it listens on."""
        return f"{self._address.rsplit(':', 1)[0]}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises Unavailable when the port is taken."""
        await self.set_ready(ready=False)
        try:
            self.port = self._server.add_insecure_port(self._address)
        except RuntimeError as error:
            raise Unavailable(
                "the gRPC port cannot be listened on",
                field="grpc_address",
                value=self._address,
                mend="Stop what uses it, or set DEALCAST_GRPC_ADDRESS=127.0.0.1:0",
            ) from error
        await self._server.start()

    async def set_ready(self, *, ready: bool) -> None:
        """Tell the health of the whole server and of each service."""
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *self._services):
            await self._health.set(name, status)

    async def stop(self, grace: float) -> None:
        """Stop taking calls, let those in hand end within grace seconds, cancel the rest."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace)
