"""`dealcast import`: CSV files into deal records by a mapping."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url

if TYPE_CHECKING:
    from collections.abc import Mapping as Counts
    from collections.abc import Sequence

    from services.gateway.imports.importer import Progress, Report
    from services.gateway.imports.schema import Mapping

SHOWN = 20
FATES = ("created", "changed", "unchanged", "checked", "rejected")
PARTS_OF_DEALS = ("history", "events", "activities", "deal_contacts", "deal_products")


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
) -> None:
    """Import CSV files; the same files again change nothing.

    Goes to the gateway that runs on the data folder, else straight into its store.
    """
    import asyncio

    from cli.progress import Bar
    from services.gateway.imports.mapping import load

    rules = load(mapping)
    with Bar() as bar:
        report = asyncio.run(_run(rules, _Options(path, data_dir, url, rejects, dry_run), bar))
    _tell(report, rules.name, dry_run=dry_run)


@dataclass(frozen=True, slots=True)
class _Options:
    path: Path
    data_dir: Path
    url: str
    rejects: Path | None
    dry_run: bool


async def _run(rules: Mapping, options: _Options, progress: Progress) -> Report:
    from services.gateway.imports.importer import Importer
    from services.gateway.imports.rejects import RejectsWriter
    from services.gateway.imports.tables import find
    from services.gateway.imports.targets import open_sink

    find(rules, options.path)  # so that a wrong path is told before anything is made
    sink = await open_sink(options.data_dir, options.url, dry_run=options.dry_run)
    try:
        return await Importer(rules, sink, RejectsWriter(options.rejects), progress).run(options.path)
    finally:
        await sink.close()


def _tell(report: Report, name: str, *, dry_run: bool) -> None:
    for rejected in report.rejects[:SHOWN]:
        for error in rejected.errors:
            value = f" = {error.value}" if error.value else ""
            text = f"{rejected.file}, line {rejected.line}: {error.field}{value}: {error.message}; {error.mend}"
            typer.echo(text, err=True)
    rest = report.total("rejected") - SHOWN
    if rest > 0:
        typer.echo(f"and {rest:,} more", err=True)
    stays = f"; the company's day stays {report.business_day}" if report.business_day != report.as_of else ""
    as_of = f", as of {report.as_of}{stays}" if report.as_of else ""
    typer.echo(f"{name}{as_of}{': dry run, nothing written' if dry_run else ''}")
    for entity, counts in report.counts.items():
        typer.echo(f"  {entity}: {_words(counts, _shown(entity))}")
    totals = {what: report.total(what) for what in FATES}
    typer.echo(f"in all: {_words(totals, FATES)}")
    for path in report.rejects_files.values():
        typer.echo(f"refused rows are in {path}: correct them and import that file with the same mapping")


def _shown(entity: str) -> tuple[str, ...]:
    """What is counted of it: rows that belong to deals are written with them, and lines come along with users."""
    if entity in PARTS_OF_DEALS:
        return ("read", "rejected")
    return FATES if entity == "reporting lines" else ("read", *FATES)


def _words(counts: Counts[str, int], shown: Sequence[str]) -> str:
    return ", ".join(f"{counts.get(word, 0):,} {word}" for word in shown if word != "checked" or counts.get(word))
