"""Fixtures every test may use: real NATS, real PostgreSQL, the real data sets."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from nats.aio.client import Client as NATS  # noqa: N814
from nats.js.errors import ServerError

from kit.messaging import connect, ensure_streams, read_streams
from kit.nats_server import NatsServer
from kit.testing import Database, start_postgres

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = "required"
STORE_FAILED = 10049  # nats-server's code for a stream whose folder it could not make
settings.register_profile("dealcast", deadline=None)  # a busy machine is no fault
settings.load_profile("dealcast")
os.environ.setdefault("DEALCAST_MONITOR", "false")  # models are looked at where a test asks for it
os.environ.setdefault("DEALCAST_TRAINING_NICENESS", "0")  # the other workers leave nothing of the processors
LONGEST_FIRST = (
    "tests/e2e/system/", "tests/integration/gateway/test_training_runs.py", "tests/integration/cli_up/test_up.py",
    "tests/e2e/", "tests/integration/", "tests/contract/", "tests/unit/",
)  # fmt: skip


gc.disable()  # imports leave nothing to collect


def pytest_collection_finish() -> None:
    """What is imported stays: no collection in any test is to walk all of it again. Writes in this process wait for no
    disk: nothing of a test is to outlive the machine."""
    store = sys.modules.get("services.gateway.store.database")
    if store is not None:
        store.DURABLE = "OFF"  # type: ignore[attr-defined]
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where workers share the files, the whole takes least when the longest are not the last."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: next(n for n, at in enumerate((*LONGEST_FIRST, "")) if item.nodeid.startswith(at)))


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    """A nats-server for the whole session. Tests that kill or wipe one start their own."""
    with NatsServer() as server:
        yield server


@pytest.fixture
async def nats(nats_server: NatsServer) -> AsyncIterator[NATS]:
    """A fresh connection; streams, buckets and consumers are new and empty."""
    client = await connect(nats_server.url, "test")
    await renew_streams(client)
    yield client
    await client.close()


async def renew_streams(client: NATS) -> None:
    """Leave nothing of what an earlier test published: new, empty streams."""
    js = client.jetstream()
    for info in await js.streams_info():
        if info.config.name:
            await js.delete_stream(info.config.name)
    for patience in (0.1, 0.5, 2.0, 0.0):
        try:
            await ensure_streams(client)
            break
        except ServerError as error:  # the folder of a stream that was deleted may be there for a moment more
            if error.err_code != STORE_FAILED or not patience:
                raise
            await asyncio.sleep(patience)


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Database]:
    server = start_postgres()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(_postgres: Database) -> Iterator[str]:
    """postgresql:// URL of a fresh, empty database."""
    url = _postgres.fresh()
    yield url
    _postgres.drop(url)


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of the real data sets; skips where it is absent, fails with DEALCAST_DATASETS=required."""
    return find_datasets(os.environ.get("DEALCAST_DATASETS", ""), ROOT.parent / "shared" / "datasets")


def find_datasets(named: str, beside: Path) -> Path:
    """The folder named, else the one beside the clone; skips, or fails, the test where it is absent."""
    folder = Path(named) if named not in ("", REQUIRED) else beside
    if not folder.is_dir():
        told = f"no data sets at {folder}; set DEALCAST_DATASETS"
        pytest.fail(told) if named == REQUIRED else pytest.skip(told)
    return folder


@pytest.fixture(scope="session")
def streams() -> dict[str, object]:
    """The content of deploy/nats/streams.json."""
    return dict(read_streams())
