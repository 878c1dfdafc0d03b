"""`dealcast models`: which versions there are and which one serves."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call

app = typer.Typer(help="Show model versions, promote one, or roll back.", no_args_is_help=True, rich_markup_mode=None)
UNKNOWN = "dealcast models list shows the services and their versions"
Service = Annotated[str, typer.Argument(help="lead_scoring, forecast or next_best_action.", metavar="SERVICE")]
Reason = Annotated[str, typer.Option("--reason", help="Kept with the promotion.")]


@app.command("list")
def show(data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "") -> None:
    """Versions of every service; the serving one is marked with *."""
    for model in call(data_dir, url, "GET", "/v1/models")["models"]:
        _print(model)


@app.command()
def promote(
    service: Service,
    version: Annotated[str, typer.Argument(help="As list shows it.", metavar="VERSION")],
    reason: Reason = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
) -> None:
    """Let a version serve."""
    body = {"version": version, "reason": reason}
    _print(call(data_dir, url, "POST", f"/v1/models/{_quoted(service)}:promote", unknown=UNKNOWN, json=body))


@app.command()
def rollback(service: Service, reason: Reason = "", data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "") -> None:
    """Let the version before serve again."""
    body = {"reason": reason}
    _print(call(data_dir, url, "POST", f"/v1/models/{_quoted(service)}:rollback", unknown=UNKNOWN, json=body))


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


def _print(model: dict[str, Any]) -> None:
    serving = model["serving"]
    typer.echo(f"{model['service']}: serving {serving['version']} (generation {serving['generation']})")
    for version in model["versions"]:
        mark = "*" if version["version"] == serving["version"] else " "
        evaluation = version.get("evaluation") or {}
        figures = ", ".join(f"{k} {v:.3f}" for k, v in evaluation.items() if isinstance(v, float))
        typer.echo(f"  {mark} {version['version']}  {version.get('created_time', '')}  {figures}".rstrip())
        if mark == "*" and model["service"] == "lead_scoring":
            _print_guard(evaluation)


def _print_guard(evaluation: dict[str, Any]) -> None:
    """What the leak guard found of the serving version, and what people decided."""
    overrules = evaluation.get("overrules") or {}
    told = {
        "left out": evaluation.get("dropped"), "suspected": evaluation.get("suspected"),
        "kept against the leak guard": overrules.get("kept"),
    }  # fmt: skip
    for what, found in told.items():
        for one in found or ():
            typer.echo(f"      {what}: {one['column']}: {one['reason']}")
    for what, names in (("left out by you", "left_out"), ("no such column", "unknown")):
        if overrules.get(names):
            typer.echo(f"      {what}: {', '.join(overrules[names])}")
