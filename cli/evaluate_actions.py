"""`dealcast evaluate actions`: learn what to do from a log of what was done, and say what it would have brought."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.speech import Lang, echo, said

if TYPE_CHECKING:
    from learning.off_policy.files import Logs
    from learning.off_policy.trial import Trial


def actions(
    train: Annotated[Path, typer.Option("--train", help="CSV file to learn the policy from.")],
    test: Annotated[Path, typer.Option("--test", help="CSV file of other rows to value it on.")],
    action: Annotated[str, typer.Option("--action", help="The column of what was done.")],
    reward: Annotated[str, typer.Option("--reward", help="The column of what came of it: a number, or yes and no.")],
    propensity: Annotated[
        str,
        typer.Option("--propensity", help="The probability with which the logged action was chosen: a column, or a "
                     "number. Without it, it is estimated.", metavar="COLUMN|NUMBER"),
    ] = "",
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", help="Columns not to use, such as other outcomes; with commas.", metavar="COL,COL"),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File for its choices, a row per test row.")] = None,
    language: Lang = None,
) -> None:  # fmt: skip
    """Learn a policy from one file and value it on another, beside what was done and every single action."""
    from cli.evaluate_actions_text import text
    from learning.off_policy.files import Request, read_logs
    from learning.off_policy.trial import run

    # A name that holds a comma is taken whole where it is given on its own.
    names = tuple(name.strip() for each in drop or () for name in each.split(",") if name.strip())
    _tell("reading the files")
    logs = read_logs(Request(train, test, action, reward, propensity, names))
    trial = run(logs, progress=_tell)
    if out is not None:
        write_choices(trial, logs, out)
    typer.echo("\n".join(map(said, text(trial, logs).split("\n"))))
    if out is not None:
        echo(f"The choice for each of {logs.test.rows:,} test rows is in {out}.")


def _tell(stage: str) -> None:
    if sys.stderr.isatty():
        typer.echo(f"{said(stage)} …", err=True)


def write_choices(trial: Trial, logs: Logs, out: Path) -> None:
    """Write a row per test row, in their order: row (from 1), action, and the probability of every action."""
    import csv

    from kit.errors import InvalidInput

    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "action", *(f"p:{name}" for name in logs.names)])
            for row, (chosen, chances) in enumerate(zip(trial.chosen.tolist(), trial.chances, strict=True), 1):
                writer.writerow([row, logs.names[chosen], *(f"{chance:.6g}" for chance in chances.tolist())])
    except OSError as error:
        mend = "name a file in a folder that is there and may be written to"
        raise InvalidInput(
            f"it cannot be written: {error.strerror}", field="--out", value=str(out), mend=mend
        ) from None
