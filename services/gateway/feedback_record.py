"""What a person answered to a suggestion, and which suggestions that hides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from learning.answers import About, Answered, Verb, hidden_until
from learning.records import Deal
from services.gateway.json_values import time_text

FEEDBACK_ACTIVITY = "feedback-"  # begins the ids of contacts that answers recorded
TAKEN_BACK = "taken back"  # what is left of one that was none
REASONS = ("not_relevant", "bad_timing", "already_done", "wrong_contact", "customer_refused", "other")  # of a dismissal


@dataclass(frozen=True, slots=True)
class Feedback:
    """One answer. `undoes` is the id of the answer an undo takes back; `shown` what was shown, where that is known:
    propensity, place (from 1) and insight id."""

    id: str
    deal_id: str
    action: str
    verb: Verb
    time: datetime
    suggestion_id: str = ""
    reason: str = ""
    until: date | None = None
    channel: str = ""
    contact_id: str = ""
    activity_id: str = ""  # of the contact that `done` recorded
    undoes: str = ""
    shown: Mapping[str, Any] | None = None
    by: str = ""
    undone: bool = False
    about: About | None = None  # what the deal was then

    @property
    def said(self) -> tuple[str, ...]:
        """What makes two answers the same."""
        until = self.until.isoformat() if self.until else ""
        return (self.deal_id, self.action, self.verb, self.suggestion_id, self.reason, until, self.channel,
                self.contact_id, self.undoes)  # fmt: skip


def standing(answers: Sequence[Feedback]) -> dict[str, Feedback]:
    """The newest answer to each action of a deal that was not taken back; the answers are newest first."""
    found: dict[str, Feedback] = {}
    for one in answers:
        if one.verb is not Verb.UNDO and not one.undone:
            found.setdefault(one.action, one)
    return found


def hides(one: Feedback, deal: Deal, today: date) -> bool:
    """Whether the answer keeps its action from being shown on that day."""
    return hidden_until(Answered(one.action, one.verb, one.time.date(), one.until, one.about), deal, today) is not None


def feedback_json(one: Feedback) -> dict[str, Any]:
    """As programs see it."""
    return {
        "id": one.id, "deal_id": one.deal_id, "action": one.action, "verb": one.verb.value,
        "suggestion_id": one.suggestion_id, "reason": one.reason,
        "until": one.until.isoformat() if one.until else None, "channel": one.channel, "contact_id": one.contact_id,
        "activity_id": one.activity_id, "undoes": one.undoes, "time": time_text(one.time), "by": one.by,
    }  # fmt: skip
