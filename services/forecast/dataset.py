"""What training sees of a company: its opportunities, and how each stood on past days."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np

from kit.money import Money, exchanged
from learning.exchange import Rates
from learning.records import DealHistory, DealKind, Node, Outcome
from learning.scores import read_scores
from learning.snapshots import end_of, phases
from learning.timeline import Timeline, major
from services.forecast.amounts import Lognormal, usual_of
from services.forecast.domain import Integers
from services.forecast.features import TimingColumns, asked, timing_columns
from services.forecast.rows import Row, rows_at
from services.forecast.timing import TimingExamples

AGES = (0, 1, 2, 3, 5, 8, 12, 18, 26, 39, 52, 78, 104)  # weeks at which an opportunity is looked at, while open
MOST_SNAPSHOTS = 40_000


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One deal's life as an opportunity. closed is None while open; booked is in major units, None unless won.

    rows: how it stood at the end of some days while open (days ascending), at the ages of `sampled` among others.
    Which days these are does not depend on how it ended.
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
    begun: bool = True  # whether `start` is when it began; else it was there before, from when on nobody knows

    def open_on(self, day: date) -> bool:
        """Whether it was an open opportunity at the end of a day."""
        return self.start <= day and (self.closed is None or day < self.closed) and day in self.rows

    def won_within(self, first: date, last: date) -> bool:
        """Whether it was won on one of these days."""
        return self.outcome is Outcome.WON and self.closed is not None and first <= self.closed <= last

    def at(self, day: date) -> Case:
        """What was known of it at the end of a day, not before it began."""
        if self.closed is not None and self.closed <= day:
            return self
        rows = {each: row for each, row in self.rows.items() if each <= day}
        owner = str(rows[max(rows)].get("owner_id") or "") if rows else self.owner_id
        sampled = [each for each in self.sampled if each <= day]
        return replace(self, outcome=Outcome.OPEN, closed=None, booked=None, owner_id=owner, rows=rows, sampled=sampled)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Cases on their sampled days; one entry each. case: position among the cases; day: ordinals."""

    case: Integers
    day: Integers
    columns: TimingColumns

    def at(self, day: date, positions: Integers) -> Samples:
        """Those up to a day; positions: of each case among those that are left."""
        kept = np.flatnonzero(self.day <= day.toordinal())
        return Samples(positions[self.case[kept]], self.day[kept], self.columns.some(kept))


def sampled_of(cases: Sequence[Case]) -> Samples:
    """The sampled days of some cases."""
    chosen = [(position, case, day) for position, case in enumerate(cases) for day in case.sampled]
    return Samples(
        np.array([position for position, _, _ in chosen], dtype=np.int64),
        np.array([day.toordinal() for _, _, day in chosen], dtype=np.int64),
        timing_columns([case.rows[day] for _, case, day in chosen], [day for _, _, day in chosen]),
    )


@dataclass(frozen=True, eq=False)
class Company:
    """All that training reads, as of the end of business_day."""

    business_day: date
    currency: str
    cases: Sequence[Case]
    paths: Mapping[str, tuple[Node, ...]]
    inactive: frozenset[str] = frozenset()  # owners who left
    first_month: int = 1  # of any quarter
    holiday_country: str = ""  # whose public holidays are no working days
    taken: Samples | None = None  # by `at`: what it is known to be already

    @property
    def first_day(self) -> date:
        """From when on creating is on record: the first creation, or the day after the last deal that was there
        already, where such are most of those up to then."""
        known = min((case.start for case in self.cases if case.begun), default=self.business_day)
        last = max((case.start for case in self.cases if not case.begun), default=None)
        if last is None:
            return known
        until = [case.begun for case in self.cases if case.start <= last]
        return known if 2 * sum(until) > len(until) else min(last + timedelta(days=1), self.business_day)

    @cached_property
    def first_closing(self) -> date | None:
        """The first day of which a closing is recorded: of the time before, only what outlived it is known."""
        return min((case.closed for case in self.cases if case.closed is not None), default=None)

    @property
    def known_days(self) -> int:
        """Days of recorded closings."""
        return (self.business_day - (self.first_closing or self.business_day)).days + 1

    @cached_property
    def samples(self) -> Samples:
        """Every case on each of its sampled days."""
        return self.taken or sampled_of(self.cases)

    def at(self, day: date) -> Company:
        """The company as it was known at the end of a day."""
        there = np.array([case.start <= day for case in self.cases], dtype=bool)
        cases = [case.at(day) for case in self.cases if case.start <= day]
        return replace(self, business_day=day, cases=cases, taken=self.samples.at(day, np.cumsum(there) - 1))


