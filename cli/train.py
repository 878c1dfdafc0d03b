"""`dealcast train`: train the models on the records as they are."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call

UNFINISHED = ("RUNNING", "QUEUED")


def train(
    services: Annotated[
        list[str] | None,
        typer.Argument(help="lead_scoring, forecast or next_best_action; all without.", metavar="[SERVICE]..."),
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="COLUMN", help="Learn from it whatever the leak guard says, now and later."),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="COLUMN", help="Never learn from it, now and later.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the training until it ends.")] = True,
) -> None:
    """Train the models on the records as they are, and let the new versions serve.

    Columns are named as dealcast models list shows them; --keep and --drop hold until they are overruled in turn.
    """
    body = {"services": services or [], "reason": "dealcast train", "keep": keep or [], "drop": drop or []}
    job = call(data_dir, url, "POST", "/v1/training-jobs", json=body)
    if wait:
        job = _follow(job, lambda: call(data_dir, url, "GET", f"/v1/training-jobs/{job['id']}"))
    typer.echo(f"training {job['id']}: {job['state'].lower()}")
    if job.get("error"):
        typer.echo(job["error"], err=True)
        raise typer.Exit(1)
    if job["state"] == "CANCELLED":
        raise typer.Exit(1)


def _follow(job: dict[str, Any], read: Any) -> dict[str, Any]:
    from cli.progress import Bar

    with Bar("Training") as bar:
        while job["state"] in UNFINISHED:
            time.sleep(0.5)
            job = read()
            bar.show(job["progress"], 1.0, job["stage"] or "Training")
    return job
