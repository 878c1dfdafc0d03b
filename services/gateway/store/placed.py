"""Deals with where they stand in the trees beside the reporting line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, not_, select

from kit.money import Money
from learning.placements import ACCOUNT, ACCOUNT_FIELD, OF_LINES, Tree, placements_of
from learning.records import Account, Outcome, Product, ProductLine
from services.gateway.amount_types import field_money
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.codec import to_day
from services.gateway.store.context import Context, Part
from services.gateway.store.database import Database
from services.gateway.store.rows import account_from, deal_from, product_from, product_line_from
from services.gateway.store.shapes import PlacedDeal

D = t.deals.c
OPPORTUNITY = (D.kind == "OPPORTUNITY", not_(D.deleted))


class Placed(Part):
    """`placed_deals` and `list_pipelines`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        among, lines = database.among, t.deal_products.c
        self._lines = select(t.deal_products).where(among(lines.deal_id)).order_by(lines.deal_id, lines.position)
        self._accounts = select(t.accounts).where(among(t.accounts.c.id))

    async def placed_deals(
        self, principal: Principal, outcome: Outcome, start: date | None = None, end: date | None = None,
        trees: Sequence[Tree] | None = None, field: str = "",
    ) -> list[PlacedDeal]:  # fmt: skip
        """Undeleted opportunities with their places; see Store."""
        suggested = func.coalesce(t.standings.c.category, "").label("suggested")
        found = select(t.deals, suggested).select_from(t.deals.outerjoin(t.standings, t.standings.c.deal_id == D.id))
        found = found.where(*OPPORTUNITY, D.outcome == outcome.value)
        day = D.closed_date if outcome is Outcome.WON else D.close_date
        if start is not None and end is not None:
            found = found.where(day.between(to_day(start), to_day(end)))

        def work(connection: Connection) -> list[PlacedDeal]:
            context = self._contexts.read(connection)
            visible = context.visible(principal)
            rows = self._seen_of(connection, connection.execute(found).all(), visible)
            return self._placed(connection, context, rows, context.trees if trees is None else trees, field)

        return await self._database.read(work)

    def _placed(
        self, connection: Connection, context: Context, rows: Sequence[Any], trees: Sequence[Tree], field: str
    ) -> list[PlacedDeal]:
        levels = {level for tree in trees for level in tree.levels}
        lines: dict[str, list[ProductLine]] = {}
        products: dict[str, Product] = {}
        if levels & set(OF_LINES):
            for line in self._database.fetch(connection, self._lines, [row.id for row in rows]):
                lines.setdefault(line.deal_id, []).append(product_line_from(line))
            products = {row.id: product_from(row) for row in connection.execute(select(t.products)).all()}
        accounts: dict[str, Account] = {}
        if any(level == ACCOUNT or level.startswith(ACCOUNT_FIELD) for level in levels):
            wanted = list({row.account_id for row in rows if row.account_id})
            accounts = {row.id: account_from(row) for row in self._database.fetch(connection, self._accounts, wanted)}
        found = []
        for row in rows:
            deal = deal_from(row, tuple(lines.get(row.id, ())), ())
            placements = placements_of(deal, accounts.get(row.account_id), products, trees)
            day, currency = deal.closed_date if deal.outcome is Outcome.WON else None, row.currency or context.currency
            money = field_money(deal.fields, field, currency) if field else Money(currency, row.amount or 0)
            if money is None:
                continue
            money = context.rates.counted(money, day or context.day)
            found.append(PlacedDeal(money.currency, money.minor, row.category, row.suggested, placements, row.id))
        return found

    async def list_pipelines(self, principal: Principal) -> list[str]:
        """The pipelines, by name, that opportunities the principal sees stand in."""
        named = select(D.pipeline, D.owner_id).where(*OPPORTUNITY).distinct()

        def work(connection: Connection) -> list[str]:
            visible = self._contexts.read(connection).visible(principal)
            rows = connection.execute(named).all()
            return sorted({row.pipeline for row in rows if visible is None or row.owner_id in visible})

        return await self._database.read(work)
