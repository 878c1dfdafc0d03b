"""Whole requests of a rep on own records, in each of whose names another's is put."""

from __future__ import annotations

from typing import Any

from tests.integration.access.naming import ACCOUNT, ACTIVITY, ANSWER, CALL, DEAL, OWN

TIME, DAY = "2024-11-20T10:00:00Z", "2190-01-01"
USD = {"currency": "USD", "value": "10.00"}
ACTIVITY_ON_A_DEAL = {
    "id": "t-new", "type": "call", "direction": "outbound", "time": TIME, "contact_id": "c-ann", "owner_id": "ann",
}  # fmt: skip
DEAL_BODY = {
    "id": "of-ann", "account_id": "a-ann", "owner_id": "ann", "contacts": [{"contact_id": "c-ann"}],
    "products": [{"product_id": "p"}], "credits": [{"owner_id": "ann", "percent": 100}],
    "activities": [ACTIVITY_ON_A_DEAL], "history": [{"field": "account_id", "value": "a-ann", "effective_time": TIME}],
}  # fmt: skip
ANSWER_BODY = {
    "id": "", "deal_id": "of-ann", "action": "call", "channel": "call", "contact_id": "c-ann", "suggestion_id": "",
    "undoes": "",
}  # fmt: skip
ASK_BODY = {"deal_id": "of-ann", "text": "Name the signer", "due": DAY, "assignee_id": "ann"}
SAID = {"node": "owner:ann", "amount": USD}
BODIES: dict[str, Any] = {
    "POST /v1/asks": ASK_BODY,
    "POST /v1/actions/feedback": ANSWER_BODY | {"verb": "done"},
    "POST /v1/activities": ACTIVITY_ON_A_DEAL | {"deal_id": "of-ann"},
    "POST /v1/activities:batch": ACTIVITY_ON_A_DEAL | {"deal_id": "of-ann", "id": "t-newer"},
    "POST /v1/deals:batch": DEAL_BODY,
    "PUT /v1/deals/{deal_id}": DEAL_BODY,
    "POST /v1/forecast:simulate": {"deals": [{"id": "of-ann", "outcome": "WON"}]},
    "POST /v1/forecast/submissions": SAID,
    "POST /v1/forecast/adjustments": SAID,
}
# Of pages, with the queries of their addresses: no OpenAPI tells of them.
FORMS: dict[str, dict[str, str]] = {
    "POST /asks": {"deal_id": "of-ann", "text": "Name the signer", "due": DAY},
    "POST /asks/settle": {"ask": "", "undo": "1"},
    "POST /day/answer": {"deal_id": "of-ann", "suggestion_id": "s1", "verb": "done", "contact_id": "c-ann",
                         "channel": "call", "undoes": ""},
    "POST /deals/{deal_id}/what-if": {"stage": "B"},
    "POST /forecast/hold?node=owner:ann": {}, "POST /forecast/leave?node=owner:ann": {},
    "POST /forecast/what-if": {"won": "of-ann", "slipped": "of-ann"},
    "POST /forecast/what-if?node=owner:ann": {"won": "of-ann"},
    "POST /forecast/submit?node=owner:ann": {"amount": "10", "currency": "USD", "undo": ""},
    "POST /forecast/adjust?node=owner:ann": {"amount": "10", "currency": "USD", "undo": ""},
    "POST /display": {}, "POST /sign-out": {}, "POST /account/password": {}, "POST /account/sessions": {},
    "POST /account/tokens": {}, "POST /account/tokens/end": {},
}  # fmt: skip
OTHERS_FORMS = {  # of pages that reps and managers have no way to
    "act", "active", "add", "alert", "confirm", "deal", "decision", "discard", "edition", "files", "foreign", "id",
    "job", "letter", "login", "member_id", "pair", "record", "remove", "service", "today", "user_id", "version",
}  # fmt: skip
MESSAGES: dict[str, Any] = {
    "BatchGetDeals": {"deal_ids": ["of-ann"]},
    "GiveActionFeedback": {
        "feedback": ANSWER_BODY | {"verb": "FEEDBACK_VERB_DONE", "activity_id": "", "by": "ann"}
    },
}  # fmt: skip
# An id under which something is written: another's is taken, is refused, and stays as it is.
TAKEN = {
    ("POST /v1/deals:batch", "id"): DEAL, ("POST /v1/deals:batch", "activities[].id"): ACTIVITY,
    ("PUT /v1/deals/{deal_id}", "activities[].id"): ACTIVITY, ("POST /v1/activities", "id"): ACTIVITY,
    ("POST /v1/activities:batch", "id"): ACTIVITY, ("POST /v1/actions/feedback", "id"): ANSWER,
    ("GiveActionFeedback", "feedback.id"): ANSWER,
}  # fmt: skip
SPECIAL = TAKEN | {
    ("PUT /v1/deals/{deal_id}", "id"): OWN,  # is the address's, or refused
    ("PUT /v1/deals/{deal_id}", "history[].value"): ACCOUNT, ("POST /v1/deals:batch", "history[].value"): ACCOUNT,
    ("POST /v1/forecast:simulate", "deals[].id"): DEAL, ("GET /v1/forecast/close-gap", "deals"): OWN,  # how many
    ("POST /forecast/submit", "undo"): CALL, ("POST /forecast/adjust", "undo"): CALL,
}  # fmt: skip
UNDOES = {"undoes": "undo", "feedback.undoes": "FEEDBACK_VERB_UNDO"}  # the verb with which it is read
