"""`dealcast export --table …`: a table of what the gateway knows as one file, and how files are fetched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import typer

SUFFIXES = {".xlsx": "xlsx", ".csv": "csv", ".parquet": "parquet", ".ndjson": "ndjson", ".jsonl": "ndjson"}


def format_of(target: Path, asked: str) -> str:
    """The format asked for, else the one of the file's name. Raises InvalidInput."""
    from kit.errors import InvalidInput

    found = asked or SUFFIXES.get(target.suffix.lower(), "")
    if found not in SUFFIXES.values():
        mend = "use --format xlsx, csv, parquet or ndjson"
        value = asked or target.name
        raise InvalidInput("this names no format of tables", field="--format", value=value, mend=mend)
    return found


def export_table(address: str, shown: Mapping[str, str], table: str, asked: str, target: Path, language: str) -> None:
    """Write the table; the file is there whole or not at all. Raises Conflict where there is one already."""
    from urllib.parse import quote

    chosen = format_of(target, asked)
    size = save(f"{address}/v1/exports/{quote(table, safe='')}?format={chosen}&lang={language}", shown, target)
    typer.echo(f"{table}: {size / 2**20:.1f} MB, in {target}")


def save(address: str, shown: Mapping[str, str], target: Path) -> int:
    """Fetch a file, which is there whole or not at all; how many bytes. A missing folder is made. Raises Conflict where
    there is a file already, InvalidInput where none can be written."""
    from kit.errors import Conflict

    if target.exists():
        raise Conflict("the file is there already", field="--to", value=str(target), mend="name a new one")
    make_folder(target.parent, "--to")
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            size = download(address, shown, file)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return size


def make_folder(folder: Path, field: str) -> None:
    """Make a folder where there is none. Raises InvalidInput where it cannot be made or written to."""
    from kit.errors import InvalidInput

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        writable = False
    else:
        writable = os.access(folder, os.W_OK)
    if not writable:
        mend = "name one that you may write to"
        raise InvalidInput("nothing can be written in this folder", field=field, value=str(folder), mend=mend)


def download(address: str, shown: Mapping[str, str], file: IO[bytes]) -> int:
    """Write the answer into the file; how many bytes. Raises Unavailable, else what the gateway tells."""
    import httpx

    from cli.progress import Bar
    from kit.errors import Unavailable
    from services.gateway.imports.http_sink import problem

    size = 0
    try:
        with (
            Bar("Exporting", sizes=True) as bar,
            httpx.stream("GET", address, timeout=3600.0, trust_env=False, headers=dict(shown)) as response,
        ):
            if response.is_error:
                response.read()
                raise problem(response)
            for part in response.iter_bytes():
                file.write(part)
                size += len(part)
                bar.show(size)
    except httpx.HTTPError as error:
        message = f"the gateway does not answer ({type(error).__name__})"
        raise Unavailable(message, field="url", value=address, mend="start it with dealcast up") from None
    return size
