"""`dealcast export`: all records as a folder in the history format, or a table as a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, credentials, gateway_address

Folder = Annotated[
    Path | None, typer.Argument(help="A new or empty folder for the history's Parquet files.", metavar="[FOLDER]")
]
Table = Annotated[
    str, typer.Option("--table", help="One table instead: deals, deal-periods, reasons, suggestions or forecast.")
]
Format = Annotated[
    str, typer.Option("--format", help="Of the table: xlsx, csv, parquet or ndjson; else as the file is named.")
]
Target = Annotated[Path | None, typer.Option("--to", help="The file for the table.", metavar="FILE")]
Language = Annotated[str, typer.Option("--lang", help="Of the table's headings and texts: en or ko.")]


def export(
    folder: Folder = None,
    table: Table = "",
    format_name: Format = "",
    target: Target = None,
    language: Language = "en",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
) -> None:
    """Write all records as a history folder (docs/history-format.md), or one table as a file (docs/exporting.md)."""
    from kit.errors import InvalidInput

    if table:
        from cli.export_table import export_table

        if target is None or folder is not None:
            raise InvalidInput("a table goes into one file", field="--to", mend="name it with --to, and no FOLDER")
        asked = gateway_address(data_dir, url), credentials(data_dir, url)
        export_table(*asked, table, format_name, target, language)
        return
    if folder is None or target is not None or format_name:
        mend = "name a FOLDER for the history, or a table with --table deals --to deals.xlsx"
        raise InvalidInput("it is not said what to export", field="FOLDER", mend=mend)
    _history(folder, gateway_address(data_dir, url), credentials(data_dir, url))


def _history(folder: Path, address: str, shown: Mapping[str, str]) -> None:
    import tarfile
    import tempfile

    from cli.export_table import download, make_folder
    from kit.errors import Conflict

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("the folder is not empty", field="FOLDER", value=str(folder), mend="name a new one")
    with tempfile.TemporaryFile() as file:
        size = download(address + "/v1/export", shown, file)
        file.seek(0)
        make_folder(folder, "FOLDER")
        with tarfile.open(fileobj=file) as tar:
            names = tar.getnames()
            tar.extractall(folder, filter="data")
    typer.echo(f"{len(names)} files, {size / 2**20:.1f} MB, in {folder}")
