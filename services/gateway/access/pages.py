"""Pages to sign in and out, to set a password by a link, and about oneself. They work without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import Conflict, DealcastError, InvalidInput, NotFound
from services.gateway.access.audit_page import add_audit
from services.gateway.access.cookies import with_cookie, without_cookie
from services.gateway.access.desk import FIRST, TooOften
from services.gateway.access.devices import device_name
from services.gateway.access.gate import OFF, Access, caller_of, client_of
from services.gateway.access.members import Caller, Member
from services.gateway.access.oidc.pages import add_company
from services.gateway.access.oidc.refused import Refused
from services.gateway.access.passwords import SHORTEST
from services.gateway.access.personas import personas, sign_in_as
from services.gateway.access.roll import Roll
from services.gateway.access.tokens_page import add_tokens, tokens_shown
from services.gateway.access.users_page import add_users
from services.gateway.change_log import noting_settings
from services.gateway.rest.http import body_of, id_in_path
from services.gateway.service import Gateway
from services.gateway.settings_checks import checked_zone
from services.gateway.web.refusals import said
from services.gateway.web.rendering import HEADERS, render, words_of
from services.gateway.web.words import Words

HOME = "/"  # leads on by role
SMALL = 16 * 1024
FORM = "application/x-www-form-urlencoded"


def router(access: Access, gateway: Gateway, scratch: Path | None = None) -> APIRouter:
    """The pages; without a folder for files no xlsx is offered."""
    routes = APIRouter(include_in_schema=False)
    _sign_in(routes, access, gateway)
    add_company(routes, access, way_back, _refused)
    _personas(routes, access, gateway)
    _links(routes, access, gateway)
    _account(routes, access, gateway)
    add_users(routes, access, gateway)
    add_audit(routes, gateway, scratch)
    return routes


def _sign_in(routes: APIRouter, access: Access, gateway: Gateway) -> None:
    desk = access.desk

    @routes.get("/sign-in")
    async def door(request: Request) -> Response:
        """The form; who is signed in already, or need not, goes on."""
        back = way_back(request.query_params.get("next", ""))
        if access.mode == OFF and not access.personas():
            return RedirectResponse(back, 303)
        return await _door(access, gateway, request, back)

    @routes.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = await _form(request)
        back, login = way_back(form.get("next", "")), form.get("login", "")
        words = _words(request)
        try:
            if access.mode == OFF:
                raise InvalidInput("sign-in is off", field="sign_in")
            secret, _ = await desk.sign_in(login, form.get("password", ""), client_of(request))
        except TooOften as error:
            told = words("sign_in.wait", seconds=error.value)
            return await _door(access, gateway, request, back, error.http_status, told, login)
        except DealcastError as error:
            return await _door(access, gateway, request, back, error.http_status, words("sign_in.wrong"), login)
        return with_cookie(access, RedirectResponse(back, 303), secret)

    @routes.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        caller = caller_of(request)
        if caller is not None and caller.session:
            await desk.end_session(caller.session, client_of(request))
        out = "/sign-in?out=1" if access.company else "/sign-in"
        return without_cookie(access, RedirectResponse(out, 303))


async def _door(
    access: Access, gateway: Gateway, request: Request, back: str, status: int = 200, error: str = "", login: str = ""
) -> Response:
    """The page to sign in. Who was signed out here may still be signed in with the company's provider."""
    leaving, start = "", access.public_url or str(request.base_url).rstrip("/")
    if access.company is not None and request.query_params.get("out"):
        leaving = await access.company.provider.leaving(f"{start}/sign-in")
    return _page(
        "sign_in.html", request, status, mode=access.mode, error=error, login=login, back=back,
        personas=await personas(gateway) if access.personas() else [], company=access.company, leaving=leaving,
    )  # fmt: skip


def _refused(request: Request, status: int, refused: Refused) -> Response:
    """Why somebody with a company account does not come in, and what to do."""
    words, key = words_of(request), f"no_entry.{refused.reason}"
    told = words(key, mail=refused.mail or "–", seconds=refused.detail)
    return _page("no_entry.html", request, status, told=told, mend=words(f"{key}_mend"))


def _personas(routes: APIRouter, access: Access, gateway: Gateway) -> None:
    @routes.post("/sign-in/persona")
    async def as_persona(request: Request) -> Response:
        """One click, in the sample company on this machine."""
        form = await _form(request)
        secret = None
        if access.personas():
            secret = await sign_in_as(gateway, access.desk, form.get("role", ""), client_of(request))
        if secret is None:
            return await _door(access, gateway, request, HOME, 404, _words(request)("sign_in.no_persona"))
        return with_cookie(access, RedirectResponse(HOME, 303), secret)


def _zone(request: Request, gateway: Gateway) -> str:
    """The time zone that the first administrator is asked to confirm: what is set, else what their language tells."""
    return gateway.workspace.time_zone or ("Asia/Seoul" if words_of(request).language == "ko" else "UTC")


