"""Bringing the tables up to date; one process at a time, the others wait."""

from __future__ import annotations

import sqlite3
import time
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, OperationalError

from kit.errors import InvalidInput, Unavailable

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x6D696772
WAIT_SECONDS = 60


def migrate(url: URL) -> None:
    """Upgrade the database at a URL of `read_url` to the newest tables, in one transaction."""
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        url = url.set(drivername="sqlite+pysqlite")
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT_SECONDS} if sqlite else {})
    if sqlite:
        event.listen(engine, "connect", _manual_transactions)
        event.listen(engine, "begin", _begin_immediate)
    try:
        with engine.begin() as connection:
            if not sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            upgrade(connection)
    except OperationalError as error:
        raise Unavailable(
            f"the database cannot be opened ({type(error.orig).__name__})", field="store", value=url.render_as_string(),
            mend="Look at the path, its permissions and the disk, or at the database server",
        ) from error  # fmt: skip
    except DatabaseError as error:
        raise InvalidInput(
            f"this is no database of Dealcast ({type(error.orig).__name__})", field="store",
            value=url.render_as_string(), mend="Name another file or database, or restore a backup",
        ) from error  # fmt: skip
    finally:
        engine.dispose()


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations on an open connection; nothing where its tables are the newest."""
    if revision == "head" and MigrationContext.configure(connection).get_current_revision() == _newest():
        return
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@cache
def _newest() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _manual_transactions(connection: object, _: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]
    write_ahead(connection)


def write_ahead(connection: Any) -> None:
    """Keep a write-ahead log. Of two that turn it on in a new database, SQLite refuses one at once, without waiting."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
