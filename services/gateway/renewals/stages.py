"""In which stage a renewal opens, where no stages are set down for its pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from learning.records import DealHistory
from services.gateway.domain import LOCAL
from services.gateway.renewals.planning import is_own
from services.gateway.store.interface import Query, Store

MOST_READ = 200  # open deals, the newest


def open_stages(history: DealHistory) -> list[str]:
    """The stages that a deal was in before the one that it ended in, the first first."""
    return [stage for stage in _stages(history) if stage != history.deal.stage]


def first_stage(histories: Sequence[DealHistory]) -> str:
    """The stage that open deals begin in: the one that fewest others stand before, of equal ones that itself stands
    before most, then that most deals began in; "" where no deal is in any. A stage stands before another that more
    deals entered after it than before it."""
    paths = [list(dict.fromkeys(_stages(history))) for history in histories]
    stages = {stage for path in paths for stage in path}
    before = Counter(pair for path in paths for pair in combinations(path, 2))
    began = Counter(path[0] for path in paths if path)

    def rank(one: str) -> tuple[int, int, int, str]:
        earlier = sum(before[other, one] > before[one, other] for other in stages)
        later = sum(before[one, other] > before[other, one] for other in stages)
        return earlier, -later, -began[one], one

    return min(stages, key=rank, default="")


async def first_of_open_deals(store: Store, pipeline: str) -> str:
    """The stage that the pipeline's open deals begin in, renewals that were opened by themselves aside."""
    query = Query(outcome="OPEN", kind="OPPORTUNITY", pipeline=pipeline, sort="-created_time")
    page = await store.list_records(LOCAL, query, "", MOST_READ)
    open_ids = [one.history.deal.id for one in page.records if not is_own(one.history.deal)]
    records = await store.get_records(LOCAL, open_ids, insights=False)
    return first_stage([one.history for one in records])


def _stages(history: DealHistory) -> list[str]:
    return [str(one.value) for one in history.changes if one.field == "stage" and one.value]
