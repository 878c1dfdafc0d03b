"""Leaving and settling asks from the pages that show them; and what these read of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.clock import parse_day
from kit.errors import InvalidInput, NotFound
from learning.contact_hours import ContactHours
from services.gateway.asks.desk import leave, settle
from services.gateway.asks.records import LONGEST_TEXT, Ask, AskQuery
from services.gateway.domain import InsightKind, Principal, Record
from services.gateway.rest.base import principal_of
from services.gateway.service import Gateway
from services.gateway.shown_actions import hours_of
from services.gateway.web.asks_views import MOST, AsksView, askable, asks_view
from services.gateway.web.forms import form_of
from services.gateway.web.member_names import People, author_names, person
from services.gateway.web.rendering import answer
from services.gateway.web.words import Words

PATH = "/asks"
BACK = ("/forecast", "/day", "/deals/")
DUE_DAYS = 7
MOST_BACK = 4_000


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(PATH)
    async def leave_ask(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _leave(gateway, request, words))

    @routes.post(PATH + "/settle")
    async def settle_ask(request: Request) -> Response:
        return await answer(gateway, request, lambda _: _settle(gateway, request))

    return routes


async def _leave(gateway: Gateway, request: Request, words: Words) -> Response:
    form = await form_of(request)
    text = _of(form, "text").strip()
    if not text or len(text) > LONGEST_TEXT:
        mend = words("asks.text_mend", most=LONGEST_TEXT)
        raise InvalidInput(words("asks.no_text"), field="text", value=text[:40], mend=mend)
    ask = Ask(_of(form, "deal_id"), text, parse_day(_of(form, "due"), "due"), _of(form, "assignee"))
    await leave(gateway, principal_of(request), ask)
    return _back(form)


async def _settle(gateway: Gateway, request: Request) -> Response:
    form = await form_of(request)
    number, done = _of(form, "ask"), _of(form, "undo") == ""
    if not _is_id(number):
        raise InvalidInput("this is no id of an ask", field="ask", value=number[:40], mend="Send it from the page")
    await settle(gateway, principal_of(request), int(number), done=done)
    return _back(form, did=number if done else "")


def _is_id(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) <= 18


def _of(form: Mapping[str, list[str]], name: str) -> str:
    return (form.get(name) or [""])[0]


def _back(form: Mapping[str, list[str]], **more: str) -> Response:
    """To the page that the form stood on, whatever else its address asked for."""
    back = _of(form, "back")[:MOST_BACK]
    path, _, query = back.partition("?")
    if not path.startswith(BACK) or path.startswith("//") or "\\" in path or not path.isprintable():
        path, query = "/forecast", ""
    kept = [(name, value) for name, value in parse_qsl(query) if name not in ("ask", "did", "part")]
    asked = urlencode([*kept, *((name, value) for name, value in more.items() if value)])
    return RedirectResponse(f"{path}?{asked}#asks" if asked else f"{path}#asks", 303)


async def asks_of(gateway: Gateway, principal: Principal, query: AskQuery, people: People, words: Words) -> AsksView:
    """Those of a page; who settled one is called by name, of the CRM's users or not."""
    members = author_names((), await gateway.store.list_members(), words)
    found = await gateway.store.list_asks(principal, query, "", MOST + 1)
    return asks_view(found, people, members, gateway.workspace.business_day, words)


async def did_ask(gateway: Gateway, principal: Principal, number: str) -> Ask | None:
    """The ask that was just marked as done, as the page's address names it."""
    if not _is_id(number):
        return None
    found = await gateway.store.list_asks(principal, AskQuery(id=int(number), open=False), "", 1)
    return found[0].ask if found else None


def due_day(record: Record, today: date) -> date:
    """A week from now, or the working day after: by the calendar that came with the deal's suggestions."""
    insight, day = record.insights.get(InsightKind.NEXT_ACTIONS), today + timedelta(days=DUE_DAYS)
    found = (hours_of(action) for action in (insight.body["actions"] if insight else ()))
    hours = next((one for one in found if one), ContactHours())
    return day if hours.open_on(day) else next(iter(hours.next_open(day, 1)), day)


async def new_ask(
    gateway: Gateway, principal: Principal, deal_id: str, people: People, words: Words
) -> dict[str, Any] | None:
    """What the form for an ask on a deal holds; None without a deal, or for one that is not there."""
    try:
        record = await gateway.store.get_record(principal, deal_id) if deal_id else None
    except NotFound:
        record = None
    if record is None:
        return None
    deal, today = record.history.deal, gateway.workspace.business_day
    tree = await gateway.store.tree(principal, today)
    others = askable(deal.owner_id, tree, await gateway.store.deal_team(principal, deal_id))
    owner = words("asks.owner", name=str(person(people, deal.owner_id, record.owner_name, words)))
    return {
        "deal_id": deal.id, "deal": deal.name or deal.id, "first_day": today.isoformat(),
        "due": due_day(record, today).isoformat(), "longest": LONGEST_TEXT,
        "people": [("", owner), *((one, str(people[one])) for one in others if one in people)],
    }  # fmt: skip
