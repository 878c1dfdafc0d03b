"""Figures of stages: how long deals stay in them, and how many of them go on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from learning.incidence import Curves, wilson
from services.gateway.figures.counting import Asked, Group, Line, Unit, told, untold
from services.gateway.figures.facts import DAY_US, LOST, MOVED, WON, Facts, Visit, end_of
from services.gateway.figures.spans import Span

ONWARD, ENDED = 1, 2
Place = tuple[str, str]  # pipeline and stage


def ranks_of(deals: Iterable[Facts], given: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
    """The order of each pipeline's stages: as it is set down, else as deals were seen to enter them for the first
    time, a stage standing before those that it was entered before by more deals than after."""
    paths = Counter((deal.pipeline, tuple(dict.fromkeys([visit.stage for visit in deal.visits]))) for deal in deals)
    first: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    seen: dict[str, dict[str, None]] = defaultdict(dict)
    for (pipeline, path), count in paths.items():
        seen[pipeline].update(dict.fromkeys(path))
        for place, stage in enumerate(path):
            for later in path[place + 1 :]:
                first[pipeline][stage, later] += count
    found = {}
    for pipeline, stages in seen.items():
        known, before = list(given.get(pipeline, ())), first[pipeline]
        wins = {one: sum(before[one, other] > before[other, one] for other in stages) for one in stages}
        order = sorted(stages, key=lambda one: (-wins[one], one))
        ranked = [*known, *(one for one in order if one not in known)] if known else order
        found[pipeline] = {stage: rank for rank, stage in enumerate(ranked)}
    return found


def time_in_stage(group: Group, span: Span, asked: Asked) -> list[Line]:
    """Of the stays that began in the period, the days until half are over: every stay in a stage by itself."""
    now, begin, end = end_of(asked.today), end_of(span.start - 1), end_of(span.end)
    stays: dict[Place, list[Visit]] = defaultdict(list)
    for deal in group.deals:
        for visit in deal.visits:
            if begin < visit.entered <= end:
                stays[deal.pipeline, visit.stage].append(visit)
    lines = []
    for pipeline, stage in _ordered(stays, asked):
        found = stays[pipeline, stage]
        lasted = np.array([round((min(one.left or now, now) - one.entered) / DAY_US, 2) for one in found], np.float64)
        over = np.array([bool(one.ended) for one in found], np.int64)
        median = Curves.of(np.maximum(lasted, 0.0), over, 1).median()
        ends = Counter(one.ended or "open" for one in found)
        counts = {name: ends[name] for name in (MOVED, WON, LOST, "open")}
        note = "" if median.value is not None else "median_ahead"
        lines.append(told("time_in_stage", Unit.DAYS, median, len(found), part=stage, pipeline=pipeline,
                          counts=counts, note=note))  # fmt: skip
    return lines or [untold("time_in_stage", Unit.DAYS, "no_stages")]


def stage_conversion(group: Group, span: Span, asked: Asked) -> list[Line]:
    """Of the deals that first came into a stage in the period, the share that reached a later one or were won.

    A deal that skips a stage counts as going on for the one it came from, and not for the one it skipped. Going back
    ends nothing: the deal may still get further. What is still under way counts as undecided.
    """
    now, begin, end = end_of(asked.today), end_of(span.start - 1), end_of(span.end)
    lives: dict[Place, list[tuple[float, int]]] = defaultdict(list)
    nexts: dict[Place, Counter[str]] = defaultdict(Counter)
    for deal in group.deals:
        seen: set[str] = set()
        for place, visit in enumerate(deal.visits):
            if visit.stage not in seen and begin < visit.entered <= end:
                key = (deal.pipeline, visit.stage)
                moment, fate = _fate(deal, place, asked.ranks.get(deal.pipeline, {}), now)
                lives[key].append((round(max(moment - visit.entered, 0) / DAY_US, 2), fate))
                nexts[key][f"to:{visit.after}" if visit.ended == MOVED else f"to_{visit.ended or 'open'}"] += 1
            seen.add(visit.stage)
    return [_conversion(key, lives[key], nexts[key]) for key in _ordered(lives, asked)] or [
        untold("stage_conversion", Unit.SHARE, "no_stages")
    ]


def _conversion(key: Place, lives: Sequence[tuple[float, int]], nexts: Counter[str]) -> Line:
    fates = Counter(fate for _, fate in lives)
    counts = {"onward": fates[ONWARD], "lost": fates[ENDED], "open": fates[0], **dict(sorted(nexts.items()))}
    place: dict[str, Any] = {"part": key[1], "pipeline": key[0], "counts": counts}
    if not fates[ONWARD] + fates[ENDED]:
        return untold("stage_conversion", Unit.SHARE, "none_decided", len(lives), **place)
    if not fates[0]:
        return told("stage_conversion", Unit.SHARE, wilson(fates[ONWARD], len(lives)), len(lives), **place)
    lasted, causes = np.array([one for one, _ in lives]), np.array([one for _, one in lives], np.int64)
    share = Curves.of(lasted, causes, 2).share(ONWARD)
    return told("stage_conversion", Unit.SHARE, share, len(lives), note="some_open", **place)


def _fate(deal: Facts, place: int, ranks: Mapping[str, int], now: int) -> tuple[int, int]:
    """When and how it was decided whether a deal goes on from a visit: further, lost, or not yet."""
    mine = ranks.get(deal.visits[place].stage, -1)
    for visit in deal.visits[place:]:
        if ranks.get(visit.stage, -1) > mine:
            return visit.entered, ONWARD
        if visit.ended == WON:
            return visit.left, ONWARD
    last = deal.visits[-1]
    if deal.outcome == "WON":
        return last.left or now, ONWARD
    return (last.left or now, ENDED) if deal.outcome == "LOST" else (now, 0)


def _ordered(places: Iterable[Place], asked: Asked) -> list[Place]:
    return sorted(places, key=lambda one: (one[0], asked.ranks.get(one[0], {}).get(one[1], len(one[1])), one[1]))
