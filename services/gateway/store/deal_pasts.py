"""The pasts of deals, for sales figures, and contracts with what renews them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, not_, or_, select

from learning.records import ChangeValue, Credit, Deal
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.codec import decode_value, from_us, storable, to_us
from services.gateway.store.context import Part
from services.gateway.store.database import Database
from services.gateway.store.figures_interface import PAST_FIELDS, DealPast, Done, Pasts
from services.gateway.store.rows import credit_from, deal_from

D, C, S, A = t.deals.c, t.changes.c, t.deal_credits.c, t.activities.c
OPPORTUNITY = (D.kind == "OPPORTUNITY", not_(D.deleted))


class DealPasts(Part):
    """`deal_pasts`, `activities_between` and `contract_deals`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._revisions = select(D.id, D.owner_id, D.revision).where(*OPPORTUNITY)
        self._changed = select(t.deals).where(database.among(D.id)).order_by(D.id)
        told = select(C.deal_id, C.seq, C.field, C.value, C.effective_time)
        self._told = told.where(database.among(C.deal_id), C.field.in_(PAST_FIELDS))
        self._owned = select(D.id, D.owner_id).where(database.among(D.id), *OPPORTUNITY)
        inside = (A.time >= bindparam("begin"), A.time < bindparam("end"))
        done = select(A.deal_id, A.time, A.id, A.type, A.direction).where(database.among(A.deal_id), *inside)
        self._done = done.order_by(A.deal_id, A.time, A.id)
        agreed = and_(D.outcome == "WON", not_(D.deleted), D.fields.contains('"contract_', autoescape=True))
        self._contracts = select(t.deals).where(or_(agreed, D.motion == "RENEWAL")).order_by(D.id)
        self._shares = select(S.deal_id, S.position, S.owner_id, S.share).where(database.among(S.deal_id))

    async def deal_pasts(self, principal: Principal, known: Mapping[str, int], most: int = 25_000) -> Pasts:
        """Undeleted opportunities that the principal sees; see FiguresStore."""

        def work(connection: Connection) -> Pasts:
            visible = self._contexts.read(connection).visible(principal)
            rows = self._seen_of(connection, self._database.rows(connection, self._revisions), visible)
            revisions = {row.id: row.revision for row in rows}
            wanted = sorted(one for one, revision in revisions.items() if known.get(one) != revision)
            owners = None if visible is None else frozenset(visible)
            return Pasts(revisions, self._pasts(connection, wanted[:most]), owners)

        return await self._database.read(work)

    def _pasts(self, connection: Connection, wanted: list[str]) -> list[DealPast]:
        changes: dict[str, list[tuple[int, int, str, ChangeValue | None]]] = {}
        for row in self._database.fetch(connection, self._told, wanted):
            told = (row.effective_time, row.seq, row.field, decode_value(row.value))
            changes.setdefault(row.deal_id, []).append(told)
        shares: dict[str, list[tuple[int, Credit]]] = {}
        for row in self._database.fetch(connection, self._shares, wanted):
            shares.setdefault(row.deal_id, []).append((row.position, credit_from(row)))
        found = []
        for row in self._database.fetch(connection, self._changed, wanted):
            shared = tuple([one for _, one in sorted(shares.get(row.id, ()), key=lambda each: each[0])])
            ordered = sorted(changes.get(row.id, ()), key=lambda each: each[:2])
            past = [(field, value, moment) for moment, _, field, value in ordered]
            found.append(DealPast(deal_from(row, (), (), shared), past))
        return found

    async def activities_between(
        self, principal: Principal, deal_ids: Sequence[str], start: datetime, end: datetime
    ) -> list[Done]:
        """What was done with these deals; see FiguresStore."""
        span = {"begin": to_us(start), "end": to_us(end)}

        def work(connection: Connection) -> list[Done]:
            visible = self._contexts.read(connection).visible(principal)
            owned = self._database.fetch(connection, self._owned, storable(deal_ids))
            seen = sorted(row.id for row in self._seen_of(connection, owned, visible))
            rows = self._database.fetch(connection, self._done, seen, **span)
            return [Done(row.deal_id, from_us(row.time), row.type, row.direction) for row in rows]

        return await self._database.read(work)

    async def contract_deals(self, principal: Principal) -> list[Deal]:
        """Contracts, and what renews them; see FiguresStore."""

        def work(connection: Connection) -> list[Deal]:
            visible = self._contexts.read(connection).visible(principal)
            rows = self._seen_of(connection, self._database.rows(connection, self._contracts), visible)
            return [deal_from(row, (), ()) for row in rows]

        return await self._database.read(work)
