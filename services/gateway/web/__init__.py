"""The pages: server-rendered, live by htmx and server-sent events."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.gateway.service import Gateway
from services.gateway.web.pages import STATIC, router


def mount(app: FastAPI, gateway: Gateway) -> None:
    """Add /, /deals, /deals/{id} and /static to the gateway's application."""
    app.include_router(router(gateway))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
