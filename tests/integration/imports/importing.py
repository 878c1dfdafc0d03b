"""One import from end to end."""

from __future__ import annotations

from pathlib import Path

from services.gateway.imports.importer import Importer, Report
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.schema import Mapping
from services.gateway.imports.targets import open_sink


async def run_import(mapping: Mapping, path: Path, data_dir: Path, *, url: str = "", dry_run: bool = False) -> Report:
    """Into a data folder, or the gateway at an address; refused rows go beside the data folder."""
    sink = await open_sink(data_dir, url, dry_run=dry_run)
    try:
        return await Importer(mapping, sink, RejectsWriter(data_dir.with_name("rejects"))).run(path)
    finally:
        await sink.close()
