"""Serves the HTTP application in the process's own loop, and stops with it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from kit.errors import InvalidInput, Unavailable

DRAIN_SECONDS = 5


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the process."""
        yield


class HttpServer:
    """A runner; `address` is known, and `listening` the socket, once `bind` was called."""

    name = "http"

    def __init__(self, address: str) -> None:
        self._wanted = address
        self.listening: socket.socket | None = None
        self._server: _Server | None = None
        self._app: ASGIApp | None = None

    @property
    def ready(self) -> bool:
        """Whether requests are answered."""
        return self._server is not None and self._server.started

    @property
    def address(self) -> str:
        """host:port."""
        if self.listening is None:
            return self._wanted
        host, port = self.listening.getsockname()[:2]
        return f"{host}:{port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self._wanted.rpartition(":")[0] in {"127.0.0.1", "localhost", "[::1]"}

    def bind(self, app: ASGIApp) -> None:
        """Take the port. Raises Unavailable when it is taken, InvalidInput for no address."""
        host, _, port = self._wanted.rpartition(":")
        if not host or not port.isdigit():
            raise InvalidInput("this is no address", field="http_address", value=self._wanted, mend="127.0.0.1:8080")
        try:
            self.listening = socket.create_server((host, int(port)), backlog=512)
            # An answer is sent in pieces, head and body: without this the second waits until the other side has
            # acknowledged the first, which it puts off by 40 ms. Connections take it over; asyncio sets it on its own
            # sockets alone.
            self.listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise Unavailable(
                f"the port cannot be listened on: {error.strerror}", field="http_address", value=self._wanted,
                mend="Stop what uses it, or choose another port",
            ) from error  # fmt: skip
        self._app = app

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until stopped; requests in hand end first."""
        if self._app is None or self.listening is None:
            raise AssertionError("bind comes first")
        config = uvicorn.Config(
            self._app, http="httptools", ws="none", lifespan="off", access_log=False, log_config=None,
            server_header=False, timeout_graceful_shutdown=DRAIN_SECONDS, timeout_keep_alive=30,
            h11_max_incomplete_event_size=65536,
        )  # fmt: skip
        self._server = _Server(config)
        serving = asyncio.create_task(self._server.serve(sockets=[self.listening]))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self._server.should_exit = True
        await serving
