"""Answers to suggestions as messages carry them: with `convert.py` the only place that touches _pb2 fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from dealcast.events.v1 import events_pb2
from kit.errors import InvalidInput
from learning.answers import Verb
from services.gateway.feedback import name_in
from services.gateway.feedback_record import Feedback, standing

_VERBS = {
    Verb.ACCEPT: events_pb2.FEEDBACK_VERB_ACCEPT, Verb.DONE: events_pb2.FEEDBACK_VERB_DONE,
    Verb.DISMISS: events_pb2.FEEDBACK_VERB_DISMISS, Verb.SNOOZE: events_pb2.FEEDBACK_VERB_SNOOZE,
    Verb.UNDO: events_pb2.FEEDBACK_VERB_UNDO,
}  # fmt: skip
_NAMES = {number: verb for verb, number in _VERBS.items()}


def feedback_to_pb(one: Feedback) -> events_pb2.ActionFeedback:
    """The answer as a message."""
    message = events_pb2.ActionFeedback(
        id=one.id, deal_id=one.deal_id, action=one.action, verb=_VERBS[one.verb], suggestion_id=one.suggestion_id,
        reason=one.reason, until_date=one.until.isoformat() if one.until else "", channel=one.channel,
        contact_id=one.contact_id, activity_id=one.activity_id, undoes=one.undoes, by=one.by,
    )  # fmt: skip
    message.time.FromDatetime(one.time)
    if one.shown is not None:
        message.shown.propensity = one.shown["propensity"]
        message.shown.place, message.shown.insight_id = one.shown["place"], one.shown["insight_id"]
    if one.about is not None:
        message.about.stage = one.about.stage
        message.about.close_date = one.about.close_date.isoformat() if one.about.close_date else ""
        if one.about.amount is not None:
            amount = one.about.amount
            message.about.amount.currency, message.about.amount.value = amount.currency, amount.value
    return message


def add_answers(event: events_pb2.DealEvent, answers: Sequence[Feedback]) -> None:
    """Let a deal's event carry the answers that stand, given all of its newest."""
    for one in standing(answers).values():
        if one.verb is not Verb.ACCEPT:
            event.answers.append(feedback_to_pb(one))


def feedback_from_pb(message: events_pb2.ActionFeedback, now: datetime) -> Feedback:
    """What a caller sent; whatever only we know is left out. Raises InvalidInput naming the field."""
    verb = _NAMES.get(message.verb)
    if verb is None:
        raise InvalidInput("this is no answer", field="verb", value=str(message.verb),
                           mend="Use one of " + ", ".join(events_pb2.FeedbackVerb.keys()[1:]))  # fmt: skip
    try:
        when = message.time.ToDatetime(tzinfo=UTC) if message.HasField("time") else now
        until = date.fromisoformat(message.until_date) if message.until_date else None
    except (ValueError, OverflowError):
        raise InvalidInput("time or until_date is no time", field="until_date", value=message.until_date,
                           mend="Write days as YYYY-MM-DD, times within 1970 to 2199") from None  # fmt: skip
    return Feedback(
        message.id, message.deal_id, message.action or name_in(message.suggestion_id), verb, when,
        message.suggestion_id, message.reason, until, message.channel, message.contact_id, undoes=message.undoes,
    )  # fmt: skip
