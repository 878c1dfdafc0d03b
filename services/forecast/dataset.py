"""What training sees of a company: its opportunities, and how each stood on past days."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from kit.money import Money
from learning.records import DealHistory, DealKind, Node, Outcome
from learning.scores import read_scores
from learning.snapshots import end_of, phases
from learning.timeline import Timeline, major
from services.forecast.features import HISTORY_FIELDS, Row, asked, timing_columns
from services.forecast.timing import TimingExamples

SNAPSHOTS = 6  # of one opportunity


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One deal's life as an opportunity. closed is None while open; booked is in major units, None unless won.

    rows: how it stood at the end of some days while open (days ascending).
    """

    deal_id: str
    start: date
    outcome: Outcome
    closed: date | None
    booked: float | None
    currency: str
    owner_id: str
    rows: Mapping[date, Row]
    sampled: Sequence[date]

    def open_on(self, day: date) -> bool:
        """Whether it was an open opportunity at the end of a day."""
        return day in self.rows

    def won_within(self, first: date, last: date) -> bool:
        """Whether it was won on one of these days."""
        return self.outcome is Outcome.WON and self.closed is not None and first <= self.closed <= last


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """All that training reads, as of the end of business_day."""

    business_day: date
    currency: str
    cases: Sequence[Case]
    paths: Mapping[str, tuple[Node, ...]]
    inactive: frozenset[str] = frozenset()  # owners who left

    @property
    def first_day(self) -> date:
        """The first creation."""
        return min((case.start for case in self.cases), default=self.business_day)


def read_cases(
    histories: Iterable[DealHistory], as_of: date, currency: str, replay_days: Sequence[date]
) -> Iterator[Case]:
    """Every opportunity up to a day, with its rows on sampled days and on the replay days that it was open on."""
    for history in histories:
        lean = _lean(history)
        found = [phase for phase in phases(history, as_of) if phase.kind is DealKind.OPPORTUNITY]
        if not found:
            continue
        phase = found[-1]
        timeline = Timeline(lean)
        sampled = _spread(phase.start, phase.end)
        wanted = sorted({*sampled, *(day for day in replay_days if phase.start <= day <= phase.end)})
        rows = {day: timeline.row(day, end_of(day)) for day in wanted if timeline.is_open(end_of(day))}
        amount = history.deal.amount
        money = asked(rows[max(rows)], currency).currency if rows else currency
        yield Case(
            history.deal.id, phase.start, phase.label or Outcome.OPEN, phase.closed_day,
            major(amount) if isinstance(amount, Money) and phase.label is Outcome.WON else None,
            amount.currency if amount else money, history.deal.owner_id, rows,
            tuple(day for day in sampled if day in rows),
        )  # fmt: skip


def _lean(history: DealHistory) -> DealHistory:
    """Only what features.timing_columns and features.asked look at, as serving has it."""
    changes = tuple(change for change in history.changes if change.field in HISTORY_FIELDS)
    deal = replace(history.deal, contacts=(), fields={})
    return DealHistory(deal, changes, owner_path=history.owner_path, truncated=history.truncated)


def _spread(start: date, end: date) -> list[date]:
    """Days a week apart at least, at most SNAPSHOTS of them, from the first on."""
    weeks = (end - start).days // 7
    if end < start:
        return []
    count = min(weeks + 1, SNAPSHOTS)
    steps = {round(index * weeks / max(count - 1, 1)) for index in range(count)}
    return [date.fromordinal(start.toordinal() + 7 * step) for step in sorted(steps)]


@dataclass(slots=True)
class Scores:
    """Time-forward lead scores: what was thought of a deal on past days."""

    days: Mapping[str, Sequence[date]] = field(default_factory=dict)
    values: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def on(self, deal_id: str, day: date) -> float | None:
        """The last score of a deal up to a day."""
        known = bisect_right(self.days.get(deal_id, ()), day)
        return self.values[deal_id][known - 1] if known else None


def scores_of(path: Path) -> Scores:
    """Read deal_id, day, probability. Raises NotFound, or InvalidInput naming the columns."""
    found = {deal_id: sorted(scores.items()) for deal_id, scores in read_scores(path).items()}
    return Scores(
        {deal_id: [day for day, _ in scores] for deal_id, scores in found.items()},
        {deal_id: [value for _, value in scores] for deal_id, scores in found.items()},
    )


def base_rate(cases: Iterable[Case], as_of: date) -> float:
    """Share of won among the closed by a day, kept off 0 and 1 by one deal of each."""
    closed = [case for case in cases if case.closed is not None and case.closed <= as_of]
    return (sum(case.outcome is Outcome.WON for case in closed) + 1.0) / (len(closed) + 2.0)


def timing_examples(cases: Iterable[Case], scores: Scores, as_of: date, rate: float) -> TimingExamples:
    """What was known of timing by a day: won deals, and open ones weighted by the chance that they will be."""
    rows, days, weeks, won, weights = [], [], [], [], []
    for case in cases:
        known = [day for day in case.sampled if day <= as_of]
        closed = case.closed if case.closed is not None and case.closed <= as_of else None
        if not known or (closed is not None and case.outcome is not Outcome.WON):
            continue
        share = 1.0 if closed else scores.on(case.deal_id, as_of)
        for day in known:
            rows.append(case.rows[day])
            days.append(day)
            weeks.append((as_of - day).days // 7 if closed is None else max((closed - day).days - 1, 0) // 7)
            won.append(closed is not None)
            weights.append((rate if share is None else share) / len(known))
    return TimingExamples(
        timing_columns(rows, days), np.array(weeks, dtype=np.int64), np.array(won, dtype=np.int64), np.array(weights)
    )
