"""Counter-based scenario draws: what a deal adds to every scenario, as a function of its parameters alone.

No random state exists: each number is a hash of a key and a counter. Winning follows a Gaussian copula: with Z the
sum of the loadings times the shared shocks and the rest times a shock of the deal's own, the deal is won where
Z < Φ⁻¹(P(won)), which keeps the marginal probability. Own shocks, weeks and amounts are stratified over the scenarios
(a randomly shifted Halton set whose points a hashed permutation deals out), so that a deal's own mean is close to its
expectation at 2,000 scenarios already; deals are independent of one another but for the shared shocks.
"""

from __future__ import annotations

import os
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from itertools import chain
from math import sqrt
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
from services.forecast.hashing import SCENARIO_BITS, TWO_32, key, mix, permutations, shock, threshold, van_der_corput
from services.forecast.spans import Span

Singles: TypeAlias = NDArray[np.float32]
Sharing: TypeAlias = tuple[int, str, float, float, float]  # seed, region, loadings: who share all shocks

_AMOUNT_BITS = 8
AMOUNT_LEVELS = 1 << _AMOUNT_BITS
LARGEST_MINOR = 10**12  # of one deal in one scenario: sums of thousands of them stay in int64
CHUNK = 128  # deals at once: the working set stays in the processor's cache
SHARED_FROM = 512  # deals that threads share
THREADS = min(2, os.cpu_count() or 1)

CALENDAR = Single(periods_from)
_DEAL_BYTES = 1_000  # of a remembered deal beside its arrays
_SHIFTS = 16  # fine positions of a deal's strata, so that small probabilities are not lost


_OWN_BY_RANK = [[threshold((r + (j + 0.5) / _SHIFTS) / SCENARIOS) for r in range(SCENARIOS)] for j in range(_SHIFTS)]
_RANK = np.argsort(van_der_corput(2))  # of the own shock, for each point of the set in order of closing
_CLOSING_STEP = 1 << (32 - SCENARIO_BITS)  # between strata, where none is left out
_BELOW = np.searchsorted(van_der_corput(2)[_RANK], np.arange((1 << SCENARIO_BITS) + 1) * _CLOSING_STEP)
_AMOUNT_STRATA = van_der_corput(3)[_RANK]
_OWN = np.array(_OWN_BY_RANK, dtype=np.float32)[:, _RANK]  # singles: they round far below a scenario's weight
_AMOUNT_NORMALS = np.array([threshold((level + 0.5) / AMOUNT_LEVELS) for level in range(AMOUNT_LEVELS)])


@lru_cache(maxsize=256)
def shared_shocks(seed: int, loadings: Loadings, region: str, periods: tuple[Span, ...]) -> tuple[Floats, float]:
    """What deals of a region share, shape (periods, SCENARIOS), and the weight that is left for their own."""
    regional = loadings.region if region else 0.0
    common = loadings.company * shock(seed, "company")
    if regional:
        common = common + regional * shock(seed, f"region:{region}")
    rows = np.stack([common + loadings.quarter * shock(seed, f"quarter:{name}") for name in map(str, periods)])
    return rows, own_weight(loadings, region)


def own_weight(loadings: Loadings, region: str) -> float:
    """The weight of a deal's own shock beside those it shares."""
    shared = loadings.company**2 + loadings.quarter**2 + (loadings.region**2 if region else 0.0)
    return sqrt(max(1.0 - shared, 0.01))


def amount_levels(log_means: Floats, log_sds: Floats) -> Integers:
    """Equally likely amounts in minor units that stand for lognormals and keep their means; shape (amounts, levels)."""
    kinds, kind = np.unique(np.clip(log_sds, 0.0, 3.0), return_inverse=True)
    shapes = np.exp(kinds[:, None] * _AMOUNT_NORMALS)
    shapes /= shapes.mean(axis=1, keepdims=True)
    amounts = shapes[kind] * np.exp(np.minimum(log_means + 0.5 * kinds[kind] ** 2, 40.0))[:, None]
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


def drawn_ahead(drawer: Drawer, batches: Sequence[Sequence[Parameters]]) -> Iterator[list[Draw]]:
    """Batch by batch, each drawn while the one before is put to use; nobody else may ask the drawer meanwhile."""
    if len(batches) < 2:
        yield from map(drawer.draw, batches)
        return
    with ThreadPoolExecutor(1) as ahead:
        waiting = ahead.submit(drawer.draw, batches[0])
        for batch in batches[1:]:
            before, waiting = waiting, ahead.submit(drawer.draw, batch)
            yield before.result()
        yield waiting.result()


def draw_deals(deals: Sequence[Parameters], grid: Grid = CALENDAR) -> list[Draw]:
    """The scenarios of each deal in the parts from its start, in the order given; deals may differ in everything."""
    alike: defaultdict[tuple[date, int], list[int]] = defaultdict(list)
    for index, deal in enumerate(deals):
        alike[deal.start, len(deal.week_weights)].append(index)
    found: dict[int, Draw] = {}
    for (start, _), members in alike.items():
        draw = partial(_draw_chunk, _Shared.of([deals[index] for index in members], start, grid))
        chunks = [members[at : at + CHUNK] for at in range(0, len(members), CHUNK)]
        given = [[deals[index] for index in chunk] for chunk in chunks]
        if len(members) < SHARED_FROM:
            drawn = list(map(draw, given))
        else:  # most of the time is spent in array operations, which let go of the interpreter's lock
            with ThreadPoolExecutor(THREADS) as threads:
                drawn = list(threads.map(draw, given))
        found |= zip(members, chain.from_iterable(drawn), strict=True)
    return [found[index] for index in range(len(deals))]


