"""Idempotency-Key: the same POST again is answered as the first time."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from kit.errors import Conflict, InvalidInput
from services.gateway.domain import Principal
from services.gateway.rest.http import answer
from services.gateway.service import Gateway

MAX_KEY = 200

Act = Callable[[], Awaitable[tuple[int, Any]]]


async def once(gateway: Gateway, key: str, body: bytes, act: Act) -> Response:
    """Do it, or answer what it answered before; without a key always do it.

    Raises Conflict where the key came with another body, or its request is still in hand.
    """
    if not key:
        status, content = await act()
        return answer(content, status)
    if key in gateway.in_hand:
        raise Conflict("this request is still in hand", field="Idempotency-Key", mend="Wait for its answer")
    gateway.in_hand.add(key)  # before anything is awaited, or two would find it free
    try:
        return await _recalled_or_done(gateway, key, hashlib.sha256(body).hexdigest(), act)
    finally:
        gateway.in_hand.discard(key)


async def _recalled_or_done(gateway: Gateway, key: str, digest: str, act: Act) -> Response:
    known = await gateway.store.recall_request(key)
    if known is not None:
        same_request(known[0], digest)
        return answer(known[1]["body"], int(known[1]["status"]))
    status, content = await act()
    await gateway.store.remember_request(key, digest, {"status": status, "body": content})
    return answer(content, status)


def idempotency_key(request: Request, principal: Principal) -> str:
    """The Idempotency-Key header with the principal and the address it counts for; empty where there is none."""
    key = request.headers.get("idempotency-key", "")
    if len(key) > MAX_KEY:
        raise InvalidInput("the key is too long", field="Idempotency-Key", value=key, mend=f"Use up to {MAX_KEY}")
    whole = orjson.dumps([principal.id, principal.scope, request.url.path, key])
    return hashlib.sha256(whole).hexdigest() if key else ""


def same_request(stored: str, digest: str) -> None:
    """Raises Conflict when a key comes again with another body."""
    if stored != digest:
        raise Conflict(
            "this key was used for another request", field="Idempotency-Key", mend="Use a new key for a new request"
        )
