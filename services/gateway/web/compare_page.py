"""Two versions of a model side by side, by an address of their own; one of them is let serve from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import Unavailable
from services.gateway.action_catalogue import ActionCatalogue
from services.gateway.model_versions import ModelVersions
from services.gateway.service import Gateway
from services.gateway.web.catalogue_views import titles_of
from services.gateway.web.compare_views import Frame, chosen, compare_view
from services.gateway.web.forms import page_address
from services.gateway.web.rendering import answer, render
from services.gateway.web.words import Words
from services.gateway.workspace import SERVICES

PATH = "/models/compare"
SENT = ("replay", "drop")


def router(gateway: Gateway, models: ModelVersions, catalogue: ActionCatalogue) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH + "/{service}")
    async def compare(request: Request, service: str) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, models, catalogue, request, service, words))

    return routes


def address(request: Request, service: str, one: str = "", other: str = "", did: str = "") -> str:
    """Where two versions of a service stand side by side; `did`: the promotion that the page is to tell of."""
    return page_address(request, f"{PATH}/{service}", a=one, b=other, did=did)


def did_serve(request: Request, models: ModelVersions, words: Words) -> str:
    """What a form brought about, as far as it still holds: which version serves in which one's place."""
    service, _, generation = request.query_params.get("did", "").partition(".")
    if service in SENT and not generation:
        return words(f"models.did_{service}")
    if service not in SERVICES or not generation.isdecimal():
        return ""
    promotions = models.about(service)["promotions"]
    if not promotions or str(promotions[0]["generation"]) != generation:
        return ""
    told = {"name": words(f"models.{service}"), "version": promotions[0]["version"]}
    if len(promotions) > 1:
        return words("models.did_serve", **told, before=promotions[1]["version"])
    return words("models.did_first", **told)


async def _page(
    gateway: Gateway, models: ModelVersions, catalogue: ActionCatalogue, request: Request, service: str, words: Words
) -> str:
    about = models.about(service)
    asked = [request.query_params.get(name, "")[:60] for name in ("a", "b")]
    for version in asked:
        if version:
            models.version(service, version)
    rows = chosen(about, *asked)
    workspace = gateway.workspace
    frame = Frame(workspace.calendar, workspace.currency, await action_titles(catalogue, words))
    values: dict[str, Any] = {
        "since": await gateway.store.last_event_id(), "business_day": words.day(workspace.business_day),
        "sample": workspace.sample, "view": compare_view(about, rows, frame, words),
        "to": _addresses(request), "did": did_serve(request, models, words),
        "others": [(address(request, one), words(f"models.{one}"), one == service) for one in SERVICES],
        "kept": [(name, value) for name in ("lang", "unit") if (value := request.query_params.get(name, ""))],
    }  # fmt: skip
    part = request.query_params.get("part", "") == "versions"
    return render("_compare.html" if part else "compare.html", request, words, **values)


def _addresses(request: Request) -> Mapping[str, str]:
    return {name: page_address(request, f"/models/{name}") for name in ("promote", "rollback")} | {
        "pick": request.url.path, "models": page_address(request, "/models")
    }  # fmt: skip


async def action_titles(catalogue: ActionCatalogue, words: Words) -> dict[str, str]:
    """What actions are called; by their names alone while the service that comes with them is away."""
    try:
        return titles_of((await catalogue.about())["text"], words.language)
    except Unavailable:
        return {}