@dataclass(frozen=True, slots=True, eq=False)
class _Shared:
    """What deals of one start have in common. table: of shocks, with for each of `rows` a row a whole, and one that is
    never won for what closes beyond; place: of each part's whole in it."""

    periods: tuple[Span, ...]
    place: Integers
    rows: Mapping[Sharing, int]
    table: Singles

    @classmethod
    def of(cls, deals: Sequence[Parameters], start: date, grid: Grid) -> _Shared:
        """Of all the deals."""
        kinds = tuple(sorted({_sharing(deal) for deal in deals}))
        wholes = grid.wholes(start)
        rows = {kind: number * (len(wholes) + 1) for number, kind in enumerate(kinds)}
        return cls(grid.parts(start), places(grid, start), rows, _table(kinds, wholes))


def _sharing(deal: Parameters) -> Sharing:
    own = deal.loadings
    return deal.seed, deal.region, own.company, own.region, own.quarter


@lru_cache(maxsize=64)
def _table(kinds: tuple[Sharing, ...], wholes: tuple[Span, ...]) -> Singles:
    never = np.full((1, SCENARIOS), np.inf)
    tables = [(shared_shocks(seed, Loadings(*own), region, wholes)[0], never) for seed, region, *own in kinds]
    return np.concatenate([rows for each in tables for rows in each]).astype(np.float32)


def _draw_chunk(shared: _Shared, deals: Sequence[Parameters]) -> list[Draw]:
    """Deals of one start and as many weeks each. What a deal draws depends on no other one."""
    keys = np.array([key(deal.seed, "deal", deal.deal_id) for deal in deals], dtype=np.uint64)
    shifts = mix(keys ^ np.uint64(0xD1B54A32D192ED03))
    scenario = permutations(keys).reshape(-1)
    lengths = _closing(deals, shared.periods, (shifts >> np.uint64(32)).astype(np.int64))
    part = np.tile(np.arange(len(shared.place)), 2)
    rows = np.array([shared.rows[_sharing(deal)] for deal in deals])[:, None] + shared.place[part]
    at = np.repeat((rows * SCENARIOS).astype(np.uint32).reshape(-1), lengths)
    at += scenario
    luck = shared.table.reshape(-1).take(at).reshape(len(deals), SCENARIOS)
    weight = np.array([own_weight(deal.loadings, deal.region) for deal in deals], dtype=np.float32)
    luck += _OWN[(shifts & np.uint64(_SHIFTS - 1)).astype(np.int64)] * weight[:, None]
    won = luck < np.array([threshold(deal.win_probability) for deal in deals], dtype=np.float32)[:, None]
    flat, counts = np.flatnonzero(won), np.count_nonzero(won, axis=1)
    cells = np.repeat(np.tile((part * SCENARIOS).astype(np.uint16), len(deals)), lengths)[flat]
    cells += scenario[flat].astype(np.uint16)
    level = _AMOUNT_STRATA + (mix(shifts) >> np.uint64(32)).astype(np.uint32)[:, None]
    level >>= np.uint32(32 - _AMOUNT_BITS)
    levels = amount_levels(np.array([d.log_amount_mean for d in deals]), np.array([d.log_amount_sd for d in deals]))
    amounts = levels.reshape(-1)[np.repeat(np.arange(len(deals)) << _AMOUNT_BITS, counts) + level.reshape(-1)[flat]]
    ends = np.cumsum(counts).tolist()
    return [
        Draw(shared.periods, deal.currency, cells[begin:end].copy(), amounts[begin:end].copy())
        for deal, begin, end in zip(deals, [0, *ends[:-1]], ends, strict=True)
    ]


def _closing(deals: Sequence[Parameters], periods: tuple[Span, ...], shifts: Integers) -> Integers:
    """How many points in a row close in each part, given won, the last one of them beyond: twice all parts by deal.

    The points stand in order of their strata: a shift, which wraps around, leaves each part in at most two runs.
    """
    masses = period_masses(np.stack([deal.week_weights for deal in deals]), deals[0].start, periods)
    limits = np.minimum(np.cumsum(masses, axis=1) * TWO_32, TWO_32 - 1).astype(np.int64)
    ends = np.concatenate([limits, np.full((len(deals), 1), int(TWO_32))], axis=1) - shifts[:, None]
    ends = np.concatenate([ends, ends + int(TWO_32)], axis=1)
    below = _BELOW[np.clip((ends + (_CLOSING_STEP - 1)) // _CLOSING_STEP, 0, len(_BELOW) - 1)]
    lengths: Integers = np.diff(below, axis=1, prepend=0).reshape(-1)
    return lengths
