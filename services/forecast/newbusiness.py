"""Business that is created and won inside what remains of a period: Poisson counts with lognormal amounts by owner.

A deal created on day c from now is won on day d with probability F(d - c) - F(d - c - 1), where F is the share of
deals created at that place in the quarter that are won within so many days; an owner's expected number in a period is
his creation rate times the sum over days of creation and winning. Counts share the shocks of the deals (Gaussian
copula), amounts are drawn one by one; every draw is a hash of a key and a counter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from math import exp, pi, sqrt
from typing import Any, TypeAlias

import numpy as np

from learning.periods import period_of
from learning.records import Node
from services.forecast.domain import SCENARIOS, Floats, Integers, Loadings, periods_from
from services.forecast.draws import AMOUNT_LEVELS, amount_levels, shared_shocks
from services.forecast.hashing import key, mix, own_shock, threshold
from services.forecast.spans import Calendar, Span

NewWins: TypeAlias = Mapping[Span, Integers]  # minor units per scenario

MOST_EXPECTED = 1_000.0  # new wins of one owner in one period; more are counted as that many
RIPENING_DAYS = 372


@dataclass(frozen=True, slots=True)
class OwnerRate:
    """What an owner creates: deals a day in a currency, and the logarithm of a won amount in minor units."""

    owner_id: str
    currency: str
    path: tuple[Node, ...]
    rate: float
    log_amount_mean: float
    log_amount_sd: float


@dataclass(frozen=True, slots=True, eq=False)
class NewBusiness:
    """ripening[w, d]: share of deals created w weeks before a quarter's end that are won within d days (one row: the
    same everywhere). season: creation by calendar quarter. level: what to multiply the current period's wins by."""

    owners: tuple[OwnerRate, ...] = ()
    ripening: Floats = field(default_factory=lambda: np.zeros((1, 1)))
    season: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    note: str = "no model: nothing is known of business not yet created"
    level: float = 1.0

    def exposures(self, start: date, spans: Calendar = periods_from) -> dict[Span, float]:
        """For each period from `start` on: expected wins in it per deal a day created from `start` on."""
        levels = (self.level, *[1.0] * (len(spans(start)) - 1))
        return {
            span: level * self.exposure(start, max(span.start, start), span.end)
            for span, level in zip(spans(start), levels, strict=True)
        }

    def exposure(self, start: date, first: date, last: date) -> float:
        """Expected wins on the days first … last per deal a day created from `start` on."""
        created = np.arange((last - start).days + 1)
        days = [start + timedelta(days=int(day)) for day in created]
        place = np.array([weeks_left(day) for day in days])
        ripe = self._within(place, (last - start).days - created)
        ripe -= self._within(place, (first - start).days - 1 - created)
        weight = [self.season[period_of(day).quarter - 1] for day in days]
        return float((ripe * np.array(weight)).sum())

    def _within(self, place: Integers, days: Integers) -> Floats:
        table = np.atleast_2d(self.ripening)
        reached = table[np.minimum(place, len(table) - 1), np.clip(days, 0, table.shape[1] - 1)]
        return np.where(days < 0, 0.0, reached)

    def to_json(self) -> dict[str, Any]:
        """Everything, for model.json."""
        return {
            "owners": [asdict(owner) for owner in self.owners],
            "ripening": self.ripening.tolist(),
            "season": list(self.season),
            "note": self.note,
            "level": self.level,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> NewBusiness:
        """The inverse of to_json."""
        owners = tuple(
            OwnerRate(**{**owner, "path": tuple(Node(**node) for node in owner["path"])}) for owner in data["owners"]
        )
        first, second, third, fourth = data["season"]
        season = (first, second, third, fourth)
        return cls(owners, np.array(data["ripening"]), season, str(data["note"]), float(data["level"]))


def weeks_left(day: date) -> int:
    """Whole weeks from a day to its quarter's end, 0 … 13."""
    return min((period_of(day).end - day).days // 7, 13)


def draw_owner(
    owner: OwnerRate, exposures: Mapping[Span, float], *, seed: int, loadings: Loadings
) -> dict[Span, Integers]:
    """An owner's new wins per period and scenario, in minor units; periods without any are left out."""
    region = next((node.id for node in owner.path if node.level == "region"), "")
    periods = tuple(sorted(exposures))
    shared, own_weight = shared_shocks(seed, loadings, region, periods)
    levels = amount_levels(np.array([owner.log_amount_mean]), np.array([owner.log_amount_sd]))[0]
    drawn = {}
    for index, period in enumerate(periods):
        expected = min(owner.rate * exposures[period], MOST_EXPECTED)
        if expected <= 1e-6:
            continue
        name = key(seed, "new", owner.owner_id, owner.currency, str(period))
        drawn[period] = compound(expected, shared[index] + own_weight * own_shock(name), levels, name)
    return drawn


def compound(expected: float, shocks: Floats, levels: Integers, name: int) -> Integers:
    """A compound Poisson sum per scenario: as many of the equally likely amounts as a standard normal shock tells."""
    return _sums(_counts(expected, shocks), levels, name)


def _counts(expected: float, shocks: Floats) -> Integers:
    """Poisson counts by inverse CDF; a low shock is a good one, as for deals."""
    limits = _limits(expected)
    if not limits:  # far beyond exp's range: the normal approximation
        approximate: Integers = np.maximum(np.rint(expected - np.sqrt(expected) * shocks), 0).astype(np.int64)
        return approximate
    counts: Integers = np.searchsorted(np.array(limits), -shocks, side="right").astype(np.int64)
    return counts


def _limits(expected: float) -> list[float]:
    """Standard normals below which a Poisson count is 0, at most 1 and so on; none where they cannot be computed."""
    limits, term, reached = [], exp(-expected), 0.0
    if term == 0.0:
        return []
    for count in range(int(expected + 10 * expected**0.5) + 20):
        reached += term
        limits.append(threshold(reached))
        term *= expected / (count + 1)
    return limits


def poisson_density(expected: float) -> float:
    """By how much a unit of a shock that all share moves a count."""
    limits = _limits(expected)
    return sum(exp(-0.5 * limit**2) for limit in limits) / sqrt(2 * pi) if limits else sqrt(expected)


def _sums(counts: Integers, levels: Integers, name: int) -> Integers:
    """The sum of as many amounts as each scenario counts."""
    scenario = np.repeat(np.arange(SCENARIOS, dtype=np.uint64), counts)
    starts = np.cumsum(counts) - counts
    order = np.arange(len(scenario), dtype=np.uint64) - np.repeat(starts, counts).astype(np.uint64)
    words = np.uint64(name) + (scenario * np.uint64(1 << 20) + order + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    amounts = levels[(mix(words) % np.uint64(AMOUNT_LEVELS)).astype(np.int64)]
    reached = np.concatenate([[0], np.cumsum(amounts)])
    ends = np.cumsum(counts)
    sums: Integers = reached[ends] - reached[ends - counts]
    return sums


def draw_all(
    owners: Sequence[OwnerRate], exposures: Mapping[Span, float], *, seed: int, loadings: Loadings
) -> dict[tuple[str, str], dict[Span, Integers]]:
    """All owners' new wins by (owner id, currency)."""
    return {
        (owner.owner_id, owner.currency): draw_owner(owner, exposures, seed=seed, loadings=loadings) for owner in owners
    }
