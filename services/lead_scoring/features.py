"""What a score is computed from: the one module that training and serving share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from learning.columns import Table, table_from_rows
from learning.records import DealHistory
from learning.snapshots import Row, Snapshot, row_at


def training_table(taken: Sequence[Snapshot]) -> Table:
    """Every column of past days' snapshots."""
    return table_from_rows([one.row for one in taken], [one.day for one in taken])


def serving_table(histories: Sequence[DealHistory], days: Sequence[date], names: Iterable[str] | None = None) -> Table:
    """The same columns (those named, or all) of deals as of the end of their business day."""
    rows = [row_at(history, day) for history, day in zip(histories, days, strict=True)]
    return rows_table(rows, days, names)


def rows_table(rows: Sequence[Row], days: Sequence[date], names: Iterable[str] | None = None) -> Table:
    """The same of rows as `learning.snapshots.row_at` gives them."""
    return table_from_rows(rows, days, names)


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
