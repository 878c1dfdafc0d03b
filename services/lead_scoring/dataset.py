"""Training rows: snapshots of every record, with what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from learning.columns import Floats, Table, Texts
from learning.guard import fills_with_closing
from learning.guard_histories import Seen, Verdict, judge_snapshots
from learning.guard_single import Labelled
from learning.overrules import Overrules
from learning.records import DealHistory, DealKind, Outcome
from learning.snapshots import Snapshot, phases, snapshots
from services.lead_scoring.features import training_table, values_seen
from services.lead_scoring.pooled import PIPELINE
from services.lead_scoring.target import answers, weights

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
    closed: Ints  # of the day its answer came (`target.answers`); 0 where it has not
    won: Floats  # 1 where the answer is yes
    weight: Floats  # of a kind alike, adding up to its records (`target.weights`)
    guard: Verdict  # which columns are not in the table, or suspected, and why
    ordered: bool = True  # False: the rows know no order of time; folds are drawn at random, by record
    cycles: Mapping[str, int] = field(default_factory=dict)  # columns that repeat with the calendar, after so many days
    left_out: Table = field(default_factory=lambda: Table(0))  # by the guard, but read by the model compared with

    kinds: Texts | None = None  # of the deal on the day; None: all rows are of one kind, whatever their columns say
    pipelines: Texts | None = None  # which may learn apart; None: they may not
    horizon_days: int | None = None  # within which a lead's answer is to come
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by field, see features.values_seen
    never_open: int = 0  # deals that ended and were never seen while open: they are in no row

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
        """Records that were won (or converted), and that were lost (or did not convert within the horizon). A lead that
        became an opportunity is one as each."""
        known = self.labelled
        as_each = self.record if self.kinds is None else self.record * len(DealKind) + self.kinds.codes
        won, lost = np.unique(as_each[known & (self.won > 0)]), np.unique(as_each[known & (self.won == 0)])
        return len(won), len(lost if self.horizon_days is None else np.setdiff1d(lost, won))

    def take(self, rows: Ints) -> Dataset:
        """Some rows (indices), with the records they are of."""
        kept, record = np.unique(self.record[rows], return_inverse=True)
        of = {name: getattr(self, name)[rows] for name in ("taken", "closed", "won", "weight")}
        for name in ("kinds", "pipelines"):
            texts = getattr(self, name)
            of[name] = None if texts is None else Texts(texts.dictionary, texts.codes[rows])
        aside = self.left_out.take(rows) if self.left_out.columns else self.left_out
        ids = tuple(self.deal_ids[one] for one in kept.tolist())
        return replace(self, table=self.table.take(rows), deal_ids=ids, record=record.astype(np.int64), left_out=aside,
                       **of)  # fmt: skip


def build_dataset(
    histories: Iterable[DealHistory], as_of: date, overrules: Overrules | None = None, also: Iterable[str] = (),
    horizon_days: int | None = None,
) -> Dataset:  # fmt: skip
    """Snapshots of all histories up to a day, leaks left out as far as nobody overrules the guard.

    also: columns that are kept aside even so, for another model. horizon_days: within which leads are to convert;
    None: at all. The guard looks at what has become of the records in the end.
    """
    pairs = [(history, list(snapshots(history, as_of))) for history in histories]
    known = values_seen(history for history, _ in pairs)
    never_open = sum(not taken and _ended(history, as_of) for history, taken in pairs)
    pairs = [(history, taken) for history, taken in pairs if taken]
    rows: list[Snapshot] = [one for _, taken in pairs for one in taken]
    table = training_table(rows)
    ended = np.array([one.label is not None for one in rows], dtype=np.bool_)
    age = table.columns.get("age_days")
    ages = age if isinstance(age, np.ndarray) else np.zeros(len(rows))
    counts = [len(list(group)) for _, group in groupby(rows, key=lambda one: one.deal_id)]
    record = np.repeat(np.arange(len(counts)), counts)
    won, weight = np.array([float(one.label is Outcome.WON) for one in rows]), weights(rows)
    seen = Seen(table, ages, ended, Labelled(won, weight, record), *fills_with_closing(pairs))
    verdict = judge_snapshots(seen, overrules or Overrules()) if rows else Verdict()
    closed, yes = answers(rows, as_of, horizon_days)
    pipelines = table.columns.get(PIPELINE) if PIPELINE not in verdict.absent else None
    return Dataset(
        table.without(verdict.absent), tuple(history.deal.id for history, _ in pairs), record,
        np.array([one.day.toordinal() for one in rows], np.int64), closed, yes, weight, verdict, cycles=CYCLES,
        left_out=table.without(set(table.columns) - (set(verdict.absent) & set(also))),
        kinds=Texts(list(DealKind), np.array([list(DealKind).index(one.kind) for one in rows], dtype=np.int64)),
        pipelines=pipelines if isinstance(pipelines, Texts) else None, horizon_days=horizon_days,
        known=known, never_open=never_open,
    )  # fmt: skip


def _ended(history: DealHistory, as_of: date) -> bool:
    return any(phase.label is not None for phase in phases(history, as_of))
