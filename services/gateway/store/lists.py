"""Lists in pages: records by any sort key, and what stands around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, select, tuple_

from kit.errors import InvalidInput
from learning.records import Account, Contact, FieldDefinition, Product, ReportingLine, User
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.codec import dumps, loads, to_day
from services.gateway.store.context import Context, definitions
from services.gateway.store.interface import SORTS, Page, Query
from services.gateway.store.reads import Reads, bounded
from services.gateway.store.rows import account_from, contact_from, product_from
from services.gateway.store.searching import few_found, found_by
from services.gateway.store.seen import account_seen, contact_seen, deal_seen, held_by

D, S = t.deals.c, t.standings.c
COLUMNS: dict[str, ColumnElement[Any]] = {
    "id": D.id, "name": D.name, "stage": D.stage, "amount": D.amount_major, "created_time": D.created_time,
    "close_date": D.close_date, "updated_time": D.updated_time, "probability": S.probability,
    "expected_amount": S.expected_amount, "slip_risk": S.slip_risk, "gain": S.gain,
}  # fmt: skip
NULLABLE = ("amount", "close_date", "probability", "expected_amount", "slip_risk", "gain")
UNORDERED = ("name", "stage")  # no index has deals in this order
GRADES = "ABCD"


def _each_stage() -> Select[Any]:
    """Every stage once, by jumping from one to the next in the index, however many deals stand in each."""
    first = select(func.min(D.stage).label("stage")).where(not_(D.deleted), D.stage > "").cte("stages", recursive=True)
    following = select(func.min(D.stage)).where(not_(D.deleted), D.stage > first.c.stage).scalar_subquery()
    stages = first.union_all(select(following).where(first.c.stage.is_not(None)))
    return select(stages.c.stage).where(stages.c.stage.is_not(None))


_STAGES = _each_stage()


@dataclass(frozen=True, slots=True)
class Order:
    """A total order of deals: by a key, those without it last, then by id in the same direction."""

    key: str
    descending: bool

    @classmethod
    def read(cls, sort: str) -> Order:
        """Of a sort key with an optional `-`. Raises InvalidInput."""
        key = sort.removeprefix("-")
        if key not in SORTS:
            mend = "Use one of " + ", ".join(SORTS) + ", with - before it to descend"
            raise InvalidInput("records do not sort by this", field="sort", value=sort, mend=mend)
        return cls(key, sort.startswith("-"))

    @property
    def column(self) -> ColumnElement[Any]:
        """What is sorted by."""
        return COLUMNS[self.key]

    @property
    def id(self) -> ColumnElement[Any]:
        """The id beside the sort column, so that one index holds both."""
        return S.deal_id if self.column.table is t.standings else D.id

    def page(self, base: Select[Any], last: tuple[Any, str] | None, empty: bool) -> Select[Any]:
        """The rows after `last`, of those with a value or of those without."""
        if self.key in NULLABLE:
            base = base.where(self.column.is_(None) if empty else self.column.is_not(None))
        by = [self.id] if empty or self.key == "id" else [self.column, self.id]
        if last is not None:
            values = [last[1]] if len(by) == 1 else list(last)
            here = by[0] if len(by) == 1 else tuple_(*by)
            there = values[0] if len(by) == 1 else tuple_(*values)
            base = base.where(here < there if self.descending else here > there)
        return base.order_by(*[one.desc() if self.descending else one.asc() for one in by])


class Lists(Reads):
    """`list_records` and the other lists."""

    async def list_records(self, principal: Principal, query: Query, cursor: str, limit: int) -> Page:
        """A page in a stable total order; its histories carry neither changes nor activities."""
        order, size = Order.read(query.sort), bounded(limit)
        empty, last = _read_cursor(cursor, order)

        def work(connection: Connection) -> Page:
            context = self._contexts.read(connection)
            found = self._filtered(connection, query, context, principal, order)
            if found is None:
                return Page(())
            base, parameters, mine = found
            rows: list[tuple[Any, str, bool]] = []
            for without in (False, True) if order.key in NULLABLE else (False,):
                if (empty and not without) or len(rows) > size:
                    continue
                begun = base.where(order.id.in_(mine)) if without and mine is not None else base
                page = order.page(begun, last if without == empty else None, without).limit(size + 1 - len(rows))
                rows += [(row[0], row[1], without) for row in connection.execute(page, parameters).all()]
            shown = rows[:size]
            records = self._records(connection, context, principal, [row[1] for row in shown], whole=False)
            more = dumps([shown[-1][2], shown[-1][0], shown[-1][1], query.sort]) if len(rows) > size else ""
            return Page(tuple(records), more)

        return await self._database.read(work)

    def _filtered(
        self, connection: Connection, query: Query, context: Context, principal: Principal, order: Order
    ) -> tuple[Select[Any], dict[str, Any], Select[Any] | None] | None:
        """The select of (sort value, id) with its parameters; None where nothing can match. Last, where they are some
        owners', the ids of all deals of these: without it, all deals of the company that lack the value are walked."""
        if any(
            not _storable(value) for value in (query.text, query.owner_id, query.account_id, query.stage, query.region)
        ):
            return None
        wheres = [not_(D.deleted), *_deal_filters(query), *_insight_filters(query)]
        parameters: dict[str, Any] = {}
        mine: ColumnElement[bool] | None = None
        if query.text:
            found = found_by(self._database, query.text, query.outcome)
            few = few_found(connection, found)
            wheres.append(D.id.in_(found) if few is None else self._database.among(D.id, "found"))
            parameters |= {} if few is None else {"found": self._database.ids(few)}
        owners = context.visible(principal)
        if owners is not None:
            mine = deal_seen(self._database)
            wheres.append(mine)
            parameters["owners"] = self._database.ids(sorted(owners))
        if query.owner_id:
            one = {query.owner_id}
            named = context.people.subtree(query.owner_id, context.day) if query.subtree else one
            mine = self._of_owners(query, "named")
            wheres.append(mine)
            parameters["named"] = self._database.ids(sorted(named))
        if query.region:
            mine = self._of_owners(query, "placed")
            wheres.append(mine)
            parameters["placed"] = self._database.ids(sorted(context.people.of_region(query.region, context.day)))
        if query.outcome:
            alone = len(wheres) == 1  # beside that it is not deleted
            wheres.append(self._of_outcome(query.outcome, mine is not None, alone and order.key not in UNORDERED))
        base = select(order.column, order.id).select_from(t.deals.join(t.standings, S.deal_id == D.id))
        ids = None if mine is None else select(D.id).where(mine).correlate(None)
        return base.where(and_(*wheres)), parameters, ids

    def _of_owners(self, query: Query, name: str) -> ColumnElement[bool]:
        return held_by(self._database, name) if query.shared else self._database.among(D.owner_id, name)

    def _of_outcome(self, outcome: str, few: bool, walked: bool) -> ColumnElement[bool]:
        """SQLite keeps no statistics here and would sort all open deals to show fifty: of `few` owners it is to begin
        with theirs, and where nothing else is asked for (`walked`) to walk in order."""
        if self._database.is_sqlite and few:
            return func.likely(D.outcome == outcome)
        if self._database.is_sqlite and walked:
            return func.coalesce(D.outcome, "") == outcome  # no index holds it
        return D.outcome == outcome

    async def list_users(self, principal: Principal) -> list[User]:
        """Users by id: all, or those the principal sees deals of and the managers above."""
        context = await self._context()
        known = context.people.known_to(principal, context.day)
        return [user for user_id, user in sorted(context.people.users.items()) if known is None or user_id in known]

    async def list_lines(self, principal: Principal) -> list[ReportingLine]:
        """Reporting lines of the users `list_users` shows, by user and start."""
        context = await self._context()
        known = context.people.known_to(principal, context.day)
        return [line for line in context.people.lines if known is None or line.user_id in known]

    async def list_stages(self, principal: Principal) -> list[str]:
        """The stages, by name, that deals the principal sees stand in."""

        def work(connection: Connection) -> list[str]:
            visible = self._contexts.read(connection).visible(principal)
            if visible is None:
                return list(connection.scalars(_STAGES))
            mine = select(D.stage).distinct().where(not_(D.deleted), D.stage != "").order_by(D.stage)
            mine = mine.where(deal_seen(self._database))
            return list(connection.scalars(mine, {"owners": self._database.ids(sorted(visible))}))

        return await self._database.read(work)

    async def list_fields(self) -> list[FieldDefinition]:
        """Custom fields by entity and name."""
        return definitions((await self._context()).fields)

    async def _context(self) -> Context:

        def work(connection: Connection) -> Context:
            return self._contexts.read(connection)

        return await self._database.read(work)

    async def list_accounts(self, principal: Principal, cursor: str, limit: int) -> list[Account]:
        """Accounts by id above `cursor` (the last id shown): those with a deal the principal sees or with no deal."""
        if not _storable(cursor):
            return []
        a = t.accounts.c

        def work(connection: Connection) -> list[Account]:
            seen, parameters = account_seen(self._database, self._contexts.read(connection), principal, a.id)
            page = select(t.accounts).where(a.id > cursor, *seen).order_by(a.id).limit(bounded(limit))
            return [account_from(row) for row in connection.execute(page, parameters).all()]

        return await self._database.read(work)

    async def list_contacts(self, principal: Principal, account_id: str, cursor: str, limit: int) -> list[Contact]:
        """Contacts by id above `cursor`, of one account or all, on an account or a deal the principal sees."""
        if not _storable(cursor) or not _storable(account_id):
            return []
        c = t.contacts.c

        def work(connection: Connection) -> list[Contact]:
            context = self._contexts.read(connection)
            seen, parameters = contact_seen(self._database, context, principal)
            if account_id:
                seen.append(c.account_id == account_id)
            page = select(t.contacts).where(c.id > cursor, *seen).order_by(c.id).limit(bounded(limit))
            return [contact_from(row) for row in connection.execute(page, parameters).all()]

        return await self._database.read(work)

    async def list_products(self, principal: Principal) -> list[Product]:
        """All products by id, for everybody."""

        def work(connection: Connection) -> list[Product]:
            rows = connection.execute(select(t.products).order_by(t.products.c.id)).all()
            return [product_from(row) for row in rows]

        return await self._database.read(work)


