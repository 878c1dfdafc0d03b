"""The HTTP application: all routers, problems, tracing, and the pages where there are any."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from opentelemetry import trace
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import WithDefaultSchema
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit import telemetry
from services.gateway.access import administration, me, teams
from services.gateway.access.desk import AccessDesk
from services.gateway.access.gate import Access, Gate, cleared
from services.gateway.rest import (
    asks,
    catalogue,
    deals,
    events,
    exchange,
    exports,
    feedback,
    figures,
    forecast,
    forecast_gap,
    forecast_people,
    health,
    monitoring,
    operations,
    policies,
    privacy,
    problems,
    quotas,
    related,
    renewals,
    score_history,
    similar,
    uploads,
    views,
    what_if,
)
from services.gateway.rest.access_log import Noting
from services.gateway.rest.base import PROBLEMS, REF, SHAPES
from services.gateway.rest.http import EncodedSlashes
from services.gateway.service import Gateway

VERSION = "1"
PAGES = "services.gateway.web"


def create_app(
    gateway: Gateway, desks: operations.Desks, heartbeat: float = 15.0, access: Access | None = None
) -> FastAPI:
    """The application over a gateway that is ready to answer; without `access` nobody needs to sign in."""
    access = access or Access(AccessDesk(gateway.store, gateway.news))
    app = FastAPI(
        title="Dealcast", version=VERSION, docs_url=None, redoc_url=None, responses=PROBLEMS,
        generate_unique_id_function=lambda route: route.name, dependencies=[Depends(cleared(access))],
        description="Deal records with lead score, forecast and next actions. Errors are problem+json (RFC 9457).",
    )  # fmt: skip
    problems.install(app)
    for router in (
        what_if.router(gateway, desks.scoring),
        catalogue.router(desks.catalogue),
        policies.router(desks.policies),
        feedback.router(gateway),
        deals.router(gateway),
        score_history.router(gateway),
        similar.router(gateway, desks.alike),
        related.router(gateway),
        quotas.router(gateway),
        exchange.router(gateway, desks.exchange),
        forecast.router(gateway),
        forecast_people.router(gateway),
        forecast_gap.router(gateway, desks.simulator),
        asks.router(gateway),
        views.router(gateway),
        events.router(gateway, heartbeat),
        operations.router(gateway, desks),
        uploads.router(gateway, desks.uploads),
        health.router(gateway, desks.health),
        monitoring.router(desks.monitoring),
        exports.router(gateway, desks.scratch),
        figures.router(gateway, desks.scratch),
        renewals.router(gateway),
        privacy.router(desks.privacy, desks.access),
        me.router(access),
        administration.router(access),
        teams.router(access, gateway),
    ):
        app.include_router(router)
    mount_pages(app, gateway, desks)
    mount_sign_in(app, access, gateway, desks.scratch)
    app.add_middleware(Noting, access=desks.access)
    app.add_middleware(Gate, access=access)
    app.add_middleware(Tracing)
    app.add_middleware(EncodedSlashes)
    _describe(app)
    return app


def mount_pages(app: FastAPI, gateway: Gateway, desks: operations.Desks) -> None:
    """The web pages, where this installation has them."""
    if importlib.util.find_spec(PAGES) is None:
        return
    mount = getattr(importlib.import_module(PAGES), "mount", None)
    if mount is not None:
        mount(app, gateway, desks.simulator, desks)


def mount_sign_in(app: FastAPI, access: Access, gateway: Gateway, scratch: Path | None = None) -> None:
    """The pages to sign in by, where this installation has pages."""
    if importlib.util.find_spec(PAGES) is not None:
        pages = importlib.import_module("services.gateway.access.pages")
        app.include_router(pages.router(access, gateway, scratch))
        app.state.members = True


def _describe(app: FastAPI) -> None:
    """OpenAPI 3.1 with the shapes that routes only refer to."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )  # pages keep themselves out of it
            shapes = [(model, "serialization") for model in SHAPES.values()]
            _, definitions = models_json_schema(shapes, ref_template=REF, schema_generator=Shapes)  # type: ignore[arg-type]
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            for name, shape in definitions["$defs"].items():
                schemas.setdefault(name, shape)
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


class Shapes(GenerateJsonSchema):
    """Says nothing of members that are null where nothing is known."""

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        """Without a default of null."""
        described = super().default_schema(schema)
        return {name: value for name, value in described.items() if (name, value) != ("default", None)}


class Tracing:
    """A span per request that continues the caller's trace."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        context = telemetry.extract(headers)
        with telemetry.tracer().start_as_current_span(
            scope["method"], context=context, kind=trace.SpanKind.SERVER
        ) as span:

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start" and span.is_recording():
                    route = getattr(scope.get("route"), "path", "")
                    span.update_name(f"{scope['method']} {route}")
                    span.set_attribute("http.route", route)
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            await self.app(scope, receive, noting)
