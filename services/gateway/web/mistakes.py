"""A page, for who asks with a browser, where an address is not theirs to open or where nothing is."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kit.errors import DealcastError, Forbidden, NotFound
from services.gateway.rest import problems
from services.gateway.service import Gateway
from services.gateway.web.rendering import answer
from services.gateway.web.words import Words


def install(app: FastAPI, gateway: Gateway) -> None:
    """Programs get the problem as before."""

    async def page(request: Request, error: DealcastError) -> Response:
        async def refuse(_: Words) -> str:
            raise error

        return await answer(gateway, request, refuse)

    async def forbidden(request: Request, error: Exception) -> Response:
        if isinstance(error, Forbidden) and _by_browser(request):
            return await page(request, error)
        return await problems.known(request, error)

    async def not_there(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == 404 and _by_browser(request):
            return await page(request, NotFound("there is nothing at this address", field="path"))
        return await problems.http(request, error)

    app.add_exception_handler(Forbidden, forbidden)
    app.add_exception_handler(HTTPException, not_there)


def _by_browser(request: Request) -> bool:
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")
