"""`dealcast import`: files into deal records, by a mapping or, of dated files of deals, without one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.import_weekly import WeeklyOptions
from cli.options import DEFAULT_DATA_DIR, DataDir, Url
from cli.speech import Lang, spoken

if TYPE_CHECKING:
    from services.gateway.imports.importer import Progress, Report
    from services.gateway.imports.schema import Mapping


def import_(
    paths: Annotated[list[Path], typer.Argument(help="Folders, or single files.", metavar="PATH")],
    mapping: Annotated[
        str,
        typer.Option(
            "--mapping",
            help="A preset's name, or a mapping file (.toml). Without one: dated files of deals, whose "
            "columns are found out.",
        ),
    ] = "",
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
    language: Lang = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Without a mapping: what a column holds, as HEADING=TARGET.")
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(
            "--unit",
            help="Without a mapping: the unit of amounts that have none of their own, as UNIT for all files or "
            "FILE=UNIT for one: 원, 천원, 만원, 백만원, 천만원, 억원. [default: as the file says]",
        ),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Without a mapping: the file of doubts, with answers.")
    ] = None,
    doubts: Annotated[Path, typer.Option("--doubts", help="Without a mapping: where doubts are asked.")] = Path(
        "doubts.csv"
    ),
    currency: Annotated[str, typer.Option("--currency", help="Without a mapping: of the amounts.")] = "KRW",
    confirm: Annotated[
        bool,
        typer.Option(
            "--confirm",
            help="Without a mapping: the open pipeline may move by more than 30 %.",
        ),
    ] = False,
    foreign: Annotated[
        bool,
        typer.Option(
            "--foreign", help="Without a mapping: amounts with Korean units may be in another currency than KRW."
        ),
    ] = False,
    as_of: Annotated[str, typer.Option("--as-of", help="Without a mapping: pin the company's clock to this day.")] = "",
) -> None:
    """Import CSV files and workbooks; the same files again change nothing.

    Goes to the gateway that runs on the data folder, else straight into its store.
    """
    import asyncio

    from cli.import_report import report_lines, row_lines
    from cli.progress import Bar
    from kit.errors import DealcastError
    from services.gateway.imports.mapping import load
    from services.gateway.imports.messages import translate

    options = _Options(tuple(paths), data_dir, url, rejects, dry_run, spoken(language))
    try:
        if not mapping:
            weekly = WeeklyOptions(
                tuple(column or ()), tuple(unit or ()), answers, doubts, currency, confirm, foreign, as_of
            )
            _import_weekly(options, weekly)
            return
        rules = load(mapping)
        with Bar() as bar:
            report = asyncio.run(_run(rules, options, bar))
    except DealcastError as error:
        if url and error.field == "--data-dir":
            error.field, error.value = "--url", url
            error.mend = "start another gateway with dealcast up --data-dir ANOTHER --port PORT, and give its address"
        translate(error, options.language)
        raise
    for line in row_lines(report, options.language):
        typer.echo(line, err=True)
    for line in report_lines(report, rules.name, options.language, dry_run=dry_run):
        typer.echo(line)


@dataclass(frozen=True, slots=True)
class _Options:
    paths: tuple[Path, ...]
    data_dir: Path
    url: str
    rejects: Path | None
    dry_run: bool
    language: str


def _import_weekly(options: _Options, weekly: WeeklyOptions) -> None:
    import asyncio

    from cli.import_weekly import run_weekly
    from cli.import_weekly_report import weekly_lines
    from cli.progress import Bar

    where = (options.paths, options.data_dir, options.url, options.rejects)
    with Bar() as bar:
        run = run_weekly(*where, weekly, bar, dry_run=options.dry_run, language=options.language)
        found = asyncio.run(run)
    for line in weekly_lines(found, options.language, weekly.doubts, dry_run=options.dry_run):
        typer.echo(line)


async def _run(rules: Mapping, options: _Options, progress: Progress) -> Report:
    from services.gateway.imports.importer import Importer
    from services.gateway.imports.rejects import RejectsWriter
    from services.gateway.imports.tables import find
    from services.gateway.imports.targets import open_sink

    find(rules, *options.paths)  # so that a wrong path is told before anything is made
    rejects = RejectsWriter(options.rejects, language=options.language)
    sink = await open_sink(options.data_dir, options.url, dry_run=options.dry_run)
    try:
        return await Importer(rules, sink, rejects, progress).run(*options.paths)
    finally:
        await sink.close()
