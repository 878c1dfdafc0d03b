"""Refilling NATS and promoting at the same time."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from kit.models import ModelShelf, Pointer
from services.gateway.model_versions import ModelVersions
from services.gateway.store.interface import Store
from services.gateway.workspace import Serving, Workspace


class Documents:
    """Settings in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def get_setting(self, key: str) -> Any:
        return self.kept.get(key)

    async def put_setting(self, key: str, value: Any) -> None:
        self.kept[key] = value

    async def add_event(self, *_: Any) -> None: ...

    async def add_model_audit(self, *_: Any) -> None: ...


class Shelf:
    """NATS that has lost everything, slowly found out."""

    def __init__(self) -> None:
        self.artifacts: set[str] = set()
        self.pointers: dict[str, Pointer] = {}

    async def has(self, digest: str) -> bool:
        await asyncio.sleep(0)
        return digest in self.artifacts

    async def put(self, data: bytes) -> str:
        await asyncio.sleep(0)
        self.artifacts.add(data.decode())
        return data.decode()

    async def pointer(self, service: str) -> Pointer | None:
        await asyncio.sleep(0)
        return self.pointers.get(service)

    async def point(self, service: str, pointer: Pointer) -> None:
        await asyncio.sleep(0)
        self.pointers[service] = pointer


async def fetch(_service: str, version: str) -> bytes:
    for _ in range(50):
        await asyncio.sleep(0)
    return f"digest-{version}".encode()


async def test_a_promotion_during_a_refill_stays() -> None:
    documents, shelf = cast("Store", Documents()), Shelf()
    workspace = Workspace(documents)
    models = ModelVersions(documents, workspace, cast("ModelShelf", shelf), fetch)
    await models.add("forecast", {"version": "2", "digest": "digest-2"})
    await workspace.serve("forecast", Serving("1", 1, "digest-1"))
    refilling = asyncio.create_task(models.refill())
    for _ in range(5):
        await asyncio.sleep(0)
    await asyncio.gather(refilling, models.promote("forecast", "2", "better", b"digest-2"))
    assert workspace.serving["forecast"] == Serving("2", 2, "digest-2")
    assert shelf.pointers["forecast"] == Pointer("2", 2, "digest-2")
    assert {"digest-1", "digest-2"} >= shelf.artifacts >= {"digest-2"}
