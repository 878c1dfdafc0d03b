"""/v1/me: who asks, and its password, sessions and tokens."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import Conflict, InvalidInput
from services.gateway.access import schemas as shapes
from services.gateway.access.cookies import with_cookie
from services.gateway.access.gate import Access, caller_of, client_of, nobody
from services.gateway.access.members import Caller, Member, Session, Token, TokenScope
from services.gateway.access.roll import scopes_of
from services.gateway.json_checks import shown
from services.gateway.json_values import time_text
from services.gateway.rest import base
from services.gateway.rest.base import TEXT
from services.gateway.rest.http import answer, id_in_path, object_of, text_of

SMALL = 16 * 1024  # bytes of a body
DEFAULT_DAYS = 90
SCOPES = base.listed({"enum": list(TokenScope)})
DAYS = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 366}, {"type": "null"}]}
TOKEN = base.obj(name=TEXT, scopes=SCOPES, days=DAYS) | {"required": ["scopes"]}


def router(access: Access) -> APIRouter:
    """The routes."""
    routes = base.routes("sign-in")

    @routes.get("/me", responses=base.gives(shapes.Me))
    async def who_am_i(request: Request) -> Response:
        """Who asks, in which role, and what it sees."""
        return answer(about(access, _caller(request)))

    words = base.obj(old=TEXT, new=TEXT) | {"required": ["old", "new"]}

    @routes.put("/me/password", status_code=204, openapi_extra=base.takes(words))
    async def change_password(request: Request) -> Response:
        """Set another password. Every other session ends; this one goes on under another cookie."""
        given = await object_of(request, ("old", "new"), SMALL)
        old, new = text_of(given, "old"), text_of(given, "new")
        _member(request)
        secret = await access.desk.change_password(_caller(request), old, new, client_of(request))
        return with_cookie(access, Response(None, 204), secret)

    _sessions(routes, access)
    _tokens(routes, access)
    return routes


def _sessions(routes: APIRouter, access: Access) -> None:
    desk = access.desk

    @routes.get("/me/sessions", responses=base.gives(shapes.Sessions))
    async def sessions(request: Request) -> Response:
        """The browsers in which one is signed in."""
        found = await desk.store.list_sessions(_member(request).id)
        current, now = _caller(request).session, desk.now()
        return answer({"sessions": [session_json(each, current) for each in found if each.alive(now)]})

    @routes.delete("/me/sessions", responses=base.gives(shapes.Ended))
    async def end_others(request: Request) -> Response:
        """Sign out everywhere else."""
        member, caller = _member(request), _caller(request)
        return answer({"sessions": await desk.end_sessions(member.id, caller, keep=caller.session), "tokens": 0})

    @routes.delete("/me/sessions/{session_id}", responses=base.gives(shapes.Ended))
    async def end_one(request: Request, session_id: str) -> Response:
        """Sign one browser out."""
        ended = await desk.end_sessions(_member(request).id, _caller(request), id_in_path(session_id))
        return answer({"sessions": ended, "tokens": 0})


def _tokens(routes: APIRouter, access: Access) -> None:
    desk = access.desk

    @routes.get("/me/tokens", responses=base.gives(shapes.Tokens))
    async def tokens(request: Request) -> Response:
        """One's own tokens."""
        found = await desk.store.list_tokens(_member(request).id)
        return answer({"tokens": [each.to_json() for each in found]})

    @routes.post(
        "/me/tokens", status_code=201, responses=base.gives(shapes.NewToken, 201), openapi_extra=base.takes(TOKEN)
    )
    async def make_token(request: Request) -> Response:
        """A token for a program: it may what its scopes allow, and never more than oneself."""
        member = _member(request)
        name, scopes, days = await asked_token(request)
        made = await desk.make_token(member, name, scopes, days, by=member.id)
        return answer(token_json(*made), 201)

    @routes.delete("/me/tokens/{token_id}", status_code=204)
    async def end_token(request: Request, token_id: str) -> Response:
        """The token counts no longer."""
        member = _member(request)
        await desk.end_token(member.id, id_in_path(token_id), by=member.id)
        return Response(None, 204)


async def asked_token(request: Request) -> tuple[str, frozenset[TokenScope], int | None]:
    """The name, scopes and days of a token that the body asks for. Raises InvalidInput."""
    given = await object_of(request, ("name", "scopes", "days"), SMALL)
    days: Any = given.get("days", DEFAULT_DAYS)
    if days is not None and (not isinstance(days, int) or isinstance(days, bool)):
        raise InvalidInput("days is no whole number", field="days", value=shown(days), mend="Send 1 to 366")
    return text_of(given, "name").strip(), scopes_of(given.get("scopes")), days


def about(access: Access, caller: Caller) -> dict[str, Any]:
    """Who asks, as programs see it."""
    member, principal = caller.member, caller.principal
    by = "session" if caller.session else "token" if caller.token else "nothing"
    return {
        "id": principal.id, "login": member.login if member else "", "name": member.name if member else "",
        "role": caller.role.value, "user_id": principal.user_id, "sees": principal.scope.value,
        "scopes": sorted(caller.scopes), "signed_in_by": by, "sign_in": access.mode,
    }  # fmt: skip


def session_json(session: Session, current: str) -> dict[str, Any]:
    """A session as its member sees it. Its id is a digest: it opens nothing."""
    return {
        "id": session.id, "created_time": time_text(session.created), "used_time": time_text(session.used),
        "expires_time": time_text(session.ends), "device": session.device, "current": session.id == current,
    }  # fmt: skip


def token_json(token: Token, secret: str) -> dict[str, Any]:
    """A new token with its secret."""
    return {**token.to_json(), "token": secret}


def _caller(request: Request) -> Caller:
    caller = caller_of(request)
    if caller is None:
        raise nobody()
    return caller


def _member(request: Request) -> Member:
    member = _caller(request).member
    if member is None:
        mend = "Start it with dealcast up --sign-in accounts"
        raise Conflict("nobody signs in here: sign-in is off", field="sign_in", mend=mend)
    return member
