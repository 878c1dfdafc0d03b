"""The sample company's quotas, from what was booked before: the plan that its sales operations would have made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from demo.company import Company
from demo.people import Organisation
from demo.seasons import Calendar, quarter, quarter_end
from demo.story import money
from learning.records import Quota

GROWTH = 1.2  # a year: plans ask for more than the market's 15 % bring
BASE, AHEAD = 4, 4  # complete quarters that a plan looks back on; periods planned, the current one with them
SETTLED = 3  # quarters until as much is won of what was opened as ever after: nothing is planned on those before
STEP = 1_000_000

Booked = Mapping[tuple[str, str], int]  # minor units by owner and quarter


def quotas(company: Company, booked: Booked) -> Iterator[Quota]:
    """A quota for everybody with a place in the reporting line, for every quarter there was and the coming ones.

    The first quarters have nothing before them: their plan is what was booked in them.
    """
    people, calendar = company.people, company.calendar
    plans = list(_quarters(calendar.first, calendar.today))
    now = len(plans) - AHEAD
    for place, (period, start) in enumerate(plans):
        known = min(place, now)
        before, after = (known - BASE, known) if known >= SETTLED + BASE else (place, place + 1)
        growth: float = GROWTH ** ((place - (before + after - 1) / 2) / BASE)
        base = {name for name, _ in plans[before:after]}
        week = max(0, calendar.week_of(start))
        for owner, target in _shares(people, calendar, booked, base, plans[before][1], week):
            yield Quota(owner, period, money(max(1, round(growth * target / STEP)) * STEP))


def _shares(
    people: Organisation, calendar: Calendar, booked: Booked, base: set[str], since: date, week: int
) -> Iterator[tuple[str, float]]:  # fmt: skip
    """What everybody's quota grows from, a quarter: half the mean and half the own result, the mean alone for who was
    not there all the time. Who left keeps half the own result, for the deals that nobody took over yet."""
    placed = [rep for rep in range(len(people.rep_ids)) if people.joined[rep] <= week + 12]
    here = [rep for rep in placed if people.left[rep] > week]
    mean = sum(amount for (_, period), amount in booked.items() if period in base) / len(base) / max(1, len(here))
    for rep in placed:
        own = sum(booked.get((people.rep_ids[rep], period), 0) for period in base) / len(base)
        if people.left[rep] <= week:
            yield people.rep_ids[rep], max(own / 2, mean / 20)
        else:
            yield (
                people.rep_ids[rep],
                mean if people.joined[rep] > max(0, calendar.week_of(since)) else (mean + own) / 2,
            )


def _quarters(first: date, today: date) -> Iterator[tuple[str, date]]:
    """Periods with their first days, from the one of `first` to the last planned one."""
    day = date(first.year, 3 * ((first.month - 1) // 3) + 1, 1)
    ahead = 0
    while ahead < AHEAD:
        yield quarter(day), day
        ahead += quarter_end(day) >= today
        day = date.fromordinal(quarter_end(day).toordinal() + 1)
