"""What precedes progress: activities done and not done in weeks that were otherwise alike.

Every deal is looked at week by week while it is open. What was done in a week is set against whether the deal got into
a later stage or was won in the four weeks after it. Deals that are called are not like those that are not, so the
difference is doubly robust: adjusted by how likely the activity was in such a week and by what would have been expected
of the deal anyhow. Where nobody alike went without it, or too few did, it cannot be told.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.off_policy.estimators import Log, difference, doubly_robust, overlap, spreads
from learning.off_policy.propensities import estimate, fold_numbers
from learning.off_policy.rewards import cross_fitted
from services.gateway.figures.counting import Asked, Group, Line, Unit, untold
from services.gateway.figures.facts import WON, Facts, day_of, end_of
from services.gateway.figures.spans import Span
from services.gateway.store.figures_interface import Done

FIGURE = "activity_effectiveness"
TYPES = ("call", "mail", "meeting", "visit", "chat", "text")
WEEK, AFTER, BEFORE = 7, 28, 28  # days
MOST_DEALS, MOST_ROWS = 2_000, 8_000
FEWEST = 25  # weeks with and without it, and 10 of them with progress
FEWEST_PROGRESSED = 10
FOLDS = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weeks:
    """A row a week of a deal. context: (rows, width); done: (rows, types) in the week; progressed: (rows,);
    deal: (rows,) the deal's number."""

    context: Floats
    done: NDArray[np.bool_]
    progressed: Floats
    deal: NDArray[np.int64]


def chosen(group: Group, span: Span, asked: Asked) -> list[Facts]:
    """The deals to look at: open for a whole week of the period at least; of very many some, always the same."""
    last = min(span.end, asked.today) - WEEK - AFTER
    found = [deal for deal in group.deals if deal.created <= last and (not deal.closed or deal.closed > span.start)]
    found.sort(key=lambda one: one.id)
    return found if len(found) <= MOST_DEALS else Random(0).sample(found, MOST_DEALS)


def activity_effectiveness(
    deals: Sequence[Facts], span: Span, asked: Asked, done: Mapping[str, Sequence[Done]]
) -> list[Line]:
    """A line a type of activity: how much more often progress followed, as a difference of shares."""
    weeks = weeks_of(deals, span, asked, done)
    if weeks is None:
        return [untold(FIGURE, Unit.SHARE, "too_few", part=name) for name in TYPES]
    return [_line(weeks, place, name) for place, name in enumerate(TYPES)]


def weeks_of(deals: Sequence[Facts], span: Span, asked: Asked, done: Mapping[str, Sequence[Done]]) -> Weeks | None:
    """The weeks of the period whose four weeks after are over, too; None where there are hardly any."""
    rows: list[list[float]] = []
    acted: list[list[bool]] = []
    progressed: list[float] = []
    numbers: list[int] = []
    last = min(span.end, asked.today - AFTER) - WEEK
    for number, deal in enumerate(deals):
        mine = done.get(deal.id, ())
        times = [one.time.toordinal() for one in mine]
        for eve in range(max(deal.created, span.start - 1), last + 1, WEEK):
            if deal.closed and deal.closed <= eve + WEEK:
                break
            ranks = asked.ranks.get(deal.pipeline, {})
            rows.append(_context(deal, eve, ranks, mine, times))
            inside = mine[bisect_right(times, eve) : bisect_right(times, eve + WEEK)]
            acted.append([any(one.type == name and one.direction != "inbound" for one in inside) for name in TYPES])
            progressed.append(float(_progress(deal, eve + WEEK, ranks)))
            numbers.append(number)
    if len(rows) < 2 * FEWEST:
        return None
    keep = np.sort(np.random.default_rng(0).permutation(len(rows))[:MOST_ROWS])
    raw = np.array(rows)[keep]
    spread = raw.std(axis=0)
    context = (raw - raw.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return Weeks(context, np.array(acted)[keep], np.array(progressed)[keep], np.array(numbers, np.int64)[keep])


def _context(
    deal: Facts, eve: int, ranks: Mapping[str, int], done: Sequence[Done], times: Sequence[int]
) -> list[float]:
    """What was known on the eve of a week."""
    moment = end_of(eve)
    stage = next((one for one in reversed(deal.visits) if one.entered <= moment), None)
    money = deal.amount_at(moment)
    promised = deal.promised_at(moment)
    lately = done[bisect_left(times, eve - BEFORE + 1) : bisect_right(times, eve)]
    quiet = eve - times[place - 1] if (place := bisect_right(times, eve)) else eve - deal.created
    counts: dict[str, int] = defaultdict(int)
    for one in lately:
        counts["inbound" if one.direction == "inbound" else one.type] += 1
    return [
        np.log1p(eve - deal.created),
        np.log1p(eve - day_of(stage.entered)) if stage else 0.0,
        float(ranks.get(stage.stage, 0)) if stage else -1.0,
        np.log1p(max(money.minor, 0)) if money else 0.0,
        float(money is None),
        float(np.clip(promised - eve, -90, 180)) if promised else 0.0,
        float(not promised),
        np.log1p(max(quiet, 0)),
        *(np.log1p(counts[name]) for name in (*TYPES, "inbound")),
    ]


def _progress(deal: Facts, since: int, ranks: Mapping[str, int]) -> bool:
    """Whether it came into a later stage, or was won, in the four weeks after a day."""
    begin, end = end_of(since), end_of(since + AFTER)
    reached = max((ranks.get(one.stage, -1) for one in deal.visits if one.entered <= begin), default=-1)
    return any(
        (begin < one.entered <= end and ranks.get(one.stage, -1) > reached)
        or (one.ended == WON and begin < one.left <= end)
        for one in deal.visits
    )


def _line(weeks: Weeks, place: int, name: str) -> Line:
    acted = weeks.done[:, place]
    counts = {
        "with": int(acted.sum()), "without": int((~acted).sum()), "deals": len(np.unique(weeks.deal)),
        "progressed_with": int(weeks.progressed[acted].sum()),
        "progressed_without": int(weeks.progressed[~acted].sum()),
    }  # fmt: skip
    shared: dict[str, Any] = {"part": name, "counts": counts}
    if min(counts["with"], counts["without"]) < FEWEST or weeks.progressed.sum() < FEWEST_PROGRESSED:
        return untold(FIGURE, Unit.SHARE, "too_few", counts["with"], **shared)
    others = np.delete(weeks.done, place, axis=1).astype(np.float64)
    features, actions = np.hstack([weeks.context, others]), acted.astype(np.int64)
    found = estimate(features, actions, 2, trees=False)
    _, groups = np.unique(weeks.deal, return_inverse=True)
    own = found.chances[np.arange(len(actions)), actions]
    log = Log(actions, weeks.progressed, own, groups.astype(np.int64))
    arms = [(actions == arm).astype(np.float64) for arm in (0, 1)]
    if any(overlap(log, arms[arm], float(found.rarely[arm])).why for arm in (0, 1)):
        return untold(FIGURE, Unit.SHARE, "no_overlap", counts["with"], **shared)
    predicted = cross_fitted(features, log, 2, fold_numbers(actions, FOLDS, 0))
    taken = predicted[np.arange(len(actions)), actions]
    spread = spreads(log, log.rewards - taken)
    without, with_it = (doubly_robust(log, arms[arm], predicted[:, arm], taken, spread) for arm in (0, 1))
    gain = difference(log, with_it, without, spread)
    note = "observed" if gain.significant else "not_sure"
    return Line(FIGURE, Unit.SHARE, gain.value, counts["with"], gain.low, gain.high, note=note, **shared)
