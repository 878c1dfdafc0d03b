"""What-if as messages carry it: with `convert.py` the only place that touches _pb2 fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from dealcast.lead_scoring.v1 import lead_scoring_pb2 as pb
from learning.records import Value
from learning.wire_values import value_to_pb
from services.gateway.domain import Record
from services.gateway.merged import grade, rounded


def request_of(
    event: events_pb2.DealEvent, values: Mapping[str, Value | None], owner_name: str = ""
) -> pb.WhatIfRequest:
    """The question as the service takes it."""
    changes = [pb.HypotheticalChange(field=name, value=value_to_pb(value)) for name, value in values.items()]
    return pb.WhatIfRequest(deal=event, changes=changes, owner_name=owner_name)


def answer_json(
    record: Record, answer: pb.WhatIfResponse, bounds: tuple[float, float, float], language: str
) -> dict[str, Any]:
    """The answer as programs see it."""
    header = answer.before.header
    told = {
        "id": record.history.deal.id,
        "deal_revision": header.key.deal_revision,
        "model_version": header.model_version,
        "model_generation": header.key.model_generation,
        "business_day": header.key.business_day,
        "before": _score(answer.before, bounds),
        "after": _score(answer.after, bounds),
        "differences": [
            {
                "field": one.field,
                "value_before": one.value_before,
                "value_after": one.value_after,
                "effect_before": one.effect_before,
                "effect_after": one.effect_after,
                "effect": one.effect,
                "text": one.text_ko if language == "ko" else one.text_en,
            }
            for one in answer.differences
        ],
    }
    return {name: rounded(one) for name, one in told.items()}


def _score(score: insights_pb2.LeadScore, bounds: tuple[float, float, float]) -> dict[str, Any]:
    return {
        "probability": score.probability,
        "low": score.low,
        "high": score.high,
        "grade": grade(score.probability, bounds),
        "prior": score.prior,
        "nothing_predicts": score.nothing_predicts,
    }
