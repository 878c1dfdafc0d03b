"""A NATS connection that never gives up."""

from __future__ import annotations

import nats
import structlog
from nats.aio.client import Client as NATS  # noqa: N814 - the library's own short name

from kit.errors import Unavailable
from kit.metrics import NATS_CONNECTED

log = structlog.get_logger(__name__)

PENDING_BYTES = 16 * 1024 * 1024


async def connect(url: str, name: str, *, first_attempt_seconds: float = 20.0) -> NATS:
    """Connect; later losses are mended for ever, each change of state is logged.

    Raises Unavailable when no server answers within first_attempt_seconds.
    """

    clients: list[NATS] = []

    async def lost() -> None:
        NATS_CONNECTED.set(0)
        if not any(client.is_closed or client.is_draining for client in clients):
            log.warning("nats_disconnected", url=url)

    async def found() -> None:
        NATS_CONNECTED.set(1)
        log.info("nats_reconnected", url=url)

    async def failed(error: Exception) -> None:
        log.debug("nats_error", error=type(error).__name__)

    attempts = max(1, round(first_attempt_seconds / 0.2))
    options = {"reconnect_time_wait": 0.2, "connect_timeout": 2, "ping_interval": 5, "max_outstanding_pings": 2}
    try:
        client = await nats.connect(
            url,
            name=name,
            error_cb=failed,
            disconnected_cb=lost,
            reconnected_cb=found,
            allow_reconnect=True,
            max_reconnect_attempts=attempts,
            pending_size=PENDING_BYTES,
            **options,
        )
    except Exception as error:
        raise Unavailable(
            "NATS does not answer",
            field="nats_url",
            value=url,
            mend="Start nats-server, or set DEALCAST_NATS_URL to where it listens",
        ) from error
    clients.append(client)
    client.options["max_reconnect_attempts"] = -1
    NATS_CONNECTED.set(1)
    return client
