"""Training rows: snapshots of every record, with what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from learning.columns import Floats, Table
from learning.guard import fills_with_closing
from learning.guard_histories import Seen, Verdict, judge_snapshots
from learning.guard_single import Labelled
from learning.overrules import Overrules
from learning.records import DealHistory, Outcome
from learning.snapshots import Snapshot, snapshots
from services.lead_scoring.features import training_table

Ints = NDArray[np.int64]
# Columns that repeat with the calendar, and after how many days.
CYCLES: Mapping[str, int] = {"day_in_quarter": 92}
TIMES = 2  # so often a cycle must have come round before it teaches anything


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows are snapshots; every array has one entry a row. `record` numbers the deals as `deal_ids` lists them."""

    table: Table
    deal_ids: tuple[str, ...]
    record: Ints
    taken: Ints  # proleptic ordinal of the snapshot's day
    closed: Ints  # of the day its outcome came; 0 where it has not
    won: Floats  # 1 where the outcome is WON
    weight: Floats  # a record's rows add up to 1 a phase
    guard: Verdict  # which columns are not in the table, or suspected, and why
    ordered: bool = True  # False: the rows know no order of time; folds are drawn at random, by record
    cycles: Mapping[str, int] = field(default_factory=dict)  # columns that repeat with the calendar, after so many days
    left_out: Table = field(default_factory=lambda: Table(0))  # by the guard, but read by the model compared with

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Rows whose outcome is known."""
        return self.closed > 0

    def lesson(self, rows: Ints) -> Table:
        """What some rows (indices) teach: their columns, without those whose cycle they have not seen come round.

        Within one quarter its days only tell early rows from late ones, and go on to days that no row has seen.
        """
        days = self.taken[rows]
        span = int(days.max() - days.min()) if len(days) else 0
        unseen = [name for name, cycle in self.cycles.items() if span < TIMES * cycle]
        return self.table.take(rows).without(unseen)

    def whole(self, names: Iterable[str]) -> Table:
        """All rows of those of the named columns that there are, whatever the guard says of them."""
        columns = {**self.left_out.columns, **self.table.columns}
        found = {name: columns[name] for name in names if name in columns}
        return Table(len(self.taken), found, self.table.dates | self.left_out.dates)

    @property
    def outcomes(self) -> tuple[int, int]:
        """Closed records that were won (or converted), and that were lost."""
        known = self.labelled
        won = len(np.unique(self.record[known & (self.won > 0)]))
        return won, len(np.unique(self.record[known & (self.won == 0)]))


def build_dataset(
    histories: Iterable[DealHistory], as_of: date, overrules: Overrules | None = None, also: Iterable[str] = ()
) -> Dataset:
    """Snapshots of all histories up to a day, leaks left out as far as nobody overrules the guard.

    also: columns that are kept aside even so, for another model.
    """
    pairs = [(history, list(snapshots(history, as_of))) for history in histories]
    pairs = [(history, taken) for history, taken in pairs if taken]
    rows: list[Snapshot] = [one for _, taken in pairs for one in taken]
    table = training_table(rows)
    closed = np.array([one.closed_day.toordinal() if one.label and one.closed_day else 0 for one in rows], np.int64)
    age = table.columns.get("age_days")
    ages = age if isinstance(age, np.ndarray) else np.zeros(len(rows))
    counts = [len(list(group)) for _, group in groupby(rows, key=lambda one: one.deal_id)]
    record = np.repeat(np.arange(len(counts)), counts)
    won, weight = np.array([float(one.label is Outcome.WON) for one in rows]), np.array([one.weight for one in rows])
    seen = Seen(table, ages, closed > 0, Labelled(won, weight, record), *fills_with_closing(pairs))
    verdict = judge_snapshots(seen, overrules or Overrules()) if rows else Verdict()
    return Dataset(
        table.without(verdict.absent), tuple(history.deal.id for history, _ in pairs), record,
        np.array([one.day.toordinal() for one in rows], np.int64), closed, won, weight, verdict, cycles=CYCLES,
        left_out=table.without(set(table.columns) - set(verdict.absent) & set(also)),
    )  # fmt: skip
