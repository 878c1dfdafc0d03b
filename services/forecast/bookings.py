"""What was booked in the past: the part of a forecast that looks at no deal.

Pace asks what was booked in the last period from the same day on, the mean does so of several periods, by owner.
A period counts only where closings were recorded all the while.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, TypeAlias

from learning.records import Outcome
from services.forecast.dataset import Case, Company
from services.forecast.spans import same_day

Owner: TypeAlias = tuple[str, str]  # owner id, currency
Amounts: TypeAlias = Mapping[Owner, float]  # major units

PAST = {"quarter": 4, "month": 6, "week": 8}  # periods that the mean looks back on
GRACE = timedelta(days=7)  # of the first recorded closing: none on the very first days is no gap
KEPT = timedelta(days=4 * 93 + 366)


@dataclass(frozen=True, slots=True)
class Bookings:
    """Won amounts by owner and day: ascending days, and the sum up to each of them."""

    first: date | None = None  # from when on closings are recorded
    kind: str = "quarter"
    days: Mapping[Owner, Sequence[int]] = field(default_factory=dict)
    sums: Mapping[Owner, Sequence[float]] = field(default_factory=dict)

    def between(self, after: date, last: date) -> dict[Owner, float]:
        """Booked on the days after `after` up to `last`, by owner."""
        return {
            owner: self._until(owner, last.toordinal()) - self._until(owner, after.toordinal()) for owner in self.days
        }

    def _until(self, owner: Owner, day: int) -> float:
        count = bisect_right(self.days[owner], day)
        return self.sums[owner][count - 1] if count else 0.0

    def covers(self, after: date) -> bool:
        """Whether everything that closed after a day is recorded."""
        return self.first is not None and self.first <= after + GRACE

    def remaining(self, after: date, last: date, back: int) -> dict[Owner, float] | None:
        """Booked `back` periods earlier between the same days; None where that was not recorded."""
        first, until = same_day(self.kind, after, back), same_day(self.kind, last, back)
        return self.between(first, until) if self.covers(first) else None

    def pace(self, after: date, last: date, today: date) -> dict[Owner, float] | None:
        """The last period from the same day on, of those over by `today`; None where it is not known."""
        return self.remaining(after, last, self.distance(today, last))

    def mean(self, after: date, last: date, today: date) -> dict[Owner, float] | None:
        """As pace, the mean of some periods; None where fewer than two are known."""
        found = self._past(after, last, today)
        if len(found) < 2:
            return None
        return {owner: sum(each[owner] for each in found) / len(found) for owner in self.days}

    def known(self, after: date, last: date, today: date) -> int:
        """Of how many periods the mean is."""
        return len(self._past(after, last, today))

    def _past(self, after: date, last: date, today: date) -> list[dict[Owner, float]]:
        nearest = self.distance(today, last)
        backs = range(nearest, nearest + PAST[self.kind])
        return [each for back in backs if (each := self.remaining(after, last, back)) is not None]

    def distance(self, day: date, last: date) -> int:
        """How many periods back `last` was over on `day`."""
        back = 1
        while same_day(self.kind, last, back) > day:
            back += 1
        return back

    def to_json(self) -> dict[str, Any]:
        """Everything, for model.json."""
        rows = [[*owner, list(self.days[owner]), list(self.sums[owner])] for owner in sorted(self.days)]
        return {"first": self.first.isoformat() if self.first else None, "kind": self.kind, "owners": rows}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Bookings:
        """The inverse of to_json."""
        first = date.fromisoformat(data["first"]) if data["first"] else None
        days = {(owner, currency): days for owner, currency, days, _ in data["owners"]}
        sums = {(owner, currency): sums for owner, currency, _, sums in data["owners"]}
        return cls(first, str(data["kind"]), days, sums)


def read_bookings(company: Company, kind: str = "quarter") -> Bookings:
    """The won deals of a company, of the years that are looked back on."""
    by_day: dict[Owner, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for case in won_cases(company.cases):
        if case.closed is not None and case.closed > company.business_day - KEPT:
            by_day[case.owner_id, case.currency][case.closed.toordinal()] += case.booked or 0.0
    days = {owner: sorted(found) for owner, found in sorted(by_day.items())}
    sums = {owner: [round(each, 4) for each in accumulate(by_day[owner][day] for day in days[owner])] for owner in days}
    first = company.first_closing
    oldest = company.business_day - KEPT
    return Bookings(max(first, oldest) if first else None, kind, days, sums)


def won_cases(cases: Sequence[Case]) -> list[Case]:
    """Those that were won."""
    return [case for case in cases if case.outcome is Outcome.WON and case.closed is not None]


def made_and_won(company: Company, kind: str, day: date, last: date) -> float | None:
    """Booked in the last period, between the same days, of deals created in between; None where not recorded."""
    bookings = Bookings(company.first_closing, kind)
    back = bookings.distance(day, last)
    after, until = same_day(kind, day, back), same_day(kind, last, back)
    if not bookings.covers(after):
        return None
    return sum(case.booked or 0.0 for case in company.cases if case.start > after and case.won_within(after, until))
