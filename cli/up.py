"""`dealcast up`: start the whole system in one data folder, until Ctrl-C."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir
from cli.speech import Lang, echo

DEFAULT_PORT = 8080
SIGN_IN = ("off", "accounts")
FIRST_ADMINISTRATOR = "first-admin"  # the file that the gateway leaves the link in
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)


def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port: Annotated[int, typer.Option("--port", help="The gateway's port on 127.0.0.1; 0 takes a free one.")] = (
        DEFAULT_PORT
    ),
    today: Annotated[str, typer.Option("--today", help="Pin the company's day, as YYYY-MM-DD.")] = "",
    sample: Annotated[bool, typer.Option("--sample", help="Fill an empty folder with the sample company.")] = False,
    deals: Annotated[
        int, typer.Option("--deals", min=0, max=1_000_000, help="Deals of the sample company; 0: its usual size.")
    ] = 0,
    sign_in: Annotated[
        str, typer.Option("--sign-in", help="off: whoever is at this machine sees all; accounts: people sign in.")
    ] = "",
    language: Lang = None,
) -> None:
    """Start every part in one folder; prints `ready URL` when all are healthy. Ctrl-C stops all."""
    from cli.data_folder import check_port, end_leftovers, keep_out_of_git, prepare
    from kit.folder_lock import locked

    day = checked_day(today)
    free_port, how = check_port(port), checked_sign_in(sign_in)
    folder = prepare(data_dir)
    keep_out_of_git(folder)
    with locked(folder, "dealcast up"):
        for name in end_leftovers(folder):
            echo(f"ended {name}, left over from a killed run", err=True)
        asyncio.run(_run(folder, free_port, day, deals if sample else None, how))


def checked_day(today: str) -> str:
    """The day as ISO text, empty where none was given. Raises InvalidInput where it is no day a company can be on."""
    from kit.clock import parse_day
    from kit.errors import InvalidInput

    if not today:
        return ""
    day = parse_day(today, "--today")
    if not EARLIEST <= day <= LATEST:
        mend = f"Use {EARLIEST} to {LATEST}"
        raise InvalidInput("no company is on this day", field="--today", value=today, mend=mend)
    return day.isoformat()


def checked_sign_in(text: str) -> str:
    """How people sign in; empty: as the environment says. Raises InvalidInput."""
    from kit.errors import InvalidInput

    if text not in ("", *SIGN_IN):
        raise InvalidInput(
            "there is no such sign-in", field="--sign-in", value=text, mend="Use " + " or ".join(SIGN_IN)
        )
    return text


async def _run(folder: Path, port: int, today: str, sample: int | None, sign_in: str) -> None:
    """sample: how many deals, 0 for the usual size, None for no sample company."""
    from cli.supervisor import Supervisor

    async def announce(supervisor: Supervisor) -> None:
        if sample is not None:
            from cli.sample import load_sample

            await load_sample(folder, supervisor.url, today, sample)
        tell_first_administrator(folder)
        typer.echo(f"ready {supervisor.url}")

    await Supervisor(folder, port, today, sign_in).run(announce)


def tell_first_administrator(folder: Path) -> None:
    """Where nobody could let others in yet: the link that makes somebody the first administrator."""
    try:
        link = (folder / FIRST_ADMINISTRATOR).read_text("utf-8").strip()
    except OSError:
        return
    echo(f"the first administrator opens this once, within a day: {link}", err=True)
