"""The two databases behind one door: engines, transactions and the few statements in which they differ.

A transaction is a plain function that runs as a whole in a thread of its own: a hop to a driver's thread and back for
each statement would cost more than the statements do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    String,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from kit.errors import InvalidInput, Unavailable
from services.gateway.store.codec import dumps
from services.gateway.store.migrate import write_ahead
from services.gateway.store.ready import Many, Rewrites, Rows
from services.gateway.store.tables import metadata

T = TypeVar("T")
CHUNK = 5_000  # ids in one statement
READERS = 4
BUSY_SECONDS = 30
DURABLE = "FULL"  # how far SQLite waits for the disk at the end of a write that must outlive a power failure
MAPPED_BYTES = 2**31  # of SQLite's file: a page of it is read in place, in half the time of a copy
LOG_PAGES = 4_000  # of SQLite's write-ahead log, 16 MB: pages written often are copied to the database seldom
WRITER_LOCK = 0x6465616C  # the advisory lock that lets one PostgreSQL writer in at a time
_LOCK = text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=WRITER_LOCK)


def read_url(url: str) -> URL:
    """`sqlite:///path` or `postgresql://…` with the drivers used here. Raises InvalidInput for anything else."""
    mend = "Use sqlite:///path/to/file or postgresql://user@host/database"
    try:
        parsed = make_url(url)
    except ArgumentError:
        shown = re.sub("//.*@", "//…@", url)
        raise InvalidInput("this is no database URL", field="store", value=shown, mend=mend) from None
    kind = parsed.get_backend_name()
    if kind == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite+pysqlite")
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
        self.writes = 0  # transactions that may have changed a total
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, "BEGIN IMMEDIATE", 1)
            self._reader = _sqlite_engine(url, "BEGIN", READERS)
        else:
            self._writer = create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
            self._reader = create_engine(
                url, pool_size=READERS, max_overflow=READERS, pool_pre_ping=True, isolation_level="REPEATABLE READ"
            )
        self._ready: WeakKeyDictionary[Any, Rows] = WeakKeyDictionary()
        self._explained = partial(_explained, self._reader.dialect.loaded_dbapi)
        self._write_thread = ThreadPoolExecutor(1, "store-writer")
        self._read_threads = ThreadPoolExecutor(READERS, "store-reader")

    async def close(self) -> None:
        """Let what is under way end, and all connections go."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._write_thread.shutdown()
        self._read_threads.shutdown()
        if self.is_sqlite:
            with self._writer.connect() as connection:
                connection.exec_driver_sql("PRAGMA optimize")
        self._writer.dispose()
        self._reader.dispose()

    async def write(self, work: Callable[[Connection], T], *, durable: bool = True, aside: bool = False) -> T:
        """Run work in a writing transaction. One that is not durable may be lost in a power failure, never half:
        for what is computed anew if it goes missing. aside: no total is made of what is written, so `writes` stays."""
        return await asyncio.get_running_loop().run_in_executor(self._write_thread, self._write, work, durable, aside)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run work in a reading transaction: every statement in it sees the same state."""
        return await asyncio.get_running_loop().run_in_executor(self._read_threads, self._read, work)

    def _write(self, work: Callable[[Connection], T], durable: bool, aside: bool) -> T:
        with self._explained(), self._writer.connect() as connection:
            if self.is_sqlite:
                _set_synchronous(connection, DURABLE if durable else "NORMAL")
            connection.begin()
            if not self.is_sqlite:
                connection.execute(_LOCK)
                if not durable:
                    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            result = work(connection)
            try:
                connection.commit()
            finally:  # a commit that failed may have come through
                self.writes += not aside
            return result

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._explained(), self._reader.connect() as connection:
            connection.begin()
            return work(connection)

    async def compact(self) -> None:
        """Rewrite the database's files without what was deleted; other work waits meanwhile. May raise Unavailable."""
        await asyncio.get_running_loop().run_in_executor(self._write_thread, self._compact)

    def _compact(self) -> None:
        with self._explained(), self._writer.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            if self.is_sqlite:
                driver.execute("PRAGMA temp_store=FILE")  # a copy of all of it would not fit into memory
                driver.execute("VACUUM")
                driver.execute("PRAGMA temp_store=MEMORY")
                busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                if busy:  # a reader still needs what was before
                    raise Unavailable("the database's log is still being read", field="store", mend="Try again")
            else:
                driver.autocommit = True
                try:
                    driver.execute("VACUUM (FULL) " + ", ".join(metadata.tables))
                finally:
                    driver.autocommit = False

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A reading transaction over several calls, for the exporter's threads; blocking."""
        with self._explained(), self._reader.connect() as connection:
            connection.begin()
            yield connection

    def among(self, column: Column[Any], name: str = "ids") -> ColumnElement[bool]:
        """`column` is one of the ids bound to `name` (see `ids`): one parameter, however many ids."""
        if self.is_sqlite:
            values = func.json_each(bindparam(name, type_=Text)).table_valued("value")
            return column.in_(select(values.c.value))
        return column == any_(bindparam(name, type_=ARRAY(String)))

    def ids(self, ids: Iterable[str]) -> Any:
        """The parameter for `among`."""
        return dumps(list(ids)) if self.is_sqlite else list(ids)

    def fetch(self, connection: Connection, statement: Any, ids: Sequence[str], **more: Any) -> list[Any]:
        """All rows of a statement with `among`, in chunks of ids."""
        rows: list[Any] = []
        for start in range(0, len(ids), CHUNK):
            rows += self.rows(connection, statement, ids=self.ids(ids[start : start + CHUNK]), **more)
        return rows

    def rows(self, connection: Connection, statement: Any, **parameters: Any) -> list[Any]:
        """All rows of a statement that is kept and run again and again; booleans may come as 0 and 1."""
        ready = self._ready.get(statement)
        if ready is None:
            ready = self._ready[statement] = Rows(self._reader, statement)
        return ready.read(connection, parameters)

    def many(self, statement: Any) -> Many:
        """An update with bound parameters, made ready for many rows."""
        return Many(self._writer, statement)

    def rewrites(self, table: Table) -> Rewrites:
        """Updates of rows as they were read."""
        return Rewrites(self._writer, table)

    def insert(self, table: Table) -> Many:
        """Insert rows; the database numbers them where the table has serial ids."""
        names = [c.name for c in table.columns if not (c.primary_key and c.autoincrement is True)]
        return Many(self._writer, insert(table), names)

    def keep_first(self, table: Table) -> Many:
        """Insert rows; those with a primary key that is there already change nothing."""
        made = (sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)).on_conflict_do_nothing()
        return Many(self._writer, made, [column.name for column in table.columns])

    def upsert(self, table: Table, replace: Sequence[str] = ()) -> Many:
        """Insert rows, or replace these columns (else all) of those with the same primary key."""
        keys = [column.name for column in table.primary_key]
        names = [column.name for column in table.columns]
        changed = list(replace) or [name for name in names if name not in keys]
        if self.is_sqlite:
            lite = sqlite.insert(table)
            made: Insert = lite.on_conflict_do_update(
                index_elements=keys, set_={name: lite.excluded[name] for name in changed}
            )
        else:
            postgres = postgresql.insert(table)
            made = postgres.on_conflict_do_update(
                index_elements=keys, set_={name: postgres.excluded[name] for name in changed}
            )
        return Many(self._writer, made, names)


@contextmanager
def _explained(driver: Any) -> Iterator[None]:
    """A database that does not answer is Unavailable; anything else is a fault of ours and stays as it is."""
    try:
        yield
    except (DBAPIError, driver.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        if not isinstance(cause, (driver.OperationalError, driver.InterfaceError)) and not lost:
            raise
        mend = "Look at the disk or the database server"
        raise Unavailable(f"the database does not answer ({type(cause).__name__})", field="store", mend=mend) from error


def _set_synchronous(connection: Connection, level: str) -> None:
    _run(connection, f"PRAGMA synchronous={level}")  # through SQLAlchemy it would begin the transaction first


def _run(connection: Connection, sql: str) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(sql)
    cursor.close()


def _sqlite_engine(url: URL, begin: str, size: int) -> Engine:
    engine = create_engine(url, pool_size=size, max_overflow=size, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        write_ahead(connection)
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute(f"PRAGMA mmap_size={MAPPED_BYTES}")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        _run(connection, begin)

    return engine
