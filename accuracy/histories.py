"""Real data, taken the way a company's data goes: imported by a preset, exported as a history."""

from __future__ import annotations

import asyncio
import os
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from kit.clock import WallClock
from kit.errors import NotFound
from services.gateway.domain import LOCAL
from services.gateway.history_export import export_history
from services.gateway.imports import mapping
from services.gateway.imports.importer import Importer
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.sinks import StoreSink
from services.gateway.store import open_store
from services.gateway.workspace import Workspace

PRESETS = ("crm_sales_opportunities", "loan_offers")
ROOT = Path(__file__).resolve().parent.parent


def datasets() -> Path:
    """The folder of the data sets (DEALCAST_DATASETS); NotFound where there is none."""
    folder = Path(os.environ.get("DEALCAST_DATASETS") or ROOT.parent / "shared" / "datasets")
    if not folder.is_dir():
        raise NotFound("The data sets are not here.", field="DEALCAST_DATASETS", value=str(folder),
                       mend="Set DEALCAST_DATASETS to their folder.")  # fmt: skip
    return folder


@cache
def history_of(preset: str) -> Path:
    """A folder with the preset's history, in a temporary place; made once a run."""
    folder = Path(mkdtemp(prefix=f"dealcast-{preset}-"))
    asyncio.run(_import_and_export(preset, folder))
    return folder / "history"


async def _import_and_export(preset: str, folder: Path) -> None:
    location = f"sqlite:///{folder / 'gateway.db'}"
    sink = StoreSink(await open_store(location))
    try:
        importer = Importer(mapping.load(preset), sink, RejectsWriter(folder / "rejects"))
        await importer.run(datasets() / preset)
    finally:
        await sink.close()
    store = await open_store(location)
    try:
        workspace = Workspace(store, WallClock())
        await workspace.load()
        await export_history(store, workspace, LOCAL, folder / "history")
    finally:
        await store.close()
