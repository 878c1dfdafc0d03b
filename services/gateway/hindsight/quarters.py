"""Past quarters as of days into them: what AI, simple methods and people said, and what came. Pure.

Two sources. A backtest, kept with a model's version, tells what its like would have said of quarters before it was
trained; the daily record tells what was said in earnest. Of one day in a quarter the record counts.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from learning.fiscal import FiscalCalendar, FiscalPeriod, Grain
from learning.incidence import wilson
from services.gateway.store.shapes import ForecastDay

Json = Mapping[str, Any]
SHARES = (0.0, 1 / 3, 2 / 3)  # of a quarter, where it is looked at
STALE = 7  # days: an older entry of the record is no word on a day
AI = "ai"  # what is expected, as every page tells it; the median where a version kept nothing else
PEOPLE = ("commit", "submitted")
METHODS = (AI, "stage_weighted", "pace", "commit", "submitted")  # whose misses are told


@dataclass(frozen=True, slots=True)
class Look:
    """What was said of a quarter as of the end of a day, in major units; what nobody said is left out. `days` into the
    quarter, 0 on its eve; `served` where it was said in earnest, else it would have been."""

    day: date
    days: int
    said: Mapping[str, Decimal]
    served: bool

    @property
    def median(self) -> bool:
        """Whether AI's number is the median: older versions kept that alone."""
        return AI in self.said and "mean" not in self.said

    def held(self, came: Decimal) -> bool | None:
        """Whether what came lay in the range; None without one."""
        low, high = self.said.get("p10"), self.said.get("p90")
        return None if low is None or high is None else low <= came <= high


@dataclass(frozen=True, slots=True)
class PastQuarter:
    """A quarter that is over."""

    period: FiscalPeriod
    came: Decimal
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How good it was, by quarter and as of its eve, or the first look there is. held: quarters that ended within the
    range, of those with one; low, high: what their share may be (Wilson, 95 %). miss: mean of |said - came| / came."""

    held: int
    of: int
    low: float
    high: float
    miss: Mapping[str, float] = field(default_factory=dict)
    quarters: Mapping[str, int] = field(default_factory=dict)  # that a miss is of


def look_days(period: FiscalPeriod) -> list[date]:
    """The eve, a third and two thirds in."""
    eve = period.start - timedelta(days=1)
    length = (period.end - eve).days
    return [eve + timedelta(days=round(share * length)) for share in SHARES]


def from_backtests(evaluations: Iterable[Json], node: str, calendar: FiscalCalendar) -> list[PastQuarter]:
    """A node's quarters, by period; of versions newest first, the newest that has a quarter tells of it."""
    found: dict[str, PastQuarter] = {}
    for evaluation in evaluations:
        path = (evaluation.get("backtest") or {}).get("path") or {}
        columns = list(path.get("columns", ()))
        place = columns.index("node") if columns else 0  # of all nodes' rows most are passed over
        rows = [dict(zip(columns, row, strict=True)) for row in path.get("rows", ()) if row[place] == node]
        mine = [row for row in rows if row["actual"] is not None]
        for end in dict.fromkeys(row["end"] for row in mine):
            period = calendar.of(Grain.QUARTER, date.fromisoformat(end))
            if period.end.isoformat() == end and str(period) not in found:
                found[str(period)] = _quarter(period, [row for row in mine if row["end"] == end])
    return [found[name] for name in sorted(found)]


def _quarter(period: FiscalPeriod, rows: Sequence[Json]) -> PastQuarter:
    names = ("booked", "mean", "p10", "p50", "p90", *METHODS)
    looks = []
    for row in rows:
        day = date.fromisoformat(row["as_of"])
        said = {name: Decimal(str(row[name])) for name in names if row.get(name) is not None}
        looks.append(Look(day, (day - period.start).days + 1, _with_ai(said), served=False))
    return PastQuarter(period, Decimal(str(rows[0]["actual"])), tuple(sorted(looks, key=lambda one: one.day)))


def from_record(period: FiscalPeriod, came: Decimal, days: Sequence[ForecastDay], minor: int) -> PastQuarter:
    """A quarter as it was written down, of entries in order of days; `minor` digits after the point."""
    looks = []
    for wanted in look_days(period):
        known = [one for one in days if wanted - timedelta(days=STALE) <= one.day <= wanted]
        if known:
            looks.append(replace(recorded(known[-1], period, minor), day=wanted, days=(wanted - period.start).days + 1))
    return PastQuarter(period, came, tuple(looks))


def recorded(one: ForecastDay, period: FiscalPeriod, minor: int) -> Look:
    """An entry of the record. What people commit counts with what is booked."""
    said = {
        name: Decimal(value).scaleb(-minor)
        for name in ("booked", "mean", "p10", "p50", "p90", "commit", "submitted")
        if (value := one.body.get(name)) is not None
    }
    if "commit" in said:
        said["commit"] += said.get("booked", Decimal(0))
    said = _with_ai(said)
    return Look(one.day, (one.day - period.start).days + 1, said, served=AI in said)


def _with_ai(said: Mapping[str, Decimal]) -> dict[str, Decimal]:
    ai = said.get("mean", said.get("p50"))
    return dict(said) if ai is None else {**said, AI: ai}


def joined(backtested: Sequence[PastQuarter], written: Sequence[PastQuarter]) -> list[PastQuarter]:
    """Both, by period. Of a day that both tell of what was said in earnest counts; what the record does not know, such
    as simple methods, stays beside it."""
    found = {one.period.start: one for one in backtested}
    for one in written:
        known = found.get(one.period.start)
        if known is None:
            found[one.period.start] = one
            continue
        looks = {look.day: look for look in known.looks}
        for look in one.looks:
            beside = looks.get(look.day)
            said = {**(beside.said if beside else {}), **look.said}
            looks[look.day] = replace(look, said=said)
        found[one.period.start] = replace(one, looks=tuple(looks[day] for day in sorted(looks)))
    return [found[start] for start in sorted(found) if found[start].looks]


def without(quarter: PastQuarter, hidden: Container[str]) -> PastQuarter:
    """The quarter without what some said of it."""
    looks = [replace(look, said={name: of for name, of in look.said.items() if name not in hidden})
             for look in quarter.looks]  # fmt: skip
    return replace(quarter, looks=tuple(looks))


def verdict(quarters: Sequence[PastQuarter]) -> Verdict:
    """How good each was as of the first look of every quarter."""
    firsts = [(one.looks[0], one.came) for one in quarters]
    known = [held for look, came in firsts if (held := look.held(came)) is not None]
    share = wilson(sum(known), len(known))
    misses: dict[str, list[float]] = {}
    for look, came in firsts:
        for name in METHODS:
            if name in look.said and came:
                misses.setdefault(name, []).append(float(abs(look.said[name] - came) / abs(came)))
    return Verdict(
        sum(known), len(known), share.low or 0.0, 1.0 if share.high is None else share.high,
        {name: sum(some) / len(some) for name, some in misses.items()},
        {name: len(some) for name, some in misses.items()},
    )  # fmt: skip
