"""Takes answers to suggestions: accept, done, dismiss, snooze, undo."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kit.errors import Conflict, InvalidInput, NotFound
from kit.telemetry import TRACEPARENT, inject
from learning.answers import About, Verb
from learning.records import ACTIVITY_TYPES, CHANNELS, Activity
from services.gateway.domain import InsightKind, Principal, Record, WriteStatus
from services.gateway.feedback_record import FEEDBACK_ACTIVITY, REASONS, TAKEN_BACK, Feedback, standing
from services.gateway.limits import ID_LENGTH
from services.gateway.service import Gateway

SENT = 6  # members of what was said that a caller sends whole; the others are completed here
KINDS = {"meeting": "meeting", "visit": "visit"}  # activity types that are no channel's own


@dataclass(frozen=True, slots=True)
class FeedbackDesk:
    """Answers to the suggestions of a gateway."""

    gateway: Gateway

    async def give(self, principal: Principal, given: Feedback) -> Feedback:
        """Keep an answer, once however often it comes; what stands then. `done` records the contact it was.

        Raises InvalidInput, NotFound without such a deal or nothing to undo, and Conflict where the id is another's.
        """
        _check(given)
        record = await self.gateway.store.get_record(principal, given.deal_id)
        known = (await self.gateway.store.list_feedback(principal, [given.deal_id])).get(given.deal_id, ())
        if given.id and (same := next((one for one in known if one.id == given.id), None)):
            if same.said[:SENT] != given.said[:SENT]:
                raise Conflict("this id was given to another answer", field="id", value=given.id,
                               mend="Use a new id for a new answer")  # fmt: skip
            return same
        now = standing(known).get(given.action)
        if given.verb is Verb.UNDO:
            return await self._undo(principal, given, known, now)
        completed = _completed(given, record, principal)
        if not given.id and now is not None and now.said == completed.said:
            return now
        completed = replace(completed, id=given.id or self._new_id())
        if completed.verb is Verb.DONE:
            completed = await self._record_contact(principal, completed, record)
        await self._save(principal, completed)
        return completed

    async def _undo(
        self, principal: Principal, given: Feedback, known: Sequence[Feedback], now: Feedback | None
    ) -> Feedback:
        target = next((one for one in known if one.id == given.undoes), None) if given.undoes else now
        if target is None or target.verb is Verb.UNDO:
            raise NotFound("there is nothing to undo", field="action", value=given.action,
                           mend="GET /v1/deals/{id} shows the answers that stand")  # fmt: skip
        if target.undone:
            return next(one for one in known if one.undoes == target.id)
        if target.activity_id:
            await self._take_back(principal, target)
        undo = replace(given, id=given.id or self._new_id(), action=target.action, undoes=target.id, by=principal.id)
        await self._save(principal, undo)
        return undo

    def _new_id(self) -> str:
        """In the order of answers: those of one moment of a pinned clock are told in the order they were given in."""
        micros = int(self.gateway.workspace.wall_time().timestamp() * 1_000_000)
        return f"{micros:014x}{uuid.uuid4().hex[:18]}"

    async def _save(self, principal: Principal, one: Feedback) -> None:
        if await self.gateway.store.save_feedback(principal, one, trace=inject().get(TRACEPARENT, "")):
            self.gateway.news.wake()
            self.gateway.outbox.wake()

    async def _record_contact(self, principal: Principal, one: Feedback, record: Record) -> Feedback:
        """A contact made is an activity, so that limits count it and the deal is ranked anew."""
        kind = KINDS.get(one.action) or one.channel
        if kind not in ACTIVITY_TYPES:
            return one
        activity = Activity(FEEDBACK_ACTIVITY + one.id, one.deal_id, kind, "outbound", one.time, one.contact_id,
                            record.history.deal.owner_id)  # fmt: skip
        await self._save_activity(principal, activity)
        return replace(one, activity_id=activity.id)

    async def _take_back(self, principal: Principal, one: Feedback) -> None:
        """The activity stays as an internal note: it says that the contact was none."""
        await self._save_activity(
            principal, Activity(one.activity_id, one.deal_id, "note", "internal", one.time, text=TAKEN_BACK)
        )

    async def _save_activity(self, principal: Principal, activity: Activity) -> None:
        trace = inject().get(TRACEPARENT, "")
        results = await self.gateway.store.save_activities(principal, [activity], trace=trace)
        if results[0].status is WriteStatus.REJECTED:
            error = results[0].errors[0]
            raise InvalidInput(error.message, field=error.field, value=error.value, mend=error.mend)
        self.gateway.written(results)


def _check(given: Feedback) -> None:
    if not given.action or len(given.action) > 64:
        raise InvalidInput("action names no action", field="action", value=given.action[:60],
                           mend="Send the suggestion's id, or the name of an action")  # fmt: skip
    for name in ("id", "suggestion_id", "contact_id", "undoes"):
        if len(getattr(given, name)) > ID_LENGTH - 20:
            raise InvalidInput(f"{name} is too long", field=name, mend=f"Use up to {ID_LENGTH - 20} characters")
    if given.verb is Verb.DISMISS and given.reason not in REASONS:
        raise InvalidInput("a dismissal says why", field="reason", value=given.reason,
                           mend="Use one of " + ", ".join(REASONS))  # fmt: skip
    if given.verb is Verb.SNOOZE and (given.until is None or given.until <= given.time.date()):
        raise InvalidInput("snooze says until which day", field="until", mend="Send a day after today as YYYY-MM-DD")
    if given.channel and given.channel not in CHANNELS:
        raise InvalidInput("this is no channel", field="channel", value=given.channel,
                           mend="Use one of " + ", ".join(CHANNELS))  # fmt: skip


def _completed(given: Feedback, record: Record, principal: Principal) -> Feedback:
    """With what is known of the suggestion it answers."""
    shown, place = _shown(record, given)
    given = replace(given, about=About.of(record.history.deal))
    if shown is None:
        channel = given.channel or (given.action if given.action in CHANNELS else "")
        return replace(given, by=principal.id, channel=channel)
    about = {"propensity": shown["propensity"], "place": place, "insight_id": shown["id"].rpartition("-")[0]}
    return replace(
        given, by=principal.id, channel=given.channel or shown["channel"], shown=about,
        contact_id=given.contact_id or shown["contact_id"],
    )  # fmt: skip


def _shown(record: Record, given: Feedback) -> tuple[Mapping[str, Any] | None, int]:
    insight = record.insights.get(InsightKind.NEXT_ACTIONS)
    for place, action in enumerate(insight.body["actions"] if insight else (), 1):
        if action["id"] == given.suggestion_id:
            return action, place
    return None, 0


def name_in(suggestion_id: str) -> str:
    """The action's name in a suggestion's id."""
    return suggestion_id.rpartition("-")[2]
