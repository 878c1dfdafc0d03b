"""Sums over deals and the reporting tree."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Table, case, func, not_, or_, select

from kit.money import Money
from learning.exchange import Rates
from learning.placements import cut_at
from learning.records import Node
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.codec import from_day, to_day
from services.gateway.store.context import Context, Part
from services.gateway.store.database import Database
from services.gateway.store.interface import CategorySum, Won
from services.gateway.store.seen import account_seen, contact_seen, deal_seen
from services.gateway.store.tables_imports import THERE

D, C = t.deals.c, t.deal_credits.c
_SHARED = select(C.deal_id).limit(1)
_CREDITED = select(C.deal_id).where(C.deal_id == D.id).exists()
SPLIT = 10**9  # sums are taken in two halves, so that no number of deals overflows 64 bits
TABLES = (t.accounts, t.contacts, t.users, t.activities, t.changes, t.outbox, t.insights)
COUNTED = ("deals", "open", "won", "lost", "leads", *(table.name for table in TABLES))
_DEALS = select(
    func.count(),
    *[func.sum(case((not_(D.deleted) & (D.outcome == word), 1), else_=0)) for word in ("OPEN", "WON", "LOST")],
    func.sum(case((not_(D.deleted) & (D.kind == "LEAD"), 1), else_=0)),
)
_OWNERS = select(t.users.c.id).where(
    or_(
        select(D.id).where(D.owner_id == t.users.c.id, not_(D.deleted)).exists(),
        select(C.deal_id).join(t.deals, D.id == C.deal_id).where(C.owner_id == t.users.c.id, not_(D.deleted)).exists(),
        select(t.quotas.c.owner_id).where(t.quotas.c.owner_id == t.users.c.id).exists(),
    )
)
_NEWEST = select(func.max(t.events.c.id))
_NOBODYS = select(D.id).where(D.owner_id == "", not_(D.deleted)).limit(1)
OPPORTUNITY = (D.kind == "OPPORTUNITY", not_(D.deleted))


class Totals(Part):
    """`tree`, `won`, `categories` and `counts`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._owners_held: tuple[Hashable, frozenset[str], bool] | None = None  # of which edition; is any deal nobody's

    async def tree(self, principal: Principal, day: date) -> list[Node]:
        """Company, regions, managers and owners on a day, parents before children, cut to the principal.

        A user is an owner if they have nobody below them, or any deal or quota. The principal's owners are those it
        sees today; what stood above them is there by name.
        """
        writes = self._database.writes  # before reading: what is written meanwhile is not taken for what is held

        def work(connection: Connection) -> list[Node]:
            context = self._contexts.read(connection)
            visible = context.visible(principal)
            owners, unowned = self._tree_owners(connection, writes)
            nodes: dict[str, Node] = {}
            for user_id, path in sorted(context.people.paths(day).items()):
                if visible is not None and user_id not in visible:
                    continue
                idle = user_id not in owners and context.people.leads(user_id, day)
                for node in path[:-1] if idle else path:
                    nodes.setdefault(node.id, node)
            if unowned and visible is None:
                for node in context.people.path("", day):
                    nodes.setdefault(node.id, node)
            return _parents_first(nodes)

        return await self._database.read(work)

    def _tree_owners(self, connection: Connection, writes: int) -> tuple[frozenset[str], bool]:
        """Users with any deal or quota, and whether any deal has no owner; held while nothing is written, as a page
        asks for the trees of several days."""
        edition, held = (writes, connection.execute(_NEWEST).scalar()), self._owners_held
        if held is None or held[0] != edition:
            owners = frozenset(connection.scalars(_OWNERS))
            held = self._owners_held = (edition, owners, connection.execute(_NOBODYS).first() is not None)
        return held[1:]

    async def nodes_within(self, principal: Principal, day: date) -> frozenset[str] | None:
        """Nodes of the tree on a day all of whose owners the principal sees today; None for all nodes."""

        def work(connection: Connection) -> frozenset[str] | None:
            context = self._contexts.read(connection)
            return context.people.nodes_within(context.visible(principal), day)

        return await self._database.read(work)

    async def won(self, principal: Principal, start: date, end: date) -> list[Won]:
        """Won, undeleted opportunities closed from start to end; deals without amount count zero."""
        where = (*OPPORTUNITY, D.outcome == "WON")
        rows = await self._sums(principal, where, (D.closed_date, start, end), (), day=D.closed_date)
        return [Won(owner, currency, minor, deals) for owner, currency, minor, deals in rows]

    async def categories(self, principal: Principal, start: date, end: date) -> list[CategorySum]:
        """Open, undeleted opportunities promised from start to end, by the rep's own and the suggested category."""
        where = (*OPPORTUNITY, D.outcome == "OPEN")
        source = t.deals.outerjoin(t.standings, t.standings.c.deal_id == D.id)
        suggested = func.coalesce(t.standings.c.category, "").label("suggested")
        rows = await self._sums(principal, where, (D.close_date, start, end), (D.category, suggested), source)
        return [
            CategorySum(owner, currency, word, minor, deals, suggestion)
            for owner, currency, word, suggestion, minor, deals in rows
        ]

    async def _sums(
        self,
        principal: Principal,
        where: tuple[ColumnElement[bool], ...],
        within: tuple[Column[Any], date, date],
        by: tuple[ColumnElement[Any], ...],
        source: FromClause = t.deals,
        day: ColumnElement[Any] | None = None,
    ) -> list[tuple[Any, ...]]:
        """Sums of amounts as they count, by rates of a column's days, else of the business day."""

        def work(connection: Connection) -> list[tuple[Any, ...]]:
            context = self._contexts.read(connection)
            visible, rates = context.visible(principal), context.rates
            currency = func.coalesce(D.currency, context.currency)
            columns = (D.owner_id, currency.label("in_currency"), *by)
            there = (*where, self._within(*within, few=visible is not None))
            seen = [*there, not_(_CREDITED)]
            parameters: dict[str, Any] = {}
            if visible is not None:
                seen.append(self._database.among(D.owner_id, "owners"))
                parameters["owners"] = self._database.ids(sorted(visible))
            sums = (func.sum(D.amount // SPLIT), func.sum(D.amount % SPLIT), func.count())
            foreign = currency.in_(sorted(rates.days))
            own = (*seen, not_(foreign)) if rates else seen
            grouped = select(*columns, *sums).select_from(source).where(*own).group_by(D.owner_id, "in_currency", *by)
            rows = connection.execute(grouped, parameters).all()
            sums_of = {tuple(row[:-3]): [int(row[-3] or 0) * SPLIT + int(row[-2] or 0), int(row[-1])] for row in rows}
            priced = (func.coalesce(D.amount, 0).label("amount"), (D.id if day is None else day).label("day"))
            counted = _Counted(rates, None if day is not None else context.day)
            if rates:
                alone = select(*priced, *columns).select_from(source).where(*seen, foreign)
                for row in connection.execute(alone, parameters).all():
                    money = counted.of(row)
                    _take(sums_of, (row.owner_id, money.currency, *row[4:]), money.minor)
            parts = select(*priced, C.owner_id, *columns[1:], C.deal_id, C.share)
            parts = parts.select_from(source.join(t.deal_credits, C.deal_id == D.id)).where(*there)
            any_shared = connection.execute(_SHARED).first() is not None
            shared = connection.execute(parts.order_by(C.deal_id, C.position)).all() if any_shared else ()
            for _, deal in groupby(shared, key=lambda row: row.deal_id):
                holders = list(deal)
                money = counted.of(holders[0])
                for row, minor in zip(holders, cut_at(money.minor, [row.share for row in holders]), strict=True):
                    if visible is None or row.owner_id in visible:
                        _take(sums_of, (row.owner_id, money.currency, *row[4:-2]), minor)
            return [(*key, *total) for key, total in sorted(sums_of.items())]

        return await self._database.read(work)

    def _within(self, column: Column[Any], start: date, end: date, *, few: bool) -> ColumnElement[bool]:
        """SQLite keeps no statistics here and would read all deals of these days: of `few` owners it is to begin with
        theirs."""
        days = column.between(to_day(start), to_day(end))
        return func.likely(days) if few and self._database.is_sqlite else days

    async def counts(self, principal: Principal, *, deals_only: bool = False) -> Mapping[str, int]:
        """How much there is of everything; deleted deals count under none of open, won, lost and leads."""

        def work(connection: Connection) -> Mapping[str, int]:
            context = self._contexts.read(connection)
            visible = context.visible(principal)
            seen, parameters = self._seen(context, principal, visible)
            rest = select(
                *[select(func.count()).select_from(table).where(*where).scalar_subquery() for table, where in seen]
            )
            mine = () if visible is None else (deal_seen(self._database),)
            numbers = tuple(connection.execute(_DEALS.where(THERE, *mine), parameters).one())
            if deals_only:
                return {name: int(value or 0) for name, value in zip(COUNTED, numbers, strict=False)}
            numbers += tuple(connection.execute(rest, parameters).one())
            found = {name: int(value or 0) for name, value in zip(COUNTED, numbers, strict=True)}
            if visible is not None:
                found["users"] = len(context.people.known_to(principal, context.day) or ())
                found["outbox"] = 0  # the system's own
            return found

        return await self._database.read(work)

    def _seen(
        self, context: Context, principal: Principal, visible: set[str] | None
    ) -> tuple[list[tuple[Table, list[ColumnElement[bool]]]], dict[str, Any]]:
        """The tables to count in, with what the principal sees of them, and the parameters."""
        if visible is None:
            return [(table, []) for table in TABLES], {}
        accounts, parameters = account_seen(self._database, context, principal, t.accounts.c.id)
        contacts, _ = contact_seen(self._database, context, principal)
        mine = select(D.id).where(deal_seen(self._database))
        of_accounts: dict[str, list[ColumnElement[bool]]] = {"accounts": accounts, "contacts": contacts}
        return [
            (table, of_accounts.get(table.name) or ([table.c.deal_id.in_(mine)] if "deal_id" in table.c else []))
            for table in TABLES
        ], parameters


@dataclass(frozen=True, slots=True)
class _Counted:
    """What deals' amounts count for: on a given day, else on each row's own."""

    rates: Rates
    day: date | None

    def of(self, row: Any) -> Money:
        """Of a row with amount, in_currency and day."""
        return self.rates.counted(Money(row.in_currency, int(row.amount)), self.day or from_day(row.day) or date.min)


def _take(sums: dict[tuple[Any, ...], list[int]], key: tuple[Any, ...], minor: int) -> None:
    total = sums.setdefault(key, [0, 0])
    total[0] += minor
    total[1] += 1


def _parents_first(nodes: Mapping[str, Node]) -> list[Node]:
    """Breadth first from the company; siblings keep their order."""
    below: dict[str, list[Node]] = {}
    for node in nodes.values():
        below.setdefault(node.parent, []).append(node)
    ordered, at = list(below.get("", [])), 0
    while at < len(ordered):
        ordered.extend(below.get(ordered[at].id, ()))
        at += 1
    return ordered
