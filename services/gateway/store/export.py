"""The store's records as rows of the history format, in bounded batches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select, tuple_

from kit.errors import Forbidden, InvalidInput
from kit.money import format_minor
from learning.history_rows import deal_contact_row, deal_credit_row, deal_product_row
from learning.history_schema import SCHEMAS
from learning.records import TRACKED_FIELDS
from services.gateway.domain import Principal, Scope
from services.gateway.store import tables as t
from services.gateway.store import tables_forecast as f
from services.gateway.store.codec import (
    decode_value,
    encode_fields,
    from_day,
    from_us,
    money,
    to_us,
)
from services.gateway.store.context import Part
from services.gateway.store.database import Database
from services.gateway.store.decisions import exported_decision, exported_feedback
from services.gateway.store.drafts import DEFAULTS
from services.gateway.store.exchange import exported_rate
from services.gateway.store.field_types import PREFIX
from services.gateway.store.rows import credit_from
from services.gateway.store.said import exported_call, exported_forecast_day, exported_node_quota
from services.gateway.store.tables_actions import action_decisions, action_feedback
from services.gateway.store.tables_imports import THERE

BATCH = 1_000
Row = dict[str, Any]


class Export(Part):
    """`export_rows`.

    With `as_of`, changes effective and activities done by then are exported, of deals created by then, and the deals
    as they stood then. When they were recorded does not matter: an import records old history late.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        c = t.changes.c
        self._past = select(c.deal_id, c.field, c.value, c.effective_time, c.recorded_time, c.revision).where(
            database.among(c.deal_id)
        )
        self._past = self._past.order_by(c.deal_id, c.effective_time, c.seq)
        a = t.account_changes.c
        self._account_past = select(t.account_changes).where(database.among(a.account_id))
        self._account_past = self._account_past.order_by(a.account_id, a.effective_time, a.seq)

    async def export_rows(
        self, principal: Principal, table: str, as_of: datetime | None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Rows of one file of docs/history-format.md. Raises InvalidInput for an unknown file, and Forbidden."""
        async with contextlib.aclosing(self.export_tables(principal, [table], as_of)) as batches:
            async for _, rows in batches:
                yield rows

    async def export_tables(
        self, principal: Principal, tables: Sequence[str], as_of: datetime | None
    ) -> AsyncGenerator[tuple[str, list[Row]], None]:
        """Rows of several files, all of one moment, each batch with its file's name."""
        if principal.scope is not Scope.ALL:
            raise Forbidden("only who sees all records may export them", field="principal", mend="Ask an administrator")
        for table in tables:
            if table not in SCHEMAS:
                mend = "Use one of " + ", ".join(SCHEMAS)
                raise InvalidInput("there is no such file", field="table", value=table, mend=mend)
        batches = self._batches(tables, as_of)
        thread, loop = ThreadPoolExecutor(1, "store-export"), asyncio.get_running_loop()
        try:
            while batch := await loop.run_in_executor(thread, next, batches, None):
                yield batch
        finally:
            thread.submit(batches.close)  # after the step under way, if the reader left early
            thread.shutdown(wait=False)

    def _batches(self, tables: Sequence[str], as_of: datetime | None) -> Generator[tuple[str, list[Row]], None, None]:
        with self._database.snapshot() as connection:
            for table in tables:
                for rows in self._table(connection, table, as_of):
                    yield table, rows

    def _table(self, connection: Connection, table: str, as_of: datetime | None) -> Iterator[list[Row]]:
        if table == "deals":
            yield from self._deal_rows(connection, as_of)
        elif table == "changes":
            yield from self._change_rows(connection, as_of)
        elif as_of is not None and table in _LISTS:
            yield from self._list_rows(connection, table, as_of)
        elif as_of is not None and table == "accounts":
            yield from self._account_rows(connection, as_of)
        else:
            source, to_row = _PLAIN[table]
            for rows in _pages(connection, source, _until(source, as_of)):
                yield [to_row(row) for row in rows]

    def _deal_rows(self, connection: Connection, as_of: datetime | None) -> Iterator[list[Row]]:
        for deals in _pages(connection, t.deals, _until(t.deals, as_of)):
            states: dict[str, dict[str, Any]] = {}
            if as_of is not None:
                states = {row.id: {} for row in deals}
                for change in self._past_of(connection, deals, as_of):
                    states[change.deal_id][change.field] = decode_value(change.value)
            yield [_deal_row(row, states.get(row.id)) for row in deals]

    def _change_rows(self, connection: Connection, as_of: datetime | None) -> Iterator[list[Row]]:
        for deals in _pages(connection, t.deals, _until(t.deals, as_of)):
            found = self._past_of(connection, deals, as_of)
            for start in range(0, len(found), 10 * BATCH):
                yield [_change_row(row) for row in found[start : start + 10 * BATCH]]

    def _list_rows(self, connection: Connection, table: str, as_of: datetime) -> Iterator[list[Row]]:
        """The products, contacts or credits of deals as they stood then."""
        name = _LISTS[table]
        for deals in _pages(connection, t.deals, _until(t.deals, as_of)):
            standing: dict[str, Any] = {}
            for change in self._past_of(connection, deals, as_of):
                if change.field == name:
                    standing[change.deal_id] = decode_value(change.value) or ()
            to_row = _ENTRY_ROWS[name]
            yield [to_row(deal_id, one) for deal_id, each in standing.items() for one in each]

    def _account_rows(self, connection: Connection, as_of: datetime) -> Iterator[list[Row]]:
        """Accounts with their fields as they stood then."""
        for accounts in _pages(connection, t.accounts, ()):
            states: dict[str, dict[str, Any]] = {row.id: {} for row in accounts}
            past = self._account_past.where(t.account_changes.c.effective_time <= to_us(as_of))
            for change in self._database.fetch(connection, past, list(states)):
                states[change.account_id][change.field] = decode_value(change.value)
            yield [{**_flagged(row), "fields": _custom(states[row.id])} for row in accounts]

    def _past_of(self, connection: Connection, deals: list[Any], as_of: datetime | None) -> list[Any]:
        past = self._past if as_of is None else self._past.where(t.changes.c.effective_time <= to_us(as_of))
        return self._database.fetch(connection, past, [row.id for row in deals])


def _until(source: Table, as_of: datetime | None) -> list[ColumnElement[bool]]:
    """What of a table counts as of then."""
    there = [THERE] if source is t.deals else []
    if as_of is None:
        return there
    created = t.deals.c.created_time <= to_us(as_of)
    if source is t.deals:
        return [created, *there]
    if source is t.reporting_lines:
        return [source.c.valid_from <= as_of.date().isoformat()]
    if source in (action_decisions, f.forecast_days, f.exchange_rates):
        return [source.c.day <= as_of.date().isoformat()]
    if source is f.calls:
        return [source.c.time <= to_us(as_of)]
    if source is t.account_changes:
        return [source.c.effective_time <= to_us(as_of)]
    if "deal_id" not in source.c:
        return []
    deals = source.c.deal_id.in_(select(t.deals.c.id).where(created))
    return [deals, source.c.time <= to_us(as_of)] if source is t.activities else [deals]


def _pages(connection: Connection, table: Table, where: Iterable[ColumnElement[bool]]) -> Iterator[list[Any]]:
    """A table in the order of its key, page by page."""
    keys = list(table.primary_key.columns)
    base = select(table).where(*where).order_by(*keys).limit(BATCH)
    last: tuple[Any, ...] | None = None
    while True:
        page = base if last is None else base.where(tuple_(*keys) > tuple_(*last))
        rows = list(connection.execute(page).all())
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        last = tuple(rows[-1]._mapping[key] for key in keys)


def _money(minor: int | None, currency: str | None, name: str) -> Row:
    if minor is None or not currency:
        return {name: None, "currency": None}
    return {name: format_minor(currency, minor), "currency": currency}


def _deal_row(row: Any, state: dict[str, Any] | None) -> Row:
    """A deal as it stands, or as the state of its changes says it stood."""
    base = {"id": row.id, "revision": row.revision, "created_time": from_us(row.created_time)}
    if state is None:
        texts = {name: getattr(row, name) for name in _TEXTS}
        days = {"close_date": from_day(row.close_date), "closed_date": from_day(row.closed_date)}
        amount = money(row.amount, row.currency)
        fields, deleted = row.fields, bool(row.deleted)
    else:
        texts = {name: state.get(name) or DEFAULTS.get(name, "") for name in _TEXTS}
        days = {"close_date": state.get("close_date"), "closed_date": state.get("closed_date")}
        amount, deleted = state.get("amount"), bool(state.get("deleted"))
        fields = _custom(state)
    pair = _money(amount.minor if amount else None, amount.currency if amount else None, "amount")
    flags = {"deleted": deleted, "created_before": False}  # whose beginning is unknown, imports tell
    return {**base, **texts, **days, **pair, "fields": fields, **flags}


def _custom(state: dict[str, Any]) -> str:
    return encode_fields(
        {n.removeprefix(PREFIX): v for n, v in state.items() if n.startswith(PREFIX) and v is not None}
    )


_LISTS = {"deal_products": "products", "deal_contacts": "contacts", "deal_credits": "credits"}
_ENTRY_ROWS: dict[str, Callable[[str, Any], Row]] = {
    "products": deal_product_row, "contacts": deal_contact_row, "credits": deal_credit_row,
}  # fmt: skip
_NO_TEXTS = ("amount", "close_date", "closed_date", "deleted", *_LISTS.values())
_TEXTS = tuple(name for name in TRACKED_FIELDS if name not in _NO_TEXTS)


def _change_row(row: Any) -> Row:
    return {
        "deal_id": row.deal_id, "field": row.field, "value": row.value, "effective_time": from_us(row.effective_time),
        "recorded_time": from_us(row.recorded_time), "revision": row.revision,
    }  # fmt: skip


def _account_change_row(row: Any) -> Row:
    times = {name: from_us(row._mapping[name]) for name in ("effective_time", "recorded_time")}
    return {"account_id": row.account_id, "field": row.field, "value": row.value, **times}


def _as_is(row: Any) -> Row:
    return dict(row._mapping)


def _flagged(row: Any) -> Row:
    return {name: bool(value) if name in ("active", "deleted") else value for name, value in row._mapping.items()}


def _activity_row(row: Any) -> Row:
    return {**row._mapping, "time": from_us(row.time)}


def _line_row(row: Any) -> Row:
    return {**row._mapping, "valid_from": from_day(row.valid_from)}


def _role_row(row: Any) -> Row:
    return {"deal_id": row.deal_id, "contact_id": row.contact_id, "role": row.role}


def _credit_row(row: Any) -> Row:
    return deal_credit_row(row.deal_id, credit_from(row))


def _product_row(row: Any) -> Row:
    return {"id": row.id, "name": row.name, "series": row.series, **_money(row.price, row.currency, "price")}


def _deal_product_row(row: Any) -> Row:
    return {
        "deal_id": row.deal_id, "product_id": row.product_id, "quantity": row.quantity,
        **_money(row.price, row.currency, "price"),
    }  # fmt: skip


def _quota_row(row: Any) -> Row:
    return {"owner_id": row.owner_id, "period": row.period, **_money(row.amount, row.currency, "amount")}


_PLAIN: dict[str, tuple[Table, Callable[[Any], Row]]] = {
    "activities": (t.activities, _activity_row),
    "users": (t.users, _flagged),
    "reporting_lines": (t.reporting_lines, _line_row),
    "accounts": (t.accounts, _flagged),
    "account_changes": (t.account_changes, _account_change_row),
    "contacts": (t.contacts, _flagged),
    "deal_contacts": (t.deal_contacts, _role_row),
    "deal_credits": (t.deal_credits, _credit_row),
    "products": (t.products, _product_row),
    "deal_products": (t.deal_products, _deal_product_row),
    "decisions": (action_decisions, exported_decision),
    "feedback": (action_feedback, exported_feedback),
    "quotas": (t.quotas, _quota_row),
    "node_quotas": (f.node_quotas, exported_node_quota),
    "calls": (f.calls, exported_call),
    "forecast_days": (f.forecast_days, exported_forecast_day),
    "exchange_rates": (f.exchange_rates, exported_rate),
    "field_definitions": (t.field_definitions, _as_is),
}
