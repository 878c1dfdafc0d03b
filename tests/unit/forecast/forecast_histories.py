"""A company whose truth is known, in the history format."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from kit.money import Money
from learning.history import HistoryWriter, Manifest, encode_value

LAST = date(2017, 9, 30)
FIRST = date(2016, 7, 1)


def at(day: date) -> datetime:
    return datetime.combine(day, time(9), UTC)


def write_history(folder: Path, deals: int, seed: int = 1, *, scrambled_after: date = LAST, owners: int = 8) -> None:
    """Deals created evenly; half are won, after about six weeks, for nine tenths of what was asked.

    What is created or closes after a day is another thing altogether where that day is before the last.
    """
    generator = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    for index in range(deals):
        created = FIRST + timedelta(days=int(generator.integers(0, (LAST - FIRST).days)))
        closed: date | None = created + timedelta(days=int(generator.gamma(4.0, 10.0)) + 1)
        won = bool(generator.random() < 0.5)
        price = 90_000
        if created > scrambled_after:
            created, closed, won = scrambled_after + timedelta(days=1), None, True
        elif scrambled_after < LAST and closed is not None and closed > scrambled_after:
            closed, won, price = min(closed + timedelta(days=9), LAST), not won, 7_000
        closed = closed if closed is not None and closed <= LAST else None
        outcome = "OPEN" if closed is None else "WON" if won else "LOST"
        asked, owner = Money("USD", 100_000), f"u{index % owners}" if owners else ""
        booked = Money("USD", price) if outcome == "WON" else asked
        rows.append({
            "id": f"d{index}", "revision": 1, "kind": "OPPORTUNITY", "motion": "NEW", "pipeline": "default",
            "stage": "Open", "outcome": outcome, "name": "", "owner_id": owner, "amount": booked.value,
            "currency": "USD", "created_time": at(created), "closed_date": closed, "fields": "{}", "deleted": False,
        })  # fmt: skip
        values: list[tuple[str, Any, date]] = [
            ("kind", "OPPORTUNITY", created), ("stage", "Open", created), ("outcome", "OPEN", created),
            ("amount", asked, created), ("owner_id", owner, created),
        ]  # fmt: skip
        if closed is not None:
            values += [("outcome", outcome, closed), ("amount", booked, closed), ("closed_date", closed, closed)]
        changes += [
            {"deal_id": f"d{index}", "field": name, "value": encode_value(value), "effective_time": at(day),
             "recorded_time": at(day), "revision": 1}
            for name, value, day in values
        ]  # fmt: skip
    with HistoryWriter(folder, Manifest(at(LAST), LAST, "USD")) as writer:
        writer.append("deals", rows)
        writer.append("changes", changes)
        writer.append("users", [{"id": f"u{index}", "name": f"U{index}", "active": True} for index in range(owners)])
