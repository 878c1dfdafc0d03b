"""A table into a file: pages from the store, one after the other, into the writer of the format."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from services.gateway.domain import Principal
from services.gateway.exports.columns import Row, Table
from services.gateway.exports.parquet import ParquetFile
from services.gateway.exports.rows import rows_of, table_of
from services.gateway.exports.text_files import CsvFile, NdjsonFile
from services.gateway.service import Gateway
from services.gateway.store.interface import Query


class TableFile(Protocol):
    """A file that rows go into; held in memory is a bounded number of them."""

    def append(self, rows: Sequence[Row]) -> None: ...

    def close(self) -> None: ...


class Opened(Protocol):
    """How a format's file is begun."""

    def __call__(self, path: Path, table: Table, language: str) -> TableFile: ...


@dataclass(frozen=True, slots=True)
class Format:
    """A way of writing tables, with its media type."""

    opened: Opened
    media_type: str


def workbook(path: Path, table: Table, language: str) -> TableFile:
    """A workbook, by a library that is not loaded before."""
    from services.gateway.exports.workbook import XlsxFile

    return XlsxFile(path, table, language)


FORMATS: Mapping[str, Format] = {
    "xlsx": Format(workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": Format(CsvFile, "text/csv"),
    "parquet": Format(ParquetFile, "application/vnd.apache.parquet"),
    "ndjson": Format(NdjsonFile, "application/x-ndjson"),
}


async def write_table(
    gateway: Gateway, principal: Principal, name: str, format_name: str, query: Query, language: str, folder: Path
) -> Path:
    """A new file in the folder with the table's rows that the principal may see; the caller removes it.

    Raises TooLarge for more than a format takes; then no file is left.
    """
    table = await table_of(gateway, name)
    return await write_file(table, format_name, language, rows_of(gateway, principal, table, query, language), folder)


async def write_file(
    table: Table, format_name: str, language: str, pages: AsyncIterator[list[Row]], folder: Path
) -> Path:
    """A new file in the folder with the pages; the caller removes it. Raises TooLarge; then no file is left."""
    path = await asyncio.to_thread(_new_file, folder, format_name)
    try:
        await write_pages(FORMATS[format_name], path, table, language, pages)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


async def write_pages(chosen: Format, path: Path, table: Table, language: str, pages: AsyncIterator[list[Row]]) -> None:
    """Write the pages as they come."""
    file = await asyncio.to_thread(chosen.opened, path, table, language)
    try:
        async for page in pages:
            await asyncio.to_thread(file.append, page)
    finally:
        await asyncio.to_thread(file.close)


def _new_file(folder: Path, format_name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="export-", suffix=f".{format_name}", dir=folder)
    os.close(handle)
    return Path(name)
