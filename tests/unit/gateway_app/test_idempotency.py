"""Idempotency keys: one request acts once, and a key belongs to who sent it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest
from starlette.requests import Request
from starlette.responses import Response

from kit.errors import Conflict, Unavailable
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.rest.idempotency import idempotency_key, once
from services.gateway.service import Gateway
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace


class Requests:
    """Remembered requests; every call lets others run first."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, Mapping[str, Any]]] = {}

    async def recall_request(self, key: str) -> tuple[str, Mapping[str, Any]] | None:
        found = self.kept.get(key)
        await asyncio.sleep(0)
        return found

    async def remember_request(self, key: str, digest: str, response: Mapping[str, Any]) -> None:
        await asyncio.sleep(0)
        self.kept[key] = (digest, response)


def gateway() -> Gateway:
    return Gateway(cast("Store", Requests()), cast("Workspace", None))


class Act:
    """Counts how often it was done."""

    def __init__(self, *failures: Exception) -> None:
        self.done = 0
        self.failures = list(failures)

    async def __call__(self) -> tuple[int, Any]:
        if self.failures:
            raise self.failures.pop()
        self.done += 1
        return 201, {"done": self.done}


@pytest.mark.parametrize("pause", range(6))
async def test_a_request_that_comes_twice_at_a_time_acts_once(pause: int) -> None:
    one, act = gateway(), Act()

    async def later() -> Response:
        for _ in range(pause):
            await asyncio.sleep(0)
        return await once(one, "k", b"{}", act)

    answers = await asyncio.gather(once(one, "k", b"{}", act), later(), return_exceptions=True)
    assert act.done == 1
    assert all(isinstance(each, Conflict) or cast("Response", each).status_code == 201 for each in answers)
    assert (await once(one, "k", b"{}", act)).body == b'{"done":1}'
    assert one.in_hand == set()


async def test_a_key_is_free_again_after_a_failure_and_in_another_gateway() -> None:
    one, other, act = gateway(), gateway(), Act(Unavailable("not now"))
    one.in_hand.add("k")
    with pytest.raises(Unavailable):
        await once(other, "k", b"{}", act)
    assert (await once(other, "k", b"{}", act)).status_code == 201
    with pytest.raises(Conflict, match="another request"):
        await once(other, "k", b"[]", act)


async def test_without_a_key_everything_is_done() -> None:
    act = Act()
    await asyncio.gather(*(once(gateway(), "", b"{}", act) for _ in range(3)))
    assert act.done == 3


def test_a_key_belongs_to_principal_and_address() -> None:
    def key(principal: Principal, path: str = "/v1/activities", sent: bytes = b"k") -> str:
        scope = {"type": "http", "path": path, "query_string": b"", "headers": [(b"idempotency-key", sent)]}
        return idempotency_key(Request(scope), principal)

    ann = Principal("ann", Scope.OWN, "u1")
    assert key(LOCAL) == key(LOCAL)
    assert len({key(LOCAL), key(ann), key(LOCAL, "/v1/imports"), key(LOCAL, sent=b"other")}) == 4
    assert key(LOCAL, sent=b"") == ""
