"""`dealcast imports`: the latest imports, and undoing one whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call

if TYPE_CHECKING:
    from services.gateway.jobs import Jobs
    from services.gateway.store import Store

app = typer.Typer(help="Show the latest imports, or undo one whole.", no_args_is_help=True, rich_markup_mode=None)
T = TypeVar("T")


@app.command("list")
def show(data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "") -> None:
    """The latest of them, newest first, with what they changed."""
    if url or _running(data_dir):
        jobs = call(data_dir, url, "GET", "/v1/imports")["imports"]
    else:
        jobs = _on_store(data_dir, _listed)
    for job in jobs:
        typer.echo(_line(job))
    if not jobs:
        typer.echo("no imports")


@app.command()
def undo(
    import_id: Annotated[str, typer.Argument(help="As list shows it, or last.", metavar="ID")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    discard: Annotated[
        bool, typer.Option("--discard", help="Give up what was changed since on the same records, too.")
    ] = False,
) -> None:
    """Undo an import: every record it changed stands again as before, what it created is gone."""
    if url or _running(data_dir):
        if import_id == "last":
            import_id = _last(call(data_dir, url, "GET", "/v1/imports")["imports"])
        unknown = "dealcast imports list shows their ids"
        job = call(data_dir, url, "POST", f"/v1/imports/{import_id}:undo", unknown=unknown, json={"discard": discard})
        counts = job["detail"]["undone"]
    else:
        counts = _on_store(data_dir, lambda store, jobs: _undone(store, jobs, import_id, discard=discard))
    told = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in counts.items())
    typer.echo(f"undone: {told or 'it had changed nothing'}")


async def _listed(_: Store, jobs: Jobs) -> list[dict[str, Any]]:
    return [job.to_json() for job in jobs.all()]


async def _undone(store: Store, jobs: Jobs, import_id: str, *, discard: bool) -> Mapping[str, int]:
    from services.gateway.domain import LOCAL
    from services.gateway.imports.undoing import undo as undo_in

    wanted = _last(await _listed(store, jobs)) if import_id == "last" else import_id
    return await undo_in(store, jobs, wanted, LOCAL, discard=discard)


def _last(jobs: list[dict[str, Any]]) -> str:
    """The newest that was not undone."""
    from kit.errors import NotFound

    found = next((str(job["id"]) for job in jobs if "undone_time" not in job["detail"]), "")
    if not found:
        raise NotFound("there is no import to undo", field="id", value="last", mend="dealcast imports list shows them")
    return found


def _running(data_dir: Path) -> bool:
    from services.gateway.imports.targets import running_gateway

    return bool(running_gateway(data_dir))


def _on_store(data_dir: Path, work: Callable[[Store, Jobs], Awaitable[T]]) -> T:
    """Work on the store of a folder that no gateway runs on."""
    import asyncio

    from services.gateway.imports.targets import held_store
    from services.gateway.jobs import Jobs

    async def run() -> T:
        async with held_store(data_dir, "dealcast imports") as store:
            jobs = Jobs(store, "import")
            await jobs.load()
            return await work(store, jobs)

    return asyncio.run(run())


def _line(job: Mapping[str, Any]) -> str:
    counts = job["detail"].get("counts", {})
    told = ", ".join(
        f"{kind} {part.get('created', 0):,} created {part.get('changed', 0):,} changed" for kind, part in counts.items()
    )
    undone = f"  undone {job['detail']['undone_time'][:19]}" if "undone_time" in job["detail"] else ""
    return f"{job['id']}  {job['created_time'][:19]}  {job['state']}  {job['reason']}  {told}{undone}"
