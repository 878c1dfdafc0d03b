"""How much of a company's record there is, owner by owner."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Double, case, cast, func, select

from services.gateway.domain import Principal, Scope
from services.gateway.store import tables as t
from services.gateway.store.codec import from_day
from services.gateway.store.context import Part
from services.gateway.store.database import Database
from services.gateway.store.shapes import OwnerRecord, RecordFacts
from services.gateway.store.totals import OPPORTUNITY

D = t.deals.c
SLOW_SECONDS, KEPT_TIMES = 0.1, 20  # a reading of many deals serves twenty times as long as it took
_AMOUNT = cast(D.amount, Double)  # a sum of whole ones could overflow
_SUMS = (
    func.count(), func.sum(case((D.amount.is_(None), 1), else_=0)), func.sum(case((D.amount > 0, 1), else_=0)),
    func.coalesce(func.sum(_AMOUNT), 0.0), func.coalesce(func.max(_AMOUNT), 0.0), func.min(D.closed_date),
)  # fmt: skip


class Doubtful(Part):
    """`record_facts`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._facts_held: tuple[float, RecordFacts] | None = None  # until when, of all

    async def record_facts(self, principal: Principal) -> RecordFacts:
        """How much record there is; see ForecastStore."""
        began, of_all = monotonic(), principal.scope is Scope.ALL
        if of_all and self._facts_held is not None and began < self._facts_held[0]:
            return self._facts_held[1]
        facts = await self._read_facts(principal)
        took = monotonic() - began
        if of_all and took > SLOW_SECONDS:
            self._facts_held = (began + KEPT_TIMES * took, facts)
        return facts

    async def _read_facts(self, principal: Principal) -> RecordFacts:
        def work(connection: Connection) -> RecordFacts:
            context = self._contexts.read(connection)
            visible = context.visible(principal)
            currency = func.coalesce(D.currency, context.currency).label("in_currency")
            wanted = select(D.owner_id, currency, D.outcome, *_SUMS).where(*OPPORTUNITY)
            wanted = wanted.group_by(D.owner_id, "in_currency", D.outcome)
            rows = [row for row in connection.execute(wanted).all() if visible is None or row.owner_id in visible]
            closed: dict[str, int] = {}
            for row in rows:
                if row.outcome != "OPEN":
                    closed[row.owner_id] = closed.get(row.owner_id, 0) + int(row[3])
            won = [row for row in rows if row.outcome == "WON"]
            days = [day for row in rows if row.outcome != "OPEN" and (day := from_day(row[8])) is not None]
            return RecordFacts(
                [_open(row, closed) for row in rows if row.outcome == "OPEN"],
                sum(int(row[3]) for row in won), sum(closed.values()), sum(int(row[5]) for row in won),
                min(days, default=None),
            )  # fmt: skip

        return await self._database.read(work)


def _open(row: Any, closed: Mapping[str, int]) -> OwnerRecord:
    owner, currency, _, deals, unpriced, _, total, most, _ = row
    return OwnerRecord(owner, currency, int(deals), int(unpriced), float(total), float(most), closed.get(owner, 0))
