"""The edges: what an event must carry, what goes on, and that a repetition is the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta

import pytest

from dealcast.events.v1 import events_pb2
from kit.clock import FixedClock, day_end
from kit.errors import InvalidInput, Poisoned, Unavailable
from kit.messages import Message, Outgoing
from kit.money import Money
from learning.answers import About, Answered, Verb
from learning.wire import deal_event
from services.gateway.convert_feedback import add_answers
from services.gateway.feedback_record import Feedback
from services.next_best_action import catalogue, convert
from services.next_best_action.events import forecast_handler
from services.next_best_action.service import NextBestAction
from services.next_best_action.situations import choices_at
from tests.unit.next_best_action.nba_builders import DAY, Prior, activity, asked, person

SERVICE = NextBestAction(catalogue.load(), Prior(), FixedClock(DAY))


def event(deal_id: str = "d1") -> events_pb2.DealEvent:
    log = (activity("mail", "inbound", 9, "가격이 비쌉니다"),)
    found = deal_event(asked(id=deal_id, activities=log, contacts=((person(), "uses"),)).history, business_day=DAY)
    found.lead_score.probability = 0.4
    found.forecast.header.key.insight_id = "timing"
    found.forecast.amount_mean.currency = "EUR"
    found.forecast.amount_mean.value = "9000.00"
    found.forecast.slip_risk = 0.9
    return found


class Stream:
    """A publisher that keeps what it is given, and refuses some subjects."""

    def __init__(self, refuses: str = "") -> None:
        self.sent: list[Outgoing] = []
        self.refuses = refuses

    async def publish(self, messages: Sequence[Outgoing]) -> list[Exception | None]:
        self.sent += messages
        return [Unavailable("no") if each.subject == self.refuses else None for each in messages]


def message(data: bytes, headers: dict[str, str] | None = None) -> Message:
    return Message("INSIGHTS.forecast.x", data, headers or {}, 1, 1, 0)


def test_a_pinned_company_sees_its_own_day() -> None:
    later, same = FixedClock(DAY + timedelta(days=900)), FixedClock(DAY)
    for clock, moment in ((later, day_end(DAY)), (same, same.now())):
        (answer,) = NextBestAction(catalogue.load(), Prior(), clock).answer([asked()])
        assert answer.as_of == moment


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda event: event.deal.ClearField("id"), "deal.id"),
        (lambda event: event.ClearField("lead_score"), "lead_score"),
        (lambda event: event.ClearField("forecast"), "forecast"),
        (lambda event: event.ClearField("business_day"), "business_day"),
        (lambda event: setattr(event.lead_score, "probability", math.nan), "lead_score.probability"),
        (lambda event: setattr(event.lead_score, "probability", 1.5), "lead_score.probability"),
        (lambda event: setattr(event.forecast, "slip_risk", -1.0), "forecast.slip_risk"),
    ],
)
def test_an_event_that_lacks_something_is_refused_by_name(
    spoil: Callable[[events_pb2.DealEvent], None], field: str
) -> None:
    found = event()
    spoil(found)
    with pytest.raises(InvalidInput) as refused:
        convert.asked_from_event(found)
    assert refused.value.field == field
    assert refused.value.mend


def test_the_forecast_s_amount_and_risk_count() -> None:
    question = convert.asked_from_event(event())
    assert question.amount is not None
    assert (question.amount.currency, question.amount.value, question.slip_risk) == ("EUR", "9000.00", 0.9)


async def test_each_message_has_its_own_fate_and_the_trace_goes_on() -> None:
    stream = Stream(refuses="INSIGHTS.next_actions.d3")
    trace = {"traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"}
    bare = event("d2")
    bare.ClearField("forecast")
    batch = [
        message(event("d1").SerializeToString(), trace | {"Nats-Msg-Id": "outbox-1"}),
        message(b"\xff"), message(bare.SerializeToString()), message(event("d3").SerializeToString()),
    ]  # fmt: skip
    fates = await forecast_handler(SERVICE, stream)(batch)
    assert [type(fate) for fate in fates] == [type(None), Poisoned, InvalidInput, Unavailable]
    assert [each.subject for each in stream.sent] == ["INSIGHTS.next_actions.d1", "INSIGHTS.next_actions.d3"]
    assert stream.sent[0].headers == trace
    assert stream.sent[0].message_id == ""


async def test_a_repetition_gives_the_same_insight_without_history_and_texts() -> None:
    streams = [Stream(), Stream()]
    for stream in streams:
        await forecast_handler(SERVICE, stream)([message(event().SerializeToString())])
    first, second = (events_pb2.DealEvent.FromString(stream.sent[0].data) for stream in streams)
    assert first == second
    assert not first.history
    assert not first.activities
    assert first.next_actions.header.key.upstream.insight_id == "timing"
    assert {each.id for each in first.next_actions.actions} == {
        f"{first.next_actions.header.key.insight_id}-{each.action}" for each in first.next_actions.actions
    }
    assert all(each.gain.currency == "EUR" for each in first.next_actions.actions)


def test_answers_are_read_from_the_event_and_stay_behind() -> None:
    sent, given = event(), feedback("f1", "call", Verb.DISMISS)
    add_answers(sent, [feedback("f3", "mail", Verb.ACCEPT), given, feedback("f2", "mail", Verb.SNOOZE)])
    assert [one.id for one in sent.answers] == ["f1"]
    question = convert.asked_from_event(sent)
    assert question.answers == (Answered("call", Verb.DISMISS, DAY, None, given.about),)
    (answer,) = SERVICE.answer([question])
    assert "call" not in [each.action.name for each in answer.ranking.suggestions]
    assert not events_pb2.DealEvent.FromString(convert.event_with_answer(sent, answer)).answers


def test_choices_that_tell_where_a_deal_stands_are_read_from_the_event() -> None:
    held = {"Blocker": "price", "예산 확보": False, "Seats": 12.0}
    sent = deal_event(asked(fields=held).history, business_day=DAY)
    sent.MergeFrom(events_pb2.DealEvent(lead_score=event().lead_score, forecast=event().forecast))
    history = convert.asked_from_event(sent).history
    assert choices_at(history, DAY, ["Blocker", "예산 확보"]) == {"Blocker": "price", "예산 확보": "no"}


def feedback(identity: str, action: str, verb: Verb) -> Feedback:
    about = About("Engaging", Money("EUR", 900_000), DAY)
    until = DAY + timedelta(days=5) if verb is Verb.SNOOZE else None
    return Feedback(identity, "d1", action, verb, datetime.combine(DAY, time(9), UTC), until=until, about=about)
