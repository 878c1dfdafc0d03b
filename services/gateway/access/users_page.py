"""The page about users: who may sign in, in which role, and who sees which deal beside its owner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import Conflict, DealcastError, NotFound
from services.gateway.access import users_views as views
from services.gateway.access.administration import link_to
from services.gateway.access.gate import OFF, Access, caller_of
from services.gateway.access.members import LOCAL_CALLER, Caller, EventQuery, Role
from services.gateway.access.roll import Roll
from services.gateway.access.teams import give_team
from services.gateway.rest.base import principal_of
from services.gateway.service import Gateway
from services.gateway.web.forms import form_of
from services.gateway.web.member_names import placed_people
from services.gateway.web.refusals import said
from services.gateway.web.rendering import HEADERS, answer, render
from services.gateway.web.words import Words

PATH = "/users"
MOST_ROWS, MOST_TEAMS, MOST_LOG, MOST_USERS = 50, 50, 20, 2_000
ADD, FIELDS = "add", ("login", "name", "role", "user_id")
DONE = ("changed", "off", "on", "ended", "unlinked", "team")
Form = Mapping[str, str]
NOTHING: Form = {}


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link that was just made, and for whom."""

    address: str
    name: str


Act = Callable[[Request, Form, Caller], Awaitable[Link | str]]  # a link to show, or the word of DONE


def add_users(routes: APIRouter, access: Access, gateway: Gateway) -> None:
    """The routes."""

    @routes.get(PATH)
    async def users(request: Request) -> Response:
        async def page(words: Words) -> str:
            return await _page(access, gateway, request, words)

        return await answer(gateway, request, page)

    for name, act in {**_acts(access), **_ways_in(access), "team": _team(access, gateway)}.items():
        _post(routes, access, gateway, name, act)


def _post(routes: APIRouter, access: Access, gateway: Gateway, name: str, act: Act) -> None:
    @routes.post(f"{PATH}/{name}", name=f"users_{name}")
    async def post(request: Request) -> Response:
        async def done(words: Words) -> str | Response:
            form = NOTHING
            try:
                form = {key: values[0].strip() for key, values in (await form_of(request)).items()}
                made = await act(request, form, caller_of(request) or LOCAL_CALLER)
            except DealcastError as error:
                adding = form if name == ADD else NOTHING  # its fields stay as they were typed
                wrong = error.field if adding and error.field in FIELDS else ""
                told = _told(words, error)
                body = await _page(access, gateway, request, words, error=told, wrong=wrong, adding=adding)
                headers = HEADERS | {"Content-Language": words.language}
                return Response(body, error.http_status, headers, "text/html; charset=utf-8")
            if isinstance(made, Link):
                return await _page(access, gateway, request, words, link=made)
            lang = request.query_params.get("lang", "")
            return RedirectResponse(f"{PATH}?done={made}" + (f"&lang={words.language}" if lang else ""), 303)

        return await answer(gateway, request, done)


def _acts(access: Access) -> dict[str, Act]:
    roll = Roll(access.desk)

    async def change(_: Request, form: Form, by: Caller) -> str:
        given = {name: form[name] for name in ("name", "role", "user_id") if name in form}
        await roll.change(form.get("id", ""), given, by)
        return "changed"

    async def active(_: Request, form: Form, by: Caller) -> str:
        wanted = form.get("active") == "yes"
        await roll.change(form.get("id", ""), {"active": wanted}, by)
        return "on" if wanted else "off"

    async def end(_: Request, form: Form, by: Caller) -> str:
        await roll.sign_out(form.get("id", ""), by)
        return "ended"

    async def unlink(_: Request, form: Form, by: Caller) -> str:
        await roll.unlink(form.get("id", ""), by)
        return "unlinked"

    return {"change": change, "active": active, "end": end, "unlink": unlink}


def _ways_in(access: Access) -> dict[str, Act]:
    roll = Roll(access.desk)

    async def add(request: Request, form: Form, by: Caller) -> Link | str:
        given = {name: form[name] for name in FIELDS if form.get(name)}
        member, secret = await roll.add(given, by)
        return Link(link_to(access, request, secret), member.name or member.login) if secret else "changed"

    async def link(request: Request, form: Form, by: Caller) -> Link:
        member = await roll.find(form.get("id", ""))
        secret = await roll.link(member.id, by)
        return Link(link_to(access, request, secret), member.name or member.login)

    return {ADD: add, "link": link}


def _team(access: Access, gateway: Gateway) -> Act:
    async def team(request: Request, form: Form, _: Caller) -> str:
        principal, deal = principal_of(request), form.get("deal", "")
        before = await gateway.store.deal_team(principal, deal)
        more = [form["add"]] if form.get("add") else []
        users = [one for one in [*before, *more] if one != form.get("remove")]
        if users != before:
            await give_team(access, gateway, principal, deal, users)
        return "team"

    return team


def _told(words: Words, error: DealcastError) -> str:
    """The error in the reader's language, as far as the page has words for it."""
    if error.field == "login":
        return words("sign_in.login_taken" if isinstance(error, Conflict) else "sign_in.login_wrong")
    if error.field == "role" and error.http_status == 409:
        return words("users.last_admin")
    if error.field in ("user_id", "users"):
        return words("users.no_user", user=error.value)
    if isinstance(error, NotFound):
        return words("users.nothing")
    return said(error.message, words.language)


async def _page(
    access: Access, gateway: Gateway, request: Request, words: Words, link: Link | None = None, error: str = "",
    wrong: str = "", adding: Form = NOTHING,
) -> str:  # fmt: skip
    """`adding` is what was typed of somebody new, `wrong` the field of it that the error is about."""
    caller, query = caller_of(request), request.query_params
    principal, store, wanted = principal_of(request), gateway.store, query.get("q", "")[:100]
    users = {user.id: user for user in await store.list_users(principal)}
    people = placed_people(
        users.values(), await store.list_lines(principal), gateway.workspace.business_day, words
    )  # fmt: skip
    found = await store.list_standings(access.desk.now())
    rows = views.rows(found, people, caller, words, wanted)
    start = int(query.get("from", "0")) if query.get("from", "0").isdecimal() and len(query.get("from", "")) < 7 else 0
    teams = await store.list_deal_teams(principal, query.get("after", "")[:200], MOST_TEAMS)
    admin = caller is LOCAL_CALLER or (caller is not None and caller.role is Role.ADMIN)
    events = await store.list_access_events(limit=MOST_LOG, asked=EventQuery(kind="member")) if admin else []
    values: dict[str, Any] = {
        "rows": rows[start : start + MOST_ROWS], "count": len(rows), "wanted": wanted,
        "following": start + MOST_ROWS if len(rows) > start + MOST_ROWS else 0, "from_row": start,
        "admin": admin, "off": access.mode == OFF, "company": access.company, "error": error, "link": link,
        "done": query.get("done", "") if query.get("done", "") in DONE and not error else "",
        "roles": [(role.value, words.name("member_role", role)) for role in Role],
        "users": [user for user in users.values() if user.active][:MOST_USERS],
        "teams": views.teams(teams, people), "teams_after": teams[-1].deal_id if len(teams) == MOST_TEAMS else "",
        "log": views.log(events, found, words), "since": await store.last_event_id(), "adding": adding, "wrong": wrong,
        "business_day": words.day(gateway.workspace.business_day), "sample": gateway.workspace.sample,
    }  # fmt: skip
    return render("users.html", request, words, **values)
