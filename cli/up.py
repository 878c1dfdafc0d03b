"""`dealcast up`: start the whole system in one data folder, until Ctrl-C."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir

DEFAULT_PORT = 8080


def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    port: Annotated[int, typer.Option("--port", help="The gateway's port on 127.0.0.1; 0 takes a free one.")] = (
        DEFAULT_PORT
    ),
    today: Annotated[str, typer.Option("--today", help="Pin the company's day, as YYYY-MM-DD.")] = "",
    sample: Annotated[bool, typer.Option("--sample", help="Fill an empty folder with the sample company.")] = False,
    deals: Annotated[int, typer.Option("--deals", help="Deals of the sample company; 0: its usual size.")] = 0,
) -> None:
    """Start every part in one folder; prints `ready URL` when all are healthy. Ctrl-C stops all."""
    from cli.data_folder import check_port, end_leftovers, locked, prepare
    from kit.clock import parse_day

    day = parse_day(today, "--today").isoformat() if today else ""
    folder = prepare(data_dir)
    with locked(folder):
        for name in end_leftovers(folder):
            typer.echo(f"ended {name}, left over from a killed run", err=True)
        asyncio.run(_run(folder, check_port(port), day, deals if sample else None))


async def _run(folder: Path, port: int, today: str, sample: int | None) -> None:
    """sample: how many deals, 0 for the usual size, None for no sample company."""
    from cli.supervisor import Supervisor

    async def announce(supervisor: Supervisor) -> None:
        if sample is not None:
            from cli.sample import load_sample

            await load_sample(folder, supervisor.url, today, sample)
        typer.echo(f"ready {supervisor.url}")

    await Supervisor(folder, port, today).run(announce)
