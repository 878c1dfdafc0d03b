"""Refilling NATS and promoting at the same time; rolling back."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from kit.errors import Conflict
from kit.models import ModelShelf, Pointer
from services.gateway.model_audit import AuditEntry
from services.gateway.model_versions import ModelVersions
from services.gateway.store.interface import Store
from services.gateway.workspace import Serving, Workspace


class Documents:
    """Settings in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.log: list[AuditEntry] = []

    async def get_setting(self, key: str) -> Any:
        return self.kept.get(key)

    async def put_setting(self, key: str, value: Any) -> None:
        self.kept[key] = value

    async def add_event(self, *_: Any) -> None: ...

    async def add_model_audit(self, entry: AuditEntry) -> AuditEntry:
        self.log.insert(0, entry)
        return entry

    async def list_model_audit(self, _: Any, service: str = "", before: int = 0, limit: int = 100) -> list[AuditEntry]:
        return [entry for entry in self.log if entry.service in (service, "")][:limit]


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


async def test_a_roll_back_goes_one_step_back_and_is_never_undone_by_another() -> None:
    documents = cast("Store", Documents())
    workspace = Workspace(documents)
    models = ModelVersions(documents, workspace, cast("ModelShelf", Shelf()), fetch)
    for version in ("1", "2", "3"):
        await models.add("forecast", {"version": version, "digest": f"digest-{version}"})
        await models.promote("forecast", version, "newest", who="rule")
    await models.add("lead_scoring", {"version": "9", "digest": "digest-9"})
    await models.promote("lead_scoring", "9", "newest")
    assert (await models.rollback("forecast", "complaints")).version == "2"
    with pytest.raises(Conflict, match="version 2 serves since version 3 was rolled back") as told:
        await models.rollback("forecast", "pressed twice")
    assert "--to" in told.value.mend
    assert (await models.rollback("forecast", "still", "1")).version == "1"
    await models.promote("forecast", "3", "mended")
    assert (await models.rollback("forecast", "no")).version == "1", "what served before it this time"
    with pytest.raises(Conflict, match="no other version has served"):
        await models.rollback("lead_scoring", "the prior was better")
