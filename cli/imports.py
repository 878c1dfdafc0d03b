"""`dealcast imports`: the latest imports, and undoing one whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cli.import_report import WORDS
from cli.options import DEFAULT_DATA_DIR, DataDir, Url, call
from cli.speech import Lang, spoken
from cli.times import clock, in_zone

if TYPE_CHECKING:
    from services.gateway.jobs import Jobs
    from services.gateway.store import Store

app = typer.Typer(help="Show the latest imports, or undo one whole.", no_args_is_help=True, rich_markup_mode=None)
T = TypeVar("T")
_WORDS = {
    "en": {
        "none": "no imports", "undone": "undone: {what}", "nothing": "it had changed nothing", "at": "undone {time}",
        "same": "nothing changed",
        "counts": "{kind} {new:,} created {other:,} changed",
    },
    "ko": {
        "none": "가져온 것이 없습니다", "undone": "되돌렸습니다: {what}", "nothing": "바뀐 것이 없었습니다",
        "same": "바뀐 것 없음",
        "at": "{time} 되돌림", "counts": "{kind} 생성 {new:,} 변경 {other:,}", "SUCCEEDED": "완료", "FAILED": "실패",
        "RUNNING": "진행 중", "QUEUED": "대기", "CANCELLED": "취소",
    },
}  # fmt: skip


@app.command("list")
def show(data_dir: DataDir = DEFAULT_DATA_DIR, url: Url = "", language: Lang = None) -> None:
    """The latest of them, newest first, with what they changed."""
    shown = clock(data_dir, url)
    if url or _running(data_dir):
        jobs = call(data_dir, url, "GET", "/v1/imports")["imports"]
    else:
        jobs, zone = _on_store(data_dir, _listed)
        shown = partial(in_zone, zone)
    for job in jobs:
        typer.echo(_line(job, spoken(language), shown))
    if not jobs:
        typer.echo(_WORDS[spoken(language)]["none"])


@app.command()
def undo(
    import_id: Annotated[str, typer.Argument(help="As list shows it, or last.", metavar="ID")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = "",
    discard: Annotated[
        bool, typer.Option("--discard", help="Give up what was changed since on the same records, too.")
    ] = False,
    language: Lang = None,
) -> None:
    """Undo an import: every record it changed stands again as before, what it created is gone."""
    from kit.errors import DealcastError
    from services.gateway.imports.messages import translate

    words = _WORDS[spoken(language)]
    try:
        counts = _undo(data_dir, url, import_id, discard=discard)
    except DealcastError as error:
        translate(error, spoken(language))
        raise
    told = ", ".join(f"{_kind(kind, spoken(language))} {count:,}" for kind, count in counts.items())
    typer.echo(words["undone"].format(what=told or words["nothing"]))


def _undo(data_dir: Path, url: str, import_id: str, *, discard: bool) -> Mapping[str, int]:
    if url or _running(data_dir):
        if import_id == "last":
            import_id = _last(call(data_dir, url, "GET", "/v1/imports")["imports"])
        unknown = "dealcast imports list shows their ids"
        job = call(data_dir, url, "POST", f"/v1/imports/{import_id}:undo", unknown=unknown, json={"discard": discard})
        counts: Mapping[str, int] = job["detail"]["undone"]
        return counts
    return _on_store(data_dir, lambda store, jobs: _undone(store, jobs, import_id, discard=discard))


async def _listed(store: Store, jobs: Jobs) -> tuple[list[dict[str, Any]], str]:
    """The imports, and the time zone."""
    return [job.to_json() for job in jobs.all()], str(await store.get_setting("time_zone") or "")


async def _undone(store: Store, jobs: Jobs, import_id: str, *, discard: bool) -> Mapping[str, int]:
    from services.gateway.domain import LOCAL
    from services.gateway.imports.undoing import undo as undo_in

    wanted = _last((await _listed(store, jobs))[0]) if import_id == "last" else import_id
    return await undo_in(store, jobs, wanted, LOCAL, discard=discard)


def _last(jobs: list[dict[str, Any]]) -> str:
    """The newest that was not undone and changed anything."""
    from kit.errors import NotFound

    found = next((str(job["id"]) for job in jobs if "undone_time" not in job["detail"] and _changed(job)), "")
    if not found:
        raise NotFound("there is no import to undo", field="id", value="last", mend="dealcast imports list shows them")
    return found


def _changed(job: Mapping[str, Any]) -> bool:
    """Whether there is anything to undo, as far as is known."""
    return bool(job["detail"].get("undoable", True))


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


def _line(job: Mapping[str, Any], language: str, shown: Callable[[str], str]) -> str:
    words, counts = _WORDS[language], job["detail"].get("counts", {})
    told = ", ".join(
        words["counts"].format(kind=_kind(kind, language), new=part.get("created", 0), other=part.get("changed", 0))
        for kind, part in counts.items()
    )
    same = "" if _changed(job) or "folder" in job["detail"] else words["same"]
    undone = words["at"].format(time=shown(job["detail"]["undone_time"])) if "undone_time" in job["detail"] else ""
    state = words.get(job["state"], job["state"])
    return "  ".join(filter(None, (job["id"], shown(job["created_time"]), state, job["reason"], told, same, undone)))


def _kind(kind: str, language: str) -> str:
    return WORDS[language].get(kind, kind.replace("_", " "))
