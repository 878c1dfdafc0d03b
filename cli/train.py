"""`dealcast train`: train the models on the records as they are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call
from cli.speech import Lang, echo, said, spoken

LEAD_SCORING = "lead_scoring"
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
    release: Annotated[
        list[str] | None,
        typer.Option("--release", metavar="COLUMN", help="Let the leak guard decide again, now and later."),
    ] = None,
    lead_horizon: Annotated[
        str,
        typer.Option("--lead-horizon", metavar="DAYS|none", help="Within which a lead is to convert, now and later."),
    ] = "",
    language: Lang = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the training until it ends.")] = True,
) -> None:
    """Train the models on the records as they are; new versions serve where the rule lets them, else they wait.

    Columns are named as dealcast models list shows them; --keep and --drop hold until they are overruled in turn, or
    released.
    """
    for flag, names in (("--keep", keep), ("--drop", drop)):
        if names:
            _check_columns(flag, names, data_dir, url)
    if lead_horizon:
        from learning.horizon import horizon_of_text

        days = horizon_of_text(lead_horizon, "--lead-horizon")
        call(data_dir, url, "PUT", "/v1/workspace", json={"lead_horizon_days": days})
    if release:
        _release(release, data_dir, url)
    body: dict[str, Any] = {"reason": "dealcast train", "keep": keep or [], "drop": drop or []}
    if services:
        body["services"] = services
    from services.gateway.promotion_told import told as decided

    job = call(data_dir, url, "POST", "/v1/training-jobs", json=body)
    if wait:
        job = _follow(job, lambda: call(data_dir, url, "GET", f"/v1/training-jobs/{job['id']}"))
    echo(f"training {job['id']}: {job['state'].lower()}")
    for service, entry in job["detail"]["services"].items():
        if "decision" in entry:
            ends = "serves" if entry["promoted"] else "does not serve"
            echo(f"  {service} {entry['version']} {ends}: {decided(entry['decision'], spoken())}")
    version = job["detail"]["services"].get(LEAD_SCORING, {}).get("version")
    if version and (keep or drop):
        _tell_decided(str(version), data_dir, url)
    if job.get("error"):
        echo(job["error"], err=True)
        raise typer.Exit(1)
    if job["state"] == "CANCELLED":
        raise typer.Exit(1)


def _check_columns(flag: str, names: list[str], data_dir: Path, url: str) -> None:
    """Raises InvalidInput for a name that no column of the records bears, as far as a training told which there are."""
    from kit.errors import InvalidInput
    from learning.overrules import meant, near

    versions = call(data_dir, url, "GET", f"/v1/models/{LEAD_SCORING}")["versions"]
    evaluation = (versions[0].get("evaluation") or {}) if versions else {}
    if not evaluation.get("columns"):
        return
    overrules = evaluation.get("overrules") or {}
    known = {*evaluation["columns"], *overrules.get("left_out", ()), *overrules.get("closing", ())}
    known |= {one["column"] for verdict in ("dropped", "suspected") for one in evaluation.get(verdict, ())}
    prefixes = {"deal": "fields.", "account": "account."}
    for one in call(data_dir, url, "GET", "/v1/fields")["fields"]:  # also those that came since
        known.add(prefixes[one["entity"]] + one["name"])
    for name in names:
        if not meant(name, known):
            forms = near(name, known)
            mend = f"did you mean {' or '.join(map(repr, forms))}? " if forms else ""
            mend += f"GET /v1/models/{LEAD_SCORING} lists the columns; one that came since is there after a training"
            raise InvalidInput("the records have no such column", field=flag, value=name, mend=mend)


def _tell_decided(version: str, data_dir: Path, url: str) -> None:
    """Say which names of columns had no effect."""
    from cli.models import decided

    versions = call(data_dir, url, "GET", f"/v1/models/{LEAD_SCORING}")["versions"]
    evaluation = next((one.get("evaluation") or {} for one in versions if one["version"] == version), {})
    overrules = {name: told for name, told in (evaluation.get("overrules") or {}).items() if name != "left_out"}
    for line in decided(overrules, spoken()):
        echo(f"  {LEAD_SCORING}: {line}", err=True)


def _release(names: list[str], data_dir: Path, url: str) -> None:
    """Take columns off the workspace's lists. Raises InvalidInput for one that stands on neither."""
    from kit.errors import InvalidInput

    columns: dict[str, list[str]] = call(data_dir, url, "GET", "/v1/workspace")["training_columns"]
    overruled = sorted(columns["keep"] + columns["drop"])
    for name in names:
        if name not in overruled:
            mend = f"name one of {', '.join(overruled)}" if overruled else "leave --release out: nothing is overruled"
            raise InvalidInput("nobody overruled the leak guard on it", field="--release", value=name, mend=mend)
    left = {verb: [name for name in listed if name not in names] for verb, listed in columns.items()}
    call(data_dir, url, "PUT", "/v1/workspace", json={"training_columns": left})


def _follow(job: dict[str, Any], read: Any) -> dict[str, Any]:
    from cli.progress import Bar

    with Bar(said("Training")) as bar:
        while job["state"] in UNFINISHED:
            time.sleep(0.5)
            job = read()
            bar.show(job["progress"], 1.0, said(job["stage"] or "Training"))
    return job
