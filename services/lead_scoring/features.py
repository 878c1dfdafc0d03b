"""Rows of `learning.snapshots`, which training and serving share, as the columns a score is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from learning.columns import Table, table_from_rows
from learning.records import DealHistory
from learning.snapshots import Row, Snapshot
from services.lead_scoring.domain import LISTED, MOST_KNOWN


def training_table(taken: Sequence[Snapshot]) -> Table:
    """Every column of past days' snapshots."""
    return table_from_rows([one.row for one in taken], [one.day for one in taken])


def rows_table(rows: Sequence[Row], days: Sequence[date], names: Iterable[str] | None = None) -> Table:
    """The same columns (those named, or all) of rows as `learning.snapshots.row_at` gives them."""
    return table_from_rows(rows, days, names)


def values_seen(histories: Iterable[DealHistory]) -> dict[str, tuple[str, ...]]:
    """Every value that any of the deals has, or had, of the fields LISTED, sorted; none of a field with too many."""
    found: dict[str, set[str]] = {name: set() for name in LISTED}
    for history in histories:
        for name in LISTED:
            found[name].add(str(getattr(history.deal, name)))
        for change in history.changes:
            if change.field in found and change.value is not None:
                found[change.field].add(str(change.value))
    told = {name: tuple(sorted(values - {""})) for name, values in found.items()}
    return {name: values for name, values in told.items() if 0 < len(values) <= MOST_KNOWN}


def names_of(histories: Iterable[DealHistory]) -> dict[str, dict[str, str]]:
    """What people call the values of the columns that hold ids, as far as the deals know."""
    owners: dict[str, str] = {}
    accounts: dict[str, str] = {}
    products: dict[str, str] = {}
    for history in histories:
        if history.owner_path and history.owner_path[-1].name:
            owners[history.deal.owner_id] = history.owner_path[-1].name
        if history.account is not None and history.account.name:
            accounts[history.account.id] = history.account.name
        products |= history.product_names
    return {"owner_id": owners, "account_id": accounts, "product": products}
