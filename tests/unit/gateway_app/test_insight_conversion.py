"""Insights from messages and back onto them, and what is poisoned."""

from __future__ import annotations

import pytest

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from kit.errors import Poisoned
from kit.messaging import Message
from services.gateway.convert import add_insight, insight_from_event, rollup_from_pb
from services.gateway.domain import InsightKind
from services.gateway.events import read_insight
from services.gateway.publisher import due
from services.gateway.store.interface import OutboxRow
from tests.integration.gateway.players import answer


def event() -> events_pb2.DealEvent:
    made = events_pb2.DealEvent(business_day="2017-09-30")
    made.deal.id, made.deal.revision = "d/1", 4
    return answer(made, generation=2)


def test_each_kind_is_read_with_its_key_and_numbers() -> None:
    score = insight_from_event(event(), InsightKind.LEAD_SCORE)
    assert (score.key.deal_revision, score.key.model_generation, score.key.business_day) == (4, 2, "2017-09-30")
    assert score.sort == {"probability": 0.6}
    assert score.body["as_of"] == "2017-09-30T12:00:00Z"
    forecast = insight_from_event(event(), InsightKind.FORECAST)
    assert forecast.key.upstream == score.key
    assert forecast.sort == {"expected_amount": 1000.0, "slip_risk": 0.2, "category": "best_case"}
    assert forecast.body["category"] == "BEST_CASE"
    actions = insight_from_event(event(), InsightKind.NEXT_ACTIONS)
    assert actions.key.upstream == forecast.key
    assert actions.sort == {"gain": 10.0, "action": "call"}


def test_nothing_but_scenario_parameters_is_lost_on_the_way_back() -> None:
    sent, back = event(), events_pb2.DealEvent()
    sent.lead_score.contributions.fields.extend(["stage", ""])
    sent.lead_score.contributions.effects.extend([0.25, -0.5])
    for kind in InsightKind:
        add_insight(back, insight_from_event(sent, kind))
    assert back.lead_score == sent.lead_score
    assert back.forecast == sent.forecast
    assert back.next_actions == sent.next_actions


def message(subject: str, data: bytes) -> Message:
    return Message(subject, data, {}, 1, 1, 0)


def test_unreadable_messages_are_poisoned() -> None:
    bare = events_pb2.DealEvent(business_day="2017-09-30")
    keyless = event()
    keyless.forecast.header.key.insight_id = ""
    for subject, data in (
        ("INSIGHTS.forecast.d", b"\xff\xff"), ("INSIGHTS.forecast.d", b""), ("INSIGHTS.weather.d", b""), ("X", b""),
        ("INSIGHTS.forecast.d", bare.SerializeToString()), ("INSIGHTS.forecast.d", keyless.SerializeToString()),
    ):  # fmt: skip
        with pytest.raises(Poisoned):
            read_insight(message(subject, data))
    with pytest.raises(Poisoned):
        rollup_from_pb(insights_pb2.Rollup(node="company"))


def test_rows_of_one_deal_are_one_message() -> None:
    rows = [OutboxRow(1, "a", "rescore"), OutboxRow(2, "b", "changed", "t"), OutboxRow(3, "a", "changed", "u")]
    found = due(rows)
    assert [(each.deal_id, each.cause, each.trace, each.rows) for each in found] == [
        ("b", "changed", "t", (2,)), ("a", "changed", "u", (1, 3)),
    ]  # fmt: skip
