"""`dealcast evaluate forecast`: forecast one's own files as of past days beside what came; no server runs."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.speech import Lang, said, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.forecast.evaluation import NodeForecast, Source
    from services.forecast.model import ForecastModel
    from services.gateway.imports.importer import Report

LAST_YEAR = 9_980  # after which no twelve quarters follow in the calendar
SHOWN = 3  # rows that could not be read
COLUMNS = ("as_of", "period", "level", "node", "booked", "mean", "p10", "p50", "p90", "actual")
METHODS = {
    "dealcast": "Dealcast", "stage_weighted": "stage-weighted", "last_period_again": "last again", "pace": "pace",
}  # fmt: skip


class Kind(StrEnum):
    """Of the periods to forecast."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class Measure(StrEnum):
    """What is added up."""

    AMOUNT = "amount"
    COUNT = "count"


def forecast(
    path: Annotated[Path, typer.Argument(help="A folder of CSV files, or one of them.", metavar="DIR")],
    mapping: Annotated[str, typer.Option("--mapping", help="A preset's name, or a mapping file (.toml).")],
    period: Annotated[Kind, typer.Option("--period", help="What to forecast.", show_default=False)],
    as_of: Annotated[
        str, typer.Option("--as-of", help="Days at whose end to forecast.", metavar="DAY,DAY", show_default=False)
    ],
    horizon: Annotated[int, typer.Option("--horizon", help="How many periods ahead.", min=1, max=12)] = 1,
    level: Annotated[
        str, typer.Option("--level", help="Of the reporting line.", metavar="LEVEL,LEVEL")
    ] = "company,region,manager,owner",
    measure: Annotated[Measure, typer.Option("--measure", help="Booked amounts, or deals won.")] = Measure.AMOUNT,
    out: Annotated[Path | None, typer.Option("--out", help="Where the forecasts go, as CSV.")] = None,
    language: Lang = None,
) -> None:
    """Forecast the period that contains the day after each --as-of, and those after it, and compare with what came.

    Each forecast is made of what was known at the end of its day alone.
    """
    from tempfile import TemporaryDirectory

    from cli.file_history import write_history
    from cli.progress import Bar
    from learning.history import read_history
    from services.forecast.evaluation import Source, forecasts

    days, levels = _days(as_of), _levels(level)
    if out is not None:
        _check_writable(out)
    rows: list[NodeForecast] = []
    with TemporaryDirectory(prefix="dealcast-evaluate-") as scratch, Bar() as bar:
        folder, report = write_history(mapping, path, Path(scratch), bar)
        history = read_history(folder)
        source = Source(history, list(history.deals()), counts=measure is Measure.COUNT)
        _check_deals(source, report, path)
        _check_known(days, source)
        bar.start(said("forecasting"), len(days))
        notes = []
        for day in days:
            found, model = forecasts(source, str(period), day, horizon)
            rows += [row for row in found if row.node.level in levels]
            notes.append(_notes(day, model, history.manifest.business_day))
            bar.advance(1)
    if out is not None:
        write_rows(out, rows)
    _tell(rows, report, notes, out)


def _check_deals(source: Source, report: Report, path: Path) -> None:
    """Raises InvalidInput where there is no opportunity to forecast, with the first reason there is."""
    from cli.import_report import row_lines
    from kit.errors import InvalidInput
    from learning.records import DealKind

    if any(history.deal.kind is DealKind.OPPORTUNITY for history in source.histories):
        return
    why = next(row_lines(report, spoken()), "").strip()
    mend = (
        f"mend the mapping or the rows; the first that was refused: {why}" if why else "name files with opportunities"
    )
    what = "the files have no opportunity to forecast" if not why else "no opportunity could be read"
    raise InvalidInput(what, field="DIR", value=str(path), mend=mend)


def _check_known(days: Sequence[date], source: Source) -> None:
    """Raises InvalidInput for a day on which no deal was on record, or that is too late to reckon from."""
    from kit.errors import InvalidInput

    begun = [each.deal.created_time for each in source.histories if each.deal.created_time is not None]
    first = min(begun).date() if begun else date.min
    for day in days:
        if day < first:
            raise InvalidInput("no deal was on record on this day", field="--as-of", value=str(day),
                               mend=f"give days from {first} on")  # fmt: skip
        if day.year > LAST_YEAR:
            raise InvalidInput("no period can be reckoned from this day", field="--as-of", value=str(day),
                               mend=f"give days up to {LAST_YEAR}")  # fmt: skip


