"""A page, for who asks with a browser, where an address is not theirs to open, where nothing is, or what went wrong."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kit.errors import DealcastError, Internal, NotFound
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

    async def refused(request: Request, error: Exception) -> Response:
        if isinstance(error, DealcastError) and _by_browser(request):
            return await page(request, error)
        return await problems.known(request, error)

    async def not_there(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException) or not _by_browser(request):
            return await problems.http(request, error)
        if error.status_code == 405:  # such as a question that was asked by a form, loaded anew
            mend = "Go back to the page, and try again from there"
            what = f"{request.method} is not possible here"
            return await page(request, problems.MethodNotAllowed(what, mend=mend))
        if error.status_code == 404:
            return await page(request, NotFound("there is nothing at this address", field="path"))
        return await problems.http(request, error)

    async def unforeseen(request: Request, error: Exception) -> Response:
        known = await problems.unforeseen(request, error)
        if not _by_browser(request):
            return known
        return await page(
            request, Internal("something unforeseen failed", mend="Look into the gateway's log, and report it")
        )

    app.add_exception_handler(DealcastError, refused)
    app.add_exception_handler(HTTPException, not_there)
    app.add_exception_handler(Exception, unforeseen)


def _by_browser(request: Request) -> bool:
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")
