"""Models: what serves, versions with their evaluation, promotion, roll back, the rules and the audit log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from services.gateway.model_rules import ModelRules
from services.gateway.model_versions import ModelVersions, check_service
from services.gateway.own_record import without_commits
from services.gateway.rest import base
from services.gateway.rest import schemas_models as shapes
from services.gateway.rest.base import FLAG, NUMBER, TEXT, principal_of
from services.gateway.rest.http import answer, limit_of, object_of, text_of
from services.gateway.retraining import WEEKDAYS
from services.gateway.service import Gateway
from services.gateway.store.interface import Store
from services.gateway.workspace import SERVICES

WHOLE_OR_NOT = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}
RULES = base.obj(
    promotion=base.obj(
        confidence={"enum": [0.95, 0.975]}, log_loss_margin=NUMBER, ece_margin=NUMBER,
        max_age_days={"type": "integer", "minimum": 1},
    ),
    retraining=base.obj(
        new_outcomes=WHOLE_OR_NOT, max_age_days=WHOLE_OR_NOT, drift=FLAG, input_drift=FLAG,
        schedule={"enum": [*WEEKDAYS, *map(str, range(1, 29)), None]},
    ),
    reason=TEXT,
)  # fmt: skip
LONGEST_REASON = 500
LARGEST = 64 * 1024  # bytes of a body

About = Callable[[Request, Iterable[str]], Awaitable[list[dict[str, Any]]]]  # models of services, as somebody may see


def add(routes: APIRouter, gateway: Gateway, models: ModelVersions, rules: ModelRules) -> None:
    """The routes."""

    async def about(request: Request, services: Iterable[str]) -> list[dict[str, Any]]:
        record = await gateway.own_record(principal_of(request))
        return [without_commits(models.about(service), record) for service in services]

    _read(routes, about)
    _change(routes, models, about)
    _rules(routes, gateway.store, rules)


def reason_in(given: dict[str, Any]) -> str:
    """Raises InvalidInput where there is none, or it is too long."""
    reason = text_of(given, "reason").strip()
    if not reason or len(reason) > LONGEST_REASON:
        mend = f"Say why, in up to {LONGEST_REASON} characters: it is kept in the audit log"
        raise InvalidInput("a reason is needed" if not reason else "the reason is too long", field="reason", mend=mend)
    return reason


def _read(routes: APIRouter, about: About) -> None:
    @routes.get("/models", responses=base.gives(shapes.Models))
    async def list_models(request: Request) -> Response:
        """Each service's models: what serves, versions with their evaluation, promotions."""
        return answer({"models": await about(request, SERVICES)})

    @routes.get("/models/{service}", responses=base.gives(shapes.Model))
    async def read_model(request: Request, service: str) -> Response:
        """One service's models."""
        return answer((await about(request, [service]))[0])


def _change(routes: APIRouter, models: ModelVersions, about: About) -> None:
    promoting = base.obj(version=TEXT, reason=TEXT) | {"required": ["version", "reason"]}

    @routes.post("/models/{service}:promote", responses=base.gives(shapes.Model), openapi_extra=base.takes(promoting))
    async def promote(request: Request, service: str) -> Response:
        """Make a version serve, whatever the rule says of it; every open deal is scored anew."""
        given = await object_of(request, ("version", "reason"), LARGEST)
        version = models.version(service, text_of(given, "version"))["version"]
        await models.promote(service, version, reason_in(given), who=principal_of(request).id)
        return answer((await about(request, [service]))[0])

    @routes.post(
        "/models/{service}:rollback", responses=base.gives(shapes.Model),
        openapi_extra=base.takes(base.obj(version=TEXT, reason=TEXT) | {"required": ["reason"]}),
    )  # fmt: skip
    async def rollback(request: Request, service: str) -> Response:
        """Make a version serve again: the one named, else the one that served before; after a roll back, one must be
        named."""
        given = await object_of(request, ("version", "reason"), LARGEST)
        reason, who = reason_in(given), principal_of(request).id
        await models.rollback(service, reason, text_of(given, "version"), who=who)
        return answer((await about(request, [service]))[0])


def _rules(routes: APIRouter, store: Store, rules: ModelRules) -> None:
    paged = [base.query("service", text="of this one, with what concerns all", enum=list(SERVICES)), *base.PAGING]

    @routes.get("/model-audit", responses=base.gives(shapes.ModelAudit), openapi_extra=base.parameters(*paged))
    async def audit(request: Request) -> Response:
        """What was done to models, newest first: promotions, refusals, roll backs, changed rules."""
        service, cursor = request.query_params.get("service") or "", request.query_params.get("cursor") or ""
        if service:
            check_service(service)
        if cursor and (not cursor.isdecimal() or len(cursor) > 18):
            raise InvalidInput("this is no cursor", field="cursor", value=cursor[:60], mend="Use next_cursor")
        limit = limit_of(request)
        found = await store.list_model_audit(principal_of(request), service, int(cursor or 0), limit)
        following = str(found[-1].id) if len(found) == limit else ""
        return answer({"entries": [entry.to_json() for entry in found], "next_cursor": following})

    @routes.get("/model-rules", responses=base.gives(shapes.ModelRules))
    async def read_rules() -> Response:
        """The rules that models are promoted and trained anew by."""
        return answer(rules.to_json())

    @routes.put("/model-rules", responses=base.gives(shapes.ModelRules), openapi_extra=base.takes(RULES))
    async def change_rules(request: Request) -> Response:
        """Change the fields that are given; the others stay."""
        given = await object_of(request, ("promotion", "retraining", "reason"), LARGEST)
        parts = {name: given[name] for name in ("promotion", "retraining") if name in given}
        reason = reason_in({"reason": "changed"} | {name: text for name, text in given.items() if text})
        await rules.change(parts, principal_of(request).id, reason)
        return answer(rules.to_json())
