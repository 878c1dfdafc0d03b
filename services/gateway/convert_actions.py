"""Next actions as messages carry them, as the gateway keeps them: with `convert.py` alone in touching _pb2 fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealcast.common.v1 import insights_pb2
from services.gateway.convert_parts import money, money_to_pb, reasons, reasons_to_pb


def next_actions(actions: insights_pb2.NextActions) -> tuple[dict[str, Any], dict[str, Any]]:
    """The body that is stored, and what lists sort by."""
    body = {
        "actions": [
            {
                "id": action.id,
                "action": action.action,
                "text": {"en": action.text_en, "ko": action.text_ko},
                "channel": action.channel,
                "contact_id": action.contact_id,
                "gain": money(action.gain),
                "probability_gain": action.probability_gain,
                "probability_gain_low": action.probability_gain_low,
                "probability_gain_high": action.probability_gain_high,
                "reasons": reasons(action.reasons),
                "propensity": action.propensity,
                "contact_limits": _limits(action),
                "hours": _hours(action),
                "message": {"en": action.message_en, "ko": action.message_ko},
                "minutes": action.minutes,
                "tidy_up": action.tidy_up,
                "products": [_offer(one) for one in action.products],
            }
            for action in actions.actions
        ],
        "look_again_date": actions.look_again_date or None,
        "catalogue_generation": actions.catalogue_generation,
        "decision": _decision(actions),
        "signals": [{"name": one.name, "sentence": one.sentence, "day": one.day} for one in actions.signals],
    }
    first = actions.actions[0] if actions.actions else None
    gain = float(first.gain.value) if first and first.gain.value else None
    return body, {"gain": gain, "action": first.action if first else None}


def _offer(one: insights_pb2.ProductOffer) -> dict[str, Any]:
    return {
        "product_id": one.product_id, "name": one.name, "quantity": one.quantity if one.HasField("quantity") else None,
        "text": {"en": one.text_en, "ko": one.text_ko},
    }  # fmt: skip


def _offer_to_pb(one: Mapping[str, Any]) -> insights_pb2.ProductOffer:
    return insights_pb2.ProductOffer(
        product_id=one["product_id"], name=one["name"], quantity=one["quantity"], text_en=one["text"]["en"],
        text_ko=one["text"]["ko"],
    )  # fmt: skip


def _decision(actions: insights_pb2.NextActions) -> dict[str, Any] | None:
    if not actions.HasField("decision"):
        return None
    one = actions.decision
    chances = [{"policy": each.policy, "action": each.action, "probability": each.probability} for each in one.chances]
    return {
        "policy": one.policy, "control": one.control, "since": one.since, "action": one.action,
        "propensity": one.propensity, "chances": chances, "shares": {each.policy: each.share for each in one.shares},
    }  # fmt: skip


def _decision_to_pb(one: Mapping[str, Any] | None) -> insights_pb2.ActionDecision | None:
    if one is None:
        return None
    kinds = insights_pb2.ActionDecision
    chances = [kinds.Chance(**each) for each in one["chances"]]
    shares = [kinds.Share(policy=policy, share=share) for policy, share in one["shares"].items()]
    return kinds(**{**one, "chances": chances, "shares": shares})


def _limits(action: insights_pb2.SuggestedAction) -> dict[str, Any] | None:
    if not action.HasField("contact_limits"):
        return None
    limits = action.contact_limits
    windows = [{"contacts": each.contacts, "days": each.days} for each in limits.windows]
    return {"windows": windows, "unanswered": limits.unanswered, "quiet_days": limits.quiet_days}


def _hours(action: insights_pb2.SuggestedAction) -> dict[str, Any] | None:
    if not action.HasField("hours"):
        return None
    hours = action.hours
    return {
        "time_zone": hours.time_zone, "weekdays": list(hours.weekdays), "from_minute": hours.from_minute,
        "until_minute": hours.until_minute, "days_off": list(hours.days_off),
    }  # fmt: skip


def _hours_to_pb(hours: Mapping[str, Any] | None) -> insights_pb2.ContactHours | None:
    return insights_pb2.ContactHours(**hours) if hours else None


def next_actions_to_pb(header: insights_pb2.InsightHeader, body: Mapping[str, Any]) -> insights_pb2.NextActions:
    """A stored body back into a message."""
    actions = [
        insights_pb2.SuggestedAction(
            id=each["id"], action=each["action"], text_en=each["text"]["en"], text_ko=each["text"]["ko"],
            channel=each["channel"], contact_id=each["contact_id"], gain=money_to_pb(each["gain"]),
            probability_gain=each["probability_gain"], probability_gain_low=each["probability_gain_low"],
            probability_gain_high=each["probability_gain_high"], reasons=reasons_to_pb(each["reasons"]),
            propensity=each["propensity"], contact_limits=_limits_to_pb(each.get("contact_limits")),
            hours=_hours_to_pb(each.get("hours")), message_en=each.get("message", {}).get("en", ""),
            message_ko=each.get("message", {}).get("ko", ""), minutes=each.get("minutes", 0.0),
            tidy_up=each.get("tidy_up", False), products=[_offer_to_pb(one) for one in each.get("products", ())],
        )
        for each in body["actions"]
    ]  # fmt: skip
    return insights_pb2.NextActions(
        header=header, actions=actions, look_again_date=body["look_again_date"] or "",
        catalogue_generation=body.get("catalogue_generation", 0),
        decision=_decision_to_pb(body.get("decision")),
        signals=[insights_pb2.NoteSignal(**one) for one in body.get("signals", ())],
    )  # fmt: skip


def _limits_to_pb(limits: Mapping[str, Any] | None) -> insights_pb2.ContactLimits | None:
    if limits is None:
        return None
    windows = [insights_pb2.ContactLimits.Window(**each) for each in limits["windows"]]
    return insights_pb2.ContactLimits(windows=windows, unanswered=limits["unanswered"], quiet_days=limits["quiet_days"])
