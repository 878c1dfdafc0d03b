"""What a figure is told of and what it says: groups of deals in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from kit.money import Money
from learning.exchange import Rates
from learning.incidence import NOTHING, Range
from learning.placements import cut_at
from services.gateway.figures.facts import Facts
from services.gateway.figures.spans import Span


class Unit(StrEnum):
    """What a line's value is."""

    SHARE = "share"
    DAYS = "days"
    MONEY = "money"  # minor units of the line's currency
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Group:
    """Deals that a figure is taken of: of an owner, a node, a segment, a pipeline, or all.

    A deal counts for its owner. Its money counts for those who share the credit: `shared` are deals any of whose
    holders is among the `owners` (None for everybody).
    """

    key: str
    name: str
    deals: Sequence[Facts]
    shared: Sequence[Facts]
    owners: frozenset[str] | None = None
    level: str = ""
    parent: str = ""

    def part_of(self, deal: Facts, minor: int) -> int:
        """What of an amount is this group's; the parts of all groups of owners add up to it."""
        if self.owners is None:
            return minor
        if len(deal.holders) == 1:
            return minor if deal.holders[0][0] in self.owners else 0
        parts = cut_at(minor, [share for _, share in deal.holders])
        return sum(part for (owner, _), part in zip(deal.holders, parts, strict=True) if owner in self.owners)


@dataclass(frozen=True, slots=True)
class Line:
    """One number of a figure: `count` are the cases behind it, `counts` what they are made of.

    note: a key of words.NOTES that says why there is no value, or how it is to be read.
    """

    figure: str
    unit: Unit
    value: float | int | None
    count: int
    low: float | None = None
    high: float | None = None
    part: str = ""
    pipeline: str = ""
    currency: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What holds for every group: the day, rates, and what is known of all deals together."""

    today: int
    rates: Rates
    currency: str
    ranks: Mapping[str, Mapping[str, int]]  # of stages, by pipeline
    renewed_by: Mapping[str, Sequence[Facts]]  # by the id of the contract's deal
    contracts: bool  # whether any deal has one
    first_won: int  # the first day on which anything was won; 0 for never

    def counted(self, money: Money, day: int) -> Money:
        """What an amount counts for by the rate of a day."""
        return self.rates.counted(money, date.fromordinal(day))


def told(figure: str, unit: Unit, found: Range, count: int, **more: Any) -> Line:
    """A line of a number with its interval."""
    return Line(figure, unit, found.value, count, found.low, found.high, **more)


def untold(figure: str, unit: Unit, note: str, count: int = 0, **more: Any) -> Line:
    """A line without a value, and why."""
    return told(figure, unit, NOTHING, count, note=note, **more)


def created_in(deals: Iterable[Facts], span: Span) -> list[Facts]:
    """Deals that became opportunities in a period."""
    return [deal for deal in deals if span.start <= deal.created <= span.end]


def closed_in(deals: Iterable[Facts], span: Span) -> list[Facts]:
    """Deals won or lost in a period."""
    return [deal for deal in deals if deal.closed and span.start <= deal.closed <= span.end]


class Sums:
    """Money by currency, the company's first."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._minor: dict[str, int] = {}
        self._count: dict[str, int] = {}

    def add(self, group: Group, deal: Facts, money: Money, day: int, sign: int = 1) -> None:
        """The group's part of a deal's amount, at the rate of a day."""
        counted = self._asked.counted(money, day)
        part = group.part_of(deal, counted.minor)
        self._minor[counted.currency] = self._minor.get(counted.currency, 0) + sign * part
        self._count[counted.currency] = self._count.get(counted.currency, 0) + 1

    def __getitem__(self, currency: str) -> tuple[int, int]:
        """Minor units and how many amounts."""
        return self._minor.get(currency, 0), self._count.get(currency, 0)

    @property
    def currencies(self) -> set[str]:
        """Those there are."""
        return set(self._minor)


def in_order(currencies: Iterable[str], main: str) -> list[str]:
    """The company's currency first, which is always there."""
    return [main, *sorted(set(currencies) - {main})]
