"""The log of who did what: sign-in, and every change of what holds for the company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select

from services.gateway.access.members import ADMINISTRATORS_ONLY, AccessEvent, Act, EventQuery
from services.gateway.store.codec import dumps, from_us, loads, to_us
from services.gateway.store.context import Part
from services.gateway.store.reads import bounded
from services.gateway.store.tables_access import access_events

E = access_events.c
LONGEST = 200  # of a key


class LogRows(Part):
    """What AccessStore promises of the log."""

    async def add_access_event(self, event: AccessEvent) -> None:
        """Keep an entry."""
        await self.add_access_events([event])

    async def add_access_events(self, events: Sequence[AccessEvent]) -> None:
        """Keep entries, in one go."""
        rows = [event_row(event) for event in events]
        if rows:
            await self._database.write(lambda connection: insert_events(connection, rows))

    async def list_access_events(self, asked: EventQuery | None = None, limit: int = 100) -> list[AccessEvent]:
        """Newest first."""
        found = _chosen(asked or EventQuery()).limit(bounded(limit))

        def work(connection: Connection) -> list[AccessEvent]:
            return [_event(row) for row in connection.execute(found).all()]

        return await self._database.read(work)


def event_row(event: AccessEvent) -> dict[str, Any]:
    """An entry as it is kept."""
    return {
        "time": to_us(event.time), "act": event.act.value, "member_id": event.member_id, "by": event.by,
        "address": event.address[:LONGEST], "detail": dumps(dict(event.detail)), "kind": event.kind,
        "record": event.record[:LONGEST],
    }  # fmt: skip


def insert_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep entries, within a transaction that may do more."""
    connection.execute(insert(access_events), list(rows))


def _chosen(asked: EventQuery) -> Select[Any]:
    found = select(access_events).order_by(E.id.desc())
    if asked.member_id:
        found = found.where(or_(E.member_id == asked.member_id, E.by == asked.member_id))
    for column, wanted in ((E.act, asked.act), (E.kind, asked.kind), (E.record, asked.record)):
        if wanted:
            found = found.where(column == wanted)
    if asked.changes:
        found = found.where(E.act.not_in(sorted(ADMINISTRATORS_ONLY)))
    return found.where(E.id < asked.before) if asked.before else found


def _event(row: Any) -> AccessEvent:
    return AccessEvent(
        Act(row.act), row.member_id, row.by, row.address, loads(row.detail), from_us(row.time), row.id, row.kind,
        row.record,
    )  # fmt: skip
