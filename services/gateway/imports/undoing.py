"""Imports that can be undone: recorded while they run, undone whole when asked."""

from __future__ import annotations

from collections.abc import Mapping

from kit.errors import Conflict
from services.gateway.access.members import MACHINE, Act
from services.gateway.change_log import IMPORT, note
from services.gateway.domain import Principal
from services.gateway.jobs import FAILED, SUCCEEDED, UNFINISHED, Job, Jobs, wall_time
from services.gateway.store import Store
from services.gateway.store.context import CLOCK, CURRENCY

UNDONE, UNDONE_BY = "undone_time", "undone_by"  # in a job's detail; of old ones nobody knows who did it
UNDOABLE = "undoable"  # there: whether anything stands otherwise than before; missing of old imports


async def known(store: Store) -> Jobs:
    """The imports there were; those that a stopped gateway left half-done have ended with it."""
    jobs = Jobs(store, "import")
    await jobs.load()
    for job in jobs.interrupted:
        await end(store, jobs, job, job.error)
    return jobs


async def begin(store: Store, name: str) -> tuple[tuple[Jobs, Job], Store]:
    """Begin an import into a store that no gateway has open: its job, and the store to write to."""
    jobs = await known(store)
    job = await jobs.start(name)
    return (jobs, job), await recorded(store, job)


async def recorded(store: Store, job: Job) -> Store:
    """The store that keeps what the import changes as it was before; also clock and currency, which it may set."""
    recording = store.recording(job.id)
    await recording.keep_settings([CLOCK, CURRENCY])
    return recording


async def end(store: Store, jobs: Jobs, job: Job, error: str = "") -> None:
    """The import has ended. What is kept of imports that are no longer listed is dropped, merges stay."""
    job.detail[UNDOABLE] = await store.seal_import(job.id)
    await jobs.finish(job, FAILED if error else SUCCEEDED, error)
    await store.forget_imports([*(one.id for one in jobs.all()), *await store.kept_merges()])
    if job.detail[UNDOABLE] or ("folder" in job.detail and not error):  # it changed something
        told = {"count": _taken(job), "state": job.state if error else ""}
        await note(store, Act.IMPORTED, by_whom(job), IMPORT, job.id, **told)


def by_whom(job: Job) -> str:
    """Who imports; whoever does not say so is a program of this machine."""
    return str(job.detail.get("by") or MACHINE)


def _taken(job: Job) -> int | None:
    """How many records are others or new, as far as whoever read the files says so."""
    fates = [of for of in job.detail.get("counts", {}).values() if isinstance(of, dict)]
    numbers = [number for of in fates for fate, number in of.items() if fate in ("created", "changed")]
    return sum(number for number in numbers if isinstance(number, int)) or None


async def undo(
    store: Store, jobs: Jobs, job_id: str, principal: Principal, *, discard: bool = False
) -> Mapping[str, int]:
    """Undo an import whole; how many records of each kind stand as before.

    Raises NotFound, or Conflict where it is still running, was undone, changed nothing, or records were changed since
    (unless `discard` gives these changes up too).
    """
    job = jobs.get(job_id)
    if job.state in UNFINISHED:
        raise Conflict("this import is still running", field="id", value=job.id, mend="Wait until it has ended")
    if UNDONE in job.detail:
        raise Conflict("this import was undone already", field="id", value=job.id, mend="Import its files again")
    if not job.detail.get(UNDOABLE, True):
        message = "a loaded history is not undone" if "folder" in job.detail else "this import changed nothing"
        raise Conflict(message, field="id", value=job.id, mend="There is nothing to undo")
    counts = await store.undo_import(principal, job.id, discard=discard)
    job.detail |= {UNDONE: wall_time(), UNDONE_BY: principal.id, "undone": dict(counts)}
    await jobs.save()
    await note(store, Act.IMPORT_UNDONE, principal.id, IMPORT, job.id)
    await store.add_event("import", "", {"import": job.id, "undone": dict(counts)})
    return counts
