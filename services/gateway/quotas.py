"""What is missing to reach a quota: the rest of it, the pipeline that covers it, and the pipeline that would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kit.money import format_minor

FIGURES = ("open_pipeline", "remaining", "gap", "missing_pipeline")
MEMBERS = ("quota_set", "quota_below", *FIGURES, "coverage")


@dataclass(frozen=True, slots=True)
class Standing:
    """A node's period in minor units: its quota, what is booked, open deals promised in it, and what is expected.

    `expected_sum` is the mean of booked and all to come, `deals_sum` that of the open deals alone, both times
    `scenarios`; None where the forecast service has not spoken yet.
    """

    currency: str
    quota: int | None
    booked: int
    open_pipeline: int
    expected_sum: int | None = None
    deals_sum: int = 0
    scenarios: int = 1


NEARLY_ALL = 0.8  # of the owners with business: someone is always new, or sells beside other work


def nearly_all(owners: int, of: int) -> bool:
    """Whether these are as good as all of them."""
    return owners >= NEARLY_ALL * of


def parts_of(rests: Mapping[str, int]) -> tuple[bool, bool]:
    """Of Rests as JSON: whether it is of a part of the owners, and of a part of the months."""
    return not nearly_all(rests["owners"], rests["of"]), rests["months"] < rests["of_months"]


@dataclass(slots=True)
class Rests:
    """What a node's quota rests on: out of the owners (in other trees the lowest places) with any business, how many
    have a quota of how many months of the period."""

    of: int = 0
    held: Counter[int] = field(default_factory=Counter)  # owners, by months

    @property
    def owners(self) -> int:
        """Those that have one."""
        return self.held.total()

    @property
    def months(self) -> int | None:
        """The months that those of nearly all of them are of: who came or left on the way has one of fewer."""
        reached = 0
        for months in sorted(self.held, reverse=True):
            reached += self.held[months]
            if nearly_all(reached, self.owners):
                return months
        return None

    def outranked(self, months: int, of_months: int) -> bool:
        """Whether one set on the node itself, of so many months, is of a part of the period, and these are of more of
        it: owners times months."""
        return months < of_months and sum(each * owners for each, owners in self.held.items()) > months * self.of

    def settle(self, months: int) -> None:
        """The node's own, which is of so many months, speaks for all below."""
        self.held = Counter({months: self.of})

    def add(self, below: Rests) -> None:
        """Take a child in."""
        self.of += below.of
        self.held.update(below.held)

    def whole(self, months: int) -> bool:
        """Whether a chance to reach it means what it seems to: it is of nearly everybody, and of all of the period."""
        return nearly_all(self.owners, self.of) and self.months in (None, months)

    def to_json(self, months: int) -> dict[str, int]:
        """owners out of `of`, months out of `of_months`."""
        held = months if self.months is None else self.months
        return {"owners": self.owners, "of": self.of, "months": held, "of_months": months}


def figures(at: Standing) -> dict[str, Any]:
    """remaining = quota - booked, not below zero; coverage = open pipeline / remaining; gap = quota - mean (negative:
    beyond the quota); missing_pipeline = gap / what a unit of the open pipeline is expected to bring in the period."""
    row: dict[str, Any] = {"open_pipeline": format_minor(at.currency, at.open_pipeline)}
    if at.quota is None:
        return row | dict.fromkeys(("remaining", "coverage", "gap", "missing_pipeline"))
    remaining = max(at.quota - at.booked, 0)
    row["remaining"] = format_minor(at.currency, remaining)
    row["coverage"] = round(at.open_pipeline / remaining, 4) if remaining else None
    if at.expected_sum is None:
        return row | {"gap": None, "missing_pipeline": None}
    gap_sum = at.quota * at.scenarios - at.expected_sum
    row["gap"] = format_minor(at.currency, gap_sum, at.scenarios)
    missing = missing_pipeline(gap_sum, at.open_pipeline, at.deals_sum, at.scenarios)
    row["missing_pipeline"] = None if missing is None else format_minor(at.currency, missing)
    return row


def missing_pipeline(gap_sum: int, open_pipeline: int, deals_sum: int, scenarios: int) -> int | None:
    """The pipeline, in minor units, that closes the gap if a unit of it brings as much as one that is open now, and
    no more than itself. None where what is open tells nothing of that. Both sums are over the scenarios."""
    if gap_sum <= 0:
        return 0
    if open_pipeline <= 0 or deals_sum <= 0:
        return None
    return -(-gap_sum * open_pipeline // min(deals_sum, open_pipeline * scenarios))


def shared(quota_set: int | None, quota_below: int | None, currency: str) -> Mapping[str, str | None]:
    """The quota set on a node itself beside the sum of those of its children."""
    return {
        "quota_set": None if quota_set is None else format_minor(currency, quota_set),
        "quota_below": None if quota_below is None else format_minor(currency, quota_below),
    }
