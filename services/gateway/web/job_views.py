"""What pages show of jobs: trainings with their parts, and imports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gateway.access.members import LOCAL_CALLER
from services.gateway.imports.undoing import UNDOABLE, UNDONE, UNDONE_BY
from services.gateway.web.member_names import Called
from services.gateway.web.refusals import BOOK
from services.gateway.web.words import Words
from services.gateway.workspace import SERVICES

Json = Mapping[str, Any]
RUNNING = ("RUNNING", "QUEUED")
ENDED = ("SUCCEEDED", "FAILED")
HISTORY = "history"  # a folder loaded whole: it keeps nothing to go back to
MINUTES_FROM = 90  # seconds


@dataclass(frozen=True, slots=True)
class JobView:
    """A training with its parts."""

    id: str
    state: str
    reason: str
    when: str
    running: bool
    percent: float
    left: str
    error: str
    parts: tuple[tuple[str, str, str], ...]  # service, state, what it is at


def job_view(job: Json, words: Words) -> JobView:
    """A training job as programs see it."""
    parts = job["detail"].get("services", {})
    left = job.get("seconds_left")
    return JobView(
        id=job["id"], state=words.name("job", job["state"]), reason=words.name("cause", job["reason"]),
        when=_when(job, words), running=job["state"] in RUNNING,
        percent=round(100 * job["progress"], 1), left=_left(left, words), error=_failed(job["error"], words),
        parts=tuple(
            (words(f"models.{name}"), words.name("job", one["state"]),
             words.name("stage", one.get("stage", "")) if one["state"] in RUNNING else "")
            for name, one in parts.items()
        ),
    )  # fmt: skip


def _when(job: Json, words: Words) -> str:
    """From when to when it was at work; while it is, since when."""
    began, ended = job["started_time"], job["finished_time"]
    if not began:
        return words("models.asked", time=words.time(job["created_time"]))
    if not ended:
        return words("models.began", time=words.time(began))
    return words("models.from_to", start=words.time(began), end=words.time(ended))


def _failed(error: str, words: Words) -> str:
    """Why a job failed; of a training that failed in parts, of each."""
    if words.language == "en" or (whole := BOOK.said(error, words.language)) != error:
        return error if words.language == "en" else whole
    parts = [part.partition(": ") for part in error.split("; ")]
    return "; ".join(
        f"{words(f'models.{head}')}: {BOOK.said(why, words.language)}" if head in SERVICES else f"{head}{mark}{why}"
        for head, mark, why in parts
    )


def _left(seconds: int | None, words: Words) -> str:
    if seconds is None:
        return ""
    if seconds < MINUTES_FROM:
        return words("models.left_seconds", count=seconds)
    return words("models.left", count=round(seconds / 60))


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import, whole or being read."""

    id: str
    source: str
    state: str
    when: str
    counts: str
    error: str
    can_undo: bool


def _source(job: Json, called: Called, words: Words) -> str:
    """Where it came from, and by whom, where people sign in."""
    by, source = job["detail"].get("by", ""), words.name("source", job["reason"])
    return f"{source} · {called(by)}" if by and by != LOCAL_CALLER.principal.id else source


def import_view(job: Json, called: Called, words: Words) -> ImportView:
    """An import as programs see it."""
    counts = job["detail"].get("counts") or {}
    if counts and job["reason"] == HISTORY:  # its deals alone are counted
        counts = {"deals": counts}
    told = [f"{words.name('entity', kind)}: {_count(found, words)}" for kind, found in counts.items()]
    undone = UNDONE in job["detail"]
    return ImportView(
        id=job["id"], source=_source(job, called, words), state=words.name("job", "UNDONE" if undone else job["state"]),
        when=words.time(job["created_time"]), counts=", ".join(told), error=_failed(job["error"], words),
        can_undo=job["state"] in ENDED and job["reason"] != HISTORY and not undone
        and job["detail"].get(UNDOABLE, True),
    )  # fmt: skip


def undone_told(detail: Json, called: Called, words: Words) -> str:
    """That an import was undone, when, and by whom where people sign in; "" of one that stands."""
    if UNDONE not in detail:
        return ""
    when, who = words.time(detail[UNDONE]), detail.get(UNDONE_BY, "")
    if who and who != LOCAL_CALLER.principal.id:
        return words("import.undone_by", when=when, who=called(who))
    return words("import.undone_at", when=when)


def _count(found: Any, words: Words) -> str:
    if isinstance(found, Mapping):
        return " / ".join(f"{words.name('fate', name)} {words.number(value)}" for name, value in found.items() if value)
    return words.number(found) if isinstance(found, int | float) else str(found)
