"""The only place of this service that touches protobuf fields."""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache

from dealcast.common.v1 import insights_pb2, records_pb2
from dealcast.events.v1 import events_pb2
from dealcast.next_best_action.v1 import next_best_action_pb2 as pb
from kit.clock import utc_day
from kit.errors import InvalidInput
from kit.money import Money
from learning.answers import About, Answered, Verb
from learning.contact_hours import ContactHours
from learning.insight_keys import key_from_pb, key_to_pb
from learning.records import (
    Activity,
    Change,
    Consent,
    Contact,
    ContactCounter,
    ContactRole,
    Deal,
    DealHistory,
    DealKind,
    Motion,
    Outcome,
    Value,
)
from learning.snapshots import end_of
from learning.wire import business_day, day_from_pb, money_from_pb, time_from_pb
from learning.wire_values import change_value_from_pb, fill_time, product_line_from_pb
from services.next_best_action.contracts import ENDS
from services.next_best_action.domain import Action, Answer, Asked, Channel, Decision, Suggestion
from services.next_best_action.features import CONTACT_TYPES, STATE_FIELDS, TEXTS_DAYS, TEXTS_READ

DAY_SECONDS = 86_400
_KINDS = {records_pb2.DEAL_KIND_LEAD: DealKind.LEAD}
_MOTIONS = {records_pb2.MOTION_RENEWAL: Motion.RENEWAL, records_pb2.MOTION_EXPANSION: Motion.EXPANSION}
_VERBS = {
    events_pb2.FEEDBACK_VERB_DONE: Verb.DONE, events_pb2.FEEDBACK_VERB_DISMISS: Verb.DISMISS,
    events_pb2.FEEDBACK_VERB_SNOOZE: Verb.SNOOZE,
}  # fmt: skip
_OUTCOMES = {records_pb2.OUTCOME_WON: Outcome.WON, records_pb2.OUTCOME_LOST: Outcome.LOST}


def asked_from_event(event: events_pb2.DealEvent) -> Asked:
    """The question an event asks. Raises InvalidInput where the deal, its score or its forecast is missing or wrong."""
    if not event.deal.id:
        raise InvalidInput("the event has no deal", field="deal.id", mend="Set the deal and its id")
    _require(event, "lead_score")
    _require(event, "forecast")
    day, forecast, deal = business_day(event), event.forecast, _deal(event)
    probability, history = 0.0, DealHistory(deal)
    if deal.outcome is Outcome.OPEN and not deal.deleted:
        probability = _probability(event.lead_score.probability, "lead_score.probability")
        history = _history(event, deal, day)
    slip_risk = _probability(forecast.slip_risk, "forecast.slip_risk") if forecast.HasField("slip_risk") else 0.0
    return Asked(history, day, probability, _amount(event) or deal.amount, slip_risk, key_from_pb(forecast.header.key),
                 tuple([_answered(one) for one in event.answers]))  # fmt: skip


def _answered(one: events_pb2.ActionFeedback) -> Answered:
    about = None
    if one.HasField("about"):
        about = About(one.about.stage, money_from_pb(one.about.amount), day_from_pb(one.about.close_date))
    return Answered(one.action, _VERBS.get(one.verb, Verb.ACCEPT), utc_day(time_from_pb(one.time)),
                    day_from_pb(one.until_date), about)  # fmt: skip


def _history(event: events_pb2.DealEvent, deal: Deal, day: date) -> DealHistory:
    """What is read of an open deal: its persons and counters, a few fields' changes, the newest texts."""
    changes = [
        Change(one.field, change_value_from_pb(one.value), when := time_from_pb(one.effective_time), when)
        for one in event.history
        if one.field in STATE_FIELDS
    ]
    return DealHistory(
        deal, tuple(changes), _activities(event, day), None, (),
        tuple([_contact(one) for one in event.deal.contacts]), tuple([_counter(one) for one in event.contact_counters]),
        event.activity_count, event.truncated,
    )  # fmt: skip