def _deal_filters(query: Query) -> list[ColumnElement[bool]]:
    pairs = (
        (D.kind, query.kind), (D.pipeline, query.pipeline), (D.stage, query.stage),
        (D.account_id, query.account_id), (S.category, query.category), (D.category, query.own_category),
        (S.action, query.action),
    )  # fmt: skip
    wheres: list[ColumnElement[bool]] = [column == value for column, value in pairs if value]
    day = {"": func.coalesce(D.closed_date, D.close_date), "OPEN": D.close_date}.get(query.outcome, D.closed_date)
    if query.closes_after is not None:
        wheres.append(day > to_day(query.closes_after))
    if query.closes_by is not None:
        wheres.append(day <= to_day(query.closes_by))
    return wheres


def _insight_filters(query: Query) -> list[ColumnElement[bool]]:
    wheres: list[ColumnElement[bool]] = []
    if query.min_probability is not None:
        wheres.append(S.probability >= query.min_probability)
    if query.max_probability is not None:
        wheres.append(S.probability <= query.max_probability)
    if query.min_slip_risk is not None:
        wheres.append(S.slip_risk >= query.min_slip_risk)
    if query.grade:
        if query.grade not in tuple(GRADES):
            raise InvalidInput("this is no grade", field="grade", value=query.grade, mend="Use A, B, C or D")
        bounds: Sequence[float] = (math.inf, *query.grade_bounds, -math.inf)
        place = GRADES.index(query.grade)
        if math.isfinite(bounds[place]):
            wheres.append(S.probability < bounds[place])
        low = bounds[place + 1]
        wheres.append(S.probability >= low if math.isfinite(low) else S.probability.is_not(None))
    return wheres


def _storable(text: str) -> bool:
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text))


def _read_cursor(cursor: str, order: Order) -> tuple[bool, tuple[Any, str] | None]:
    """Whether the page starts among those without a value, and after which (value, id)."""
    if not cursor:
        return False, None
    try:
        empty, value, deal_id, sort = loads(cursor)
        kind = {"name": str, "stage": str, "close_date": str, "id": str}.get(order.key, (int, float))
        sound = isinstance(empty, bool) and isinstance(deal_id, str) and Order.read(sort) == order
        if not sound or not (empty or isinstance(value, kind)):
            raise ValueError("of another list")
    except (ValueError, TypeError, AttributeError, InvalidInput):
        mend = "Start without a cursor, or keep the sort it came with"
        raise InvalidInput("this is no cursor of this list", field="cursor", value=cursor, mend=mend) from None
    return empty, (value, deal_id)
