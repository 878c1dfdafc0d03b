"""Reading bounded bodies and answering JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson
from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.errors import InvalidInput, TooLarge
from services.gateway.domain import FieldError
from services.gateway.json_checks import shown
from services.gateway.rest.problems import errors_json, problem

MAX_BODY = 16 * 1024 * 1024
SLASH = "\ue000"  # stands for an encoded slash while routing
LANGUAGES = ("en", "ko")

Line = Mapping[str, Any]


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON."""
    return Response(orjson.dumps(content), status, headers, "application/json")


def size_text(limit: int) -> str:
    """A number of bytes for people."""
    return f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 2**10} KB"


async def body_of(request: Request, limit: int = MAX_BODY) -> bytes:
    """The whole body. Raises TooLarge beyond the limit, before reading on."""
    error = TooLarge(
        f"the body is larger than {size_text(limit)}", field="body", mend="Send less, or many records as lines"
    )
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limit:
        raise error
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise error
        parts.append(part)
    return b"".join(parts)


def parse(data: bytes, field: str = "body") -> Any:
    """Any JSON. Raises InvalidInput where it is none, or not UTF-8."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(
            f"this is no JSON: {error.msg} (line {error.lineno}, column {error.colno})", field=field,
            value=data[:60].decode("utf-8", "replace"), mend="Send UTF-8 JSON without NaN",
        ) from None  # fmt: skip


async def json_of(request: Request) -> Any:
    """The body as JSON."""
    return parse(await body_of(request))


async def object_of(request: Request, keys: Iterable[str], limit: int = MAX_BODY) -> dict[str, Any]:
    """The body as a JSON object with some of these keys; an empty body is an empty object."""
    return object_in(await body_of(request, limit), keys)


def object_in(data: bytes, keys: Iterable[str]) -> dict[str, Any]:
    """A JSON object with some of these keys. Raises InvalidInput naming the one that is not known."""
    value = parse(data) if data else {}
    known = list(keys)
    if not isinstance(value, dict):
        raise InvalidInput("the body is no JSON object", field="body", mend="Send an object with " + ", ".join(known))
    for key in value:
        if key not in known:
            raise InvalidInput(f"{key[:60]} is not known here", field=key[:60], mend="Known keys: " + ", ".join(known))
    return value


def text_of(value: Mapping[str, Any], key: str, default: str = "") -> str:
    """A text member of an object. Raises InvalidInput where it is none."""
    found = value.get(key, default)
    if not isinstance(found, str) or len(found) > 2_000 or "\x00" in found:
        raise InvalidInput(f"{key} is no text", field=key, value=shown(found), mend="Send a JSON string")
    return found


def language_of(request: Request) -> str:
    """ko or en, by ?lang= or else Accept-Language. Raises InvalidInput where ?lang= is another."""
    asked = request.query_params.get("lang", "")
    if asked and asked not in LANGUAGES:
        mend = "Use " + " or ".join(LANGUAGES)
        raise InvalidInput("there are no texts in this language", field="lang", value=asked, mend=mend)
    return asked or accepted_language(request)


def accepted_language(request: Request) -> str:
    """ko or en, by Accept-Language."""
    weights: dict[str, float] = {}
    for part in request.headers.get("accept-language", "").split(","):
        name, _, quality = part.strip().partition(";q=")
        language = name.partition("-")[0].lower()
        if language in LANGUAGES and language not in weights:
            weights[language] = float(quality) if quality.replace(".", "", 1).isdecimal() else 1.0
    return max(weights, key=lambda name: weights[name], default="en")


def limit_of(request: Request, default: int = 50, most: int = 500) -> int:
    """?limit= between 1 and `most`."""
    text = request.query_params.get("limit", str(default))
    if not text.isdecimal() or not 1 <= int(text[:9]) <= most:
        raise InvalidInput("the limit is out of range", field="limit", value=text, mend=f"Use 1 to {most}")
    return int(text)


def id_in_path(value: str) -> str:
    """An id of the address with its slashes back."""
    return value.replace(SLASH, "/")


class EncodedSlashes:
    """Lets ids in addresses hold anything: an encoded slash is no separator, and bytes must be UTF-8."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") if scope["type"] == "http" else None
        if raw and b"%" in raw:
            try:
                path = unquote_to_bytes(raw.replace(b"%2F", b"%EE%80%80").replace(b"%2f", b"%EE%80%80")).decode()
            except UnicodeDecodeError:
                error = InvalidInput("the address is no UTF-8", field="path", mend="Percent-encode the id as UTF-8")
                await problem(error)(scope, receive, send)
                return
            scope["path"] = path
        await self.app(scope, receive, send)


def rejected(errors: Sequence[FieldError], identity: str = "") -> Line:
    """The result line of a record that was not taken."""
    return {"id": identity, "status": "rejected", "revision": 0, "errors": errors_json(errors)}
