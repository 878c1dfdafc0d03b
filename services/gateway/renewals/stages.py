"""In which stage a renewal opens, where no stages are set down for its pipeline."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from statistics import median

from learning.records import DealHistory, Outcome
from services.gateway.domain import LOCAL
from services.gateway.renewals.planning import is_own
from services.gateway.store.interface import Query, Store

MOST_READ = {"OPEN": 200, "WON": 100, "LOST": 100}  # deals, the newest
FEWEST, LEAST = 3, 0.1  # deals in a stage, and their share, for their promised days to say how early it is


def open_stages(history: DealHistory) -> list[str]:
    """The stages that a deal was in before the one that it ended in, the first first."""
    return [stage for stage in _stages(history) if stage != history.deal.stage]


def first_stage(histories: Sequence[DealHistory]) -> str:
    """The stage that deals begin in: the one that fewest others stand before, of equal ones that itself stands before
    most, then whose open deals are promised for the latest days, as in a first file, where no deal has moved yet, then
    that most open deals began in; "" where none is known. A stage stands before another that more deals
    entered after it than before it; the stages that deals ended in count for nothing."""
    open_ones = [one for one in histories if one.deal.outcome is Outcome.OPEN]
    paths = [list(dict.fromkeys(_stages(one) if one.deal.outcome is Outcome.OPEN else open_stages(one)))
             for one in histories]  # fmt: skip
    stages = {stage for path in paths for stage in path}
    promised = _promised(open_ones)
    before = Counter(pair for path in paths for pair in combinations(path, 2))
    began = Counter(path[0] for one in open_ones if (path := _stages(one)))

    def rank(one: str) -> tuple[int, int, float, int, str]:
        earlier = sum(before[other, one] > before[one, other] for other in stages)
        later = sum(before[one, other] > before[other, one] for other in stages)
        return earlier, -later, -promised.get(one, 0.0), -began[one], one

    return min(stages, key=rank, default="")


async def first_of_open_deals(store: Store, pipeline: str) -> str:
    """The stage that the pipeline's deals begin in, renewals that were opened by themselves aside."""
    histories: list[DealHistory] = []
    for outcome, most in MOST_READ.items():
        query = Query(outcome=outcome, kind="OPPORTUNITY", pipeline=pipeline, sort="-created_time")
        page = await store.list_records(LOCAL, query, "", most)
        ids = [one.history.deal.id for one in page.records if not is_own(one.history.deal)]
        histories += [one.history for one in await store.get_records(LOCAL, ids, insights=False)]
    return first_stage(histories)


def _promised(histories: Sequence[DealHistory]) -> dict[str, float]:
    """The typical promised day of each stage that enough of the open deals are in, as a number."""
    days: dict[str, list[int]] = defaultdict(list)
    for one in histories:
        if one.deal.stage and one.deal.close_date is not None:
            days[one.deal.stage].append(one.deal.close_date.toordinal())
    fewest = max(FEWEST, LEAST * len(histories))
    return {stage: median(of) for stage, of in days.items() if len(of) >= fewest}


def _stages(history: DealHistory) -> list[str]:
    return [str(one.value) for one in history.changes if one.field == "stage" and one.value]
