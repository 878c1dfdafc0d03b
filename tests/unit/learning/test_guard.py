"""The first leak guard: it drops what tells closed records from open ones, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np

from learning.columns import table_from_rows
from learning.guard import Dropped, fills_with_closing, find_leaks
from learning.records import Account, Change, DealHistory, Outcome
from learning.snapshots import snapshots
from learning.testing import START, company, last_day


def leaks(histories: list[DealHistory]) -> dict[str, Dropped]:
    pairs = [(history, list(snapshots(history, last_day()))) for history in histories]
    rows = [one for _, taken in pairs for one in taken]
    table = table_from_rows([one.row for one in rows], [one.day for one in rows])
    closed = np.array([one.label is not None for one in rows])
    ages = table.columns["age_days"]
    assert isinstance(ages, np.ndarray)
    return {one.column: one for one in find_leaks(table, ages, closed, *fills_with_closing(pairs))}


def with_field(history: DealHistory, name: str, value: str, days: float) -> DealHistory:
    """The field filled so many days after creation, or (below 0) with the closing."""
    when = START
    if history.deal.created_time is not None:
        when = history.deal.created_time + timedelta(days=days)
    if days < 0:
        closing = next(one for one in history.changes if one.field == "outcome" and one.value != "OPEN")
        when = closing.effective_time
    changes = sorted((*history.changes, Change(name, value, when, when)), key=lambda one: one.effective_time)
    return replace(history, changes=tuple(changes))


def test_honest_columns_stay() -> None:
    assert leaks(company(600)) == {}


def test_a_column_that_only_closed_records_have_is_dropped_with_the_evidence() -> None:
    account = Account("a", "Acme", {"sector": "retail"})
    histories = [
        replace(with_field(one, "account_id", "a", 0), account=account) if one.deal.outcome is not Outcome.OPEN else one
        for one in company(800)
    ]
    found = leaks(histories)
    assert set(found) == {"account_id", "account.sector"}
    evidence = found["account_id"].evidence
    assert evidence["fill_rate_open"] == 0.0
    assert evidence["fill_rate_closed"] == 1.0


def test_a_column_that_only_lost_records_have_is_dropped() -> None:
    histories = [
        with_field(one, "fields.lost_why", "price", 0) if one.deal.outcome is Outcome.LOST else one
        for one in company(1500)
    ]
    assert set(leaks(histories)) == {"fields.lost_why"}


def test_a_column_filled_with_the_closing_is_dropped() -> None:
    histories = [
        with_field(one, "account_id", "a", -1) if one.deal.outcome is not Outcome.OPEN else one for one in company(300)
    ]
    found = leaks(histories)
    assert set(found) == {"account_id"}
    assert "closing" in found["account_id"].reason


def test_a_column_filled_late_in_honest_work_stays() -> None:
    histories = [with_field(one, "fields.need", "yes", 12) for one in company(600)]
    assert leaks(histories) == {}


def test_no_records_no_verdict() -> None:
    assert leaks(company(20)) == {}
