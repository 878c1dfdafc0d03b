"""Submissions, adjustments, calls that were held, and the daily record of the forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from kit.errors import Conflict, Forbidden, NotFound
from kit.money import Money
from services.gateway.amount_types import AMOUNT
from services.gateway.calls import Call, CallKind, HeldCall, Moment
from services.gateway.domain import Principal, Scope
from services.gateway.privacy.resident_numbers import masked
from services.gateway.store import tables_forecast as f
from services.gateway.store.codec import dumps, from_us, loads, to_us
from services.gateway.store.context import Part
from services.gateway.store.database import Database
from services.gateway.store.interface import ForecastDay
from services.gateway.store.reads import bounded

C, H, R = f.calls.c, f.held_calls.c, f.forecast_days.c


class Calls(Part):
    """What people say, when they met, and the forecast's daily record."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._save_days = database.upsert(f.forecast_days)
        self._save_held = database.upsert(f.held_calls)

    async def add_call(self, principal: Principal, call: Call) -> Call:
        """Keep what somebody says; with its id. Raises Forbidden where the principal does not see the whole node."""
        call = replace(call, note=masked(call.note))
        row = _call_row(replace(call, undone_time=None, undone_by=""))

        def work(connection: Connection) -> Call:
            self._require(connection, principal, call.node)
            made = connection.execute(f.calls.insert().values(row).returning(C.id)).scalar_one()
            return replace(call, id=int(made), undone_time=None, undone_by="")

        return await self._database.write(work)

    async def restore_calls(self, principal: Principal, calls: Sequence[Call]) -> None:
        """Keep what was said elsewhere, with who undid it when; what is known already stays once. Raises Forbidden."""
        if principal.scope is not Scope.ALL:
            raise Forbidden("only who sees all records may restore calls", field="principal",
                            mend="Ask an administrator")  # fmt: skip
        told = ("kind", "period", "node", "type", "currency", "amount", "author", "time")

        def work(connection: Connection) -> None:
            for call in calls:
                row = _call_row(call)
                known = select(C.id).where(*(f.calls.c[name] == row[name] for name in told)).limit(1)
                if connection.execute(known).first() is None:
                    connection.execute(f.calls.insert().values(row))

        await self._database.write(work)

    async def undo_call(self, principal: Principal, kind: CallKind, call_id: int, author: str, time: datetime) -> Call:
        """Mark one as undone: the one before it stands again. Raises NotFound, Forbidden, and Conflict where it is."""
        found = select(f.calls).where(C.id == call_id, C.kind == kind.value)

        def work(connection: Connection) -> Call:
            row = connection.execute(found).first()
            if row is None or not self._sees(connection, principal, row.node):
                mend = f"GET /v1/forecast/{kind}s"
                raise NotFound(f"there is no such {kind}", field="id", value=str(call_id), mend=mend)
            if row.undone_time is not None:
                raise Conflict(f"the {kind} is undone already", field="id", value=str(call_id), mend="Make a new one")
            marks = {"undone_time": to_us(time), "undone_by": author}
            connection.execute(update(f.calls).where(C.id == call_id).values(marks))
            return replace(_call(row), undone_time=time, undone_by=author)

        return await self._database.write(work)

    async def list_calls(
        self, principal: Principal, kind: CallKind, period: str, node: str, before: int, limit: int,
        type_name: str = "",
    ) -> list[Call]:  # fmt: skip
        """Newest first, undone ones too, below an id; of nodes that the principal sees whole."""
        where = [C.kind == kind.value, C.id < before]
        asked = ((C.period, period), (C.node, node), (C.type, type_name))
        where += [column == value for column, value in asked if value]
        return await self._calls(principal, where, bounded(limit))

    async def standing_calls(self, principal: Principal, period: str, type_name: str = AMOUNT) -> list[Call]:
        """Of a period and type, the newest of each kind, node and currency that is not undone."""
        newest = select(func.max(C.id)).where(C.period == period, C.type == type_name, C.undone_time.is_(None))
        newest = newest.group_by(C.kind, C.node, C.currency)
        return await self._calls(principal, [C.id.in_(newest)], None)

    async def _calls(self, principal: Principal, where: list[ColumnElement[bool]], limit: int | None) -> list[Call]:
        def work(connection: Connection) -> list[Call]:
            context = self._contexts.read(connection)
            seen = context.people.nodes_within(context.visible(principal), context.day)
            found = select(f.calls).where(*where).order_by(C.id.desc())
            if seen is not None:
                among = self._database.among(C.node)
                found = found.where(among)
            if limit is not None:
                found = found.limit(limit)
            parameters = {} if seen is None else {"ids": self._database.ids(sorted(seen))}
            return [_call(row) for row in connection.execute(found, parameters).all()]

        return await self._database.read(work)

    def _sees(self, connection: Connection, principal: Principal, node: str) -> bool:
        context = self._contexts.read(connection)
        seen = context.people.nodes_within(context.visible(principal), context.day)
        return seen is None or node in seen

    def _require(self, connection: Connection, principal: Principal, node: str) -> None:
        if not self._sees(connection, principal, node):
            mend = "Name yourself or somebody below you"
            raise Forbidden("you may not speak for this node", field="node", value=node, mend=mend)

    async def keep_held_call(self, principal: Principal, held: HeldCall, over: datetime) -> None:
        """Keep it, and drop those of the same person, node and period that an other one counts instead of."""
        row = {"id": held.id, "member_id": principal.id, "period": held.period, "node": held.node,
               "time": to_us(held.time), "ended": held.ended, "recorded": _us(held.recorded)}  # fmt: skip
        same = (H.member_id == principal.id, H.period == held.period, H.node == held.node, _counts(over))

        def work(connection: Connection) -> None:
            self._save_held.run(connection, [row])
            newest = max(
                connection.execute(select(H.id, H.time, H.recorded).where(*same)).all(), key=_moment_order, default=None
            )
            if newest is not None:
                connection.execute(delete(f.held_calls).where(*same, H.id != newest.id))

        await self._database.write(work)

    async def held_calls(self, principal: Principal, period: str, over: datetime) -> dict[str, Moment]:
        """The newest of each node that counts."""
        mine = (H.member_id == principal.id, H.period == period, _counts(over))
        found = select(H.node, H.time, H.recorded).where(*mine)

        def work(connection: Connection) -> dict[str, Moment]:
            rows = sorted(connection.execute(found).all(), key=_moment_order)
            return {row.node: Moment(from_us(row.time), _time(row.recorded)) for row in rows}

        return await self._database.read(work)

    async def save_forecast_days(self, days: Sequence[ForecastDay]) -> None:
        """Keep what the forecast says today; the last of a day stays."""
        rows = [
            {"period": one.period, "currency": one.currency, "node": one.node, "day": one.day.isoformat(),
             "body": dumps(one.body), "type": one.type}
            for one in days
        ]  # fmt: skip

        def work(connection: Connection) -> None:
            self._save_days.run(connection, rows)

        await self._database.write(work, durable=False, aside=True)

    async def forecast_days(
        self, principal: Principal, node: str, currency: str, period: str = "", type_name: str = AMOUNT
    ) -> list[ForecastDay]:
        """A node's record of a period ('' for all) in order of days; nothing where the principal does not see it."""
        found = select(f.forecast_days).where(R.node == node, R.currency == currency, R.type == type_name)
        if period:
            found = found.where(R.period == period)

        def work(connection: Connection) -> list[ForecastDay]:
            if not self._sees(connection, principal, node):
                return []
            rows = connection.execute(found.order_by(R.period, R.day)).all()
            return [_forecast_day(row) for row in rows]

        return await self._database.read(work)


def _counts(over: datetime) -> ColumnElement[bool]:
    return or_(H.ended, H.time < to_us(over))


def _moment_order(row: Any) -> tuple[int, int]:
    return row.time, row.recorded or 0


def _us(time: datetime | None) -> int | None:
    return None if time is None else to_us(time)


def _time(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


def _call_row(call: Call) -> dict[str, Any]:
    return {
        "kind": call.kind.value, "period": call.period, "node": call.node, "currency": call.amount.currency,
        "amount": call.amount.minor, "note": call.note, "author": call.author, "time": to_us(call.time),
        "context": dumps(call.context), "undone_by": call.undone_by,
        "undone_time": _us(call.undone_time), "type": call.type, "recorded": _us(call.recorded),
    }  # fmt: skip


def _call(row: Any) -> Call:
    return Call(
        CallKind(row.kind), row.node, row.period, Money(row.currency, row.amount), row.note, row.author,
        from_us(row.time), loads(row.context), row.id,
        _time(row.undone_time), row.undone_by, row.type, _time(row.recorded),
    )  # fmt: skip


def _forecast_day(row: Any) -> ForecastDay:
    return ForecastDay(row.period, row.currency, row.node, date.fromisoformat(row.day), loads(row.body), row.type)