def _notes(day: date, model: ForecastModel, known: date) -> tuple[str, list[str]]:
    """How a day's forecast was made, and what to be careful about. known: the last day that the data tell of."""
    why, told = model.evaluation["correction"]["why"], list(model.evaluation["cautions"])
    if day > known:
        told.insert(0, f"The data end on {known}, {(day - known).days} days before: what happened since is not known.")
    return f"{day}: {remark(why)}. {said('Not yet created')}: {remark(model.new_business.note)}.", told


def remark(text: str) -> str:
    """What a model notes of how it was made, in the language that is spoken: part by part, as some are lists."""
    head, colon, rest = text.partition(": ")
    clauses = (", ".join(map(said, clause.split(", "))) for clause in rest.split("; "))
    return f"{said(head)}{colon}{'; '.join(clauses)}"


def _days(text: str) -> list[date]:
    from kit.errors import InvalidInput

    days = []
    for part in text.split(","):
        try:
            days.append(date.fromisoformat(part.strip()))
        except ValueError:
            mend = "give days such as 2017-06-30,2017-07-30"
            raise InvalidInput("this is no day", field="--as-of", value=part[:40], mend=mend) from None
    return sorted(set(days))


def _levels(text: str) -> list[str]:
    from kit.errors import InvalidInput
    from services.forecast.evaluation import LEVELS

    levels = [part.strip() for part in text.split(",") if part.strip()]
    for one in levels or [text]:
        if one not in LEVELS:
            raise InvalidInput("there is no such level", field="--level", value=one[:40],
                               mend="take some of " + ", ".join(LEVELS))  # fmt: skip
    return levels


def _check_writable(out: Path) -> None:
    from kit.errors import InvalidInput

    if not out.resolve().parent.is_dir() or out.is_dir():
        raise InvalidInput("nothing can be written there", field="--out", value=str(out),
                           mend="name a file in a folder that exists")  # fmt: skip


def write_rows(out: Path, rows: Sequence[NodeForecast]) -> None:
    """The forecasts as CSV, amounts with two decimals; actual empty where the period was not over."""
    import csv

    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            quantiles = [row.quantile(level) for level in (0.1, 0.5, 0.9)]
            amounts = [f"{value:.2f}" for value in (row.booked, row.mean, *quantiles)]
            actual = "" if row.actual is None else f"{row.actual:.2f}"
            writer.writerow([row.as_of, row.period, row.node.level, row.node.name, *amounts, actual])


def _tell(
    rows: Sequence[NodeForecast], report: Report, notes: Sequence[tuple[str, list[str]]], out: Path | None
) -> None:
    from itertools import islice

    from rich.console import Console
    from rich.table import Table

    from cli.import_report import row_lines
    from services.forecast.report import averaged, scored

    console = Console(soft_wrap=True, width=max(Console().width, 110))
    if report.total("rejected"):
        refused = f"{report.total('rejected'):,} rows could not be read; dealcast import --dry-run says why. So:"
        console.print(said(refused))
        for line in islice(row_lines(report, spoken()), SHOWN):
            console.print(f"  {line.strip()}", style="dim", markup=False)
    scores = scored(rows)
    table = Table(title=said("WAPE of p50, coverage of p10 to p90, CRPS as a share of what was booked"))
    for name in ("as of", "level", "nodes", *METHODS.values(), "p10-p90", "CRPS"):
        table.add_column(said(name), justify="left" if name in ("as of", "level") else "right")
    lines = [(str(day), level, score) for (day, level), score in scores.items()]
    lines += [("all days", level, score) for level, score in averaged(scores).items()] if len(notes) > 1 else []
    for day_text, level, score in lines:
        figures = [_figure(score.wape.get(name)) for name in METHODS]
        table.add_row(
            said(day_text), said(level), str(score.nodes), *figures, _figure(score.coverage), _figure(score.crps)
        )
    if lines:
        console.print(table)
    else:
        console.print(said("No period here was over when the data end: there is nothing to compare with yet."))
    for how, cautions in notes:
        console.print(how, style="dim")
        for caution in cautions:
            console.print(f"  {said(caution)}")
    if out is not None:
        console.print(said(f"{len(rows):,} rows written to {out}"))


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
