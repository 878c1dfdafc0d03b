"""Counter-based scenario draws: what a deal adds to every scenario, as a function of its parameters alone.

No random state exists: each number is a SplitMix64 hash (Steele, Lea, Flood 2014) of a key and a counter, so any
process redraws the same scenarios in any order. Winning follows a Gaussian copula: with Z the sum of the loadings
times the shared shocks and the rest times a shock of the deal's own, the deal is won where Z < Φ⁻¹(P(won)), which
keeps the marginal probability. Own shocks, weeks and amounts are stratified over the scenarios (a randomly shifted
Halton set whose points a hashed permutation deals out), so that a deal's own mean is close to its expectation at
2,000 scenarios already; deals are independent of one another but for the shared shocks.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.forecast.domain import (
    SCENARIOS,
    Floats,
    Integers,
    Loadings,
    Parameters,
    period_masses,
    periods_from,
)
from services.forecast.grid import Grid, Single, places
from services.forecast.spans import Span

Words: TypeAlias = NDArray[np.uint64]

AMOUNT_LEVELS = 256
LARGEST_MINOR = 10**12  # of one deal in one scenario: sums of thousands of them stay in int64
CHUNK = 32  # deals at once: the working set stays in the processor's cache
SHARED_FROM = 512  # deals that threads share
THREADS = min(2, os.cpu_count() or 1)

CALENDAR = Single(periods_from)
_NORMAL = NormalDist()
_DEAL_BYTES = 1_000  # of a remembered deal beside its arrays
_SCENARIO_BITS = 11
_MASK = np.uint64((1 << _SCENARIO_BITS) - 1)
_COUNTERS = (np.arange(1, SCENARIOS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
_SCENARIO = np.arange(SCENARIOS, dtype=np.uint64)
_SHIFTS = 16  # fine positions of a deal's strata, so that small probabilities are not lost
_TWO_32 = float(1 << 32)


def key(seed: int, *parts: str) -> int:
    """A 64-bit key for a named stream of draws."""
    hashed = hashlib.blake2b(seed.to_bytes(8, "little"), digest_size=8)
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        hashed.update(len(text).to_bytes(4, "little") + text)
    return int.from_bytes(hashed.digest(), "little")


def mix(words: Words) -> Words:
    """SplitMix64's finaliser, in place."""
    words ^= words >> np.uint64(30)
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words


def permutations(keys: Words) -> Integers:
    """For each key a permutation of the scenarios; shape (keys, SCENARIOS): entry r is the scenario of rank r."""
    words = mix(keys[:, None] + _COUNTERS)
    words &= ~_MASK
    words |= _SCENARIO
    words.sort(axis=1)
    words &= _MASK
    return words.view(np.int64)


def _van_der_corput(base: int) -> NDArray[np.uint32]:
    """The radical inverse of 0 … SCENARIOS - 1 in 32-bit fixed point."""
    values = []
    for number in range(SCENARIOS):
        inverse, scale, rest = 0.0, 1.0, number
        while rest:
            scale /= base
            rest, digit = divmod(rest, base)
            inverse += digit * scale
        values.append(int(inverse * _TWO_32) & 0xFFFFFFFF)
    return np.array(values, dtype=np.uint32)


def threshold(probability: float) -> float:
    """Φ⁻¹ on a grid of 2⁻³⁰, so that the last bits of a library's logarithm do not matter."""
    if probability <= 0.0:
        return -np.inf
    return np.inf if probability >= 1.0 else round(_NORMAL.inv_cdf(probability) * 2**30) / 2**30


_WEEK_STRATA = _van_der_corput(2)
_AMOUNT_STRATA = _van_der_corput(3)
_OWN = np.array([[threshold((r + (j + 0.5) / _SHIFTS) / SCENARIOS) for r in range(SCENARIOS)] for j in range(_SHIFTS)])
_AMOUNT_NORMALS = np.array([threshold((level + 0.5) / AMOUNT_LEVELS) for level in range(AMOUNT_LEVELS)])
_MIDDLE = np.array([threshold((rank + 0.5) / SCENARIOS) for rank in range(SCENARIOS)])


def own_shock(name: int) -> Floats:
    """A standard normal shock per scenario under a key, exactly stratified; shape (SCENARIOS,)."""
    drawn = np.empty(SCENARIOS)
    drawn[permutations(np.array([name], dtype=np.uint64))[0]] = _MIDDLE
    return drawn


