"""An owner's scenarios, shared out over the places of other trees that his business stands in.

In each scenario open deals keep as much of what they bring as the correction leaves them, wherever they stand. What no
deal brings (business not yet created, what the past adds) falls in pieces, about as many as wins are expected, each to
one of the places that the owner's money comes from. So every tree adds up to the company in every scenario, no place
is below zero, and a place with all of an owner's business holds the owner's very scenarios.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from learning.placements import REPORTING, WHOLE
from services.forecast.blend import Correction
from services.forecast.domain import SCENARIOS, Floats, Integers, Parameters
from services.forecast.draws import Drawer
from services.forecast.grid import Grid
from services.forecast.hashing import key, mix
from services.forecast.leaves import UNALLOTTED, Part, Update, added, cut
from services.forecast.months import Beside
from services.forecast.sheets import Shared, Sheets
from services.forecast.sources import Mix, Place, place_of
from services.forecast.spans import Span

MOST_PIECES = 8  # of a month: more hardly vary
EXACT = 2**53  # doubles hold every whole number below it
USUAL_PIECES = 4  # where nothing tells how many wins are expected
_ALL = np.ones(SCENARIOS)


@dataclass(frozen=True, slots=True, eq=False)
class Stood:
    """An owner's part of an open deal, between two cumulated shares, and where it stands in each other tree."""

    parameters: Parameters
    begun: int
    until: int
    stands: Mapping[str, Sequence[tuple[Place, int, int]]]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """An owner's leaf at one moment. kept: by whole, the share of a deal that the correction leaves in each scenario,
    all where nothing is said; pieces: by part of the grid, of what no deal brings."""

    name: str
    parts: Mapping[Span, Part]
    kept: Mapping[Span, Floats]
    pieces: Mapping[Span, int]
    deals: Sequence[Stood]
    mix: Mix


def kept_shares(
    grid: Grid, deals: Mapping[Span, Part], parts: Mapping[Span, Part], beside: Beside, correction: Correction,
    branch: str,
) -> dict[Span, Floats]:  # fmt: skip
    """By whole what share of a leaf's open deals is left of them once the leaf is corrected."""
    found: dict[Span, Floats] = {}
    for whole in {grid.whole(part) for part in deals}:
        names = grid.parts_of(whole)
        raw, total = (added([own[name] for name in names if name in own]).total for own in (deals, parts))
        if whole in beside.new:
            raw = raw + beside.new[whole]
        share = correction.kept(whole, branch, raw, total, beside.pasts.get(whole))
        if share is not None:
            found[whole] = share
    return found


def pieces_of(grid: Grid, parts: Mapping[Span, Part], beside: Beside) -> dict[Span, int]:
    """About how many wins stand behind what no deal brings to each part."""
    found: dict[Span, int] = {}
    for whole in {grid.whole(part) for part in parts}:
        names, allotment = grid.parts_of(whole), beside.allotments.get(whole)
        if allotment is None or len(allotment.reached) != len(names):
            found |= dict.fromkeys(names, USUAL_PIECES)
            continue
        wins = np.diff(allotment.reached.mean(axis=1), prepend=0.0)
        found |= {
            name: int(min(max(round(own), 1), MOST_PIECES)) for name, own in zip(names, wins.tolist(), strict=True)
        }
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Open deals' scenarios one after another: cell in a sheet (part of the grid × SCENARIOS + scenario), amount, and
    what is kept of it. rows: the parts that each deal is drawn in; ends: of each deal's cells, 0 first."""

    rows: Sequence[Integers]
    cell: Integers
    amount: Integers
    kept: Integers
    ends: Sequence[int]


