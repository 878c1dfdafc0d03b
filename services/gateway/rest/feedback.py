"""/v1/actions/feedback: what a person answers to a suggestion."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.clock import parse_day
from kit.errors import InvalidInput
from learning.answers import Verb
from services.gateway.feedback import FeedbackDesk, name_in
from services.gateway.feedback_record import REASONS, Feedback, feedback_json
from services.gateway.json_checks import Problems, check_time
from services.gateway.rest import base
from services.gateway.rest.base import DAY, TEXT, TIME, principal_of
from services.gateway.rest.http import answer, object_of, text_of
from services.gateway.rest.problems import Refused
from services.gateway.rest.schemas_suggestions import FeedbackGiven
from services.gateway.service import Gateway

TEXTS = ("id", "deal_id", "suggestion_id", "action", "reason", "channel", "contact_id", "undoes")
KNOWN = (*TEXTS, "verb", "until", "time")


def router(gateway: Gateway) -> APIRouter:
    """The route."""
    routes = base.routes("actions")
    desk = FeedbackDesk(gateway)
    body = base.obj(**dict.fromkeys(TEXTS, TEXT), verb=TEXT | {"enum": [verb.value for verb in Verb]}, until=DAY,
                    time=TIME) | {"required": ["deal_id", "verb"]}  # fmt: skip
    body["properties"]["reason"] = TEXT | {"description": "of a dismissal: " + ", ".join(REASONS)}

    @routes.post("/actions/feedback", responses=base.gives(FeedbackGiven), openapi_extra=base.takes(body))
    async def give_feedback(request: Request) -> Response:
        """Answer a suggestion: accept, done, dismiss with a reason, snooze until a day, undo.

        `suggestion_id` names the suggestion, or `action` an action by itself: `done` with an action or a channel
        records a contact made elsewhere. The same `id` again, or the same answer again, changes nothing.
        """
        given = await object_of(request, KNOWN)
        return answer(feedback_json(await desk.give(principal_of(request), read(given, gateway))))

    return routes


def read(given: dict[str, object], gateway: Gateway) -> Feedback:
    """The answer a JSON object gives. Raises InvalidInput naming the member."""
    texts = {name: text_of(given, name) for name in TEXTS}
    try:
        verb = Verb(text_of(given, "verb"))
    except ValueError:
        raise InvalidInput("this is no answer", field="verb", value=text_of(given, "verb")[:60],
                           mend="Use one of " + ", ".join(Verb)) from None  # fmt: skip
    if not texts["deal_id"]:
        raise InvalidInput("deal_id is missing", field="deal_id", mend="Send the deal's id")
    texts["action"] = texts["action"] or name_in(texts["suggestion_id"])
    until: date | None = parse_day(text, "until") if (text := text_of(given, "until")) else None
    when = gateway.workspace.now()
    if "time" in given:
        problems = Problems()
        when = check_time(given["time"], "time", problems) or when
        if problems.found:
            raise Refused(problems.found)
    return Feedback(
        texts["id"], texts["deal_id"], texts["action"], verb, when, texts["suggestion_id"], texts["reason"], until,
        texts["channel"], texts["contact_id"], undoes=texts["undoes"],
    )  # fmt: skip
