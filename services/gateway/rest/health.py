"""/v1/health and /v1/duplicates: what is wrong with the records, and what was decided on those that stand twice."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import DealcastError, Forbidden, InvalidInput, NotFound
from services.gateway.domain import Principal, Scope
from services.gateway.health import deciding
from services.gateway.health.desk import HealthDesk
from services.gateway.health.findings import FINDINGS
from services.gateway.health.telling import told, why
from services.gateway.imports.messages import translate
from services.gateway.json_values import time_text
from services.gateway.limits import ID_LENGTH
from services.gateway.rest import base, schemas_health, schemas_operations
from services.gateway.rest.base import FLAG, TEXT, principal_of
from services.gateway.rest.http import accepted_language, answer, id_in_path, language_of, limit_of, object_of, text_of
from services.gateway.service import Gateway
from services.gateway.store.health_interface import DuplicateDecision, FoundRow

KINDS = ("accounts", "contacts", "deals")
KIND = {"enum": list(KINDS)}


def router(gateway: Gateway, desk: HealthDesk) -> APIRouter:
    """The routes."""
    routes = base.routes("health")
    _looks(routes, desk)
    _findings(routes, gateway)
    _decide(routes, gateway)
    _decisions(routes, gateway)
    return routes


def _looks(routes: APIRouter, desk: HealthDesk) -> None:
    @routes.get("/health", responses=base.gives(schemas_health.Health), openapi_extra=base.parameters(*base.LANGUAGE))
    async def read_health(request: Request) -> Response:
        """The verdict on the records in one sentence, the five mends that help most, and how many of each finding."""
        _whole(principal_of(request))
        found, language, running = await desk.summary(), language_of(request), desk.jobs.running
        shown = told(found, language) if found else None
        return answer({"health": shown, "running": running.to_json() if running else None})

    @routes.post("/health:look", status_code=202, responses=base.gives(schemas_operations.Job, 202))
    async def look_at_data(request: Request) -> Response:
        """Look at all records now, as a job; this happens by itself after imports. 409 while a look is under way."""
        _whole(principal_of(request))
        return answer((await desk.start()).to_json(), 202)

    @routes.get("/health-jobs", responses=base.gives(schemas_health.HealthJobs))
    async def list_looks(request: Request) -> Response:
        """The latest looks, newest first."""
        _whole(principal_of(request))
        return answer({"jobs": [job.to_json() for job in desk.jobs.all()]})

    @routes.get("/health-jobs/{job_id}", responses=base.gives(schemas_operations.Job))
    async def read_look(request: Request, job_id: str) -> Response:
        """A look with its progress."""
        _whole(principal_of(request))
        return answer(desk.jobs.get(id_in_path(job_id)).to_json())

    @routes.post("/health-jobs/{job_id}:cancel", responses=base.gives(schemas_operations.Job))
    async def cancel_look(request: Request, job_id: str) -> Response:
        """End a look; what was found before stays."""
        _whole(principal_of(request))
        return answer((await desk.cancel(id_in_path(job_id))).to_json())


def _findings(routes: APIRouter, gateway: Gateway) -> None:
    narrow = [base.query("owner", text="an owner's id"), base.query("source", text="where deals came from")]
    listing = base.parameters(*base.PAGING, *narrow, *base.LANGUAGE)

    @routes.get("/health/{finding}", responses=base.gives(schemas_health.FoundRecords), openapi_extra=listing)
    async def list_found(request: Request, finding: str) -> Response:
        """The records of a finding, without those that were mended by merging, deleting or ignoring since."""
        name = id_in_path(finding)
        if name not in FINDINGS:
            mend = "Use one of " + ", ".join(FINDINGS)
            raise NotFound("there is no such finding", field="finding", value=name[:60], mend=mend)
        return answer(await _page(gateway, request, name))

    of = {**base.query("of", text="accounts without", enum=list(KINDS))}

    @routes.get(
        "/duplicates", responses=base.gives(schemas_health.FoundRecords),
        openapi_extra=base.parameters(of, *base.PAGING, *narrow, *base.LANGUAGE),
    )  # fmt: skip
    async def list_duplicates(request: Request) -> Response:
        """Pairs of records that are probably one, the surest first, until somebody merges or ignores them."""
        return answer(await _page(gateway, request, f"duplicate_{_kind(request.query_params.get('of', KINDS[0]))}"))


async def _page(gateway: Gateway, request: Request, finding: str) -> dict[str, Any]:
    given, limit, language = request.query_params, limit_of(request), language_of(request)
    owner, source = (_text(given.get(name, ""), name) for name in ("owner", "source"))
    after = _number(given.get("cursor") or "0", "cursor")
    found = await gateway.store.list_findings(principal_of(request), finding, after, limit + 1, owner, source)
    following = str(found[limit - 1].position) if len(found) > limit else ""
    records = [_record(one, language) for one in found[:limit]]
    return {"finding": finding, "records": records, "next_cursor": following}


def _record(one: FoundRow, language: str) -> dict[str, Any]:
    body = {
        name: one.body[name] for name in ("id", "why", "value", "owner", "source", "open", "amount", "other", "score")
    }
    text = why(body["why"], body["value"], language)
    return {**body, "name": one.name, "other_name": one.other_name, "text": text}


def _decide(routes: APIRouter, gateway: Gateway) -> None:
    merging = base.obj(of=KIND, keep=TEXT, other=TEXT) | {"required": ["of", "keep", "other"]}

    @routes.post(
        "/duplicates:merge", responses=base.gives(schemas_health.DuplicateDecision), openapi_extra=base.takes(merging)
    )
    async def merge(request: Request) -> Response:
        """Merge `other` into `keep`: its deals, contacts and activities move, what `keep` lacks is filled in, and it is
        deleted. All of these are changes like any other, which models learn of; the merge can be undone whole."""
        given = await object_of(request, ("of", "keep", "other"))
        kept, other = _id(given, "keep"), _id(given, "other")
        of = _kind(text_of(given, "of"))
        return answer(_decided(await deciding.merge(gateway, principal_of(request), of, kept, other)))

    ignoring = base.obj(of=KIND, first=TEXT, second=TEXT) | {"required": ["of", "first", "second"]}

    @routes.post(
        "/duplicates:ignore", responses=base.gives(schemas_health.DuplicateDecision), openapi_extra=base.takes(ignoring)
    )
    async def ignore(request: Request) -> Response:
        """The two are not the same: never asked again, and both count in trainings."""
        given = await object_of(request, ("of", "first", "second"))
        two = _id(given, "first"), _id(given, "second")
        of = _kind(text_of(given, "of"))
        return answer(_decided(await deciding.keep_apart(gateway, principal_of(request), of, *two)))


def _decisions(routes: APIRouter, gateway: Gateway) -> None:
    of = {**base.query("of", text="all without", enum=list(KINDS))}

    @routes.get(
        "/duplicate-decisions", responses=base.gives(schemas_health.DuplicateDecisions),
        openapi_extra=base.parameters(of, *base.PAGING),
    )  # fmt: skip
    async def list_decisions(request: Request) -> Response:
        """Who merged or ignored what and when, newest first."""
        asked, limit = request.query_params.get("of", ""), limit_of(request)
        before = _number(request.query_params.get("cursor") or "0", "cursor")
        kind = _kind(asked) if asked else ""
        found = await gateway.store.list_decisions(principal_of(request), kind, before, limit + 1)
        following = str(found[limit - 1].id) if len(found) > limit else ""
        return answer({"decisions": [_decided(one) for one in found[:limit]], "next_cursor": following})

    @routes.post(
        "/duplicate-decisions/{decision_id}:undo", responses=base.gives(schemas_health.DuplicateDecision),
        openapi_extra=base.takes(base.obj(discard=FLAG), required=False),
    )  # fmt: skip
    async def undo_decision(request: Request, decision_id: str) -> Response:
        """Take a decision back; after a merge both records stand as before.

        409 where one of them was changed since; `discard` gives those changes up too.
        """
        given = await object_of(request, ("discard",))
        discard = given.get("discard", False)
        if not isinstance(discard, bool):
            raise InvalidInput("discard is neither true nor false", field="discard", mend="Send true or false")
        number = _number(id_in_path(decision_id), "id")
        try:
            decision = await deciding.take_back(gateway, principal_of(request), number, discard=discard)
        except DealcastError as error:
            translate(error, accepted_language(request))
            raise
        return answer(_decided(decision))


def _decided(one: DuplicateDecision) -> dict[str, Any]:
    undone = time_text(one.undone_time) if one.undone_time else None
    return asdict(one) | {"time": time_text(one.time), "undone_time": undone}


def _whole(principal: Principal) -> None:
    if principal.scope is not Scope.ALL:
        mend = "Ask somebody who sees all records"
        raise Forbidden("you may not read the data's health", field="health", mend=mend)


def _kind(text: str) -> str:
    if text not in KINDS:
        raise InvalidInput("these have no duplicates", field="of", value=text[:60], mend="Use " + ", ".join(KINDS))
    return text


def _id(given: dict[str, Any], name: str) -> str:
    found = text_of(given, name)
    if not found:
        raise InvalidInput(f"{name} is missing", field=name, mend="Send the id of a record")
    return _text(found, name)


def _text(text: str, name: str) -> str:
    if len(text) > ID_LENGTH or "\x00" in text:
        raise InvalidInput("this is too long", field=name, value=text[:60], mend=f"Use up to {ID_LENGTH} characters")
    return text


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise InvalidInput("this is no number of a row", field=name, value=text[:60], mend="Use what a page names")
    return int(text)
