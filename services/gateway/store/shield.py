"""What does not come in: people who were erased, and resident registration numbers in texts."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from learning.records import Activity, Contact
from services.gateway.domain import DealWrite, FieldError, Principal, WriteResult, WriteStatus
from services.gateway.privacy.person import Person
from services.gateway.privacy.suppression import MEND, MESSAGE, TEXT, Suppressed, without_numbers
from services.gateway.store import tables as t
from services.gateway.store.around import Around, company_wide
from services.gateway.store.codec import dumps, loads, to_us
from services.gateway.store.database import Database
from services.gateway.store.personal_places import Hit, hits
from services.gateway.store.tables_privacy import suppressions
from services.gateway.store.writes import DealWrites

SALT = "privacy_salt"
READ_AGAIN = 2.0  # seconds after which what another process suppressed is known here
S = suppressions.c
OF_DEALS = (t.deals, t.changes, t.activities)


class Shield(DealWrites, Around):
    """The savers of records, with what must not be kept taken out before."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        # When it was read, and what; shared with the copies that record imports.
        self._erased_hashes: list[Any] = [-1e9, None]

    async def apply_deals(
        self, principal: Principal, writes: Sequence[DealWrite], *, trace: str = "", source: str = "rest"
    ) -> list[WriteResult]:
        """As DealWrites does."""
        clean = [_without_numbers(write) if write.activities else write for write in writes]
        suppressed = await self._suppressed()
        if suppressed is not None:
            clean = [suppressed.write(write) for write in clean]
        return await super().apply_deals(principal, clean, trace=trace, source=source)

    async def save_activities(
        self, principal: Principal, activities: Sequence[Activity], *, trace: str = ""
    ) -> list[WriteResult]:
        """As DealWrites does."""
        clean = [without_numbers(one) for one in activities]
        suppressed = await self._suppressed()
        if suppressed is not None:
            clean = [suppressed.activity(one) for one in clean]
        return await super().save_activities(principal, clean, trace=trace)

    async def save_contacts(
        self, principal: Principal, contacts: Sequence[Contact], *, trace: str = ""
    ) -> list[WriteResult]:
        """As Around does; who was erased is refused."""
        suppressed = await self._suppressed()
        if suppressed is None:
            return await super().save_contacts(principal, contacts, trace=trace)
        gone = {place for place, one in enumerate(contacts) if suppressed.holds(one)}
        others = [one for place, one in enumerate(contacts) if place not in gone]
        saved = iter(await super().save_contacts(principal, others, trace=trace))
        refused = (FieldError("id", "", MESSAGE, MEND),)
        return [
            WriteResult(one.id, WriteStatus.REJECTED, 0, refused) if place in gone else next(saved)
            for place, one in enumerate(contacts)
        ]

    async def suppress(self, principal: Principal, person: Person, erasure: str) -> None:
        """Take them back no more."""
        company_wide(principal, "personal data")

        def work(connection: Connection) -> None:
            _add(connection, Suppressed(_salt(connection), frozenset()).hashes_of(person), erasure)

        await self._database.write(work)
        self._erased_hashes[0] = -1e9

    async def suppress_texts(self, principal: Principal, person: Person, only: Collection[str], erasure: str) -> None:
        """Take texts of deals, of these rows, in again only as the erasure leaves them."""
        company_wide(principal, "personal data")

        def look(connection: Connection) -> list[Hit]:
            return [hit for table in OF_DEALS for hit in hits(connection, person, table) if hit.ref in only]

        rows = await self._database.read(look)

        def work(connection: Connection) -> None:
            suppressed = Suppressed(_salt(connection), frozenset())
            for hit in rows:
                _add(connection, suppressed.hashes_of_texts(hit.record, hit.texts, person), erasure)

        await self._database.write(work)
        self._erased_hashes[0] = -1e9

    async def readmit(self, principal: Principal, erasure: str) -> int:
        """Take somebody back from now on; how many hashes there were of them."""
        company_wide(principal, "personal data")
        gone = delete(suppressions).where(S.erasure == erasure)
        count = await self._database.write(lambda connection: int(connection.execute(gone).rowcount))
        self._erased_hashes[0] = -1e9
        return count

    async def _suppressed(self) -> Suppressed | None:
        """The hashes; None where nobody was erased."""
        if time.monotonic() - self._erased_hashes[0] > READ_AGAIN:
            self._erased_hashes[1] = await self._database.read(_read)
            self._erased_hashes[0] = time.monotonic()
        found: Suppressed | None = self._erased_hashes[1]
        return found


def _read(connection: Connection) -> Suppressed | None:
    kinds = {row.hash: row.kind for row in connection.execute(select(S.hash, S.kind))}
    texts = {one: kind for one, kind in kinds.items() if kind.startswith(TEXT)}
    return Suppressed(_salt(connection, make=False), kinds.keys() - texts.keys(), texts) if kinds else None


def _add(connection: Connection, hashes: Mapping[str, str], erasure: str) -> None:
    known, now_us = set(connection.execute(select(S.hash)).scalars()), to_us(datetime.now(UTC))
    rows = [
        {"hash": one, "kind": kind, "time": now_us, "erasure": erasure}
        for one, kind in hashes.items() if one not in known
    ]  # fmt: skip
    if rows:
        connection.execute(insert(suppressions), rows)


def _salt(connection: Connection, *, make: bool = True) -> bytes:
    stored = connection.execute(select(t.settings.c.value).where(t.settings.c.key == SALT)).scalar()
    if stored is None and make:
        stored = dumps(secrets.token_hex(32))
        connection.execute(insert(t.settings).values(key=SALT, value=stored))
    return bytes.fromhex(loads(stored)) if stored else b""


def _without_numbers(write: DealWrite) -> DealWrite:
    return replace(write, activities=tuple(map(without_numbers, write.activities)))
