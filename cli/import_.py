"""`dealcast import`: CSV files into deal records by a mapping."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url

if TYPE_CHECKING:
    from collections.abc import Mapping as Counts

    from rich.progress import TaskID

    from services.gateway.imports.importer import Progress, Report
    from services.gateway.imports.schema import Mapping

SHOWN = 20


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

    from services.gateway.imports.mapping import load

    rules = load(mapping)
    with _Bar() as bar:
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


class _Bar:
    """Progress on a terminal; nothing where the output goes elsewhere."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        console = Console(stderr=True)
        self._bar = Progress(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal)
        self._task: TaskID | None = None

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def start(self, what: str, total: int) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=self._bar.tasks[-1].total)
        self._task = self._bar.add_task(what, total=total)

    def advance(self, count: int) -> None:
        if self._task is not None:
            self._bar.advance(self._task, count)


def _tell(report: Report, name: str, *, dry_run: bool) -> None:
    for rejected in report.rejects[:SHOWN]:
        for error in rejected.errors:
            value = f" = {error.value}" if error.value else ""
            text = f"{rejected.file}, line {rejected.line}: {error.field}{value}: {error.message}; {error.mend}"
            typer.echo(text, err=True)
    rest = report.total("rejected") - SHOWN
    if rest > 0:
        typer.echo(f"and {rest:,} more", err=True)
    typer.echo(
        f"{name}{f', as of {report.as_of}' if report.as_of else ''}{': dry run, nothing written' if dry_run else ''}"
    )
    for entity, counts in report.counts.items():
        typer.echo(f"  {entity}: {_words(counts, read=entity != 'reporting lines')}")
    totals = {what: report.total(what) for what in ("created", "changed", "unchanged", "checked", "rejected")}
    typer.echo(f"in all: {_words(totals, read=False)}")
    for path in report.rejects_files.values():
        typer.echo(f"refused rows are in {path}: correct them and import that file with the same mapping")


def _words(counts: Counts[str, int], *, read: bool) -> str:
    words = ("read", "created", "changed", "unchanged", "checked", "rejected")
    kept = [w for w in words if (w != "read" or read) and (w != "checked" or counts.get(w))]
    return ", ".join(f"{counts.get(word, 0):,} {word}" for word in kept)
