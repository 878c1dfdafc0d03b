"""How a quarter's scenarios fall into its months: exactly, scenario by scenario.

Open deals are drawn with the month they close in. What stands beside them (business not yet created, and what the
correction adds) is allotted in pieces, as many as wins are expected of it: each falls into a month with the chance
that a new deal is won in it. What the correction takes away is taken from every month in the same proportion. So a
quarter is the sum of its months in every scenario, and no month is negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import exp
from typing import TypeAlias

import numpy as np

from services.forecast.blend import Correction, Pasts
from services.forecast.bookings import Owner
from services.forecast.domain import SCENARIOS, Floats, Integers
from services.forecast.grid import Grid
from services.forecast.hashing import key, own_shock, threshold
from services.forecast.leaves import Part
from services.forecast.model import ForecastModel
from services.forecast.newbusiness import NewWins, OwnerRate
from services.forecast.spans import Span

MOST_PIECES = 32  # more hardly vary

Allotments: TypeAlias = "Mapping[Span, Allotment]"  # by quarter


@dataclass(frozen=True, slots=True, eq=False)
class Allotment:
    """reached[k, s]: how many of `pieces` fall up to the end of part k in scenario s; in the last part all of them."""

    reached: Integers
    pieces: int

    def split(self, amounts: Integers) -> Integers:
        """Amounts by part, shape (parts, SCENARIOS); the parts add up to them exactly."""
        whole, rest = amounts // self.pieces, amounts % self.pieces
        reached = whole * self.reached + rest * self.reached // self.pieces
        parts: Integers = np.diff(reached, axis=0, prepend=0)
        return parts


def by_days(parts: Sequence[Span], start: date) -> Allotment:
    """As many pieces as days are left from `start` on, each in its month."""
    left = np.cumsum([max((part.end - max(part.start, start)).days + 1, 0) for part in parts])
    if left[-1] == 0:  # all over: what is left over stands in the last
        left[-1] = 1
    return Allotment(np.broadcast_to(left[:, None], (len(parts), SCENARIOS)), int(left[-1]))


def drawn(shares: Sequence[float], pieces: int, name: int) -> Allotment:
    """Pieces that fall into the parts with these chances, which add up to 1; `name` is the key of the draw."""
    reached = np.zeros((len(shares), SCENARIOS), dtype=np.int64)
    before, left = np.zeros(SCENARIOS, dtype=np.int64), 1.0
    for part, share in enumerate(shares[:-1]):
        chance = min(max(share / left, 0.0), 1.0) if left > 1e-9 else 0.0
        if chance > 0.0:
            limits = _limits(pieces, round(chance, 9))[pieces - before]
            before = before + (limits < own_shock((name + part) % 2**64)[:, None]).sum(axis=1)
        reached[part], left = before, left - share
    reached[-1] = pieces
    return Allotment(reached, pieces)


@lru_cache(maxsize=512)
def _limits(most: int, chance: float) -> Floats:
    """Row n: the standard normal limits above which more than k of n pieces fall into a part, k = 0 … most - 1."""
    table = np.full((most + 1, most), np.inf)
    for pieces in range(1, most + 1):
        term, reached, odds = (1.0 - chance) ** pieces, 0.0, chance / max(1.0 - chance, 1e-12)
        for count in range(pieces):
            reached += term
            table[pieces, count] = threshold(min(reached, 1.0))
            term *= odds * (pieces - count) / (count + 1)
    return table


def allotments(
    model: ForecastModel, day: date, grid: Grid, new: Mapping[Owner, tuple[OwnerRate, NewWins]], correction: Correction
) -> dict[Owner, dict[Span, Allotment]]:
    """For each owner and quarter how what stands beside his deals falls into the months, as of the end of a day."""
    start = day + timedelta(days=1)
    wholes = {whole: grid.parts_of(whole) for whole in grid.wholes(start)}
    if all(len(parts) == 1 for parts in wholes.values()):
        return {}
    exposures = {whole: [_exposure(model, start, part) for part in parts] for whole, parts in wholes.items()}
    found: dict[Owner, dict[Span, Allotment]] = {}
    for owner, (rate, _) in new.items():
        pasts = correction.pasts.get(owner, {})
        found[owner] = {
            whole: drawn(
                [each / sum(by_part) for each in by_part], _pieces(rate, sum(by_part), pasts, whole),
                key(model.seed, "month", *owner, str(whole)),
            )
            for whole, by_part in exposures.items()
            if sum(by_part) > 1e-9
        }  # fmt: skip
    return found


def _exposure(model: ForecastModel, start: date, part: Span) -> float:
    first = max(part.start, start)
    return model.new_business.exposure(start, first, part.end) if first <= part.end else 0.0


def _pieces(rate: OwnerRate, exposure: float, pasts: Pasts, whole: Span) -> int:
    """About as many wins as stand behind what is allotted."""
    amount = exp(min(rate.log_amount_mean + rate.log_amount_sd**2 / 2, 40.0))
    past = pasts[whole].mean / amount if whole in pasts else 0.0
    return int(min(max(round(rate.rate * exposure + past), 1), MOST_PIECES))


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What stands at a leaf beside its deals."""

    new: NewWins
    pasts: Pasts
    allotments: Allotments


def leaf_parts(
    grid: Grid, deals: Mapping[Span, Part], beside: Beside, correction: Correction, branch: str, start: date
) -> dict[Span, Part]:
    """What a leaf adds to each part. deals: the parts as its open deals make them."""
    parts = dict(deals)
    wholes = {grid.whole(part) for part in deals} | beside.new.keys() | beside.pasts.keys()
    for whole in wholes:
        names = grid.parts_of(whole)
        own = [parts.get(name) or Part() for name in names]
        before = [part.total for part in own]
        raw = before[0] if len(before) == 1 else np.sum(before, axis=0)
        new = beside.new.get(whole)
        if new is not None:
            raw = raw + new
        total = correction.corrected(whole, branch, raw, beside.pasts.get(whole))
        if len(own) == 1:
            own = [_filled(own[0], total, new)]
        elif new is not None or total is not raw:
            allotment = beside.allotments.get(whole) or by_days(names, start)
            own = _shared_out(own, raw, new, total, allotment)
        parts |= zip(names, own, strict=True)
    return parts


def _filled(part: Part, total: Integers, new: Integers | None) -> Part:
    """A part of deals with what was added up and corrected."""
    new_sum = 0 if new is None else int(new.sum())
    return Part(total, part.open_deals, part.deals_sum, new_sum, int(total.sum()) - part.deals_sum - new_sum)


def _shared_out(
    parts: Sequence[Part], raw: Integers, new: Integers | None, total: Integers, allotment: Allotment
) -> list[Part]:  # fmt: skip
    """The corrected scenarios of a quarter by month."""
    stacked = np.stack([part.total for part in parts])
    news = None if new is None else allotment.split(new)
    reached = np.cumsum(stacked if news is None else stacked + news, axis=0)
    lowered = np.floor(total * (reached / np.maximum(raw, 1))).astype(np.int64)
    kept = np.where(total >= raw, reached, np.minimum(lowered, total))
    kept[-1] = np.minimum(total, raw)
    shared = np.diff(kept, axis=0, prepend=0) + allotment.split(np.maximum(total - raw, 0))
    return [_filled(part, shared[place], None if news is None else news[place]) for place, part in enumerate(parts)]
