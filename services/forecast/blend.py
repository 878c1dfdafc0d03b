"""What a leaf's total is corrected by: the deals' level, the past's share, and how far both have missed before.

A leaf's scenarios of a period become (share × (deals + not yet created) + past + noise) × company shock, never below
zero. `past` is what pace and the mean of past periods say of the owner; all of it is learned from replayed forecasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from math import log, log1p, sqrt
from typing import Any, TypeAlias

import numpy as np
from babel.numbers import get_currency_precision

from learning.records import Node
from services.forecast.bookings import Bookings, Owner
from services.forecast.domain import SCENARIOS, Floats, Integers
from services.forecast.draws import amount_levels
from services.forecast.hashing import key, own_shock, shock
from services.forecast.newbusiness import compound
from services.forecast.spans import Calendar, Span

Pasts: TypeAlias = "Mapping[Span, Past]"

INDEPENDENT = 0.9  # variance of the deals' and new business's own scenarios, over typical × mean
LEAST_NOISE = 0.1
MANY_WINS = 50.0  # of an owner in a period, whose sum is lognormal to the eye


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares of the three parts; what is not known of a period goes to the deals."""

    deals: float = 1.0
    pace: float = 0.0
    mean: float = 0.0


@dataclass(frozen=True, slots=True)
class Level:
    """How one period is corrected: factor on all parts, weights between them, sd of the company's log error.

    branches: factors of the company's branches, in place of the general one.
    """

    factor: float = 1.0
    weights: Weights = field(default_factory=Weights)
    shock: float = 0.0
    branches: Mapping[str, float] = field(default_factory=dict)

    def of(self, branch: str) -> float:
        """The factor of a branch."""
        return self.branches.get(branch, self.factor)

    def share(self, branch: str = "") -> float:
        """What deals and new business are multiplied by."""
        return self.of(branch) * self.weights.deals


