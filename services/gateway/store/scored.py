"""What was said of deals while they were open, beside how they ended."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, exists, not_, select

from learning.records import DealKind, Outcome
from services.gateway.domain import Principal
from services.gateway.retraining import Closed
from services.gateway.store import tables as t
from services.gateway.store.codec import encode_value, loads
from services.gateway.store.reads import Reads

C, D, H = t.changes.c, t.deals.c, t.score_history.c


class Scored(Reads):
    """What ModelAuditStore promises of closed deals and converted leads."""

    async def conversions(self, principal: Principal) -> int:
        """Leads that have become opportunities."""
        lead = exists().where(C.deal_id == D.id, C.field == "kind", C.value == encode_value(DealKind.LEAD.value))
        found = select(D.id, D.owner_id).where(D.kind == DealKind.OPPORTUNITY.value, not_(D.deleted), lead)

        def work(connection: Connection) -> int:
            visible = self._contexts.read(connection).visible(principal)
            rows = connection.execute(found)
            return sum(visible is None or row.owner_id in visible for row in rows)

        return await self._database.read(work)

    async def closed_scores(self, principal: Principal, after: date, generation: int) -> list[Closed]:
        """One an opportunity."""
        ended = D.outcome.in_((Outcome.WON.value, Outcome.LOST.value))
        rows = select(D.id, D.owner_id, D.outcome, D.closed_date, H.key, H.sort, H.body).join_from(
            t.deals, t.score_history, H.deal_id == D.id
        )
        rows = rows.where(
            ended, not_(D.deleted), D.kind == DealKind.OPPORTUNITY.value, D.closed_date > after.isoformat()
        ).order_by(H.id)

        def work(connection: Connection) -> list[Closed]:
            visible = self._contexts.read(connection).visible(principal)
            last: dict[str, Any] = {}
            for row in connection.execute(rows):
                key = loads(row.key)
                if key[1] == generation and key[2] < row.closed_date and (visible is None or row.owner_id in visible):
                    last[row.id] = row
            return [
                Closed(float(loads(row.sort)["probability"]), row.outcome == Outcome.WON.value)
                for row in last.values()
                if not loads(row.body).get("horizon_days")  # else said of a lead: its chance to convert
            ]

        return await self._database.read(work)