def _links(routes: APIRouter, access: Access, gateway: Gateway) -> None:
    desk, roll, space = access.desk, Roll(access.desk), gateway.workspace

    @routes.get("/sign-in/link/{secret}")
    async def by_link(request: Request, secret: str) -> Response:
        """The form to set a password; looking at it does not use the link."""
        try:
            member = await desk.link_owner(id_in_path(secret))
        except NotFound as error:
            return _set_password(request, error.http_status, over=True)
        zone = _zone(request, gateway)
        return _set_password(request, member=member, first=member is None, zone=zone)

    @routes.post("/sign-in/link/{secret}")
    async def set_password(request: Request, secret: str) -> Response:
        form, client, key = await _form(request), client_of(request), id_in_path(secret)
        member: Member | None = None
        try:
            member = await desk.link_owner(key)
            if member is None:
                given = {"login": form.get("login", ""), "name": form.get("name", "")}
                zone = checked_zone(form.get("time_zone", space.time_zone))
                cookie = await roll.make_first(key, given, form.get("password", ""), client)
                async with noting_settings(gateway.store, space, FIRST):
                    await space.set_time_zone("" if zone == "UTC" else zone)
            else:
                cookie = await desk.use_link(key, member, form.get("password", ""), client)
        except NotFound as error:
            return _set_password(request, error.http_status, over=True)
        except DealcastError as error:
            told = _told(_words(request), error)
            zone = form.get("time_zone", "") or _zone(request, gateway)
            return _set_password(request, error.http_status, member=member, first=member is None, zone=zone,
                                 error=told, wrong=error.field, typed=form)  # fmt: skip
        return with_cookie(access, RedirectResponse(HOME, 303), cookie)


def _set_password(request: Request, status: int = 200, **more: Any) -> Response:
    """The form of a link; `typed` is what stays in its fields, `wrong` the field that the error is about."""
    nothing = dict[str, Any](over=False, first=False, member=None, error="", wrong="", typed={}, zone="")
    return _page("set_password.html", request, status, **nothing | more)


def _account(routes: APIRouter, access: Access, gateway: Gateway) -> None:
    desk = access.desk

    async def shown(
        request: Request, caller: Caller, status: int = 200, error: str = "", done: str = "", made: Any = None
    ) -> Response:
        member, now = caller.member, desk.now()
        found = await desk.store.list_sessions(member.id) if member else []
        names = {user.id: user.name for user in await gateway.store.list_users(caller.principal)}
        return _page(
            "account.html", request, status, caller=caller, error=error, done=done,
            sessions=[(each, device_name(each.device)) for each in found if each.alive(now)],
            user_name=names.get(caller.principal.user_id, ""), personas=access.personas(),
            made=made, time_zone=gateway.workspace.time_zone, **await tokens_shown(desk, caller),
        )  # fmt: skip

    add_tokens(routes, desk, _form, shown)

    @routes.get("/account")
    async def account(request: Request) -> Response:
        """Who one is, the password, and where one is signed in."""
        return await shown(request, _caller(request), done=request.query_params.get("done", ""))

    @routes.post("/account/password")
    async def change(request: Request) -> Response:
        caller, form, client = _caller(request), await _form(request), client_of(request)
        try:
            cookie = await desk.change_password(caller, form.get("old", ""), form.get("new", ""), client)
        except DealcastError as error:
            return await shown(request, caller, error.http_status, _told(_words(request), error))
        return with_cookie(access, RedirectResponse("/account?done=password", 303), cookie)

    @routes.post("/account/sessions")
    async def end(request: Request) -> Response:
        """End one session, or all others."""
        caller, form = _caller(request), await _form(request)
        if caller.member is not None:
            one = form.get("session", "")
            await desk.end_sessions(caller.member.id, caller, one, keep=caller.session)
        return RedirectResponse("/account?done=sessions", 303)


def way_back(text: str) -> str:
    """Where to go after signing in: an address of this gateway, whatever the link says."""
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    inside = plain and not text.startswith(("/v1/", "/sign-in"))
    return text[:2_000] if inside else HOME


def _told(words: Words, error: DealcastError) -> str:
    """The error in the reader's language, as far as pages have words for it."""
    if isinstance(error, TooOften):
        return words("sign_in.wait", seconds=error.value)
    if error.field == "password":
        return words("sign_in.weak", shortest=SHORTEST)
    if error.field == "old":
        return words("sign_in.old_wrong")
    if error.field == "login":
        return words("sign_in.login_taken" if isinstance(error, Conflict) else "sign_in.login_wrong")
    return said(error.message, words.language)


def _caller(request: Request) -> Caller:
    caller = caller_of(request)
    if caller is None:
        raise NotFound("nobody is signed in", field="account")
    return caller


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form. Raises InvalidInput for a body that is none, TooLarge."""
    data = await body_of(request, SMALL)
    if request.headers.get("content-type", "").partition(";")[0].strip() != FORM:
        raise InvalidInput("this is no form", field="Content-Type", mend=f"Send {FORM}")
    try:
        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise InvalidInput("this is no form", field="body", mend=f"Send {FORM}") from None
    return dict(pairs)


def _words(request: Request) -> Words:
    return words_of(request)


def _page(template: str, request: Request, status: int = 200, time_zone: str = "", **values: Any) -> Response:
    """`time_zone`: of the times on it."""
    words = replace(_words(request), zone=time_zone)
    body = render(template, request, words, **values)
    headers = HEADERS | {"Content-Language": words.language}
    return Response(body, status, headers, "text/html; charset=utf-8")
