"""Stages in the order in which deals go through them, for lists to choose from."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from time import monotonic

from learning.records import DealHistory, Outcome
from services.gateway.domain import LOCAL
from services.gateway.imports.weekly.meanings import outcome
from services.gateway.store.interface import Query, Store

MOST_READ = {"OPEN": 60, "WON": 40, "LOST": 20}  # deals, the newest
SERVES = 600.0  # seconds: an order changes with years, not with deals
BRIEF = 10.0  # where there is none yet: the first files may come any moment
ENDED = (Outcome.WON, Outcome.LOST)


class StageOrder:
    """The order as it was read a moment ago. Who asks first waits for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read = -SERVES
        self._ranks: Mapping[str, int] = {}
        self._lock = asyncio.Lock()

    async def of(self, stages: Iterable[str]) -> list[str]:
        """These, first to last; those that say how a deal ended behind all others, unknown ones by name."""
        async with self._lock:
            if monotonic() - self._read > (SERVES if self._ranks else BRIEF):
                self._ranks, self._read = await self._ranked(), monotonic()
        ranks = self._ranks
        return sorted(stages, key=lambda one: (outcome(one) in ENDED, ranks.get(one, len(ranks)), one))

    async def _ranked(self) -> Mapping[str, int]:
        given: Mapping[str, Sequence[str]] = await self._store.get_setting("pipelines") or {}
        histories: list[DealHistory] = []
        for wanted, most in MOST_READ.items():
            query = Query(outcome=wanted, kind="OPPORTUNITY", sort="-created_time")
            ids = [one.history.deal.id for one in (await self._store.list_records(LOCAL, query, "", most)).records]
            histories += [one.history for one in await self._store.get_records(LOCAL, ids, insights=False)]
        return {stage: rank for rank, stage in enumerate(in_order(histories, given))}


def in_order(histories: Iterable[DealHistory], given: Mapping[str, Sequence[str]]) -> list[str]:
    """Stages as they are set down for pipelines, then as deals entered them: one stands before those that more deals
    entered after it than before it."""
    paths = [tuple(dict.fromkeys(_entered(one))) for one in histories]
    before = Counter(pair for path in paths for pair in combinations(path, 2))
    seen = sorted({stage for path in paths for stage in path})
    wins = {one: sum(before[one, other] - before[other, one] > 0 for other in seen) for one in seen}
    losses = {one: sum(before[other, one] - before[one, other] > 0 for other in seen) for one in seen}
    told = dict.fromkeys(stage for stages in given.values() for stage in stages)
    return list(told | dict.fromkeys(sorted(seen, key=lambda one: (losses[one] - wins[one], one))))


def _entered(history: DealHistory) -> list[str]:
    return [str(change.value) for change in history.changes if change.field == "stage" and change.value]
