"""A NATS server of a test's own, which it may kill and wipe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.messaging import connect, ensure_streams
from kit.nats_server import NatsServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "store") as started:
        yield started


@pytest.fixture
async def client(server: NatsServer) -> AsyncIterator[NATS]:
    connection = await connect(server.url, "test")
    await ensure_streams(connection)
    yield connection
    await connection.close()
