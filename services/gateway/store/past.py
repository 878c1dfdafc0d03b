"""Deals as they stood at two moments, of their stored history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from kit.money import Money
from services.gateway.amount_types import field_money
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.codec import decode_value, to_day, to_us
from services.gateway.store.context import Part
from services.gateway.store.database import Database
from services.gateway.store.drafts import DEFAULTS
from services.gateway.store.field_types import PREFIX
from services.gateway.store.interface import DealPair, PastDeal

FIELDS = ("kind", "outcome", "owner_id", "amount", "close_date", "closed_date", "deleted", "credits")
D, C = t.deals.c, t.changes.c
Raw = dict[str, tuple[int, int, str]]  # by field: effective time, number and value of the change that counts


class Past(Part):
    """`deal_pairs`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        states = select(C.deal_id, C.seq, C.field, C.value, C.effective_time)
        self._states_of = states.where(database.among(C.deal_id))

    async def deal_pairs(
        self, principal: Principal, before: datetime, after: datetime, start: date, end: date, field: str = "",
        changed: bool = False,
    ) -> list[DealPair]:  # fmt: skip
        """Deals as they stood at two moments; see Store."""
        first, last = to_us(before), to_us(after)
        days = (to_day(start), to_day(end))
        told = D.last_effective > first
        there = and_(
            D.created_time <= last,
            told if changed else or_(D.close_date.between(*days), D.closed_date.between(*days), told),
        )
        wanted = select(D.id, D.name, D.owner_id, D.created_time).where(there).order_by(D.id)

        def work(connection: Connection) -> list[DealPair]:
            context = self._contexts.read(connection)
            visible = context.visible(principal)
            deals = connection.execute(wanted).all()
            states = self._states(connection, [row.id for row in deals], first, last, field)
            shown = {row.id for row in self._seen_of(connection, deals, visible)}
            pairs = []
            for row in deals:
                old, new = (
                    _past_deal(raw, context.currency, field) if row.created_time <= moment else None
                    for raw, moment in zip(states.get(row.id, ({}, {})), (first, last), strict=True)
                )
                if visible is None or {owner for one in (old, new) if one for owner, _ in one.holders} & visible:
                    seen = row.id in shown
                    pairs.append(DealPair(row.id if seen else "", row.name if seen else "", old, new))
            return pairs

        return await self._database.read(work)

    def _states(
        self, connection: Connection, ids: list[str], first: int, last: int, more: str
    ) -> Mapping[str, tuple[Raw, Raw]]:
        """By deal, the fields as of the two moments; of changes at one time the one recorded later counts."""
        states: dict[str, tuple[Raw, Raw]] = {}
        wanted = self._states_of.where(C.field.in_((*FIELDS, PREFIX + more) if more else FIELDS))
        for deal_id, seq, field, value, moment in self._database.fetch(connection, wanted, ids):
            if moment > last:
                continue
            old, new = states.setdefault(deal_id, ({}, {}))
            for raw in (old, new) if moment <= first else (new,):
                if field not in raw or raw[field][:2] < (moment, seq):
                    raw[field] = (moment, seq, value)
        return states


def _past_deal(raw: Raw, currency: str, field: str) -> PastDeal:
    values: dict[str, Any] = {name: decode_value(held[2]) for name, held in raw.items()}
    amount = values.get("amount")
    money = amount if isinstance(amount, Money) else Money(currency, 0)
    if field:
        number = field_money({field: values.get(PREFIX + field)}, field, money.currency)
        money = number or Money(money.currency, 0)
    return PastDeal(
        values.get("kind") or DEFAULTS["kind"], values.get("outcome") or DEFAULTS["outcome"],
        values.get("owner_id") or "", money.currency, money.minor, values.get("close_date"), values.get("closed_date"),
        bool(values.get("deleted")), values.get("credits") or (),
    )  # fmt: skip
