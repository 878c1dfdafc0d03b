"""A rep's day: whom first, and why now; answered with one tap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.clock import parse_day
from kit.errors import InvalidInput, NotFound
from learning.answers import Verb
from services.gateway.asks.records import AskQuery
from services.gateway.domain import Principal, Record
from services.gateway.feedback import FeedbackDesk, name_in
from services.gateway.feedback_record import REASONS, Feedback
from services.gateway.merged import merged
from services.gateway.rep_day import OpenDeals, open_deals, rep_day
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import text_of
from services.gateway.service import Gateway
from services.gateway.store.interface import Query
from services.gateway.trends import trend_of
from services.gateway.web.asks_page import asks_of, did_ask
from services.gateway.web.call_views import number_view, titled
from services.gateway.web.day_changes import MOST_DEALS, changed_deals
from services.gateway.web.day_views import MOST_FIRST, MOVED, CardView, LineView, card_view, first_touch, movers
from services.gateway.web.forms import form_of, page_address
from services.gateway.web.member_names import People, people_of
from services.gateway.web.parts_page import PARTS
from services.gateway.web.rendering import answer, render
from services.gateway.web.report_page import PATH as REPORT
from services.gateway.web.words import Words
from services.gateway.weekly_report import last_week

PATH = "/day"
MOST_LEADS, MOST_LINES = 40, 12
FIELDS = ("deal_id", "suggestion_id", "verb", "reason", "channel", "contact_id", "undoes")


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def day(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, request, words))

    @routes.post(PATH + "/answer")
    async def answer_card(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _answer(gateway, request, words))

    return routes


async def _page(gateway: Gateway, request: Request, words: Words) -> str:
    principal, workspace = principal_of(request), gateway.workspace
    people = await people_of(gateway, principal, words)
    since = await gateway.store.last_event_id()
    reps = await _reps(gateway, principal, people)
    owner = text_of(request, "owner") or principal.user_id or (reps[0][0] if reps else "")
    if owner and owner not in people:
        mend = "Choose one of the list"
        raise NotFound("there is no such rep", field="owner", value=owner[:60], mend=mend)
    shared = {
        "since": since, "business_day": words.day(workspace.business_day), "sample": workspace.sample, "owner": owner,
        "reps": [(page_address(request, PATH, owner=one), name, one == owner) for one, name in reps],
        "answer_address": page_address(request, PATH + "/answer", owner=owner),
        "call_address": page_address(request, "/forecast", node=f"owner:{owner}", owner=""),
        "deals_address": page_address(request, "/deals", owner=owner),
        "parts_address": page_address(request, PARTS, node=f"owner:{owner}", owner=""),
        "report_address": page_address(request, REPORT, node=f"owner:{owner}", owner=""),
    }  # fmt: skip
    values = await _day(gateway, principal, owner, people, words) if owner else {"cards": None}
    query = AskQuery(whose=owner, open=True)
    values |= {
        "asks": await asks_of(gateway, principal, query, people, words) if owner else None,
        "did_ask": await did_ask(gateway, principal, text_of(request, "did")),
    }  # fmt: skip
    own = owner == principal.user_id  # who knows their own team
    name = "" if owner not in people else people[owner].name if own else str(people[owner])
    template = "_day.html" if request.query_params.get("part") == "myday" else "day.html"
    return render(template, request, words, **shared, **values, name=name)


async def _reps(gateway: Gateway, principal: Principal, people: People) -> list[tuple[str, str]]:
    """Who has a day that the principal may see: the owners of the tree."""
    tree = await gateway.store.tree(principal, gateway.workspace.business_day)
    owners = [node.id.removeprefix("owner:") for node in tree if node.level == "owner"]
    return [(one, str(people[one])) for one in owners if one in people]


async def _day(
    gateway: Gateway, principal: Principal, owner: str, people: People, words: Words
) -> dict[str, Any]:  # fmt: skip
    mine = await open_deals(gateway, principal, owner, words.language)
    day = rep_day(mine, gateway.workspace.now())
    return {
        "cards": _cards(mine, day["actions"], date.fromisoformat(day["day"]), words),
        "heading": day_heading(date.fromisoformat(day["day"]), gateway.workspace.business_day, words),
        "again": words.day(day["look_again_date"]) if day["look_again_date"] else "",
        "tidy": _cards(mine, day["tidy_up"]["actions"], date.fromisoformat(day["day"]), words),
        "tidy_day": words.day(day["tidy_up"]["day"]),
        "number": await _number(gateway, principal, owner, words),
        "leads": await _leads(gateway, principal, owner, words),
        "moved": _moved(mine, words),
        "changed": await changed_deals(gateway, principal, owner, people, words),
        "changed_since": words.day(last_week(gateway.workspace.business_day)[0]), "most_changed": MOST_DEALS,
        "reasons": [(one, words(f"day.reason_{one}")) for one in REASONS],
    }  # fmt: skip


def day_heading(day: date, as_of: date, words: Words) -> str:
    """Whose day it is: at the end of a business day, and on days off, that of the next working day."""
    if day == as_of:
        return words("day.cards", day=words.day(day))
    return words("day.cards_next", day=words.day(day), as_of=words.day(as_of))


def _cards(mine: OpenDeals, actions: Sequence[Mapping[str, Any]], day: date, words: Words) -> list[CardView]:
    """The suggestions with what belongs to each deal."""
    ids = {one["deal"]["id"] for one in actions}
    records = {one.history.deal.id: one for one in mine.records if one.history.deal.id in ids}
    named = [(one, records[one["deal"]["id"]]) for one in actions]
    return [card_view(one, record, mine.merged(record), day, words) for one, record in named]


def _moved(mine: OpenDeals, words: Words) -> list[LineView]:
    """Of the owner's open deals those whose win chance moved, largest first."""
    scores = mine.view.scores
    moved = [one for one in mine.records if trend_of(scores.get(one.history.deal.id, ())).name in MOVED]
    moved.sort(key=_size, reverse=True)
    return movers([mine.merged(record) for record in moved[:MOST_LINES]], words)


