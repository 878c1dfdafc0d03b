"""Finds out where an import goes: a gateway by its address, the one that runs on a data folder, or its store."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.folder_lock import locked
from services.gateway.imports.sinks import StoreSink, WeeklySink

if TYPE_CHECKING:
    from services.gateway.store import Store


TOKEN_FILE = "service-token"  # noqa: S105 - a file's name
TOKEN_VARIABLE = "DEALCAST_TOKEN"  # noqa: S105 - a variable's name


async def open_sink(data_dir: Path | None, url: str, *, dry_run: bool = False) -> WeeklySink:
    """The sink for --url, or for --data-dir: the gateway that runs on it, else its store, held alone until closed.

    Raises InvalidInput, Unavailable, or Conflict where another process holds the folder and no gateway answers yet.
    """
    from services.gateway.imports.http_sink import CheckingSink, HttpSink

    if url:
        there = HttpSink(url, token=token_for(None))
        return CheckingSink(there) if dry_run else there
    folder = data_dir or Path("data")
    location = _location(folder)
    if dry_run and location.startswith("sqlite:"):
        return await _open_copy(Path(location.removeprefix("sqlite:///")))
    running = running_gateway(folder)
    if running:
        here = HttpSink(running, token=token_for(folder))
        return CheckingSink(here) if dry_run else here
    return await _open_store(folder, location)


def token_for(folder: Path | None) -> str:
    """What a program of this machine shows the gateway of a data folder, which left it there for who may read the
    folder; for a gateway elsewhere (None) what DEALCAST_TOKEN holds. Empty where there is none: sign-in may be off."""
    if folder is None:
        return os.environ.get(TOKEN_VARIABLE, "")
    try:
        return (folder / TOKEN_FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def running_gateway(folder: Path) -> str:
    """The address of the gateway that runs on a data folder, "" where none does."""
    import psutil

    for name in ("state.json", "gateway.json"):
        try:
            state = json.loads((folder / "run" / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        pid, address = _entry(state)
        if address and (pid is None or psutil.pid_exists(pid)):
            return address if address.startswith("http") else f"http://{address}"
    return ""


def _entry(state: Any) -> tuple[int | None, str]:
    if not isinstance(state, Mapping):
        return None, ""
    pid = state.get("pid")
    return pid if isinstance(pid, int) else None, str(state.get("url") or state.get("http") or "")


def _location(folder: Path) -> str:
    return os.environ.get("DEALCAST_STORE_URL") or f"sqlite:///{folder.resolve() / 'gateway.db'}"


class _LockedSink(StoreSink):
    """The store of a folder that nothing else may start on meanwhile."""

    held: ExitStack

    async def close(self) -> None:
        with self.held:
            await super().close()


@asynccontextmanager
async def held_store(folder: Path, who: str) -> AsyncIterator[Store]:
    """The store of a folder, held alone meanwhile. Raises Conflict where another process holds the folder."""
    from services.gateway.store import open_store

    with locked(folder, who):
        store = await open_store(_location(folder))
        try:
            yield store
        finally:
            await store.close()


async def _open_store(folder: Path, location: str) -> WeeklySink:
    from services.gateway.store import open_store

    with ExitStack() as held:
        held.enter_context(locked(folder, "dealcast import"))
        sink = _LockedSink(await open_store(location), record=True)
        sink.held = held.pop_all()
    return sink


class _CopySink(StoreSink):
    """A store of its own in a temporary folder."""

    folder: Path

    async def close(self) -> None:
        await super().close()
        shutil.rmtree(self.folder, ignore_errors=True)


async def _open_copy(database: Path) -> WeeklySink:
    """The same records in a copy: what a dry run does to it is what an import would do."""
    from services.gateway.store import open_store

    folder = await asyncio.to_thread(_copy, database)
    sink = _CopySink(await open_store(f"sqlite:///{folder / 'gateway.db'}"))
    sink.folder = folder
    return sink


def _copy(database: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="dealcast-dry-run-"))
    if database.exists():
        source, target = (
            sqlite3.connect(database.as_uri() + "?mode=ro", uri=True),
            sqlite3.connect(folder / "gateway.db"),
        )
        source.backup(target)
        source.close()
        target.close()
    return folder
