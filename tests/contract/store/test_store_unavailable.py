"""A database that goes away or takes too long is Unavailable; what is wrong in a statement is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from kit.errors import Unavailable
from services.gateway.store.database import Database, read_url

END = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND wait_event = 'PgSleep'
"""
SERVER_STATES = (errors.DiskFull, errors.CrashShutdown, errors.CannotConnectNow, errors.DeadlockDetected)


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    opened = Database(read_url(postgres_url))
    yield opened
    await opened.close()


def sleeping(statement: str = "SELECT pg_sleep(30)") -> Any:
    def work(connection: Connection) -> None:
        connection.execute(text(statement))

    return work


async def test_a_session_that_is_ended_is_unavailable_and_the_next_works(database: Database) -> None:
    asleep = asyncio.create_task(database.read(sleeping()))

    def end(connection: Connection) -> int:
        found = connection.execute(text(END))
        return len(found.all())

    async with asyncio.timeout(20):
        while not await database.read(end):  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0.02)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(asleep, 20)
    assert await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar()) == 1


@pytest.mark.parametrize("ready", [False, True])
async def test_a_statement_that_takes_too_long_is_unavailable(database: Database, ready: bool) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("SET LOCAL statement_timeout = 20"))
        if ready:  # as the statements that go past SQLAlchemy do
            connection.connection.cursor().execute("SELECT pg_sleep(5)")
        connection.execute(text("SELECT pg_sleep(5)"))

    for call in (database.read, database.write):
        with pytest.raises(Unavailable, match="QueryCanceled"):
            await call(work)


@pytest.mark.parametrize("kind", SERVER_STATES)
async def test_all_that_is_the_servers_state_is_unavailable(database: Database, kind: type[Exception]) -> None:
    def work(_: Connection) -> None:
        raise kind("not now")

    with pytest.raises(Unavailable, match=kind.__name__):
        await database.write(work)


async def test_what_is_wrong_in_a_statement_stays_as_it_is(database: Database) -> None:
    with pytest.raises(DBAPIError, match="nowhere"):
        await database.read(sleeping("SELECT * FROM nowhere"))
    twice = "CREATE TEMP TABLE one (id int PRIMARY KEY); INSERT INTO one VALUES (1), (1)"
    with pytest.raises(IntegrityError):
        await database.write(sleeping(twice))
