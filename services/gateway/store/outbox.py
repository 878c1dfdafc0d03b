"""The outbox and the live events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, select

from kit.errors import InvalidInput
from services.gateway.store import tables as t
from services.gateway.store.codec import from_us, loads, storable, to_us
from services.gateway.store.database import Database
from services.gateway.store.interface import EventPage, EventsAfter, OutboxRow, StoredEvent
from services.gateway.store.reads import bounded
from services.gateway.store.seen import deal_seers
from services.gateway.store.touching import Touching

CAUSES = ("changed", "rescore")


class Outbox(Touching):
    """`take_outbox`, `finish_outbox`, `enqueue`, and the events."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        o, e = t.outbox.c, t.events.c
        self._existing_deals = select(t.deals.c.id).where(database.among(t.deals.c.id))
        after, most = bindparam("after", type_=BigInteger), bindparam("most", type_=BigInteger)
        waiting = select(o.id, o.deal_id, o.cause, o.trace).where(o.id > after)
        self._waiting = waiting.order_by(o.id).limit(most)
        self._finish = database.many(delete(t.outbox).where(o.id == bindparam("row")))
        since = select(e.id, e.deal_id, e.kind, e.time, e.data).where(e.id > after)
        self._since = since.order_by(e.id).limit(most)
        self._seers = deal_seers(database)

    async def take_outbox(self, limit: int, after: int = 0) -> list[OutboxRow]:
        """Unpublished rows in order, above `after`."""

        def work(connection: Connection) -> list[OutboxRow]:
            rows = self._database.rows(connection, self._waiting, after=after, most=bounded(limit))
            return [OutboxRow(*row) for row in rows]

        return await self._database.read(work)

    async def finish_outbox(self, ids: Sequence[int]) -> None:
        """Forget rows that were published. Losing this in a power failure only publishes them again."""
        if not ids:
            return

        def work(connection: Connection) -> None:
            self._finish.run(connection, [{"row": one} for one in ids])

        await self._database.write(work, durable=False, aside=True)

    async def enqueue(self, deal_ids: Sequence[str], cause: str) -> None:
        """Fresh outbox rows for deals that must be published again; ids of no deal are left out."""
        if cause not in CAUSES:
            raise InvalidInput("this is no cause", field="cause", value=cause, mend="Use changed or rescore")
        now_us = to_us(datetime.now(UTC))

        def work(connection: Connection) -> None:
            wanted = storable(deal_ids)
            known = {row.id for row in self._database.fetch(connection, self._existing_deals, wanted)}
            rows = [{"deal_id": one, "cause": cause, "trace": "", "time": now_us} for one in wanted if one in known]
            self._insert_outbox.run(connection, rows)

        await self._database.write(work)

    async def add_event(self, kind: str, deal_id: str, data: Mapping[str, Any]) -> None:
        """Append one live event."""

        def work(connection: Connection) -> None:
            self._add_events(connection, [(deal_id, kind, data)], to_us(datetime.now(UTC)))

        await self._database.write(work, durable=False)

    async def events_after(self, readers: Sequence[EventsAfter], limit: int) -> dict[EventsAfter, EventPage]:
        """Events above an id that a principal may see: those of its deals, and those of no deal."""

        def work(connection: Connection) -> dict[EventsAfter, EventPage]:
            context, most = self._contexts.read(connection), bounded(limit)
            pages = {after: self._page(connection, after, most) for after in {one.after for one in readers}}
            found = {}
            for one in readers:
                events, seers = pages[one.after]
                visible = context.visible(one.principal)
                mine = [
                    event for event in events
                    if visible is None or not event.deal_id or not visible.isdisjoint(seers.get(event.deal_id, ()))
                ]  # fmt: skip
                found[one] = EventPage(mine, events[-1].id if events else one.after, len(events) == most)
            return found

        return await self._database.read(work)

    def _page(self, connection: Connection, after: int, most: int) -> tuple[list[StoredEvent], dict[str, set[str]]]:
        """Events above an id, and whom each of their deals is to be seen by."""
        rows = self._database.rows(connection, self._since, after=after, most=most)
        events = [StoredEvent(row.id, row.deal_id, row.kind, from_us(row.time), loads(row.data)) for row in rows]
        seers: dict[str, set[str]] = {}
        deals = sorted({one.deal_id for one in events} - {""})
        for deal_id, user_id in self._database.fetch(connection, self._seers, deals):
            seers.setdefault(deal_id, set()).add(user_id)
        return events, seers

    async def event_span(self) -> tuple[int, int]:
        """The ids of the oldest and the newest event kept; (1, 0) where there is none."""
        ends = select(func.min(t.events.c.id), func.max(t.events.c.id))

        def work(connection: Connection) -> tuple[int, int]:
            oldest, newest = connection.execute(ends).one()
            return (int(oldest), int(newest)) if newest else (1, 0)

        return await self._database.read(work)

    async def edition(self) -> tuple[int, int]:
        """Differs whenever something was written here that totals are made of, or an event elsewhere."""
        return self._database.writes, await self.last_event_id()

    async def last_event_id(self, kind: str = "") -> int:
        """The newest event's id, or the newest of a kind; 0 before the first."""
        e = t.events.c
        newest = select(e.id).where(e.kind == kind).order_by(e.id.desc()).limit(1) if kind else select(func.max(e.id))

        def work(connection: Connection) -> int:
            return int(connection.execute(newest).scalar() or 0)

        return await self._database.read(work)
