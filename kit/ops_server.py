"""HTTP for operations: /metrics (Prometheus), /healthz/live, /healthz/ready."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kit.errors import Unavailable

REQUEST_LIMIT = 8192
REQUEST_SECONDS = 5.0
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class MetricsServer:
    """ready tells each part's readiness; the process is ready when every part is."""

    def __init__(self, address: str, ready: Callable[[], Mapping[str, bool]]) -> None:
        self._address = address
        self._ready = ready
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def address(self) -> str:
        """host:port it listens on."""
        return f"{self._address.rsplit(':', 1)[0]}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises Unavailable when the port is taken."""
        host, port = self._address.rsplit(":", 1)
        try:
            self._server = await asyncio.start_server(self._serve, host, int(port), limit=REQUEST_LIMIT)
        except OSError as error:
            raise Unavailable(
                "the metrics port cannot be listened on",
                field="metrics_address",
                value=self._address,
                mend="Stop what uses it, or set DEALCAST_METRICS_ADDRESS=127.0.0.1:0",
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._respond(head))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _respond(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        method, path = (words[0], words[1].split("?", 1)[0]) if len(words) == 3 else ("", "")
        status, kind, body = self._answer(path)
        if method not in {"GET", "HEAD"}:
            status, kind, body = 405, "text/plain", b"GET only\n"
        lines = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return lines.encode() + b"Connection: close\r\n\r\n" + (b"" if method == "HEAD" else body)

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest()
        if path == "/healthz/live":
            return 200, "application/json", b'{"status": "live"}\n'
        if path == "/healthz/ready":
            parts = dict(self._ready())
            ready = bool(parts) and all(parts.values())
            body = json.dumps({"status": "ready" if ready else "not ready", "parts": parts}).encode() + b"\n"
            return 200 if ready else 503, "application/json", body
        return 404, "text/plain", b"/metrics, /healthz/live, /healthz/ready\n"
