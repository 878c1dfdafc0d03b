"""The two databases behind one door: engines, transactions and the few statements in which they differ."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Insert,
    String,
    Table,
    Text,
    any_,
    bindparam,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from kit.errors import InvalidInput, Unavailable
from services.gateway.store.codec import dumps

CHUNK = 5_000  # ids in one statement
READERS = 4
BUSY_MILLISECONDS = 30_000
WRITER_LOCK = 0x6465616C  # the advisory lock that lets one PostgreSQL writer in at a time
Rows = Sequence[Any]


def read_url(url: str) -> URL:
    """`sqlite:///path` or `postgresql://…` with the drivers used here. Raises InvalidInput for anything else."""
    mend = "Use sqlite:///path/to/file or postgresql://user@host/database"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidInput(
            "this is no database URL", field="store", value=re.sub("//.*@", "//…@", url), mend=mend
        ) from None
    kind = parsed.get_backend_name()
    if kind == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite+aiosqlite")
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise InvalidInput("this is no database Dealcast can use", field="store", value=kind, mend=mend)


class Database:
    """Engines and transactions of one store.

    One writer at a time, on both databases: what a write reads before it decides cannot change under it, and ids
    of outbox and events grow in commit order. Readers stand on connections of their own and see one snapshot.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._lock = asyncio.Lock()
        if self.is_sqlite:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(url, "BEGIN IMMEDIATE", 1)
            self._reader = _sqlite_engine(url, "BEGIN", READERS)
        else:
            self._writer = create_async_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
            self._reader = create_async_engine(
                url, pool_size=READERS, max_overflow=4, pool_pre_ping=True, isolation_level="REPEATABLE READ"
            )

    async def close(self) -> None:
        """Let all connections go."""
        if self.is_sqlite:
            async with self._writer.connect() as connection:
                await connection.exec_driver_sql("PRAGMA optimize")
        await self._writer.dispose()
        await self._reader.dispose()

    @asynccontextmanager
    async def write(self, *, durable: bool = True) -> AsyncIterator[AsyncConnection]:
        """A writing transaction. One that is not durable may be lost in a power failure, never half: for what is
        computed anew if it goes missing."""
        async with self._lock:
            try:
                async with self._writer.connect() as connection:
                    await self._open(connection, durable)
                    try:
                        yield connection
                    except BaseException:
                        await connection.rollback()
                        raise
                    await connection.commit()
            except DBAPIError as error:
                raise self._unavailable(error) from error

    async def _open(self, connection: AsyncConnection, durable: bool) -> None:
        if self.is_sqlite:
            await connection.run_sync(_set_synchronous, "FULL" if durable else "NORMAL")
            return
        await connection.execute(_LOCK)
        if not durable:
            await connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A reading transaction: every statement in it sees the same state."""
        try:
            async with self._reader.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: DBAPIError) -> Exception:
        kind = type(error.orig).__name__
        if kind in ("OperationalError", "InterfaceError", "AdminShutdown") or error.connection_invalidated:
            return Unavailable(
                f"the database does not answer ({kind})", field="store", mend="Look at the disk or the database server"
            )
        return error

    def among(self, column: Column[Any], name: str = "ids") -> ColumnElement[bool]:
        """`column` is one of the ids bound to `name` (see `ids`): one parameter, however many ids."""
        if self.is_sqlite:
            values = func.json_each(bindparam(name, type_=Text)).table_valued("value")
            return column.in_(select(values.c.value))
        return column == any_(bindparam(name, type_=ARRAY(String)))

    def ids(self, ids: Iterable[str]) -> Any:
        """The parameter for `among`."""
        return dumps(list(ids)) if self.is_sqlite else list(ids)

    async def fetch(self, connection: AsyncConnection, statement: Any, ids: Sequence[str], **more: Any) -> list[Any]:
        """All rows of a statement with `among`, in chunks of ids."""
        rows: list[Any] = []
        for start in range(0, len(ids), CHUNK):
            result = await connection.execute(statement, {"ids": self.ids(ids[start : start + CHUNK]), **more})
            rows.extend(result.all())
        return rows

    def upsert(self, table: Table) -> Insert:
        """Insert a row or replace all of its columns, by the primary key."""
        keys = [column.name for column in table.primary_key]
        if self.is_sqlite:
            lite = sqlite.insert(table)
            return lite.on_conflict_do_update(
                index_elements=keys, set_={c.name: c for c in lite.excluded if c.name not in keys}
            )
        postgres = postgresql.insert(table)
        return postgres.on_conflict_do_update(
            index_elements=keys, set_={c.name: c for c in postgres.excluded if c.name not in keys}
        )


_LOCK = text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=WRITER_LOCK)


def _set_synchronous(connection: Connection, level: str) -> None:
    cursor = connection.connection.cursor()  # the driver's: SQLAlchemy's own would begin the transaction first
    cursor.execute(f"PRAGMA synchronous={level}")
    cursor.close()


def _sqlite_engine(url: URL, begin: str, size: int) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=size, max_overflow=0, connect_args={"timeout": BUSY_MILLISECONDS / 1000}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
