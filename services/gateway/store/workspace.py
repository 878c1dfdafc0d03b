"""Settings of the workspace and remembered requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, select, text

from kit.errors import InvalidInput
from services.gateway.limits import ID_LENGTH
from services.gateway.store import tables as t
from services.gateway.store.codec import dumps, loads, storable, to_us
from services.gateway.store.context import FIELDS_VERSION, PEOPLE_VERSION, RATES_VERSION, check_document
from services.gateway.store.database import Database
from services.gateway.store.recording import Recording

DAY_US = 24 * 3600 * 1_000_000


class WorkspaceDocuments(Recording):
    """`ping`, `close`, settings and requests."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._save_settings = database.upsert(t.settings)
        self._save_requests = database.upsert(t.requests)

    async def close(self) -> None:
        """Let the database go."""
        await self._database.close()

    async def ping(self) -> None:
        """Raise Unavailable when the database does not answer."""

        def work(connection: Connection) -> None:
            connection.execute(text("SELECT 1"))

        await self._database.read(work)

    async def get_setting(self, key: str) -> Any | None:
        """A JSON document of the workspace, or None."""

        def work(connection: Connection) -> Any | None:
            found = connection.execute(select(t.settings.c.value).where(t.settings.c.key == key)).scalar()
            return loads(found) if found is not None else None

        return await self._database.read(work)

    async def put_setting(self, key: str, value: Any) -> None:
        """Keep a JSON document; None empties it."""
        if key in (PEOPLE_VERSION, FIELDS_VERSION, RATES_VERSION):
            raise InvalidInput("the store keeps this itself", field="key", value=key, mend="Use another key")
        check_document(key, value)

        def work(connection: Connection) -> None:
            self._keep(connection, "settings", [key])
            self._save_settings.run(connection, [{"key": key, "value": dumps(value)}])

        await self._database.write(work)

    async def remember_request(self, key: str, digest: str, response: Mapping[str, Any]) -> None:
        """Keep an idempotency key's answer for a day."""
        now_us = to_us(datetime.now(UTC))
        if not storable([key]) or len(key) > ID_LENGTH:
            raise InvalidInput("this is no idempotency key", field="Idempotency-Key", mend="Use printable characters")
        row = {"key": key, "digest": digest, "response": dumps(response), "time": now_us}

        def work(connection: Connection) -> None:
            connection.execute(delete(t.requests).where(t.requests.c.time < now_us - DAY_US))
            self._save_requests.run(connection, [row])

        await self._database.write(work)

    async def recall_request(self, key: str) -> tuple[str, Mapping[str, Any]] | None:
        """The digest and answer remembered for a key within the last day."""
        r = t.requests.c
        since = to_us(datetime.now(UTC)) - DAY_US
        if not storable([key]):
            return None

        def work(connection: Connection) -> tuple[str, Mapping[str, Any]] | None:
            found = select(r.digest, r.response).where(r.key == key, r.time >= since)
            row = connection.execute(found).first()
            return (row.digest, loads(row.response)) if row else None

        return await self._database.read(work)
