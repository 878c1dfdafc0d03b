"""Tokens of one's own on the page about oneself: made, shown once, and ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import Conflict, DealcastError
from services.gateway.access.desk import AccessDesk
from services.gateway.access.gate import caller_of
from services.gateway.access.members import Caller, Role, TokenScope
from services.gateway.access.rights import rights
from services.gateway.web.rendering import words_of

PATH = "/account/tokens"
DAYS = (30, 90, 365)
FORM_SCOPE = "scope_"  # before a scope: its box in the form

Form = Callable[[Request], Awaitable[Mapping[str, str]]]
Shown = Callable[..., Awaitable[Response]]


def add_tokens(routes: APIRouter, desk: AccessDesk, form_of: Form, shown: Shown) -> None:
    """The routes; `shown` is the page about oneself, with what is told on it."""

    @routes.post(PATH)
    async def make(request: Request) -> Response:
        """A token, which the answer alone holds."""
        caller, form, words = caller_of(request), await form_of(request), words_of(request)
        if caller is None or caller.member is None:
            return RedirectResponse("/account", 303)
        offered, days = scopes_for(caller.role), form.get("days", "")
        scopes = frozenset(one for one in offered if form.get(FORM_SCOPE + one.value))
        if not scopes:
            return await shown(request, caller, 400, words("tokens.no_scope"))
        try:
            name, lasts = form.get("name", "").strip(), int(days) if days.isdecimal() and len(days) < 5 else 0
            made = await desk.make_token(caller.member, name, scopes, lasts, by=caller.member.id)
        except Conflict as error:
            return await shown(request, caller, error.http_status, words("tokens.too_many"))
        except DealcastError as error:
            return await shown(request, caller, error.http_status, words("tokens.days_wrong"))
        return await shown(request, caller, made=made)

    @routes.post(PATH + "/end")
    async def end(request: Request) -> Response:
        caller, form = caller_of(request), await form_of(request)
        if caller is None or caller.member is None:
            return RedirectResponse("/account", 303)
        try:
            await desk.end_token(caller.member.id, form.get("token", ""), by=caller.member.id)
        except DealcastError as error:
            return await shown(request, caller, error.http_status, words_of(request)("tokens.none_such"))
        lang = "&lang=" + words_of(request).language if request.query_params.get("lang") else ""
        return RedirectResponse(f"/account?done=token{lang}", 303)


async def tokens_shown(desk: AccessDesk, caller: Caller) -> dict[str, Any]:
    """One's tokens that still count, and what new ones can be for."""
    found = await desk.store.list_tokens(caller.member.id) if caller.member else []
    now = desk.now()
    return {
        "tokens": [(one, sorted(one.scopes, key=list(TokenScope).index)) for one in found
                   if one.ends is None or one.ends > now],
        "scopes": scopes_for(caller.role), "token_days": DAYS,
    }  # fmt: skip


def scopes_for(role: Role) -> list[TokenScope]:
    """What a token of that role can be for: of other scopes the role may nothing."""
    held = {right.scope for right in rights().values() if role in right.roles}
    return [one for one in TokenScope if one.value in held]
