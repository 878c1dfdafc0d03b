"""`dealcast evaluate lead-scoring`: train on one's own CSV, score and measure on another; no server runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.speech import Lang, spoken

if TYPE_CHECKING:
    from rich.progress import TaskID


def lead_scoring(
    train: Annotated[Path, typer.Option("--train", help="A CSV file to learn from.", show_default=False)],
    test: Annotated[Path, typer.Option("--test", help="A CSV file to score.", show_default=False)],
    target: Annotated[str, typer.Option("--target", help="The column that says what came of it.")],
    positive: Annotated[str | None, typer.Option("--positive", help="The target's value that counts as won.")] = None,
    not_over: Annotated[
        list[str] | None,
        typer.Option(
            "--open", help="A value of records that are not over; may be given several times.", metavar="VALUE"
        ),
    ] = None,
    key: Annotated[str | None, typer.Option("--id", help="The column that names the rows.", metavar="COLUMN")] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", help="The column that orders the rows, or row-order.", metavar="COLUMN|row-order"),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", help="Columns to leave out; may be given several times.", metavar="COL,COL"),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", help="Columns to use whatever the leak guard says; likewise.", metavar="COL,COL"),
    ] = None,
    reasons: Annotated[int, typer.Option("--reasons", help="Rows that get reasons.", min=0)] = 10_000,
    out: Annotated[Path, typer.Option("--out", help="Where the scores go.")] = Path("scores.csv"),
    language: Lang = None,
) -> None:
    """Train on one CSV file, score another, and measure beside plain models where it has the target.

    Rows of --train with an empty target, or one that --open names, are open records: they feed the leak guard only.
    """
    from cli.evaluate_report import show
    from services.gateway.merged import grade
    from services.gateway.workspace import DEFAULT_BOUNDS
    from services.lead_scoring.file_flags import FileOptions
    from services.lead_scoring.file_run import Output, run

    options = FileOptions(train, test, target, positive, key, time, drop or (), keep or (), not_over or ())
    output = Output(out, partial(grade, bounds=DEFAULT_BOUNDS), reasons, spoken(language))
    with Stages() as stages:
        report = run(options, output, stages)
    show(report, options, out, spoken(language))


class Stages:
    """Progress on a terminal, a line a stage; nothing where the output goes elsewhere."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Stages:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, stage: str, share: float) -> None:
        """How far a stage is, from 0 to 1; stages before it are done."""
        if stage not in self._tasks:
            for task in self._tasks.values():
                self._bar.update(task, completed=1.0, total=1.0)
            self._tasks[stage] = self._bar.add_task(stage.capitalize(), total=1.0)
        self._bar.update(self._tasks[stage], completed=share, total=1.0 if share > 0 else None)
