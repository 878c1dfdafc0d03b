"""Tells the forecast service through NATS where quarters begin, as models are told."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import structlog

from kit.models import ModelShelf, Pointer, digest, pack
from services.gateway.workspace import FISCAL_YEAR, Workspace

log = structlog.get_logger(__name__)

FILE = "fiscal_year.json"


class FiscalPointer:
    """Kept in NATS whatever happens to it; nothing is told while quarters are those of the calendar from the start."""

    def __init__(self, workspace: Workspace, shelf: ModelShelf) -> None:
        self._workspace = workspace
        self._shelf = shelf

    async def refill(self) -> None:
        """Point at where quarters begin now, if something else is pointed at. Raises Unavailable."""
        there = await self._shelf.pointer(FISCAL_YEAR)
        editions = self._workspace.fiscal_editions
        if not editions and there is None:
            return
        data = await asyncio.to_thread(_packed, self._workspace.calendar.start_month)
        name = digest(data)
        if there is not None and (
            there.generation > editions or (there.generation == editions and there.digest != name)
        ):
            editions = there.generation + 1  # of another life: what comes after it counts as newer
            await self._workspace.set_fiscal_editions(editions)
        if there == _pointer(editions, name) and await self._shelf.has(name):
            return
        await self._shelf.point(FISCAL_YEAR, _pointer(editions, await self._shelf.put(data)))
        log.info("fiscal_year_pointed_at", editions=editions)


def _pointer(editions: int, name: str) -> Pointer:
    return Pointer(f"edition {editions}", editions, name)


def _packed(start_month: int) -> bytes:
    """The same for months that quarters begin alike with."""
    with tempfile.TemporaryDirectory(prefix="dealcast-fiscal-") as folder:
        (Path(folder) / FILE).write_text(json.dumps({"start_month": (start_month - 1) % 3 + 1}), encoding="utf-8")
        return pack(Path(folder))
