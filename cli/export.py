"""`dealcast export`: all records as a folder in the history format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, gateway_address


def export(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder for the Parquet files.", metavar="FOLDER")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
) -> None:
    """Write all records as Parquet files (docs/history-format.md)."""
    import tarfile
    import tempfile

    from kit.errors import Conflict

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("the folder is not empty", field="FOLDER", value=str(folder), mend="name a new one")
    address = gateway_address(data_dir, url)
    with tempfile.TemporaryFile() as file:
        size = _download(address + "/v1/export", file)
        file.seek(0)
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(fileobj=file) as tar:
            names = tar.getnames()
            tar.extractall(folder, filter="data")
    typer.echo(f"{len(names)} files, {size / 2**20:.1f} MB, in {folder}")


def _download(address: str, file: object) -> int:
    import httpx

    from cli.progress import Bar
    from kit.errors import Unavailable
    from services.gateway.imports.http_sink import problem

    size = 0
    try:
        with (
            Bar("Exporting", sizes=True) as bar,
            httpx.stream("GET", address, timeout=600.0, trust_env=False) as response,
        ):
            if response.is_error:
                response.read()
                raise problem(response)
            for part in response.iter_bytes():
                file.write(part)  # type: ignore[attr-defined]
                size += len(part)
                bar.show(size)
    except httpx.HTTPError as error:
        message = f"the gateway does not answer ({type(error).__name__})"
        raise Unavailable(message, field="url", value=address, mend="start it with dealcast up") from None
    return size
