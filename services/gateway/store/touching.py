"""What follows every change of a deal, in its transaction: standing, outbox row and event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, literal_column, or_, select, update

from services.gateway.store import tables as t
from services.gateway.store.codec import dumps, to_us
from services.gateway.store.database import Database
from services.gateway.store.recording import Recording

KEPT_EVENTS = 100_000
PRUNE_EVERY = 1_000
NEWEST_EVENT = select(func.max(t.events.c.id).label("newest"))
NEVER: dict[str, Any] = {
    f"{kind}_{part}": value
    for kind in ("lead_score", "forecast", "next_actions")
    for part, value in (("revision", -1), ("generation", -1), ("day", ""))
} | dict.fromkeys(("probability", "expected_amount", "slip_risk", "category", "gain", "action"))


@dataclass(frozen=True, slots=True)
class Touch:
    """A deal that changed."""

    deal_id: str
    revision: int
    live: bool  # open and not deleted
    was_live: bool | None = None  # before; None of a new one


class Touching(Recording):
    """Shared by the parts that change deals."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._stand = database.upsert(t.standings, replace=("revision", "live"))
        self._stand_on = database.many(
            update(t.standings).where(t.standings.c.deal_id == bindparam("deal")).values(revision=bindparam("now_at"))
        )  # leaves the index of what is live alone
        self._insert_outbox = database.insert(t.outbox)
        self._insert_events = database.insert(t.events)
        self._bump = database.many(
            update(t.deals)
            .where(t.deals.c.id == bindparam("deal"))
            .values(revision=t.deals.c.revision + literal_column("1"), updated_time=bindparam("now"))
        )
        credited = select(t.deal_credits.c.deal_id).where(database.among(t.deal_credits.c.owner_id))
        self._live_of_owners = select(t.deals.c.id, t.deals.c.revision).where(
            or_(database.among(t.deals.c.owner_id), t.deals.c.id.in_(credited)),
            t.deals.c.outcome == "OPEN", t.deals.c.deleted.is_(False),
        )  # fmt: skip
        self._live_of_accounts = select(t.deals.c.id, t.deals.c.revision).where(
            and_(database.among(t.deals.c.account_id), t.deals.c.outcome == "OPEN", t.deals.c.deleted.is_(False))
        )
        self._live_of_contacts = (
            select(t.deals.c.id, t.deals.c.revision)
            .distinct()
            .join(t.deal_contacts, t.deal_contacts.c.deal_id == t.deals.c.id)
            .where(
                and_(
                    database.among(t.deal_contacts.c.contact_id),
                    t.deals.c.outcome == "OPEN",
                    t.deals.c.deleted.is_(False),
                )
            )
        )

    def _announce(self, connection: Connection, touches: Sequence[Touch], trace: str, source: str) -> None:
        now_us = to_us(datetime.now(UTC))
        self._stand.run(
            connection,
            [
                {"deal_id": one.deal_id, "revision": one.revision, "live": one.live, **NEVER}
                for one in touches
                if one.live is not one.was_live
            ],
        )
        same = [{"deal": one.deal_id, "now_at": one.revision} for one in touches if one.live is one.was_live]
        self._stand_on.run(connection, same)
        self._insert_outbox.run(
            connection,
            [{"deal_id": one.deal_id, "cause": "changed", "trace": trace, "time": now_us} for one in touches],
        )
        self._add_events(
            connection,
            [(one.deal_id, "deal", {"revision": one.revision, "source": source}) for one in touches],
            now_us,
        )

    def _raise_revisions(self, connection: Connection, statement: Any, ids: Sequence[str], trace: str = "") -> None:
        """Open deals around a changed account, contact or reporting line: their events carry it, so their revision
        grows too, or what is computed from them would count as a repetition."""
        rows = self._database.fetch(connection, statement, ids)
        if rows:
            now_us = to_us(datetime.now(UTC))
            self._bump.run(connection, [{"deal": row.id, "now": now_us} for row in rows])
            self._announce(
                connection, [Touch(row.id, row.revision + 1, live=True, was_live=True) for row in rows], trace, "around"
            )

    def _add_events(
        self, connection: Connection, new: Sequence[tuple[str, str, Mapping[str, Any]]], now_us: int
    ) -> None:
        """Append to the live events, (deal id, kind, data) each, and now and then drop the oldest."""
        self._insert_events.run(
            connection,
            [{"deal_id": deal_id, "kind": kind, "time": now_us, "data": dumps(data)} for deal_id, kind, data in new],
        )
        newest = self._database.rows(connection, NEWEST_EVENT)[0][0]
        if newest % PRUNE_EVERY < len(new):
            connection.execute(delete(t.events).where(t.events.c.id <= newest - KEPT_EVENTS))