def branch_of(path: Sequence[Node]) -> str:
    """The node right below the company that a path leads through: a region or a manager; none for a lone owner."""
    return path[1].id if len(path) > 2 else ""


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """levels: of the current period and those after it, the last one for all later. spread: variance of an owner's
    total over that of independent deals. sizes: by owner, and by ("", currency) of all, the mean of booked amounts and
    their mean square over it, which scales an owner's variance (major units)."""

    levels: tuple[Level, ...] = (Level(),)
    bookings: Bookings = field(default_factory=Bookings)
    spread: float = 1.0
    sizes: Mapping[Owner, tuple[float, float]] = field(default_factory=dict)
    note: str = "left out: nothing has been replayed"

    def level(self, index: int) -> Level:
        """Of the index-th period from the current one on."""
        return self.levels[min(index, len(self.levels) - 1)]

    def past(self, index: int, start: date, span: Span) -> dict[Owner, float]:
        """What the past says of each owner's period, weighted, in major units; `start` is the day after today."""
        level, day = self.level(index), start - timedelta(days=1)
        found: dict[Owner, float] = {}
        after = max(day, span.start - timedelta(days=1))
        for weight, members in (
            (level.weights.pace, self.bookings.pace), (level.weights.mean, self.bookings.mean)
        ):  # fmt: skip
            for owner, amount in ((members(after, span.end, day) if weight else None) or {}).items():
                found[owner] = found.get(owner, 0.0) + weight * amount
        return found

    def correction(self, start: date, owners: Mapping[Owner, str], *, seed: int, spans: Calendar) -> Correction:
        """Everything drawn for a day; `start` is the day after it. owners: with the branch of each."""
        periods = spans(start)
        pasts: dict[Owner, dict[Span, Past]] = {owner: {} for owner in owners}
        for index, span in enumerate(periods):
            means = self.past(index, start, span)
            for owner, found in pasts.items():
                mean = self.level(index).of(owners[owner]) * means.get(owner, 0.0)
                past = self.drawn_past(owner, mean, key(seed, "past", *owner, str(span)))
                if past is not None:
                    found[span] = past
        shocks = {span: self.shocks(index, span, seed=seed) for index, span in enumerate(periods)}
        levels = {span: self.level(index) for index, span in enumerate(periods)}
        return Correction(levels, {span: each for span, each in shocks.items() if each is not None}, pasts)

    def size(self, owner: Owner) -> tuple[float, float] | None:
        """An owner's, or that of the currency for one who has won nothing; None where nobody has."""
        return self.sizes.get(owner) or self.sizes.get(("", owner[1]))

    def drawn_past(self, owner: Owner, mean: float, name: int) -> Past | None:
        """What the past adds to an owner's period; mean in major units. Many wins are drawn as one, few one by one."""
        size = self.size(owner)
        to_minor = 10.0 ** get_currency_precision(owner[1])
        if size is None:
            return Past(mean * to_minor, np.full(SCENARIOS, round(mean * to_minor)), None, 0.0, 1.0) if mean else None
        amount, typical = size
        wins, drawn = mean / amount, None
        shocks = own_shock(name ^ 1)
        if wins > MANY_WINS:
            variance = log1p(typical / mean)
            drawn = np.rint(mean * to_minor * np.exp(sqrt(variance) * shocks - variance / 2)).astype(np.int64)
        elif wins > 0:
            variance = log(max(typical / amount, 1.0))
            levels = amount_levels(np.array([log(amount * to_minor) - variance / 2]), np.array([sqrt(variance)]))[0]
            drawn = compound(wins, shocks, levels, name)
        return Past(mean * to_minor, drawn, own_shock(name), typical * to_minor, self.spread)

    def shocks(self, index: int, span: Span, *, seed: int) -> Floats | None:
        """What every leaf's scenarios of a period are multiplied by; None where it is 1."""
        sd = self.level(index).shock
        return np.exp(sd * shock(seed, f"level:{span}") - sd * sd / 2) if sd > 0 else None

    def to_json(self) -> dict[str, Any]:
        """Everything, for model.json."""
        return {
            "levels": [asdict(level) for level in self.levels],
            "bookings": self.bookings.to_json(),
            "spread": self.spread,
            "sizes": [[*owner, *size] for owner, size in sorted(self.sizes.items())],
            "note": self.note,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Blend:
        """The inverse of to_json."""
        levels = tuple(
            Level(row["factor"], Weights(**row["weights"]), row["shock"], row["branches"]) for row in data["levels"]
        )
        sizes = {(owner, currency): (float(mean), float(typical)) for owner, currency, mean, typical in data["sizes"]}
        return cls(levels, Bookings.from_json(data["bookings"]), float(data["spread"]), sizes, str(data["note"]))


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What the past adds to an owner's period, in minor units: scenarios of a mean, never below zero, and noise that
    makes the whole as uncertain as owners' totals were. typical: mean square over mean of booked amounts."""

    mean: float
    drawn: Integers | None
    noise: Floats | None
    typical: float
    spread: float

    def added(self, total: Integers, share: float) -> Floats:
        """The whole leaf, given the scenarios of its deals and new business; its mean is share × theirs + mean."""
        base = share * float(total.sum()) / len(total)
        expected = base + self.mean
        added = total.astype(np.float64) * share
        if self.drawn is not None:
            added += self.drawn
        if self.noise is None or expected <= 0:
            return added
        own = self.typical * (INDEPENDENT * share * base + self.mean)
        lacking = max(self.typical * self.spread * expected - own, LEAST_NOISE * self.typical * expected)
        # Amounts are never negative: noise that multiplies, with mean 1, leaves the mean where clipping would raise it.
        variance = log1p(lacking / (expected**2 + own))
        widened: Floats = added * np.exp(sqrt(variance) * self.noise - variance / 2)
        return widened


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """A blend drawn for a day: by period its level and the company's shock, by owner the past. currencies: whose totals
    it is for, None for all."""

    levels: Mapping[Span, Level] = field(default_factory=dict)
    shocks: Mapping[Span, Floats] = field(default_factory=dict)
    pasts: Mapping[Owner, Pasts] = field(default_factory=dict)
    currencies: frozenset[str] | None = None

    def of(self, currency: str) -> Correction:
        """What of it is for totals in a currency."""
        return self if self.currencies is None or currency in self.currencies else Correction()

    def corrected(self, span: Span, branch: str, total: Integers, past: Past | None) -> Integers:
        """The scenarios of a leaf of a branch as they count; the same integers anywhere."""
        share = self.levels[span].share(branch) if span in self.levels else 1.0
        level = self.shocks.get(span)
        if share == 1.0 and past is None and level is None:
            return total
        mended = total * share
        if past is not None:
            mended = past.added(total, share)
        if level is not None:
            mended = mended * level
        whole: Integers = np.rint(np.maximum(mended, 0.0)).astype(np.int64)
        return whole

    def kept(self, span: Span, branch: str, raw: Integers, total: Integers, past: Past | None) -> Floats | None:
        """The share of what open deals bring that is theirs in the corrected total, at most 1; None where it is 1."""
        share = self.levels[span].share(branch) if span in self.levels else 1.0
        if share == 1.0 and past is None and span not in self.shocks:
            return None
        parts = raw * share
        if past is not None and past.drawn is not None:
            parts = parts + past.drawn
        kept: Floats = np.minimum(np.where(parts > 0, total * share / np.maximum(parts, 1e-9), 1.0), 1.0)
        return kept