def shared_out(standing: Standing | None, drawer: Drawer, grid: Grid) -> Shared:
    """What a leaf adds to each lowest place of other trees, by part of the grid; to `unallotted` where it has no
    place. Open deals that stand in no place of a tree are missing there."""
    if standing is None or not standing.parts:
        return Shared((), (), Sheets.empty(0, 0))
    spans = tuple(sorted(standing.parts))
    cells = _cells(standing, drawer, grid, spans)
    rest = np.stack([standing.parts[span].total for span in spans])
    np.subtract.at(rest.reshape(-1), cells.cell, cells.kept)
    stands = [(tree, place) for stood in standing.deals for tree, own in stood.stands.items() for place, _, _ in own]
    stands += [(tree, place) for tree, weights in standing.mix.items() for place, _ in weights]
    stands = sorted(set(stands))  # the same order before and after a change
    stands += [] if standing.mix else [("", (UNALLOTTED.id,))]
    places = {stand: number for number, stand in enumerate(stands)}
    sheets = Sheets.empty(len(places), len(spans))
    _put_rest(sheets, standing, spans, rest, places)
    _put_deals(sheets, standing, cells, places)
    return Shared(spans, tuple([place for _, place in places]), sheets)


def _cells(standing: Standing, drawer: Drawer, grid: Grid, spans: Sequence[Span]) -> _Cells:
    draws = drawer.draw([stood.parameters for stood in standing.deals])
    if not draws:
        none = np.zeros(0, dtype=np.int64)
        return _Cells((), none, none, none, (0,))
    row = {span: place for place, span in enumerate(spans)}
    rows = {periods: np.array([row[span] for span in periods]) for periods in {draw.periods for draw in draws}}
    if all((own == np.arange(len(own))).all() for own in rows.values()):
        cell = np.concatenate([draw.cells for draw in draws]).astype(np.int64)
    else:
        cell = np.concatenate([_moved(draw.cells, rows[draw.periods]) for draw in draws])
    parts = zip(draws, standing.deals, strict=True)
    amount = kept = np.concatenate([cut(draw.amounts, stood.begun, stood.until) for draw, stood in parts])
    if standing.kept:
        shares = np.stack([standing.kept.get(grid.whole(span), _ALL) for span in spans])
        kept = _left(amount, shares.reshape(-1)[cell])
    ends = np.cumsum([0, *(len(draw.cells) for draw in draws)]).tolist()
    return _Cells([rows[draw.periods] for draw in draws], cell, amount, kept, ends)


def _moved(cells: NDArray[np.uint16], rows: Integers) -> Integers:
    """Cells of some parts in a sheet where those are the rows named."""
    period, scenario = np.divmod(cells.astype(np.int64), SCENARIOS)
    moved: Integers = rows[period] * SCENARIOS + scenario
    return moved


def _left(amounts: Integers, share: Floats) -> Integers:
    """What is left of amounts, a unit less where it is not all: what months round away is missing nowhere."""
    lowered = np.maximum(np.floor(amounts * share).astype(np.int64) - 1, 0)
    whole: Integers = np.where(share < 1.0, lowered, amounts)
    return whole


def _put_deals(sheets: Sheets, standing: Standing, cells: _Cells, places: Mapping[tuple[str, Place], int]) -> None:
    """Each deal's part, where it stands."""
    wholes: dict[str, Integers] = {}
    standing_at: dict[int, tuple[Integers, list[int]]] = {}  # deals drawn in the same parts
    for deal, stood in enumerate(standing.deals):
        own = slice(cells.ends[deal], cells.ends[deal + 1])
        for tree, stands in stood.stands.items():
            numbers = wholes.setdefault(tree, np.full(len(standing.deals), -1))
            for place, begun, until in stands:
                number = places[tree, place]
                standing_at.setdefault(id(cells.rows[deal]), (cells.rows[deal], []))[1].append(number)
                if until - begun == WHOLE:
                    numbers[deal] = number
                    continue
                _put(sheets, number, cells.cell[own], cut(cells.amount[own], begun, until),
                     cut(cells.kept[own], begun, until))  # fmt: skip
    for rows, at in standing_at.values():
        sheets.open[:, rows] += np.bincount(at, minlength=len(places))[:, None]
    for numbers in wholes.values():
        number_of = np.repeat(numbers, np.diff(cells.ends))
        some = slice(None) if (numbers >= 0).all() else number_of >= 0
        _put(sheets, number_of[some], cells.cell[some], cells.amount[some], cells.kept[some])


def _put(sheets: Sheets, number: Integers | int, cell: Integers, amount: Integers, kept: Integers) -> None:
    rows = sheets.open.shape[1]
    np.add.at(sheets.total.reshape(-1), number * (rows * SCENARIOS) + cell, kept)
    sums = sheets.deals.reshape(-1)
    at = number * rows + cell // SCENARIOS
    if len(amount) and int(amount.max()) * len(amount) < EXACT:
        sums += np.bincount(at, amount, len(sums)).astype(np.int64)
    else:
        np.add.at(sums, at, amount)


