"""Idempotency-Key: the same POST again is answered as the first time."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from kit.errors import Conflict
from services.gateway.rest.http import answer, same_request
from services.gateway.store.interface import Store

_in_hand: set[str] = set()

Act = Callable[[], Awaitable[tuple[int, Any]]]


async def once(store: Store, key: str, body: bytes, act: Act) -> Response:
    """Do it, or answer what it answered before. Raises Conflict where the key came with another body."""
    digest = hashlib.sha256(body).hexdigest()
    if key and (known := await store.recall_request(key)) is not None:
        same_request(known[0], digest)
        return answer(known[1]["body"], int(known[1]["status"]))
    if key in _in_hand:
        raise Conflict("this request is still in hand", field="Idempotency-Key", mend="Wait for its answer")
    if key:
        _in_hand.add(key)
    try:
        status, content = await act()
        if key:
            await store.remember_request(key, digest, {"status": status, "body": content})
    finally:
        _in_hand.discard(key)
    return answer(content, status)
