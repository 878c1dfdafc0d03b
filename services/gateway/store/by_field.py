"""Deals with a number of a custom field in the place of their amount."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from kit.money import Money
from learning.placements import WHOLE, cut_at
from learning.records import Outcome
from services.gateway.amount_types import field_money
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.codec import decode_fields, from_day, to_day
from services.gateway.store.context import Part
from services.gateway.store.database import Database
from services.gateway.store.shapes import CategorySum, OpenAmount
from services.gateway.store.totals import OPPORTUNITY

D, C = t.deals.c, t.deal_credits.c


class FieldAmounts(Part):
    """`field_amounts` and `open_amounts`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._shares = select(C.deal_id, C.owner_id, C.share).where(database.among(C.deal_id))
        self._shares = self._shares.order_by(C.deal_id, C.position)

    async def field_amounts(
        self, principal: Principal, field: str, outcome: Outcome, start: date, end: date
    ) -> list[CategorySum]:
        """What a field's numbers come to; see ForecastStore."""
        day = D.closed_date if outcome is Outcome.WON else D.close_date
        suggested = func.coalesce(t.standings.c.category, "").label("suggested")
        source = t.deals.outerjoin(t.standings, t.standings.c.deal_id == D.id)
        wanted = select(D.id, D.owner_id, D.currency, D.fields, D.category, suggested, D.closed_date).select_from(
            source
        )
        wanted = wanted.where(*OPPORTUNITY, D.outcome == outcome.value, day.between(to_day(start), to_day(end)))

        def work(connection: Connection) -> list[CategorySum]:
            context = self._contexts.read(connection)
            visible = context.visible(principal)
            rows = self._seen_of(connection, connection.execute(wanted).all(), visible)
            shares = self._shares_of(connection, [row.id for row in rows])
            sums: dict[tuple[str, str, str, str], list[int]] = {}
            for row in rows:
                money = field_money(decode_fields(row.fields), field, row.currency or context.currency)
                if money is None:
                    continue
                won = from_day(row.closed_date) if outcome is Outcome.WON else None
                money = context.rates.counted(money, won or context.day)
                holders = shares.get(row.id) or [(row.owner_id, WHOLE)]
                minors = cut_at(money.minor, [share for _, share in holders])
                for (owner, _), minor in zip(holders, minors, strict=True):
                    if visible is None or owner in visible:
                        total = sums.setdefault((owner, money.currency, row.category, row.suggested), [0, 0])
                        total[0] += minor
                        total[1] += 1
            return [
                CategorySum(owner, code, category, minor, deals, suggestion)
                for (owner, code, category, suggestion), (minor, deals) in sorted(sums.items())
            ]

        return await self._database.read(work)

    async def open_amounts(self, principal: Principal, field: str = "") -> list[OpenAmount]:
        """Open deals with what they count as; see ForecastStore."""
        wanted = select(D.id, D.owner_id, D.currency, D.amount, D.fields).order_by(D.id)
        wanted = wanted.where(*OPPORTUNITY, D.outcome == Outcome.OPEN.value)

        def work(connection: Connection) -> list[OpenAmount]:
            context = self._contexts.read(connection)
            rows = self._seen_of(connection, connection.execute(wanted).all(), context.visible(principal))
            shares = self._shares_of(connection, [row.id for row in rows])
            found = []
            for row in rows:
                currency = row.currency or context.currency
                money = field_money(decode_fields(row.fields), field, currency) if field else _money(row)
                if money is not None and money.minor > 0:
                    counted = context.rates.counted(money, context.day)
                    holders = tuple(shares.get(row.id) or [(row.owner_id, WHOLE)])
                    found.append(OpenAmount(row.id, counted.currency, counted.minor, holders))
            return found

        return await self._database.read(work)

    def _shares_of(self, connection: Connection, deal_ids: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
        """The owners of those deals whose credit is shared."""
        shares: dict[str, list[tuple[str, int]]] = {}
        for each in self._database.fetch(connection, self._shares, deal_ids):
            shares.setdefault(each.deal_id, []).append((each.owner_id, each.share))
        return shares


def _money(row: Any) -> Money | None:
    return None if row.amount is None else Money(row.currency, row.amount)
