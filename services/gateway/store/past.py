"""Deals as they stood at two moments, of their stored history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, union

from kit.money import Money
from learning.records import Credit
from services.gateway.amount_types import field_money
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.codec import decode_fields, decode_value, encode_value, from_day, money, to_day, to_us
from services.gateway.store.context import Part
from services.gateway.store.database import Database
from services.gateway.store.drafts import DEFAULTS
from services.gateway.store.field_types import PREFIX
from services.gateway.store.interface import DealPair, PastDeal, Recorded
from services.gateway.store.rows import credit_from

MADE_WITH = frozenset(("kind", "outcome"))  # what a deal is said to have been from its first day on
FIELDS = ("kind", "outcome", "owner_id", "amount", "close_date", "closed_date", "deleted", "credits")
D, C, S = t.deals.c, t.changes.c, t.deal_credits.c
ROW = (
    D.id, D.name, D.owner_id, D.created_time, D.last_effective, D.kind, D.outcome, D.amount, D.currency, D.close_date,
    D.closed_date, D.deleted, D.updated_time,
)  # fmt: skip
FEW = 50  # owners: of more it is quicker to read everybody's deals of the period
Raw = dict[str, tuple[int, int, str]]  # by field: effective time, number and value of the change that counts


@dataclass(frozen=True, slots=True)
class _Known:
    """Up to when what is known at each of the two moments was recorded; None: whenever it was."""

    first: int | None
    last: int | None

    @classmethod
    def of(cls, recorded: Recorded) -> _Known:
        first, last = (None if each is None else to_us(each) for each in recorded)
        return cls(first, last)

    @property
    def earliest(self) -> int | None:
        """What was recorded up to here is known at both moments; None where all is."""
        return min((each for each in (self.first, self.last) if each is not None), default=None)

    def whole(self, updated: int) -> bool:
        """Whether all is known of a deal that was last written then."""
        return self.earliest is None or updated <= self.earliest


class Past(Part):
    """`deal_pairs`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        states = select(C.deal_id, C.seq, C.field, C.value, C.effective_time, C.recorded_time)
        self._states_of = states.where(database.among(C.deal_id))
        shares = select(S.deal_id, S.owner_id, S.share).where(database.among(S.deal_id))
        self._ever_held = self._ever("holders")
        self._ever_seen = self._ever("seen_values")
        self._held_now = (
            select(D.id).where(database.among(D.owner_id, "seen")),
            select(S.deal_id).where(database.among(S.owner_id, "seen")),
        )
        self._past_credits = shares.order_by(S.deal_id, S.position)

    def _ever(self, name: str) -> ColumnElement[bool]:
        """Whether a deal was one of these owners' at any time, or may have been by its credits."""
        held = or_(and_(C.field == "owner_id", self._database.among(C.value, name)), C.field == "credits")
        return select(C.deal_id).where(C.deal_id == D.id, held).exists()

    async def deal_pairs(
        self, principal: Principal, before: datetime, after: datetime, start: date, end: date, field: str = "",
        changed: bool = False, there: Set[str] = frozenset(), held_by: Collection[str] | None = None,
        recorded: Recorded = (None, None),
    ) -> list[DealPair]:  # fmt: skip
        """Deals as they stood at two moments; see Store."""
        first, last = to_us(before), to_us(after)
        days = (to_day(start), to_day(end))
        known_by = _Known.of(recorded)
        told: ColumnElement[bool] = D.last_effective > first
        if known_by.earliest is not None:
            told = or_(told, D.updated_time > known_by.earliest)
        wheres = and_(
            func.likely(D.created_time <= last) if self._database.is_sqlite else D.created_time <= last,
            told if changed else or_(D.close_date.between(*days), D.closed_date.between(*days), told),
        )
        account = t.accounts.c
        wanted = select(*ROW, account.name.label("account"), *([D.fields] if field else ())).where(wheres)
        wanted = wanted.select_from(t.deals.outerjoin(t.accounts, account.id == D.account_id))
        holders: dict[str, Any] = {}
        if held_by is not None:
            wanted = wanted.where(self._ever_held)
            holders = {"holders": self._database.ids([encode_value(one) for one in sorted(held_by)])}

        def work(connection: Connection) -> list[DealPair]:
            context = self._contexts.read(connection)
            visible = context.visible(principal)
            query, parameters = wanted, holders
            if visible is not None and len(visible) <= FEW:  # what did not change since is whose it is now
                query = wanted.where(D.id.in_(union(*self._held_now, select(D.id).where(told, self._ever_seen))))
                parameters = holders | {
                    "seen": self._database.ids(sorted(visible)),
                    "seen_values": self._database.ids([encode_value(one) for one in sorted(visible)]),
                }
            deals = sorted(connection.execute(query, parameters).all(), key=lambda row: str(row.id))
            still = {row.id for row in deals if row.last_effective <= first and known_by.whole(row.updated_time)}
            moved = [row.id for row in deals if row.id not in still]
            states = self._states(connection, moved, (first, last), known_by, field)
            shared = self._credits_now(connection, sorted(still))
            shown = {row.id for row in self._seen_of(connection, deals, visible)}
            pairs = []
            for row in deals:
                both: tuple[PastDeal | None, ...]
                known = False
                if row.id in still:
                    both = (_as_it_is(row, shared.get(row.id, ()), context.currency, field),) * 2
                else:
                    then, now = states.get(row.id, ({}, {}))
                    unseen = then.keys() <= MADE_WITH  # such as before the first file that it stands in
                    entered = known_by.first is None or bool(then)
                    known = unseen and ((entered and row.created_time <= first) or row.id in there)
                    both = (
                        None if unseen else _past_deal(then, context.currency, field),
                        None if not now and known_by.last is not None else _past_deal(now, context.currency, field),
                    )
                old, new = (
                    one if row.created_time <= moment else None for one, moment in zip(both, (first, last), strict=True)
                )
                if visible is None or {owner for one in (old, new) if one for owner, _ in one.holders} & visible:
                    seen = row.id in shown
                    name, account = (row.name, row.account or "") if seen else ("", "")
                    pairs.append(DealPair(row.id if seen else "", name, old, new, account, known))
            return pairs

        return await self._database.read(work)

    def _credits_now(self, connection: Connection, ids: list[str]) -> Mapping[str, tuple[Credit, ...]]:
        """Who shares the credit of these deals now."""
        shared: dict[str, tuple[Credit, ...]] = {}
        for row in self._database.fetch(connection, self._past_credits, ids):
            shared[row.deal_id] = (*shared.get(row.deal_id, ()), credit_from(row))
        return shared

    def _states(
        self, connection: Connection, ids: list[str], moments: tuple[int, int], known_by: _Known, more: str
    ) -> Mapping[str, tuple[Raw, Raw]]:
        """By deal, the fields as of the two moments; of changes at one time the one recorded later counts."""
        first, last = moments
        states: dict[str, tuple[Raw, Raw]] = {}
        wanted = self._states_of.where(C.field.in_((*FIELDS, PREFIX + more) if more else FIELDS))
        for deal_id, seq, field, value, moment, entered in self._database.fetch(connection, wanted, ids):
            if moment > last:
                continue
            old, new = states.setdefault(deal_id, ({}, {}))
            for raw, end, bound in ((old, first, known_by.first), (new, last, known_by.last)):
                if moment > end or (bound is not None and entered > bound):
                    continue
                if field not in raw or raw[field][:2] < (moment, seq):
                    raw[field] = (moment, seq, value)
        return states


def _as_it_is(row: Any, shared: tuple[Credit, ...], currency: str, field: str) -> PastDeal:
    """Of a row that says all of its history: nothing was changed since the earlier moment."""
    held, code = money(row.amount, row.currency), row.currency or currency
    if field:
        held = field_money(decode_fields(row.fields), field, code)
    return PastDeal(
        row.kind, row.outcome, row.owner_id, code, held.minor if held else 0, from_day(row.close_date),
        from_day(row.closed_date), bool(row.deleted), shared,
    )  # fmt: skip


def _past_deal(raw: Raw, currency: str, field: str) -> PastDeal:
    values: dict[str, Any] = {name: decode_value(held[2]) for name, held in raw.items()}
    amount = values.get("amount")
    held = amount if isinstance(amount, Money) else Money(currency, 0)
    if field:
        number = field_money({field: values.get(PREFIX + field)}, field, held.currency)
        held = number or Money(held.currency, 0)
    return PastDeal(
        values.get("kind") or DEFAULTS["kind"], values.get("outcome") or DEFAULTS["outcome"],
        values.get("owner_id") or "", held.currency, held.minor, values.get("close_date"), values.get("closed_date"),
        bool(values.get("deleted")), values.get("credits") or (),
    )  # fmt: skip
