"""The records as a folder in the history format: what training reads, and what leaves by gRPC and REST."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path

from kit.clock import utc_day
from learning.history import SCHEMAS, HistoryWriter, Manifest
from services.gateway.domain import Principal
from services.gateway.privacy.withheld import Withheld
from services.gateway.record_begun import there_before
from services.gateway.store.interface import Store
from services.gateway.workspace import Workspace

NOTHING = Withheld()


async def export_history(
    store: Store, workspace: Workspace, principal: Principal, folder: Path, as_of: datetime | None = None,
    withheld: Withheld = NOTHING, privacy: Mapping[str, int] | None = None,
) -> None:  # fmt: skip
    """Write the folder, table by table in batches, without what is withheld. as_of None means as the business clock
    stands, with everything. `privacy` is told in the manifest.

    Raises Forbidden for a principal that does not see all.
    """
    moment = as_of or workspace.now()
    day = utc_day(as_of) if as_of else workspace.business_day
    manifest = Manifest(
        moment, day, workspace.currency, lead_horizon_days=workspace.lead_horizon_days, calendar=workspace.calendar,
        holiday_country=workspace.holiday_country, trees=workspace.trees,
        forecast_types={each.name: each.field for each in workspace.forecast_types}, privacy=privacy or {},
    )  # fmt: skip
    before = await there_before(store)
    with HistoryWriter(folder, manifest) as writer:
        async for table, rows in store.export_tables(principal, list(SCHEMAS), as_of):
            if table == "deals":
                rows = [row | {"created_before": row["id"] in before} for row in rows]
            await asyncio.to_thread(writer.append, table, withheld.rows(table, rows))


@contextlib.asynccontextmanager
async def exported(
    store: Store, workspace: Workspace, principal: Principal, parent: Path, as_of: datetime | None = None,
    withheld: Withheld = NOTHING, privacy: Mapping[str, int] | None = None,
) -> AsyncIterator[Path]:  # fmt: skip
    """A folder with the history for as long as it is needed."""
    folder = await asyncio.to_thread(scratch_folder, parent, "history-")
    try:
        await export_history(store, workspace, principal, folder, as_of, withheld, privacy)
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def scratch_folder(parent: Path, prefix: str) -> Path:
    """A new folder for temporary files."""
    parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
