"""`dealcast up`: start the whole system in one data folder, until Ctrl-C."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir

DEFAULT_PORT = 8080
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
) -> None:
    """Start every part in one folder; prints `ready URL` when all are healthy. Ctrl-C stops all."""
    from cli.data_folder import check_port, end_leftovers, prepare
    from kit.folder_lock import locked

    day = checked_day(today)
    free_port = check_port(port)
    folder = prepare(data_dir)
    with locked(folder, "dealcast up"):
        for name in end_leftovers(folder):
            typer.echo(f"ended {name}, left over from a killed run", err=True)
        asyncio.run(_run(folder, free_port, day, deals if sample else None))


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


async def _run(folder: Path, port: int, today: str, sample: int | None) -> None:
    """sample: how many deals, 0 for the usual size, None for no sample company."""
    from cli.supervisor import Supervisor

    async def announce(supervisor: Supervisor) -> None:
        if sample is not None:
            from cli.sample import load_sample

            await load_sample(folder, supervisor.url, today, sample)
        typer.echo(f"ready {supervisor.url}")

    await Supervisor(folder, port, today).run(announce)