def _activities(event: events_pb2.DealEvent, day: date) -> tuple[Activity, ...]:
    """What counts of the log, oldest first: the newest texts, all of 30 days, of older contacts the last of each kind.

    All older ones too where no counters tell how many of them stand without an answer.
    """
    end = int(end_of(day).timestamp())
    month, texts_from = end - 30 * DAY_SECONDS, end - TEXTS_DAYS * DAY_SECONDS
    texts, whole = TEXTS_READ, not event.contact_counters
    found: list[Activity] = []
    seen: set[tuple[str, str]] = set()
    for one in event.activities[::-1]:
        stamp, kind, direction = one.time, one.type, one.direction
        seconds = stamp.seconds
        if seconds >= end:
            continue
        text = one.text if texts and seconds >= texts_from else ""
        if text:
            texts -= 1
        elif seconds < month and not whole and (kind not in CONTACT_TYPES or (kind, direction) in seen):
            continue
        seen.add((kind, direction))
        found.append(Activity("", "", kind, direction, time_from_pb(stamp), "", "", text))
    found.reverse()
    return tuple(found)


def _deal(event: events_pb2.DealEvent) -> Deal:
    source = event.deal
    created = time_from_pb(source.created_time) if source.HasField("created_time") else None
    if created is None and event.history:
        created = min([time_from_pb(one.effective_time) for one in event.history])
    return Deal(
        source.id, source.revision, _KINDS.get(source.kind, DealKind.OPPORTUNITY),
        _MOTIONS.get(source.motion, Motion.NEW), source.pipeline or "default", source.stage,
        _OUTCOMES.get(source.outcome, Outcome.OPEN), owner_id=source.owner.id,
        account_id=source.account.id, amount=money_from_pb(source.amount), created_time=created,
        close_date=day_from_pb(source.close_date), category=source.category, fields=_choices(source),
        products=tuple([product_line_from_pb(one) for one in source.products]),
        contacts=tuple([ContactRole(one.id, one.role) for one in source.contacts]), deleted=source.deleted,
    )  # fmt: skip


def _choices(source: records_pb2.Deal) -> dict[str, Value]:
    """The fields that a situation may be told by, and when the contract ends that it renews."""
    found: dict[str, Value] = {}
    for name, value in source.fields.items():
        kind = value.WhichOneof("value")
        if kind in ("choice", "text"):
            found[name] = value.choice or value.text
        elif kind == "yes_no":
            found[name] = value.yes_no
        elif name == ENDS and (day := day_from_pb(value.date)) is not None:
            found[name] = day
    return found


def _contact(one: records_pb2.Contact) -> tuple[Contact, str]:
    consents = [Consent(channel, granted=True) for channel in one.consented_channels]
    consents += [Consent(channel, granted=False) for channel in one.refused_channels]
    return Contact(one.id, "", consents=tuple(consents)), one.role


def _counter(one: events_pb2.ContactCounter) -> ContactCounter:
    return ContactCounter(
        one.channel, one.outbound_7_days, one.outbound_30_days, one.unanswered_in_a_row,
        time_from_pb(one.last_outbound_time) if one.HasField("last_outbound_time") else None,
        time_from_pb(one.last_inbound_time) if one.HasField("last_inbound_time") else None,
    )  # fmt: skip


def next_actions_to_pb(answer: Answer) -> insights_pb2.NextActions:
    """An answer as the insight that travels and is stored."""
    found = insights_pb2.NextActions()
    _fill(found, answer)
    return found


def event_with_answer(event: events_pb2.DealEvent, answer: Answer) -> bytes:
    """The event as it travels on: with its next actions, without history and activities. Changes the event given."""
    event.ClearField("history")
    event.ClearField("activities")
    event.ClearField("answers")
    event.ClearField("next_actions")
    _fill(event.next_actions, answer)
    return event.SerializeToString()


def _fill(found: insights_pb2.NextActions, answer: Answer) -> None:
    """Into an empty message: in place nothing is copied."""
    header = found.header
    header.key.CopyFrom(key_to_pb(answer.key))
    header.model_version = answer.model_version
    fill_time(header.as_of, answer.as_of)
    for each in answer.ranking.suggestions:
        _fill_suggestion(found.actions.add(), each, answer.key.insight_id)
    found.catalogue_generation = answer.edition
    for signal, day in answer.signals:
        found.signals.add(name=signal.name, sentence=signal.sentence, day=day.isoformat())
    if answer.ranking.decision is not None:
        _fill_decision(found.decision, answer.ranking.decision)
    if answer.ranking.look_again is not None:
        found.look_again_date = answer.ranking.look_again.isoformat()


