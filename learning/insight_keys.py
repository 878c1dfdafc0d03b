"""What orders insights of one kind on one deal, and its message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dealcast.common.v1 import insights_pb2

MAX_DEPTH = 3  # next actions ← forecast ← lead score


@dataclass(frozen=True, slots=True)
class InsightKey:
    """Orders insights of one kind on one deal, see `flat`; `upstream` is that of the insight it was computed from."""

    deal_revision: int
    model_generation: int
    business_day: str
    insight_id: str
    upstream: InsightKey | None = None

    @property
    def flat(self) -> tuple[Any, ...]:
        """The total order of the design: revision, generation, day, upstream key, id."""
        upstream = self.upstream.flat if self.upstream else ()
        return (self.deal_revision, self.model_generation, self.business_day, upstream, self.insight_id)


def key_from_pb(key: insights_pb2.InsightKey, depth: int = MAX_DEPTH) -> InsightKey:
    """The key with its upstream keys, so deep at most."""
    upstream = key_from_pb(key.upstream, depth - 1) if depth and key.HasField("upstream") else None
    return InsightKey(key.deal_revision, key.model_generation, key.business_day, key.insight_id, upstream)


def key_to_pb(key: InsightKey) -> insights_pb2.InsightKey:
    """The other way round."""
    return insights_pb2.InsightKey(
        deal_revision=key.deal_revision,
        model_generation=key.model_generation,
        business_day=key.business_day,
        upstream=key_to_pb(key.upstream) if key.upstream else None,
        insight_id=key.insight_id,
    )
