"""Asks on deals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, not_, or_, select, tuple_, update

from kit.errors import Conflict, InvalidInput, NotFound
from services.gateway.asks.records import MOST_OPEN, Ask, AskQuery, ShownAsk, read_cursor
from services.gateway.domain import Principal, Scope
from services.gateway.privacy.resident_numbers import masked
from services.gateway.store import tables as t
from services.gateway.store.codec import from_us, storable, to_us
from services.gateway.store.context import no_deal
from services.gateway.store.database import Database
from services.gateway.store.reads import Reads, bounded
from services.gateway.store.seen import deal_seen
from services.gateway.store.tables_asks import asks
from services.gateway.store.touching import Touching

A, D = asks.c, t.deals.c


class AskRows(Reads, Touching):
    """What AsksStore promises."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        account = t.accounts.c
        told = select(asks, D.name, D.owner_id, D.outcome, account.name.label("account")).join(
            t.deals, D.id == A.deal_id
        )
        self._asks_on_deals = told.outerjoin(t.accounts, account.id == D.account_id).where(not_(D.deleted))

    async def add_ask(self, principal: Principal, ask: Ask) -> ShownAsk:
        """Keep one."""
        now = ask.time or datetime.now(UTC)
        row = {
            "deal_id": ask.deal_id, "text": masked(ask.text), "assignee": ask.assignee, "due": ask.due.isoformat(),
            "author": ask.author, "time": to_us(now), "done_time": None, "done_by": "",
        }  # fmt: skip
        standing = select(func.count()).select_from(asks).where(A.deal_id == ask.deal_id, A.done_time.is_(None))

        def work(connection: Connection) -> ShownAsk:
            self._see(connection, principal, ask.deal_id)
            if ask.assignee:
                self._check_assignee(connection, ask)
            if connection.execute(standing).scalar_one() >= MOST_OPEN:
                mend = "Mark one as done first"
                raise Conflict(f"{MOST_OPEN} asks are open on this deal", field="deal_id", value=ask.deal_id, mend=mend)
            made = connection.execute(insert(asks).values(row).returning(A.id)).scalar_one()
            return self._ask_told(connection, made)

        return await self._database.write(work)

    def _check_assignee(self, connection: Connection, ask: Ask) -> None:
        """Whoever is asked must come to see it."""
        people = self._contexts.read(connection).people
        if ask.assignee not in people.users:
            raise InvalidInput("there is no such user", field="assignee_id", value=ask.assignee, mend="GET /v1/users")
        theirs = Principal(ask.assignee, Scope.SUBTREE, ask.assignee)
        if not self._deals_seen(connection, theirs, [ask.deal_id]):
            mend = "Ask the deal's owner, or add them to the deal's team first"
            raise InvalidInput("this user does not see the deal", field="assignee_id", value=ask.assignee, mend=mend)

    async def settle_ask(self, principal: Principal, ask_id: int, who: str, time: datetime | None) -> ShownAsk:
        """It is done, or open again."""

        def work(connection: Connection) -> ShownAsk:
            row = connection.execute(self._asks_on_deals.where(A.id == ask_id)).first()
            if row is None or not self._deals_seen(connection, principal, [row.deal_id]):
                raise NotFound("there is no such ask", field="id", value=str(ask_id), mend="GET /v1/asks")
            if (row.done_time is None) == (time is None):
                told = "is open" if time is None else "is done already"
                raise Conflict(f"the ask {told}", field="id", value=str(ask_id), mend="Read it again")
            marks = {"done_time": None if time is None else to_us(time), "done_by": "" if time is None else who}
            connection.execute(update(asks).where(A.id == ask_id).values(marks))
            return self._ask_told(connection, ask_id)

        return await self._database.write(work)

    def _ask_told(self, connection: Connection, ask_id: int) -> ShownAsk:
        """The ask as it is now; whoever looks at the deal hears of it."""
        row = connection.execute(self._asks_on_deals.where(A.id == ask_id)).first()
        if row is None:
            raise no_deal("")
        shown = _shown(row)
        data = {"id": ask_id, "done": shown.ask.done_time is not None}
        self._add_events(connection, [(shown.ask.deal_id, "ask", data)], to_us(datetime.now(UTC)))
        return shown

    async def list_asks(self, principal: Principal, query: AskQuery, cursor: str, limit: int) -> list[ShownAsk]:
        """By day and id."""
        after = read_cursor(cursor)
        asked = [one for one in (query.deal_id, query.whose) if one]
        if storable(asked) != list(dict.fromkeys(asked)):
            return []

        def work(connection: Connection) -> list[ShownAsk]:
            visible = self._contexts.read(connection).visible(principal)
            wheres, parameters = self._filtered_asks(query)
            if visible is not None:
                wheres.append(deal_seen(self._database))
                parameters["owners"] = self._database.ids(sorted(visible))
            found: Select[Any] = self._asks_on_deals.where(*wheres, tuple_(A.due, A.id) > tuple_(*after))
            rows = connection.execute(found.order_by(A.due, A.id).limit(bounded(limit)), parameters).all()
            return [_shown(row) for row in rows]

        return await self._database.read(work)

    def _filtered_asks(self, query: AskQuery) -> tuple[list[ColumnElement[bool]], dict[str, Any]]:
        wheres: list[ColumnElement[bool]] = []
        parameters: dict[str, Any] = {}
        if query.id:
            wheres.append(A.id == query.id)
        if query.deal_id:
            wheres.append(A.deal_id == query.deal_id)
        if query.whose:
            mine = and_(A.assignee == "", D.owner_id == query.whose)
            wheres.append(or_(A.assignee == query.whose, mine))
        if query.open is not None:
            wheres.append(A.done_time.is_(None) if query.open else A.done_time.is_not(None))
        if query.owners is not None:
            wheres.append(self._database.among(D.owner_id, "named"))
            parameters["named"] = self._database.ids(sorted(query.owners))
        return wheres, parameters


def _shown(row: Any) -> ShownAsk:
    done = None if row.done_time is None else from_us(row.done_time)
    ask = Ask(
        row.deal_id, row.text, date.fromisoformat(row.due), row.assignee, row.author, from_us(row.time), row.id, done,
        row.done_by,
    )  # fmt: skip
    return ShownAsk(ask, row.name, row.owner_id, row.account or "", row.outcome == "LOST")
