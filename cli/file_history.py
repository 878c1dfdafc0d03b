"""A company's files as a history, with no server running: imported into a store of the moment, and exported."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.gateway.imports.importer import Progress, Report
    from services.gateway.imports.schema import Mapping


def write_history(mapping: str, source: Path, scratch: Path, progress: Progress) -> tuple[Path, Report]:
    """The folder with the history of `source` under `scratch`, and what the import said of its rows.

    mapping: a preset's name or a mapping file. Raises DealcastError where the files cannot be read.
    """
    from services.gateway.imports.mapping import load

    folder = scratch / "history"
    return folder, asyncio.run(_import_and_export(load(mapping), source, scratch, folder, progress))


async def _import_and_export(rules: Mapping, source: Path, scratch: Path, folder: Path, progress: Progress) -> Report:
    from kit.clock import WallClock
    from services.gateway.domain import LOCAL
    from services.gateway.history_export import export_history
    from services.gateway.imports.importer import Importer
    from services.gateway.imports.rejects import RejectsWriter
    from services.gateway.imports.sinks import StoreSink
    from services.gateway.store import open_store
    from services.gateway.workspace import Workspace

    location = f"sqlite:///{scratch / 'records.db'}"
    sink = StoreSink(await open_store(location))
    try:
        report = await Importer(rules, sink, RejectsWriter(scratch / "rejects"), progress).run(source)
    finally:
        await sink.close()
    store = await open_store(location)
    try:
        workspace = Workspace(store, WallClock())
        await workspace.load()
        await export_history(store, workspace, LOCAL, folder)
    finally:
        await store.close()
    return report
