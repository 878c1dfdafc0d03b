"""Loads a folder in the history format, such as the sample company's, into the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from kit.errors import InvalidInput
from learning.fiscal import FiscalCalendar
from learning.history import HistoryFolder, Manifest, read_history
from learning.records import Account, Change, Deal, DealHistory
from services.gateway.amount_types import read_types
from services.gateway.domain import UNSET, DealWrite, PastChange, Principal, WriteResult, WriteStatus
from services.gateway.forecast_trees import read_trees, trees_json
from services.gateway.history_said import load_said
from services.gateway.json_people import ALWAYS
from services.gateway.service import Gateway

T = TypeVar("T")

BATCH = 500
EVER = datetime.combine(ALWAYS, time(), UTC)
Progress = Callable[[str, float], None]


async def load_history(gateway: Gateway, principal: Principal, folder: Path, progress: Progress) -> dict[str, int]:
    """Write everything in the folder; the clock moves to its business day. Returns counts by fate.

    Raises InvalidInput where the folder is none, or a record in it is refused: a history is whole or wrong.
    """
    source = await asyncio.to_thread(read_history, folder)
    await gateway.workspace.keep_apart(sample=source.manifest.sample)
    await gateway.workspace.move_forward(source.manifest.business_day.isoformat())
    if not gateway.workspace.currency_set:
        await gateway.workspace.set_currency(source.manifest.currency)
    await _take_settings(gateway, source.manifest)
    await _load_around(gateway, principal, source, progress)
    return await _load_deals(gateway, principal, source, progress)


async def _take_settings(gateway: Gateway, manifest: Manifest) -> None:
    """What is set for the company, where nothing else is set here."""
    workspace = gateway.workspace
    if workspace.calendar == FiscalCalendar() != manifest.calendar:
        await workspace.set_fiscal_year(manifest.calendar.to_json())
    if manifest.holiday_country and not workspace.holiday_country:
        await workspace.set_holiday_country(manifest.holiday_country)


async def _load_around(gateway: Gateway, principal: Principal, source: HistoryFolder, progress: Progress) -> None:
    store = gateway.store
    progress("people", 0.0)
    users, lines = await asyncio.to_thread(lambda: (source.users, source.lines))
    check(await store.save_users(principal, users, lines), "users")
    definitions = await asyncio.to_thread(lambda: source.field_definitions)
    if definitions:
        await store.define_fields(principal, definitions)
    await _take_forecast_settings(gateway, source.manifest)
    tables: tuple[tuple[str, Callable[[], list[Any]], Any], ...] = (
        ("products", lambda: source.products, store.save_products),
        ("accounts", lambda: [account_write(one) for one in source.accounts], store.save_accounts),
        ("contacts", lambda: source.contacts, store.save_contacts),
        ("quotas", lambda: source.quotas, store.save_quotas),
    )
    for name, read, save in tables:
        progress(name, 0.0)
        for rows in batches(iter(await asyncio.to_thread(read))):
            check(await save(principal, rows), name)
    progress("what people said", 0.0)
    await load_said(store, principal, source)


async def _take_forecast_settings(gateway: Gateway, manifest: Manifest) -> None:
    """Trees and types, which name fields and are named by quotas, where none are defined here."""
    workspace, fields = gateway.workspace, await gateway.store.list_fields()
    if manifest.trees and not workspace.trees:
        await workspace.set_trees(read_trees(trees_json(manifest.trees)["trees"], fields))
    if manifest.forecast_types and not workspace.forecast_types:
        types = [{"name": name, "field": value} for name, value in manifest.forecast_types.items()]
        await workspace.set_forecast_types(read_types(types, fields))


async def _load_deals(
    gateway: Gateway, principal: Principal, source: HistoryFolder, progress: Progress
) -> dict[str, int]:
    progress("deals", 0.0)
    total = max(1, len((await asyncio.to_thread(source.columns, "deals"))["id"]))
    fates: dict[str, int] = {}
    done = 0
    deals = batches(source.deals())
    while rows := await asyncio.to_thread(next, deals, None):
        results = await gateway.apply_deals(principal, [deal_write(row) for row in rows], "history")
        check(results, "deals")
        for result in results:
            fates[result.status.value] = fates.get(result.status.value, 0) + 1
        done += len(rows)
        progress("deals", done / total)
    return fates


def deal_write(history: DealHistory) -> DealWrite:
    """The write that brings a deal to where its history leads. Its tracked members come from its changes."""
    deal = history.deal
    told = {change.field for change in history.changes}
    tracked = {
        name: getattr(deal, name) if name not in told else UNSET
        for name in (
            "kind", "motion", "pipeline", "stage", "outcome", "name", "owner_id", "account_id", "amount", "close_date",
            "category",
        )
    }  # fmt: skip
    past = (PastChange(each.field, each.value, each.effective_time) for each in history.changes)
    return DealWrite(
        deal.id,
        **tracked,
        created_time=deal.created_time or UNSET,
        closed_date=deal.closed_date if "closed_date" not in told and deal.closed_date else UNSET,
        deleted=True if deal.deleted and "deleted" not in told else UNSET,
        fields={name: value for name, value in deal.fields.items() if f"fields.{name}" not in told},
        products=deal.products if "products" not in told else UNSET,
        contacts=deal.contacts if "contacts" not in told else UNSET,
        credits=deal.credits if "credits" not in told else UNSET,
        history=(*from_the_start(deal, told), *past),
        activities=history.activities,
    )


def from_the_start(deal: Deal, told: set[str]) -> list[PastChange]:
    """Products, contacts and credits without a history, which have been there since the deal was created."""
    if deal.created_time is None:
        return []
    lists = [PastChange("products", deal.products, deal.created_time)] if deal.products else []
    lists += [PastChange("contacts", deal.contacts, deal.created_time)] if deal.contacts else []
    lists += [PastChange("credits", deal.credits, deal.created_time)] if deal.credits else []
    return [one for one in lists if one.field not in told]


def account_write(account: Account) -> Account:
    """The account as it is saved: fields without a history have always been as they are."""
    told = {change.field for change in account.changes}
    fields = {f"fields.{name}": value for name, value in account.fields.items()}
    always = [Change(name, value, EVER, EVER) for name, value in fields.items() if name not in told]
    return replace(account, changes=(*always, *account.changes))


def batches(rows: Iterator[T], size: int = BATCH) -> Iterator[list[T]]:
    """Up to `size` at a time."""
    while batch := list(islice(rows, size)):
        yield batch


def check(results: Sequence[WriteResult], table: str) -> None:
    """Raises InvalidInput for the first refused record."""
    for result in results:
        if result.status is WriteStatus.REJECTED:
            first = result.errors[0]
            raise InvalidInput(
                f"{table}: {first.message}", field=f"{result.id}.{first.field}", value=first.value, mend=first.mend
            )