def _put_rest(
    sheets: Sheets, standing: Standing, spans: Sequence[Span], rest: Integers, places: Mapping[tuple[str, Place], int]
) -> None:  # fmt: skip
    """What no deal brings, by lot."""
    news = [standing.parts[span].new_sum for span in spans]
    if not standing.mix:
        sheets.total[-1] = rest
        sheets.new[-1][:] = news
    if not (rest.any() or any(news)):
        return
    lots = _lots(standing.name, tuple(spans), tuple([standing.pieces[span] for span in spans]))
    for tree, weights in standing.mix.items():
        numbers = [places[tree, place] for place, _ in weights]
        _cut_by_lot(rest, lots, weights, [sheets.total[number] for number in numbers])
        for number, new in zip(numbers, _cut_by_weight(news, weights), strict=True):
            sheets.new[number][:] = new


@dataclass(frozen=True, slots=True, eq=False)
class _Lots:
    """Random words by scenario for each piece of each part of the grid, shape (most pieces, parts, SCENARIOS), and how
    many pieces each part has; what is beyond them is above all."""

    words: NDArray[np.uint16]
    pieces: NDArray[np.uint8]


@cache
def _words() -> NDArray[np.uint16]:
    """Rows of random bits by scenario, twice in a row, from which pieces' lots are cut anywhere."""
    counter = np.arange(1, MOST_PIECES * SCENARIOS + 1, dtype=np.uint64)
    words = mix(counter * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)
    return np.tile(words.astype(np.uint16).reshape(MOST_PIECES, SCENARIOS), 2)


@lru_cache(maxsize=16)
def _lots(name: str, spans: tuple[Span, ...], pieces: tuple[int, ...]) -> _Lots:
    words = np.full((max(pieces), len(spans), SCENARIOS), 2**16 - 1, dtype=np.uint16)
    for part, (span, count) in enumerate(zip(spans, pieces, strict=True)):
        starts = mix(np.uint64(key(0, "place", name, str(span))) + np.arange(count, dtype=np.uint64)) % np.uint64(
            SCENARIOS
        )
        for piece, start in enumerate(starts.tolist()):
            words[piece, part] = _words()[piece, start : start + SCENARIOS]
    return _Lots(words, np.array(pieces, dtype=np.uint8)[:, None])


def _cut_by_lot(
    rest: Integers, lots: _Lots, weights: Sequence[tuple[Place, int]], into: Sequence[Integers]
) -> None:  # fmt: skip
    """Each place's amounts, from as many pieces as fell to it; all of them add up to the rest."""
    reached, before = 0, np.zeros_like(rest)
    whole = sum(weight for _, weight in weights)
    piece = rest / lots.pieces
    for (_, weight), amounts in zip(weights[:-1], into[:-1], strict=True):
        reached += weight
        below = (lots.words <= np.uint16(-(-reached * 2**16 // whole) - 1)).view(np.uint8)
        counts = below[0]
        for more in below[1:]:
            counts += more
        np.minimum(counts, lots.pieces, out=counts)
        after = (piece * counts).astype(np.int64)
        np.minimum(after, rest, out=after)
        np.subtract(after, before, out=amounts)
        before = after
    np.subtract(rest, before, out=into[-1])


def _cut_by_weight(news: Sequence[int], weights: Sequence[tuple[Place, int]]) -> list[list[int]]:
    """Sums in proportion to the places' weights, which add up again."""
    until = [0]
    for _, weight in weights:
        until.append(until[-1] + weight)
    return [[new * last // until[-1] - new * first // until[-1] for new in news] for first, last in pairwise(until)]


def stood_at(update: Update, begun: int, until: int) -> Stood:
    """An owner's part of an open deal."""
    assert update.parameters is not None
    by_tree = update.by_tree()
    stands = {
        tree: [(place_of(path), first, last) for path, first, last in own]
        for tree, own in by_tree.items()
        if tree != REPORTING
    }
    return Stood(update.parameters, begun, until, stands)
