"""The merged record as programs see it: the deal and its three insights in one JSON object.

The insights' bodies come from the store as they were merged; what depends on now is added here: grade, trend,
staleness, the reader's language, and which suggestions may still be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from kit.money import Money
from learning.answers import Verb
from learning.fiscal import FiscalCalendar, Grain
from learning.records import Contact, Outcome
from services.gateway.contact_limits import ContactLog
from services.gateway.domain import Insight, InsightKind, Record
from services.gateway.feedback_record import Feedback, feedback_json, hides, standing
from services.gateway.json_values import time_text, value_to_json
from services.gateway.shown_actions import INTERNAL, shown_action
from services.gateway.store.interface import ScorePoint
from services.gateway.trends import trend_of

LANGUAGES = ("en", "ko")
DIGITS = 6  # of probabilities and effects, as JSON shows them
_EXACT = (str, int, bool, type(None))
_UNREAD = frozenset(("contributions",))
_UNREAD_BRIEFLY = _UNREAD | {"reasons", "months", "signals", "decision", "amount", "close_date"}


@dataclass(frozen=True, slots=True)
class View:
    """What the reader's moment adds to stored insights."""

    business_day: str
    generations: Mapping[InsightKind, int]
    grade_bounds: tuple[float, float, float] = (0.75, 0.5, 0.25)
    language: str = "en"
    scores: Mapping[str, Sequence[ScorePoint]] = field(default_factory=dict)  # score history by deal, newest first
    contact_log: ContactLog = field(default_factory=ContactLog)  # of deals whose suggestions are behind
    feedback: Mapping[str, Sequence[Feedback]] = field(default_factory=dict)  # by deal, newest first
    now: datetime | None = None  # on the business clock; without it no windows are told
    calendar: FiscalCalendar = field(default_factory=FiscalCalendar)
    brief: bool = False  # for lists: no reasons, and of quarters and suggestions the first alone, without its message


def merged(record: Record, view: View) -> dict[str, Any]:
    """The record's JSON: the deal's own members, then lead_score, forecast and next_actions (null while missing)."""
    deal = record.history.deal
    account = record.history.account
    return {
        "id": deal.id,
        "revision": deal.revision,
        "kind": deal.kind.value,
        "motion": deal.motion.value,
        "pipeline": deal.pipeline,
        "stage": deal.stage,
        "outcome": deal.outcome.value,
        "name": deal.name,
        "amount": money(deal.amount),
        "owner": {"id": deal.owner_id, "name": record.owner_name} if deal.owner_id else None,
        "account": {"id": account.id, "name": account.name} if account else None,
        "owner_id": deal.owner_id,
        "account_id": deal.account_id,
        "fields": {name: value_to_json(value) for name, value in deal.fields.items()},
        "products": [
            {
                "product_id": line.product_id,
                "name": record.history.product_names.get(line.product_id, ""),
                "quantity": line.quantity,
                "price": money(line.price),
            }
            for line in deal.products
        ],
        "contacts": [
            {"contact_id": contact.id, "name": contact.name, "title": contact.title, "role": role}
            for contact, role in record.history.contacts
        ],
        "credits": [
            {"owner_id": one.owner_id, "name": record.credit_names.get(one.owner_id, ""), "percent": one.share / 100}
            for one in deal.credits
        ],
        "created_time": time_text(deal.created_time) if deal.created_time else None,
        "close_date": day_text(deal.close_date),
        "closed_date": day_text(deal.closed_date),
        "category": deal.category,
        "deleted": deal.deleted,
        "lead_score": _lead_score(record, view),
        "forecast": _forecast(record, view),
        "next_actions": _next_actions(record, view),
    }


def money(amount: Money | None) -> dict[str, str] | None:
    """{"currency", "value"} with the decimal text in major units."""
    return {"currency": amount.currency, "value": amount.value} if amount else None


def day_text(day: date | None) -> str | None:
    """ISO 8601, or None."""
    return day.isoformat() if day else None


def grade(probability: float, bounds: Sequence[float]) -> str:
    """A to D by the lower bounds of A, B and C."""
    return next((name for name, bound in zip("ABC", bounds, strict=True) if probability >= bound), "D")


def is_stale(record: Record, insight: Insight, view: View) -> bool:
    """Whether the insight is behind the deal's revision or, while the deal is open, the model or the business day."""
    deal = record.history.deal
    if insight.key.deal_revision < deal.revision:
        return True
    if deal.deleted or deal.outcome is not Outcome.OPEN:
        return False
    behind_model = insight.key.model_generation < view.generations.get(insight.kind, 0)
    return behind_model or insight.key.business_day < view.business_day


def rounded(value: Any) -> Any:
    """JSON with its floats to DIGITS decimals: what is beyond is noise of binary fractions."""
    kind = type(value)
    if kind is float:
        return round(value, DIGITS) + 0.0  # no minus before nothing
    if kind is dict:
        return {name: one if type(one) in _EXACT else rounded(one) for name, one in value.items()}
    if kind is list or kind is tuple:
        return [one if type(one) in _EXACT else rounded(one) for one in value]
    return value


def actions_behind(record: Record) -> bool:
    """Whether the suggestions know less than the record: a contact may have been made since."""
    insight = record.insights.get(InsightKind.NEXT_ACTIONS)
    return insight is not None and insight.key.deal_revision < record.history.deal.revision


