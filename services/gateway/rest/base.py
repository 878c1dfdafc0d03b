"""What all routers share: the principal, and how an operation is described in /openapi.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from kit.errors import InvalidInput, Unauthenticated
from services.gateway.domain import LOCAL, Principal
from services.gateway.rest.ndjson import NDJSON
from services.gateway.rest.problems import PROBLEM
from services.gateway.rest.schemas import Money, Problem, Result

REF = "#/components/schemas/{model}"
PROBLEM_RESPONSE = {
    "description": "What is wrong, and the mend",
    "content": {PROBLEM: {"schema": {"$ref": REF.format(model="Problem")}}},
}
RETRY = {"Retry-After": {"description": "on 503: seconds", "schema": {"type": "string"}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {"4XX": PROBLEM_RESPONSE, "5XX": PROBLEM_RESPONSE | {"headers": RETRY}}
SHAPES: dict[str, type[BaseModel]] = {each.__name__: each for each in (Problem, Result, Money)}  # what is referred to


def routes(tag: str, *, strict: bool = False) -> APIRouter:
    """Routes under /v1 that say themselves what they answer; strict ones refuse query parameters they do not name,
    and those given twice."""
    asked = STRICT if strict else []
    return APIRouter(prefix="/v1", tags=[tag], default_response_class=Response, dependencies=asked)


async def _known_only(request: Request) -> None:
    named = (getattr(request.scope.get("route"), "openapi_extra", None) or {}).get("parameters", ())
    known = [each["name"] for each in named if each["in"] == "query"]
    for name in request.query_params:
        if name not in known:
            mend = f"Use {', '.join(known)}" if known else "Leave it out"
            raise InvalidInput("there is no such query parameter", field=name[:60], mend=mend)
        if len(values := request.query_params.getlist(name)) > 1:
            raise InvalidInput("it is given more than once", field=name, value=values[-1][:60], mend="Give it once")


STRICT = [Depends(_known_only)]


def gives(model: type[BaseModel], *statuses: int, etag: bool = False) -> dict[int | str, dict[str, Any]]:
    """A JSON answer, with 200 unless told otherwise.

    It is but referred to: of a model of its own FastAPI builds a validator for each route, twice, which takes most of
    the gateway's start and checks nothing.
    """
    if SHAPES.setdefault(model.__name__, model) is not model:
        raise ValueError(f"two shapes are called {model.__name__}")
    content = {"application/json": {"schema": {"$ref": REF.format(model=model.__name__)}}}
    headers = {"ETag": {"description": "begins with the record's revision", "schema": {"type": "string"}}}
    more: dict[str, Any] = {"headers": headers} if etag else {}
    return {status: {"description": _first_line(model), "content": content} | more for status in statuses or (200,)}


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or model.__name__).partition("\n")[0]


def principal_of(request: Request) -> Principal:
    """Who asks: as the gate found out; without a gate, or without sign-in on loopback, the person at this machine."""
    found: Principal | None = request.scope.get("principal", LOCAL)
    if found is None:
        raise Unauthenticated("nobody is signed in", field="Authorization", mend="Sign in, or send a token")
    return found


def query(name: str, kind: str = "string", text: str = "", **bounds: Any) -> dict[str, Any]:
    """A query parameter."""
    return {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": kind, **bounds}}


def header(name: str, text: str = "") -> dict[str, Any]:
    """A request header."""
    return {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}


PAGING = [query("limit", "integer", minimum=1, maximum=500), query("cursor", text="next_cursor of the page before")]
LANGUAGE = [query("lang", text="Accept-Language decides without it", enum=["ko", "en"])]
IF_MATCH = [header("If-Match", "an ETag of the record, or its revision in quotes")]
IDEMPOTENCY = [header("Idempotency-Key", "the same key with the same body is answered as before, for a day")]


def takes(schema: Mapping[str, Any], *parameters: Mapping[str, Any], required: bool = True) -> dict[str, Any]:
    """A JSON request body."""
    content = {"application/json": {"schema": dict(schema)}}
    return {"requestBody": {"required": required, "content": content}, "parameters": list(parameters)}


def takes_lines(schema: Mapping[str, Any], *parameters: Mapping[str, Any]) -> dict[str, Any]:
    """NDJSON in and out."""
    return {
        "parameters": list(parameters),
        "requestBody": {
            "required": True,
            "description": "A JSON object a line, UTF-8, lines of up to 4 MB, up to 200,000 lines",
            "content": {NDJSON: {"schema": dict(schema)}},
        },
    }


def gives_lines() -> dict[int | str, dict[str, Any]]:
    """A Result a line, in the order of the lines."""
    return {
        200: {
            "description": "A result a line, in order",
            "content": {NDJSON: {"schema": {"$ref": REF.format(model="Result")}}},
        }
    }


def parameters(*items: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters and headers of an operation."""
    return {"parameters": list(items)}


def obj(**members: Any) -> dict[str, Any]:
    """A JSON schema of an object with these members, none of them required."""
    return {"type": "object", "properties": members, "additionalProperties": False}


TEXT = {"type": "string"}
NUMBER = {"type": "number"}
FLAG = {"type": "boolean"}
DAY = {"type": "string", "format": "date"}
TIME = {"type": "string", "format": "date-time"}
MONEY = {"anyOf": [{"$ref": REF.format(model="Money")}, {"type": "null"}]}


def listed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """An array."""
    return {"type": "array", "items": dict(schema)}
