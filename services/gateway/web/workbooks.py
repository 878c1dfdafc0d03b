"""What a page shows, as a workbook to take along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from services.gateway.exports.columns import Row, Table, row_of
from services.gateway.exports.writing import FORMATS, write_file


async def workbook_of(
    table: Table, sources: Iterable[Mapping[str, Any]], language: str, scratch: Path, name: str
) -> Response:
    """A workbook of this name with a row for each source; its file is removed once it is sent."""
    path = await write_file(table, "xlsx", language, _page(table, sources), scratch)
    cleanup = BackgroundTask(path.unlink, missing_ok=True)
    return FileResponse(path, media_type=FORMATS["xlsx"].media_type, filename=name, background=cleanup)


async def _page(table: Table, sources: Iterable[Mapping[str, Any]]) -> AsyncIterator[list[Row]]:
    yield [row_of(table.columns, one) for one in sources]
