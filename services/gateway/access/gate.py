"""Lets requests in: finds out who asks, and refuses what the table of rights does not give them.

Who asks is found for every request, whatever answers it; what they may is decided by the route that was chosen. A route
that the table does not name is not open: see `rights`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.errors import DealcastError, Forbidden, Unauthenticated
from services.gateway.access.desk import AccessDesk, Client
from services.gateway.access.members import LOCAL_CALLER, Caller
from services.gateway.access.personas import is_persona
from services.gateway.access.rights import OPEN, right_of, rights
from services.gateway.domain import LOCAL, Principal
from services.gateway.domain import Scope as Sees
from services.gateway.rest.guard import SAFE
from services.gateway.rest.problems import problem

if TYPE_CHECKING:
    from services.gateway.access.oidc.arrival import Arrivals

CALLER, PRINCIPAL, STILL = "caller", "principal", "still"  # in the scope of a request
EVENTS = "GET /v1/events"
STATIC = "/static/"  # styles and scripts: the same for all, and the page to sign in needs them
BEARER = "bearer "
OFF = "off"

Still = Callable[[], Awaitable[tuple[Principal, str] | None]]


@dataclass(frozen=True, slots=True)
class Access:
    """How this gateway is signed in to. `public_url` is where people reach it, if it is known. `cookie` names the
    workspace: browsers do not tell the ports of one machine apart."""

    desk: AccessDesk
    mode: str = OFF
    personas: Callable[[], bool] = lambda: False  # whether people of the sample company may be looked around as
    public_url: str = ""
    cookie: str = "dealcast"
    company: Arrivals | None = None  # sign-in with company accounts, where it is set up

    @property
    def secure(self) -> bool:
        """Whether people reach it by TLS."""
        return self.public_url.startswith("https://")

    async def caller(self, headers: Headers) -> Caller | None:
        """Who asks; None where nobody is signed in. Raises Unauthenticated for a token that does not count."""
        bearer = headers.get("authorization", "")
        if self.mode != OFF and bearer:
            return await self.token_caller(bearer)
        secret = cookie_parser(headers.get("cookie", "")).get(self.cookie, "")
        found = await self.desk.by_session(secret) if secret else None
        if found is not None and found.member is not None:
            counts = self.personas() if is_persona(found.member) else self.mode != OFF
            found = found if counts else None
        return found if found is not None or self.mode != OFF else LOCAL_CALLER

    async def token_caller(self, bearer: str) -> Caller:
        """Whose token an Authorization header holds. Raises Unauthenticated."""
        secret = bearer[len(BEARER) :].strip() if bearer[: len(BEARER)].lower() == BEARER else ""
        found = await self.desk.by_token(secret) if secret else None
        if found is None:
            mend = "Send Authorization: Bearer with a token that is not over"
            raise Unauthenticated("the token does not count", field="Authorization", mend=mend)
        return found

    async def watch(self, headers: Headers, route: str = EVENTS) -> tuple[Principal, str] | None:
        """Who asks now, with what tells what they see; None where they may no longer ask the route."""
        try:
            caller = await self.caller(headers)
        except Unauthenticated:
            return None
        if caller is None or (caller is not LOCAL_CALLER and right_of(route).refusal(caller) is not None):
            return None
        principal = caller.principal
        return principal, "" if principal.scope is Sees.ALL else await self.desk.sights.of(principal)


class Gate:
    """Middleware: puts who asks into the request's scope, or sends them to sign in."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or say that nobody is signed in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            caller = await self._access.caller(headers)
            _check_origin(scope, headers, caller)
        except DealcastError as error:
            await refusal(error)(scope, receive, send)
            return
        if caller is None and not _is_open(scope):
            await _sent_to_sign_in(scope, headers)(scope, receive, send)
            return
        scope[CALLER], scope[PRINCIPAL] = caller, caller.principal if caller else None
        scope[STILL] = lambda: self._access.watch(headers)
        await self._app(scope, receive, send)


def cleared(access: Access) -> Callable[[Request], Awaitable[None]]:
    """What every route of the application depends on: that the caller has the right to it."""

    async def check(request: Request) -> None:
        route = f"{request.method} {request.scope['route'].path}"
        right, caller = right_of(route), caller_of(request)
        if right.scope == OPEN or caller is LOCAL_CALLER:
            return
        if caller is None:
            raise nobody()
        error = right.refusal(caller)
        if error is not None:
            await access.desk.refused(caller, route, error)
            raise error

    return check


def caller_of(request: Request) -> Caller | None:
    """Who asks; None where nobody is signed in. An application without a gate has the person at this machine alone."""
    found: Caller | None = request.scope.get(CALLER, LOCAL_CALLER)
    return found


def still_of(request: Request) -> Still:
    """Asks again who asks, for answers that go on for long."""
    found: Still | None = request.scope.get(STILL)

    async def always() -> tuple[Principal, str]:
        return LOCAL, ""

    return found or always


def client_of(request: Request) -> Client:
    """Where the request comes from."""
    caller = caller_of(request)
    address = request.client.host if request.client else ""
    return Client(address, request.headers.get("user-agent", "")[:200], caller.session if caller else "")


def nobody() -> Unauthenticated:
    """The error where nobody is signed in."""
    mend = "Sign in, or send Authorization: Bearer with a token"
    return Unauthenticated("nobody is signed in", field="Authorization", mend=mend)


def refusal(error: DealcastError) -> ASGIApp:
    """The error as an answer."""
    return problem(error, {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else None)


def _check_origin(scope: Scope, headers: Headers, caller: Caller | None) -> None:
    """Raises Forbidden for a change that a browser may have been made to send: the guard refuses those that say they
    come from elsewhere, and what carries a cookie must say where it comes from."""
    by_page = bool(caller.session) if caller else _is_open(scope)  # also to sign in: another page might do it as itself
    if by_page and scope["method"] not in SAFE and not ("origin" in headers or "sec-fetch-site" in headers):
        mend = "Use a browser of these years, or a token"
        raise Forbidden("the request does not say which page sent it", field="Origin", mend=mend)


def _is_open(scope: Scope) -> bool:
    """Whether the address is one that somebody who is not signed in may ask; its route is checked again."""
    path = str(scope["path"])
    return path.startswith(STATIC) or any(path == start or path.startswith(start + "/") for start in _open_paths())


def _open_paths() -> set[str]:
    found = {route.partition(" ")[2] for route, right in rights().items() if right.scope == OPEN}
    return {path.partition("/{")[0] for path in found}


def _sent_to_sign_in(scope: Scope, headers: Headers) -> ASGIApp:
    """A page sends its person to sign in and back; anything else is told that nobody is."""
    path, query = str(scope["path"]), scope.get("query_string", b"").decode("latin-1")
    page = "text/html" in headers.get("accept", "") and not path.startswith("/v1/")
    if not page or "hx-request" in headers:
        return refusal(nobody())
    if scope["method"] != "GET":  # a form sent after the session was over: back to the page that it stood on
        sent_from = urlsplit(headers.get("referer", ""))
        back, query = sent_from.path or "/", sent_from.query
    else:
        back = quote(str(scope.get("raw_path", path.encode()).decode("latin-1")).partition("?")[0], safe="/%")
    wanted = f"{back}?{query}" if query else back
    return RedirectResponse("/sign-in" + ("" if wanted == "/" else f"?next={quote(wanted, safe='')}"), 303)
