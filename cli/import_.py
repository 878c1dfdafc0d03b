"""`dealcast import`: CSV files into deal records by a mapping."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.evaluate_lead_scoring import Language
from cli.options import DEFAULT_DATA_DIR, DataDir, Url

if TYPE_CHECKING:
    from services.gateway.imports.importer import Progress, Report
    from services.gateway.imports.schema import Mapping


def import_(
    path: Annotated[Path, typer.Argument(help="A folder, or a single file.", metavar="PATH")],
    mapping: Annotated[str, typer.Option("--mapping", help="A preset's name, or a mapping file (.toml).")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejects", help="Where refused rows go: a .csv file or a folder. [default: ./rejects-<file>.csv]"
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything but write, and say what would happen.")
    ] = False,
    language: Annotated[
        Language | None, typer.Option("--lang", help="Of what is said. [default: that of LC_ALL, LC_MESSAGES or LANG]")
    ] = None,
) -> None:
    """Import CSV files; the same files again change nothing.

    Goes to the gateway that runs on the data folder, else straight into its store.
    """
    import asyncio

    from cli.import_report import report_lines, row_lines
    from cli.progress import Bar
    from kit.errors import DealcastError
    from services.gateway.imports.mapping import load
    from services.gateway.imports.messages import reader_language, translate

    spoken = language.value if language else reader_language()
    try:
        rules = load(mapping)
        with Bar() as bar:
            report = asyncio.run(_run(rules, _Options(path, data_dir, url, rejects, dry_run, spoken), bar))
    except DealcastError as error:
        if url and error.field == "--data-dir":
            error.field, error.value = "--url", url
            error.mend = "start another gateway with dealcast up --data-dir ANOTHER --port PORT, and give its address"
        translate(error, spoken)
        raise
    for line in row_lines(report, spoken):
        typer.echo(line, err=True)
    for line in report_lines(report, rules.name, spoken, dry_run=dry_run):
        typer.echo(line)


@dataclass(frozen=True, slots=True)
class _Options:
    path: Path
    data_dir: Path
    url: str
    rejects: Path | None
    dry_run: bool
    language: str


async def _run(rules: Mapping, options: _Options, progress: Progress) -> Report:
    from services.gateway.imports.importer import Importer
    from services.gateway.imports.rejects import RejectsWriter
    from services.gateway.imports.tables import find
    from services.gateway.imports.targets import open_sink

    find(rules, options.path)  # so that a wrong path is told before anything is made
    rejects = RejectsWriter(options.rejects, language=options.language)
    sink = await open_sink(options.data_dir, options.url, dry_run=options.dry_run)
    try:
        return await Importer(rules, sink, rejects, progress).run(options.path)
    finally:
        await sink.close()
