"""How somebody wants pages to look: the unit of money, light or dark. Kept in the browser, for a year."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import InvalidInput
from services.gateway.service import Gateway
from services.gateway.web.forms import form_of
from services.gateway.web.rendering import DISPLAY, answer
from services.gateway.web.words import Words

PATH = "/display"
LASTS = 366 * 24 * 3600  # seconds


def router(gateway: Gateway) -> APIRouter:
    """The route that the account's page posts to."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(PATH)
    async def display(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _keep(request, words))

    return routes


async def _keep(request: Request, words: Words) -> Response:
    form = await form_of(request)
    response = RedirectResponse(f"/account?done=display&lang={words.language}", 303)
    secure = request.url.scheme == "https"
    for name, (cookie, choices) in DISPLAY.items():
        value = (form.get(name) or [""])[0]
        if value and value not in choices:
            raise InvalidInput("there is no such choice", field=name, value=value[:40], mend="Choose one of the list")
        if value:
            response.set_cookie(cookie, value, max_age=LASTS, httponly=True, samesite="lax", secure=secure)
        else:
            response.delete_cookie(cookie, httponly=True, samesite="lax", secure=secure)
    return response
