"""Every error as problem+json (RFC 9457), with the field, its value and the mend beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from kit.errors import Conflict, DealcastError, Internal, InvalidInput, NotFound, problem_json
from services.gateway.domain import FieldError, WriteResult
from services.gateway.privacy.resident_numbers import unrepeated

log = structlog.get_logger(__name__)

PROBLEM = "application/problem+json"


class PreconditionFailed(Conflict):
    """If-Match names another state of the record."""

    http_status = 412
    problem = "precondition-failed"
    title = "Precondition failed"


class MethodNotAllowed(InvalidInput):
    """The address does not know the method."""

    http_status = 405
    problem = "method-not-allowed"
    title = "Method not allowed"


class Refused(InvalidInput):
    """A record that was not taken, with everything that is wrong with it."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        first = errors[0]
        super().__init__(first.message, field=first.field, value=first.value, mend=first.mend)
        self.errors = errors


def problem(error: DealcastError, headers: dict[str, str] | None = None) -> Response:
    """The error as a response."""
    body: dict[str, Any] = problem_json(error)
    body |= {name: unrepeated(text, error.field) for name, text in body.items() if isinstance(text, str)}
    if isinstance(error, Refused):
        body["errors"] = errors_json(error.errors)
    return Response(orjson.dumps(body), error.http_status, headers, PROBLEM)


def errors_json(errors: Sequence[FieldError]) -> list[dict[str, str]]:
    """Field errors as the lines of a batch name them too."""
    return [{"field": each.field, "value": each.value, "message": each.message, "mend": each.mend} for each in errors]


def refusal(result: WriteResult) -> DealcastError:
    """Why the store refused a write."""
    first = result.errors[0] if result.errors else FieldError("", "", "the write was refused", "")
    if first.field in {"revision", "expected_revision", "If-Match"}:
        mend = first.mend or "Read the record again and repeat the change"
        return PreconditionFailed(first.message, field="If-Match", value=first.value, mend=mend)
    return Refused(result.errors or (first,))


def install(app: FastAPI) -> None:
    """Answer every kind of error this way."""
    app.add_exception_handler(DealcastError, known)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unforeseen)


async def known(_: Request, error: Exception) -> Response:
    """The answer to an error of this application."""
    if not isinstance(error, DealcastError):
        raise error
    if error.http_status >= 500:
        log.error("request_failed", problem=error.problem, field=error.field)
    return problem(error, {"Retry-After": "1"} if error.http_status == 503 else None)


async def _validation(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    found = [
        FieldError(
            ".".join(str(part) for part in each["loc"][1:]),
            str(each.get("input", ""))[:60],
            str(each["msg"]),
            "See /openapi.json for what this takes",
        )
        for each in error.errors()[:50]
    ]
    return problem(Refused(found))


async def http(request: Request, error: Exception) -> Response:
    """The answer where no route is, or not by this method."""
    if not isinstance(error, HTTPException):
        raise error
    path = request.url.path[:100]
    if error.status_code == 404:
        return problem(NotFound("there is nothing at this address", field="path", value=path, mend="See /openapi.json"))
    if error.status_code == 405:
        allowed = dict(error.headers or {})
        mend = f"Use {allowed.get('allow') or allowed.get('Allow', 'another method')}"
        return problem(
            MethodNotAllowed(f"{request.method} is not possible here", field="path", value=path, mend=mend), allowed
        )
    return problem(InvalidInput(str(error.detail)[:200], field="request", mend="See /openapi.json"))


async def unforeseen(request: Request, error: Exception) -> Response:
    """The answer to a fault of ours, which is logged."""
    log.error("request_failed", path=request.scope.get("route_path", ""), exc_info=error)
    return problem(Internal("something unforeseen failed", mend="Look into the gateway's log, and report it"))
