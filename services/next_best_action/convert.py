"""The only place of this service that touches protobuf fields."""

from __future__ import annotations

import math

from dealcast.common.v1 import insights_pb2
from dealcast.events.v1 import events_pb2
from dealcast.next_best_action.v1 import next_best_action_pb2 as pb
from kit.errors import InvalidInput
from kit.money import Money
from learning.insight_keys import key_from_pb, key_to_pb
from learning.records import Outcome
from learning.wire import business_day, history_from_event, money_from_pb, money_to_pb, time_to_pb
from services.next_best_action.domain import Action, Answer, Asked, Channel, Reason, Suggestion
from services.next_best_action.features import TEXTS_READ


def asked_from_event(event: events_pb2.DealEvent) -> Asked:
    """The question an event asks. Raises InvalidInput where the deal, its score or its forecast is missing or wrong."""
    if not event.deal.id:
        raise InvalidInput("the event has no deal", field="deal.id", mend="Set the deal and its id")
    _require(event, "lead_score")
    _require(event, "forecast")
    history = history_from_event(event, TEXTS_READ)
    forecast = event.forecast
    open_now = history.deal.outcome is Outcome.OPEN and not history.deal.deleted
    probability = _probability(event.lead_score.probability, "lead_score.probability") if open_now else 0.0
    slip_risk = _probability(forecast.slip_risk, "forecast.slip_risk") if forecast.HasField("slip_risk") else 0.0
    return Asked(history, business_day(event), probability, _amount(event) or history.deal.amount, slip_risk,
                 key_from_pb(forecast.header.key))  # fmt: skip


def next_actions_to_pb(answer: Answer) -> insights_pb2.NextActions:
    """An answer as the insight that travels and is stored."""
    found = insights_pb2.NextActions(
        header=insights_pb2.InsightHeader(
            key=key_to_pb(answer.key), model_version=answer.model_version, as_of=time_to_pb(answer.as_of)
        ),
        actions=[_suggestion_to_pb(each, answer.key.insight_id) for each in answer.ranking.suggestions],
    )
    if answer.ranking.look_again is not None:
        found.look_again_date = answer.ranking.look_again.isoformat()
    return found


def event_with_answer(event: events_pb2.DealEvent, answer: Answer) -> bytes:
    """The event as it travels on: with its next actions, without history and activities. Changes the event given."""
    event.ClearField("history")
    event.ClearField("activities")
    event.next_actions.CopyFrom(next_actions_to_pb(answer))
    return event.SerializeToString()


def action_to_pb(action: Action) -> pb.CatalogueAction:
    """An action of the catalogue; the channel is the first it prefers."""
    return pb.CatalogueAction(
        name=action.name, channel=action.channels[0] if action.channels else "", text_en=action.en, text_ko=action.ko,
        cost=action.cost, minutes=action.minutes, eligibility=action.eligibility,
        applicability=action.applicability, suitability=action.suitability,
    )  # fmt: skip


def _suggestion_to_pb(each: Suggestion, insight_id: str) -> insights_pb2.SuggestedAction:
    return insights_pb2.SuggestedAction(
        id=f"{insight_id}-{each.action.name}", action=each.action.name, text_en=each.action.en, text_ko=each.action.ko,
        channel=each.channel, contact_id=each.contact_id, gain=money_to_pb(each.gain),
        probability_gain=each.probability_gain, probability_gain_low=each.probability_gain_low,
        probability_gain_high=each.probability_gain_high, reasons=[_reason_to_pb(reason) for reason in each.reasons],
        propensity=each.propensity, contact_limits=_limits_to_pb(each.limits) if each.limits else None,
    )  # fmt: skip


def _limits_to_pb(channel: Channel) -> insights_pb2.ContactLimits:
    windows = ((channel.per_7_days, 7), (channel.per_30_days, 30))
    return insights_pb2.ContactLimits(
        windows=[insights_pb2.ContactLimits.Window(contacts=contacts, days=days) for contacts, days in windows],
        unanswered=channel.unanswered, quiet_days=channel.quiet_days,
    )  # fmt: skip


def _reason_to_pb(reason: Reason) -> insights_pb2.Reason:
    return insights_pb2.Reason(
        field=reason.field, value=reason.value, effect=reason.effect, text_en=reason.text_en, text_ko=reason.text_ko,
        evidence_count=reason.deals, evidence_won=reason.deals_won,
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