def _fill_decision(found: insights_pb2.ActionDecision, one: Decision) -> None:
    found.policy, found.control, found.since = one.policy, one.control, one.since.isoformat()
    found.action, found.propensity = one.action, one.propensity
    for policy, action, probability in one.chances:
        found.chances.add(policy=policy, action=action, probability=probability)
    for policy, share in one.shares.items():
        found.shares.add(policy=policy, share=share)


def action_to_pb(action: Action) -> pb.CatalogueAction:
    """An action of the catalogue; the channel is the first it prefers."""
    return pb.CatalogueAction(
        name=action.name, channel=action.channels[0] if action.channels else "", text_en=action.en, text_ko=action.ko,
        cost=action.cost, minutes=action.minutes, eligibility=action.eligibility,
        applicability=action.applicability, suitability=action.suitability, message_en=action.message_en,
        message_ko=action.message_ko, promotional=action.promotional, tidy_up=action.tidy_up,
    )  # fmt: skip


def _fill_suggestion(found: insights_pb2.SuggestedAction, each: Suggestion, insight_id: str) -> None:
    action = each.action
    found.id, found.action = f"{insight_id}-{action.name}", action.name
    found.text_en, found.text_ko = action.en, action.ko
    found.channel, found.contact_id = each.channel, each.contact_id
    found.gain.currency, found.gain.value = each.gain.currency, each.gain.value
    found.probability_gain, found.propensity = each.probability_gain, each.propensity
    found.probability_gain_low, found.probability_gain_high = each.probability_gain_low, each.probability_gain_high
    for reason in each.reasons:
        found.reasons.add(
            field=reason.field, value=reason.value, effect=reason.effect, text_en=reason.text_en,
            text_ko=reason.text_ko, evidence_count=reason.deals, evidence_won=reason.deals_won,
        )  # fmt: skip
    found.message_en, found.message_ko = action.message_en, action.message_ko
    found.minutes, found.tidy_up = action.minutes, action.tidy_up
    found.hours.CopyFrom(_hours_to_pb(each.hours))
    for offer in each.products:
        found.products.add(product_id=offer.product_id, name=offer.name, quantity=offer.quantity,
                           text_en=offer.text_en, text_ko=offer.text_ko)  # fmt: skip
    if each.limits is not None:
        found.contact_limits.CopyFrom(_limits_to_pb(each.limits))


@lru_cache(maxsize=256)
def _hours_to_pb(hours: ContactHours) -> insights_pb2.ContactHours:
    return insights_pb2.ContactHours(
        time_zone=hours.time_zone, weekdays=hours.weekdays, from_minute=hours.from_minute,
        until_minute=hours.until_minute, days_off=hours.days_off,
    )  # fmt: skip


@lru_cache(maxsize=256)
def _limits_to_pb(channel: Channel) -> insights_pb2.ContactLimits:
    windows = ((channel.per_7_days, 7), (channel.per_30_days, 30))
    return insights_pb2.ContactLimits(
        windows=[insights_pb2.ContactLimits.Window(contacts=contacts, days=days) for contacts, days in windows],
        unanswered=channel.unanswered, quiet_days=channel.quiet_days,
    )  # fmt: skip


def _amount(event: events_pb2.DealEvent) -> Money | None:
    return money_from_pb(event.forecast.amount_mean) if event.forecast.HasField("amount_mean") else None


def _require(event: events_pb2.DealEvent, part: str) -> None:
    if not event.HasField(part):
        raise InvalidInput(f"the event carries no {part}", field=part,
                           mend="Ask lead scoring and forecast first, and pass their answers on")  # fmt: skip


def _probability(value: float, name: str) -> float:
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise InvalidInput("it is no probability", field=name, value=str(value), mend="Give a number from 0 to 1")
    return value