def may_contact(contacts: Sequence[tuple[Contact, str]], action: Mapping[str, Any]) -> bool:
    """Whether the suggested contact still consents to the channel; unknown consent is the service's to judge."""
    contact_id, channel = action.get("contact_id", ""), action.get("channel", "")
    if not contact_id:
        return True
    contact = next((each for each, _ in contacts if each.id == contact_id), None)
    if contact is None or contact.deleted:
        return False
    return not any(consent.channel == channel and not consent.granted for consent in contact.consents)


def in_language(reason: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A reason or action with `text` in the reader's language, English where that is missing."""
    text = reason.get("text") or {}
    return {**reason, "text": text.get(language) or text.get("en", "")}


def _part(record: Record, kind: InsightKind, view: View) -> dict[str, Any] | None:
    insight = record.insights.get(kind)
    if insight is None:
        return None
    unread = _UNREAD_BRIEFLY if view.brief else _UNREAD
    told = {name: one for name, one in insight.body.items() if name not in unread}
    if view.brief and "periods" in told:
        told |= {"periods": told["periods"][:1], "amount": None, "close_date": None}
    actions = told.pop("actions", None)  # rounded once it is known which are shown
    part: dict[str, Any] = rounded(told)
    if actions is not None:
        part["actions"] = actions
    if "reasons" in insight.body:
        part["reasons"] = [in_language(reason, view.language) for reason in part.get("reasons", ())]
    part["stale"] = is_stale(record, insight, view)
    return part


def _lead_score(record: Record, view: View) -> dict[str, Any] | None:
    part = _part(record, InsightKind.LEAD_SCORE, view)
    if part is None:
        return None
    part = {"nothing_predicts": False, "horizon_days": None} | part  # scores from before they were told lack them
    part["grade"] = grade(part["probability"], view.grade_bounds)
    moved = trend_of(view.scores.get(record.history.deal.id, ()), view.language)
    part["trend"], part["trend_since"] = moved.name, moved.since
    part["trend_reasons"] = rounded(list(moved.reasons))
    return part


def _forecast(record: Record, view: View) -> dict[str, Any] | None:
    """Its periods under the names that the company's fiscal year gives them."""
    part = _part(record, InsightKind.FORECAST, view)
    if part is None:
        return None
    part = dict[str, Any](months=[]) | part  # forecasts from before they were told lack them
    part["periods"] = [each | {"period": _quarter_name(each, view.calendar)} for each in part.get("periods", ())]
    return part


def _quarter_name(period: Mapping[str, Any], calendar: FiscalCalendar) -> str:
    start = period.get("start_date")
    found = calendar.of(Grain.QUARTER, date.fromisoformat(start)) if start else None
    return str(found) if found and found.start.isoformat() == start else str(period["period"])


def _next_actions(record: Record, view: View) -> dict[str, Any] | None:
    part = _part(record, InsightKind.NEXT_ACTIONS, view)
    if part is None:
        return None
    part = dict[str, Any](catalogue_generation=0, signals=[], decision=None) | part
    answers = standing(view.feedback.get(record.history.deal.id, ()))
    part["feedback"] = [feedback_json(answer) for answer in answers.values()]
    allowed = _allowed(part["actions"], record, answers, view)
    if view.brief:
        part["actions"] = [_in_brief(action, view.language) for action in islice(allowed, 1)]
        return part
    shown = [
        shown_action(action, record, view.now, view.language) | {"accepted": _accepted(action, answers)}
        for action in rounded(list(allowed))
    ]
    part["actions"] = [
        in_language(action, view.language)
        | {name: [in_language(one, view.language) for one in action[name]] for name in ("reasons", "products")}
        for action in shown
    ]
    return part


def suggestions(record: Record, view: View) -> list[Mapping[str, Any]]:
    """The suggestions that may be shown, best first, as they came: for choosing among many before they are worded."""
    insight = record.insights.get(InsightKind.NEXT_ACTIONS)
    if insight is None:
        return []
    answers = standing(view.feedback.get(record.history.deal.id, ()))
    return list(_allowed(insight.body["actions"], record, answers, view))


def _allowed(
    actions: Sequence[Mapping[str, Any]], record: Record, answers: Mapping[str, Feedback], view: View
) -> Iterator[Mapping[str, Any]]:
    return (action for action in actions if _may_be_shown(action, record, answers, view))


def _in_brief(action: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What a line of a list says of a suggestion."""
    unread: dict[str, Any] = {"reasons": [], "products": [], "gain": None}
    named = {name: one for name, one in action.items() if name not in (*INTERNAL, *unread, "message")}
    return in_language(rounded(named), language) | unread


def _accepted(action: Mapping[str, Any], answers: Mapping[str, Feedback]) -> bool:
    """Whether somebody said that they will; what was dismissed or snoozed and comes back is not accepted."""
    answer = answers.get(action.get("action", ""))
    return answer is not None and answer.verb is Verb.ACCEPT


def _may_be_shown(action: Mapping[str, Any], record: Record, answers: Mapping[str, Feedback], view: View) -> bool:
    """Whether nobody answered it so that it hides, and whom it names may be contacted."""
    deal, answer = record.history.deal, answers.get(action.get("action", ""))
    if answer is not None and hides(answer, deal, date.fromisoformat(view.business_day)):
        return False
    return may_contact(record.history.contacts, action) and view.contact_log.allows(deal.id, action)
