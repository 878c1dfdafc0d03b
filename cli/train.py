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
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the training until it ends.")] = True,
) -> None:
    """Train the models on the records as they are, and let the new versions serve."""
    body = {"services": services or [], "reason": "dealcast train"}
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