def read_cases(
    histories: Iterable[DealHistory], as_of: date, currency: str, replay_days: Sequence[date],
    rates: Rates | None = None,
) -> Iterator[Case]:  # fmt: skip
    """Every opportunity up to a day, with its rows at certain ages and on the replay days that it was open on.

    Amounts are in the company's currency as far as there are rates: open ones by that of their day, booked ones by
    that of the day they were booked on.
    """
    rates = rates or Rates()
    for whole in histories:
        history = replace(whole, activities=())  # nothing here looks at them
        found = [phase for phase in phases(history, as_of) if phase.kind is DealKind.OPPORTUNITY]
        if not found:
            continue
        phase = found[-1]
        begun = len(found) > 1 or not history.deal.created_before
        sampled = [day for age in AGES if (day := phase.start + timedelta(weeks=age)) <= phase.end]
        wanted = sorted({*sampled, *(day for day in replay_days if phase.start <= day <= phase.end)})
        rows = {day: in_currency(row, day, rates) for day, row in rows_at(history, wanted, only_open=True).items()}
        state = Timeline(history).state(end_of(phase.closed_day or as_of))
        amount = state.get("amount")
        amount = exchanged_near(amount, phase.closed_day or as_of, rates) if isinstance(amount, Money) else None
        money = asked(rows[max(rows)], currency).currency if rows else currency
        yield Case(
            history.deal.id, phase.start, phase.label or Outcome.OPEN, phase.closed_day,
            major(amount) if amount is not None and phase.label is Outcome.WON else None,
            amount.currency if amount else money, str(state.get("owner_id") or ""), rows,
            tuple(day for day in sampled if day in rows), begun,
        )  # fmt: skip


def usual_amounts(company: Company) -> dict[str, Lognormal]:
    """The prior of what deals bring by currency, of what each asked when it was first looked at."""
    amounts: dict[str, list[float]] = defaultdict(list)
    for case in company.cases:
        first = asked(case.rows[min(case.rows)], company.currency) if case.rows else None
        if first is not None and first.amount is not None and first.amount > 0:
            amounts[first.currency].append(first.amount)
    return {currency: usual_of(found) for currency, found in sorted(amounts.items())}


def exchanged_near(money: Money, day: date, rates: Rates) -> Money:
    """In the company's currency by the rate of a day, else by the first there is: models learn from older times."""
    rate = rates.near(money.currency, day)
    return money if rate is None else exchanged(money, rate, rates.currency)


def in_currency(row: Row, day: date, rates: Rates) -> Row:
    """A deal's row with its amount in the company's currency."""
    rate = rates.near(str(row.get("currency") or ""), day) if rates else None
    amount = row.get("amount")
    if rate is None or not isinstance(amount, float | int):
        return row
    return dict(row) | {"amount": float(amount) * float(rate), "currency": rates.currency}


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


def timing_examples(company: Company, scores: Scores, rate: float) -> TimingExamples:
    """What is known of closing: snapshots of closed deals, and of open ones as far as they have come.

    Of the time before the first recorded closing only survivors are known, and of weeks that are not over yet only
    those that closed: both are left out.
    """
    first, samples = company.first_closing or company.business_day, company.samples
    chosen = np.arange(0, len(samples.case), -(-len(samples.case) // MOST_SNAPSHOTS) or 1)
    case, day, columns = samples.case[chosen], samples.day[chosen], samples.columns.some(chosen)
    today = company.business_day.toordinal()
    ends = np.array([each.closed.toordinal() if each.closed else today for each in company.cases], dtype=np.int64)
    closed = np.array([each.closed is not None for each in company.cases], dtype=bool)[case]
    won = np.array([each.outcome is Outcome.WON for each in company.cases], dtype=np.int64)
    seen = (today - day) // 7
    week = np.maximum(ends[case] - day - 1, 0) // 7
    closed &= week < seen
    known = [rate] * len(case)
    if scores.days:
        found = (scores.on(company.cases[at].deal_id, on) for at, on in zip(case.tolist(), columns.days, strict=True))
        known = [rate if score is None else score for score in found]
    return TimingExamples(
        columns,
        np.where(closed, week, seen),
        np.maximum(-((day - first.toordinal()) // 7), 0),
        closed.astype(np.int64),
        won[case],
        case,
        np.array(known, dtype=np.float64),
    )