@lru_cache(maxsize=512)
def shock(seed: int, name: str) -> Floats:
    """A shock that many share, by its name. Not to be written to."""
    return own_shock(key(seed, "shock", name))


@lru_cache(maxsize=256)
def shared_shocks(seed: int, loadings: Loadings, region: str, periods: tuple[Span, ...]) -> tuple[Floats, float]:
    """What deals of a region share, shape (periods + 1, SCENARIOS), and the weight that is left for their own.

    The last row stands for closing beyond the periods.
    """
    regional = loadings.region if region else 0.0
    common = loadings.company * shock(seed, "company")
    if regional:
        common = common + regional * shock(seed, f"region:{region}")
    names = [*map(str, periods), "beyond"]
    rows = np.stack([common + loadings.quarter * shock(seed, f"quarter:{name}") for name in names])
    own = 1.0 - loadings.company**2 - regional**2 - loadings.quarter**2
    return rows, float(np.sqrt(max(own, 0.01)))


def amount_levels(log_means: Floats, log_sds: Floats) -> Integers:
    """Equally likely amounts in minor units that stand for lognormals and keep their means; shape (…, levels)."""
    sds = np.clip(log_sds, 0.0, 3.0)[..., None]
    shapes = np.exp(sds * _AMOUNT_NORMALS)
    means = np.exp(np.minimum(np.asarray(log_means)[..., None] + 0.5 * sds**2, 40.0))
    amounts = shapes * (means / shapes.mean(axis=-1, keepdims=True))
    rounded: Integers = np.rint(np.minimum(amounts, LARGEST_MINOR)).astype(np.int64)
    return rounded


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """One deal's scenarios, sparse: amounts[i] (minor units) in cell cells[i] = period × SCENARIOS + scenario.

    periods: the parts of a grid that it is drawn in.
    """

    periods: tuple[Span, ...]
    currency: str
    cells: NDArray[np.uint16]
    amounts: Integers

    @property
    def bytes(self) -> int:
        """What its scenarios hold in memory."""
        return self.cells.nbytes + self.amounts.nbytes

    def totals(self) -> tuple[int, ...]:
        """Sum over scenarios per period, in minor units."""
        # 2,000 amounts of at most 10¹² add up below 2⁵³: doubles hold every partial sum exactly.
        sums = np.bincount(self.cells // SCENARIOS, self.amounts, len(self.periods))
        return tuple(map(int, sums.tolist()))


class Drawer:
    """Draws deals, and remembers the last ones: what was computed is soon added up, and subtracted later.

    It remembers up to `most_bytes`: some 10,000 deals that are likely lost, a third of that if all are likely won.
    """

    def __init__(self, most_bytes: int = 64 * 2**20, grid: Grid = CALENDAR) -> None:
        self._most_bytes = most_bytes
        self.grid = grid
        self._cache: OrderedDict[tuple[object, ...], tuple[Draw, int]] = OrderedDict()
        self.bytes = 0

    def draw(self, deals: Sequence[Parameters]) -> list[Draw]:
        """The scenarios of each deal, in the order given."""
        prints = [deal.fingerprint for deal in deals]
        found = {each: self._cache[each][0] for each in prints if each in self._cache}
        missing = {each: deal for each, deal in zip(prints, deals, strict=True) if each not in found}
        for each, drawn in zip(missing, draw_deals(list(missing.values()), self.grid), strict=True):
            found[each] = drawn
            size = _DEAL_BYTES + missing[each].week_weights.nbytes + drawn.bytes
            self._cache[each] = drawn, size
            self.bytes += size
        while self.bytes > self._most_bytes:
            self.bytes -= self._cache.popitem(last=False)[1][1]
        return [found[each] for each in prints]


def draw_deals(deals: Sequence[Parameters], grid: Grid = CALENDAR) -> list[Draw]:
    """The scenarios of each deal in the parts from its start, in the order given; deals may differ in everything."""
    # Deals that are won alike need as many ranks: a chunk has no more of them than its likeliest deal.
    order = sorted(range(len(deals)), key=lambda index: deals[index].win_probability)
    chunks = [order[at : at + CHUNK] for at in range(0, len(order), CHUNK)]

    def drawn(chunk: Sequence[int]) -> list[Draw]:
        return _draw_chunk([deals[index] for index in chunk], grid)

    if len(deals) < SHARED_FROM:
        found = [drawn(chunk) for chunk in chunks]
    else:  # most of the time is spent in array operations, which let go of the interpreter's lock
        with ThreadPoolExecutor(THREADS) as threads:
            found = list(threads.map(drawn, chunks))
    by_index = dict(zip(order, chain.from_iterable(found), strict=True))
    return [by_index[index] for index in range(len(deals))]


def _draw_chunk(deals: Sequence[Parameters], grid: Grid) -> list[Draw]:
    periods = [grid.parts(deal.start) for deal in deals]
    shared = [shared_shocks(deal.seed, deal.loadings, deal.region, grid.wholes(deal.start)) for deal in deals]
    bounds = np.array([threshold(deal.win_probability) for deal in deals])
    own_weight = np.array([weight for _, weight in shared])
    ranks = _ranks_needed(bounds, own_weight, [float(rows.min()) for rows, _ in shared])
    keys = np.array([key(deal.seed, "deal", deal.deal_id) for deal in deals], dtype=np.uint64)
    scenario = permutations(keys)[:, :ranks]
    shifts = mix(keys ^ np.uint64(0xD1B54A32D192ED03))
    period = _closing_periods(deals, periods, (shifts >> np.uint64(32)).astype(np.uint32), ranks)
    cells = period * SCENARIOS + scenario
    tables, table_of = _distinct([rows for rows, _ in shared])
    whole = _wholes([places(grid, deal.start) for deal in deals], period)
    common = tables.reshape(-1).take(whole * SCENARIOS + scenario + table_of[:, None] * tables[0].size)
    common += own_weight[:, None] * _OWN[(shifts & np.uint64(_SHIFTS - 1)).astype(np.int64), :ranks]
    won = (common < bounds[:, None]) & (period < len(periods[0]))
    deal_at, rank_at = np.nonzero(won)
    shift = (mix(shifts) >> np.uint64(32)).astype(np.uint32)
    level = (_AMOUNT_STRATA[rank_at] + shift[deal_at]) >> np.uint32(24)
    levels = amount_levels(np.array([d.log_amount_mean for d in deals]), np.array([d.log_amount_sd for d in deals]))
    amounts = levels[deal_at, level]
    chosen = cells[deal_at, rank_at].astype(np.uint16)
    ends = np.cumsum(np.bincount(deal_at, minlength=len(deals)))[:-1]
    split = zip(deals, periods, np.split(chosen, ends), np.split(amounts, ends), strict=True)
    return [Draw(own_spans, deal.currency, own.copy(), paid.copy()) for deal, own_spans, own, paid in split]


def _ranks_needed(bounds: Floats, own_weight: Floats, lowest: Sequence[float]) -> int:
    """How many ranks, from the lowest own shock up, can be won by any of the deals at all."""
    reach = (bounds - np.array(lowest)) / own_weight
    return max(1, int(np.searchsorted(_OWN[0], reach.max(), side="right")))


def _closing_periods(
    deals: Sequence[Parameters], periods: Sequence[tuple[Span, ...]], shifts: NDArray[np.uint32], ranks: int
) -> Integers:
    """The index of the period each rank closes in, given won; their number where it is beyond. Shape (deals, ranks)."""
    if len({(deal.start, len(deal.week_weights)) for deal in deals}) == 1:
        masses = period_masses(np.stack([deal.week_weights for deal in deals]), deals[0].start, periods[0])
    else:
        masses = np.stack([period_masses(d.week_weights, d.start, p) for d, p in zip(deals, periods, strict=True)])
    limits = np.minimum(np.cumsum(masses, axis=1) * _TWO_32, _TWO_32 - 1).astype(np.uint32)
    uniform = _WEEK_STRATA[None, :ranks] + shifts[:, None]
    period = np.zeros(uniform.shape, dtype=np.uint8)  # a narrow count: a horizon has at most a few dozen spans
    for index in range(limits.shape[1]):
        period += uniform >= limits[:, index : index + 1]
    return period.astype(np.int64)


def _wholes(of: Sequence[Integers], period: Integers) -> Integers:
    """The place of the whole that each rank's part belongs to; shape (deals, ranks)."""
    if len({id(each) for each in of}) == 1:
        return of[0].take(period)
    return np.take_along_axis(np.stack(of), period, axis=1)


def _distinct(tables: Sequence[Floats]) -> tuple[Floats, Integers]:
    """The different tables stacked, and which of them each entry is (by identity: they are cached)."""
    order = {id(table): table for table in tables}
    position = {identity: index for index, identity in enumerate(order)}
    return np.stack(list(order.values())), np.array([position[id(table)] for table in tables])
