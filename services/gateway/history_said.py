"""Reads back what people set and said, and the forecast's daily record, from a folder in the history format."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from kit.errors import InvalidInput
from kit.money import Money
from learning.history import HistoryFolder
from services.gateway.amount_types import AMOUNT
from services.gateway.calls import Call, CallKind
from services.gateway.domain import NodeQuota, Principal, WriteStatus
from services.gateway.store.interface import ForecastDay, RateEntry, Store

BATCH = 500

T = TypeVar("T")


async def load_said(store: Store, principal: Principal, source: HistoryFolder) -> None:
    """Node quotas, submissions, adjustments and past days. What is there already stays once.

    Raises InvalidInput for a row that is none.
    """
    quotas = await asyncio.to_thread(_read, source, "node_quotas", _node_quota)
    for batch in _batches(quotas):
        for result in await store.save_node_quotas(principal, batch):
            if result.status is WriteStatus.REJECTED:
                first = result.errors[0]
                raise InvalidInput(f"node_quotas: {first.message}", field=first.field, value=first.value,
                                   mend=first.mend)  # fmt: skip
    for calls in _batches(await asyncio.to_thread(_read, source, "calls", _call)):
        await store.restore_calls(principal, calls)
    rates = await asyncio.to_thread(_read, source, "exchange_rates", _rate)
    if rates:
        await store.restore_rates(principal, rates)
    for days in _batches(await asyncio.to_thread(_read, source, "forecast_days", _day)):
        await store.save_forecast_days(days)


def _batches(rows: Sequence[T]) -> list[Sequence[T]]:
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def _read(source: HistoryFolder, table: str, read: Callable[[Mapping[str, Any]], T]) -> list[T]:
    """Rows of a file; none in an export from before it was kept."""
    if not (source.folder / f"{table}.parquet").exists():
        return []
    columns = source.columns(table)
    found = []
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        try:
            found.append(read(row))
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidInput(f"{table}: {error}", field=table, value=str(row)[:60],
                               mend="See docs/history-format.md") from None  # fmt: skip
    return found


def _money(row: Mapping[str, Any]) -> Money:
    return Money.parse(row["currency"], row["amount"])


def _node_quota(row: Mapping[str, Any]) -> NodeQuota:
    return NodeQuota(row["node"], row["period"], _money(row), row.get("type") or AMOUNT)


def _call(row: Mapping[str, Any]) -> Call:
    return Call(
        CallKind(row["kind"]), row["node"], row["period"], _money(row), row["note"] or "", row["author"] or "",
        row["time"], json.loads(row["context"] or "{}"), 0, row["undone_time"], row["undone_by"] or "",
        row.get("type") or AMOUNT,
    )  # fmt: skip


def _rate(row: Mapping[str, Any]) -> RateEntry:
    try:
        rate = None if row["rate"] is None else Decimal(row["rate"])
    except InvalidOperation:
        raise ValueError("the rate is no number") from None
    return RateEntry(row["currency"], row["day"], rate, row["author"] or "", row["time"], row["base"])


def _day(row: Mapping[str, Any]) -> ForecastDay:
    said = json.loads(row["body"])
    return ForecastDay(row["period"], row["currency"], row["node"], row["day"], said, row.get("type") or AMOUNT)
