"""The leak guard on histories: columns whose filling tells open records from closed ones, or comes with the closing.

It judges by what the values do, never by a column's name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from learning.columns import NO, Floats, Table, Texts
from learning.records import DealHistory, Outcome
from learning.snapshots import Snapshot, end_of
from learning.timeline import Timeline

# Bounds of the ages, in weeks, within which open and closed records are compared.
AGES = (1, 4, 12, 26)
WIDE = 0.5  # this difference in fill rate is no chance and no habit
NARROW, EMPTY = 0.15, 0.02  # nor is this one where one side is empty
FEW, ENOUGH = 30, 100
CLOSING_SHARE = 0.5

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A column left out, why in English and in Korean, and the figures that say so."""

    column: str
    reason: str
    reason_ko: str
    evidence: Mapping[str, float | str]

    def to_json(self) -> dict[str, object]:
        """As evaluation.json has it."""
        told = {"column": self.column, "reason": self.reason, "reason_ko": self.reason_ko}
        return {**told, "evidence": dict(self.evidence)}


def fills_with_closing(histories: Iterable[tuple[DealHistory, Sequence[Snapshot]]]) -> tuple[Counter[str], int]:
    """How many closed records had a column empty on the day before they closed and filled after, and of how many."""
    filled: Counter[str] = Counter()
    closed = 0
    for history, taken in histories:
        last = taken[-1] if taken else None
        if last is None or last.label not in (Outcome.WON, Outcome.LOST) or last.closed_day is None:
            continue
        closed += 1
        timeline = Timeline(history)
        before = timeline.state(end_of(last.closed_day - timedelta(days=1)))
        after = timeline.state(end_of(last.closed_day))
        filled.update(name for name, value in after.items() if _full(value) and not _full(before.get(name)))
    return filled, closed


def _full(value: object) -> bool:
    return value is not None and value != ""


def find_leaks(table: Table, age_days: Floats, closed: Mask, filled: Mapping[str, int], records: int) -> list[Dropped]:
    """Columns to drop, in order of name. `closed` marks the rows of records whose outcome has come.

    `filled` and `records` are what `fills_with_closing` found.
    """
    ages = np.searchsorted(np.array(AGES), age_days / 7, side="right")
    found = []
    for name in sorted(table.columns):
        present = _present(table.columns[name])
        leak = _fills_at_closing(name, present, closed, filled, records) or _tells_open(name, present, ages, closed)
        if leak is not None:
            found.append(leak)
    return found


def _present(column: Floats | Texts) -> Mask:
    """Where a column says something: counts above zero, a yes, any other value."""
    if isinstance(column, Texts):
        said = np.array([*(text != NO for text in column.dictionary), False])
        return np.asarray(said[column.codes])
    present = ~np.isnan(column)
    whole = column[present]
    if len(whole) and whole.min() == 0 and np.all(whole == np.round(whole)):
        present &= column != 0
    return present


def _fills_at_closing(
    name: str, present: Mask, closed: Mask, filled: Mapping[str, int], records: int
) -> Dropped | None:
    count = filled.get(name, filled.get("account_id", 0) if name.startswith("account.") else 0)
    if records < FEW or count < CLOSING_SHARE * records or not closed.any():
        return None
    before = float(present[closed].mean())
    if before > 0.1:
        return None
    evidence = {"closed_records": records, "filled_when_closing": count, "fill_rate_before": round(before, 4)}
    return Dropped(name, "filled in with the closing of the record", "기록이 종결될 때 입력됩니다", evidence)


def _tells_open(name: str, present: Mask, ages: NDArray[np.int64], closed: Mask) -> Dropped | None:
    """Whether fill rates of open and closed records of like age are far apart, at every age that can be compared.

    At every age, because what is filled in back to the creation shows from the first day on, while records that
    were forgotten differ honestly from those that were worked on, the more the older they get.
    """
    first: dict[str, float | str] | None = None
    for age in range(len(AGES) + 1):
        here = ages == age
        open_rows, closed_rows = present[here & ~closed], present[here & closed]
        few = min(len(open_rows), len(closed_rows))
        if few < FEW:
            continue
        rates = float(open_rows.mean()), float(closed_rows.mean())
        gap = abs(rates[0] - rates[1])
        if gap < WIDE and not (gap >= NARROW and min(rates) <= EMPTY and few >= ENOUGH):
            return None
        first = first or {
            "age_weeks": _age_text(age), "open_rows": len(open_rows), "closed_rows": len(closed_rows),
            "fill_rate_open": round(rates[0], 4), "fill_rate_closed": round(rates[1], 4),
        }  # fmt: skip
    if first is None:
        return None
    korean = "같은 시점에 진행 중인 기록과 종결된 기록의 입력 비율이 다릅니다"
    return Dropped(name, "its fill rate tells closed records from open ones of like age", korean, first)


def _age_text(age: int) -> str:
    bounds = (0, *AGES)
    return f"{bounds[age]} to {AGES[age] - 1}" if age < len(AGES) else f"{AGES[-1]} and more"
