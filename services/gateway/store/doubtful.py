"""How much of a company's record there is, owner by owner."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Double, case, cast, func, select

from kit.clock import day_end
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.codec import from_day, from_us, to_us
from services.gateway.store.context import Part
from services.gateway.store.database import Database
from services.gateway.store.shapes import OwnerRecord, RecordFacts
from services.gateway.store.totals import OPPORTUNITY

D = t.deals.c
LARGE, HELD_SECONDS = 20_000, 10.0  # opportunities: few of them more or less change nothing that is said of so many
_AMOUNT = cast(D.amount, Double)  # a sum of whole ones could overflow
_SUMS = (
    func.count(), func.sum(case((D.amount.is_(None), 1), else_=0)), func.sum(case((D.amount > 0, 1), else_=0)),
    func.coalesce(func.sum(_AMOUNT), 0.0), func.coalesce(func.max(_AMOUNT), 0.0), func.min(D.closed_date),
)  # fmt: skip
_BY_OWNER = select(D.owner_id, D.outcome, D.currency, *_SUMS).where(*OPPORTUNITY)
_BY_OWNER = _BY_OWNER.group_by(D.owner_id, D.outcome, D.currency)  # in the order of an index that holds all of it

_FIRST = select(D.created_time).where(*OPPORTUNITY).order_by(D.created_time).limit(1)
_NEWEST = select(func.max(t.events.c.id))
_CREATIONS = select(func.count()).select_from(t.deals).where(*OPPORTUNITY)


class Doubtful(Part):
    """`record_facts` and `creations`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._facts_held: tuple[Hashable, float, RecordFacts] | None = None  # of all: of which edition, until when

    async def record_facts(self, principal: Principal) -> RecordFacts:
        """How much record there is; see ForecastStore. That of all is held while nothing is written, a large one for
        some seconds in any case."""
        writes = self._database.writes  # before reading: what is written meanwhile is not taken for what is held

        def work(connection: Connection) -> RecordFacts:
            edition = (writes, connection.execute(_NEWEST).scalar())
            context, held = self._contexts.read(connection), self._facts_held
            visible = context.visible(principal)
            if visible is not None:
                rows = connection.execute(_BY_OWNER).all()
                return _facts([row for row in rows if row.owner_id in visible], context.currency)
            if held is None or (held[0] != edition and monotonic() >= held[1]):
                rows = connection.execute(_BY_OWNER).all()
                until = monotonic() + HELD_SECONDS if sum(row[3] for row in rows) >= LARGE else 0.0
                held = self._facts_held = (edition, until, _facts(rows, context.currency))
            return held[2]

        return await self._database.read(work)

    async def creations(self, until: date) -> tuple[date | None, int]:
        """The first day of creating, and how much there was up to a day; see ForecastStore."""
        counted = _CREATIONS.where(D.created_time <= to_us(day_end(until)))

        def work(connection: Connection) -> tuple[date | None, int]:
            first = connection.execute(_FIRST).scalar()
            return None if first is None else from_us(first).date(), int(connection.execute(counted).scalar() or 0)

        return await self._database.read(work)


def _facts(rows: Sequence[Any], currency: str) -> RecordFacts:
    closed: dict[str, int] = {}
    for row in rows:
        if row.outcome != "OPEN":
            closed[row.owner_id] = closed.get(row.owner_id, 0) + int(row[3])
    won = [row for row in rows if row.outcome == "WON"]
    days = [day for row in rows if row.outcome != "OPEN" and (day := from_day(row[8])) is not None]
    return RecordFacts(
        _open([row for row in rows if row.outcome == "OPEN"], currency, closed),
        sum(int(row[3]) for row in won), sum(closed.values()), sum(int(row[5]) for row in won), min(days, default=None),
    )  # fmt: skip


def _open(rows: Sequence[Any], own: str, closed: Mapping[str, int]) -> list[OwnerRecord]:
    """Of owners' open deals; those without an amount have no currency, and count among those of the company's own."""
    found: dict[tuple[str, str], OwnerRecord] = {}
    for owner, _, code, deals, unpriced, _, total, most, _ in rows:
        one = OwnerRecord(owner, code or own, int(deals), int(unpriced), total, most, closed.get(owner, 0))
        other = found.get((owner, one.currency))
        if other is not None:
            one = replace(
                one, deals=one.deals + other.deals, unpriced=one.unpriced + other.unpriced,
                total=one.total + other.total, most=max(one.most, other.most),
            )  # fmt: skip
        found[owner, one.currency] = one
    return list(found.values())
