"""Errors that reach a person or a program: each names the field, its value and the mend."""

from __future__ import annotations

from typing import ClassVar

import grpc

VALUE_LIMIT = 200
PROBLEM_BASE = "urn:dealcast:problem:"


class DealcastError(Exception):
    """The root of every expected error.

    Args: message says what is wrong; field and value name where; mend says what to do.
    """

    grpc_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    http_status: ClassVar[int] = 500
    problem: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(self, message: str, *, field: str = "", value: str = "", mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.value = value if len(value) <= VALUE_LIMIT else value[:VALUE_LIMIT] + "…"
        self.mend = mend

    def __str__(self) -> str:
        text = self.message
        if self.field:
            text += f" [{self.field}" + (f" = {self.value!r}]" if self.value else "]")
        return f"{text}. {self.mend}" if self.mend else text


class InvalidInput(DealcastError):
    """What was given breaks a documented rule; the same input will fail again."""

    grpc_code = grpc.StatusCode.INVALID_ARGUMENT
    http_status = 400
    problem = "invalid-input"
    title = "Invalid input"


class NotFound(DealcastError):
    """There is no such thing, or the principal may not know of it."""

    grpc_code = grpc.StatusCode.NOT_FOUND
    http_status = 404
    problem = "not-found"
    title = "Not found"


class Conflict(DealcastError):
    """The thing has changed meanwhile, or exists already."""

    grpc_code = grpc.StatusCode.ABORTED
    http_status = 409
    problem = "conflict"
    title = "Conflict"


class Unauthenticated(DealcastError):
    """Nobody is signed in, or what they signed in with does not count."""

    grpc_code = grpc.StatusCode.UNAUTHENTICATED
    http_status = 401
    problem = "unauthenticated"
    title = "Not signed in"


class Forbidden(DealcastError):
    """The principal may not do this."""

    grpc_code = grpc.StatusCode.PERMISSION_DENIED
    http_status = 403
    problem = "forbidden"
    title = "Forbidden"


class TooLarge(DealcastError):
    """Beyond a documented bound; the same input will fail again."""

    grpc_code = grpc.StatusCode.OUT_OF_RANGE
    http_status = 413
    problem = "too-large"
    title = "Too large"


class Unavailable(DealcastError):
    """A part does not answer now; the same call may work later."""

    grpc_code = grpc.StatusCode.UNAVAILABLE
    http_status = 503
    problem = "unavailable"
    title = "Unavailable"


class Poisoned(DealcastError):
    """A message that can never be handled; it goes to the dead-letter stream."""

    grpc_code = grpc.StatusCode.DATA_LOSS
    http_status = 500
    problem = "poisoned"
    title = "Poisoned message"


class Internal(DealcastError):
    """A fault of ours."""


def problem_json(error: DealcastError) -> dict[str, str | int]:
    """The error as RFC 9457 problem details, with field, value and mend beside."""
    return {
        "type": PROBLEM_BASE + error.problem,
        "title": error.title,
        "status": error.http_status,
        "detail": error.message,
        "field": error.field,
        "value": error.value,
        "mend": error.mend,
    }
