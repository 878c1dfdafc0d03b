"""Where a browser goes to sign in with a company account, and comes back to."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.gateway.access.cookies import with_cookie
from services.gateway.access.desk import TooOften
from services.gateway.access.gate import Access, client_of
from services.gateway.access.members import FLOW_LASTS
from services.gateway.access.oidc.refused import Refused

START, CALLBACK = "/sign-in/oidc", "/sign-in/oidc/callback"
STATUS = {"state": 400, "provider": 502, "throttled": 429}  # the other reasons are about who may come in
LONGEST = 4_000  # characters of what the provider sends along

Shown = Callable[[Request, int, Refused], Response]


def add_company(routes: APIRouter, access: Access, way_back: Callable[[str], str], shown: Shown) -> None:
    """The routes. They are there without company accounts, too, and say so: the table of rights names them."""

    @routes.get(START)
    async def begin(request: Request) -> Response:
        """On to the provider."""
        if access.company is None:
            return RedirectResponse("/sign-in", 303)
        back = way_back(request.query_params.get("next", ""))
        try:
            address, state = await access.company.begin(_callback(access, request), back, client_of(request))
        except TooOften as error:
            return shown(request, STATUS["throttled"], Refused("throttled", error.value))
        except Refused as refused:
            return shown(request, STATUS[refused.reason], refused)
        answer = RedirectResponse(address, 303)
        answer.set_cookie(
            _cookie(access), state, max_age=int(FLOW_LASTS.total_seconds()), path=START, httponly=True,
            samesite="lax", secure=access.secure,
        )  # fmt: skip
        return answer

    @routes.get(CALLBACK)
    async def finish(request: Request) -> Response:
        """Back from the provider: in, or told why not."""
        if access.company is None:
            return RedirectResponse("/sign-in", 303)
        given = {name: value[:LONGEST] for name, value in request.query_params.items()}
        kept = request.cookies.get(_cookie(access), "")
        answer: Response
        try:
            secret, back = await access.company.finish(given, kept, _callback(access, request), client_of(request))
            answer = with_cookie(access, RedirectResponse(back, 303), secret)
        except TooOften as error:
            return shown(request, STATUS["throttled"], Refused("throttled", error.value))
        except Refused as refused:
            answer = shown(request, STATUS.get(refused.reason, 403), refused)
        answer.delete_cookie(_cookie(access), path=START, httponly=True, samesite="lax", secure=access.secure)
        return answer


def _callback(access: Access, request: Request) -> str:
    return (access.public_url or str(request.base_url).rstrip("/")) + CALLBACK


def _cookie(access: Access) -> str:
    return f"{access.cookie}_oidc"
