"""`dealcast dead-letters`: messages that could not be handled."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call
from cli.speech import Lang, echo

app = typer.Typer(
    help="Show messages that could not be handled, send one again, or drop it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
UNKNOWN = "dealcast dead-letters list shows their numbers"
Number = Annotated[int, typer.Argument(help="As list shows it.", metavar="NUMBER", min=1)]


@app.command("list")
def show(
    limit: Annotated[int, typer.Option("--limit", help="How many, newest first.", min=1, max=200)] = 50,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    language: Lang = None,
) -> None:
    """The newest of them."""
    import json

    answer = call(data_dir, url, "GET", "/v1/dead-letters", params={"limit": limit})
    for letter in answer["dead_letters"]:
        typer.echo(json.dumps(letter, ensure_ascii=False))
    if not answer["dead_letters"]:
        echo("no dead letters")
    elif answer["next_cursor"]:
        echo("older ones are left out: raise --limit", err=True)


@app.command()
def replay(number: Number, data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None) -> None:
    """Send it again and drop the letter."""
    call(data_dir, url, "POST", f"/v1/dead-letters/{number}:replay", unknown=UNKNOWN)
    echo(f"sent {number} again")


@app.command()
def drop(number: Number, data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None) -> None:
    """Drop the letter."""
    call(data_dir, url, "DELETE", f"/v1/dead-letters/{number}", unknown=UNKNOWN)
    echo(f"dropped {number}")