def _called(record: Record) -> str:
    account = record.history.account
    return titled(record.history.deal.name or record.history.deal.id, account.name if account else "")


def _size(record: Record) -> float:
    amount = record.history.deal.amount
    return float(amount.value) if amount else 0.0


async def _leads(gateway: Gateway, principal: Principal, owner: str, words: Words) -> list[Any]:
    query = Query(owner_id=owner, outcome="OPEN", kind="LEAD", sort="-probability")
    page = await gateway.store.list_records(principal, query, "", MOST_LEADS)
    touches = await gateway.store.touches(principal, [record.history.deal.id for record in page.records])
    untouched = [record for record in page.records if not _contacted(record, touches)][:MOST_FIRST]
    view = await gateway.view(principal, untouched, words.language)
    return first_touch([merged(record, view) for record in untouched], gateway.workspace.business_day, words)


def _contacted(record: Record, touches: Mapping[str, Sequence[Any]]) -> bool:
    return any(one.outbound for one in touches.get(record.history.deal.id, ()))


async def _number(gateway: Gateway, principal: Principal, owner: str, words: Words) -> Any:
    try:
        forecast = await gateway.forecast(principal, "", f"owner:{owner}")
    except NotFound:  # nobody's deal, or nobody's place
        return None
    return number_view(forecast, None, {}, words)


async def _answer(gateway: Gateway, request: Request, words: Words) -> str | Response:
    """Take the answer; then what stands instead of the card, nothing where it was taken back, or the page again."""
    form, principal = await form_of(request), principal_of(request)
    texts = {name: (form.get(name) or [""])[0][:400] for name in FIELDS}
    try:
        verb = Verb(texts["verb"])
    except ValueError:
        raise InvalidInput("this is no answer", field="verb", mend="Send it from the page") from None
    given = (form.get("until") or [""])[0]
    until: date | None = parse_day(given, "until") if given and verb is Verb.SNOOZE else None
    reason, suggestion = texts["reason"] if verb is Verb.DISMISS else "", texts["suggestion_id"]
    made = await FeedbackDesk(gateway).give(
        principal,
        Feedback("", texts["deal_id"], name_in(suggestion), verb, gateway.workspace.now(), suggestion, reason, until,
                 texts["channel"] if verb is Verb.DONE else "", texts["contact_id"] if verb is Verb.DONE else "",
                 undoes=texts["undoes"] if verb is Verb.UNDO else ""),
    )  # fmt: skip
    if request.headers.get("hx-request") is None:
        return RedirectResponse(page_address(request, PATH), 303)
    if verb is Verb.UNDO:
        return ""
    told = words(f"day.did_{verb.value}", day=words.day(until)) if until else words(f"day.did_{verb.value}")
    records = await gateway.store.get_records(principal, [made.deal_id], insights=False)
    values = {
        "made": made, "told": told, "answer_address": page_address(request, PATH + "/answer"),
        "deal": next((_called(one) for one in records), ""),
    }  # fmt: skip
    return render("_answered.html", request, words, **values)
