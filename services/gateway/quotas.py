"""What is missing to reach a quota: the rest of it, the pipeline that covers it, and the pipeline that would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(slots=True)
class Rests:
    """What a node's quota rests on: owners (in other trees the lowest places) it is made of, out of those with any
    business, and the least months of the period that a quota of theirs is set for."""

    owners: int = 0
    of: int = 0
    months: int | None = None

    def settle(self, months: int, *, own: bool) -> None:
        """With a quota of its own (which is of so many months) it speaks for all below."""
        if own:
            self.owners, self.months = self.of, months

    def add(self, below: Rests) -> None:
        """Take a child in."""
        self.owners, self.of = self.owners + below.owners, self.of + below.of
        known = [each for each in (self.months, below.months) if each is not None]
        self.months = min(known, default=None)

    def whole(self, months: int) -> bool:
        """Whether a chance to reach it means what it seems to: it is of nearly everybody, and of all of the period."""
        return self.owners >= NEARLY_ALL * self.of and self.months in (None, months)

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
