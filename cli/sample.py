"""The sample company: generated once, loaded through the gateway, its models trained."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from cli.options import credentials
from cli.supervisor import say
from kit.errors import Unavailable

TRAINING_APPEARS = 30.0
POLL = 0.5
TELL_EVERY = 5.0
TELL_SAME_EVERY = 15.0
SERVICES = ("lead_scoring", "forecast", "next_best_action")
UNFINISHED = frozenset({"RUNNING", "QUEUED"})


async def load_sample(folder: Path, url: str, today: str, deals: int) -> None:
    """Fill an empty gateway with the sample company and wait for its models; a filled one is left as it is, and one
    from which somebody has removed the sample.

    Where an earlier run ended before the first models were trained, their training is waited for again. Raises
    Unavailable where the company cannot be written or loaded. A load that was interrupted is begun again: the same
    record twice is one record. The truth stays in <folder>/sample/truth.
    """
    interrupted = folder / "run" / "sample.loading"
    shown = credentials(folder, "")
    async with httpx.AsyncClient(base_url=url, timeout=120, trust_env=False, headers=shown) as http:
        if (removed := (await _ask(http, "GET", "/v1/workspace/sample"))["removed"]) is not None:
            say(f"the sample company was removed from this folder on {removed['time'][:10]}: it is not loaded again")
            return
        if await _filled(http) and not interrupted.exists():
            if await _first_training_is_due(http, folder):
                await _train(http)
            return
        interrupted.touch()
        source = folder / "sample"
        await _generate(source, folder / "logs" / "sample.log", today, deals)
        await _load(http, source)
        interrupted.unlink()
        _leave_truth(source)
        await _train(http)


async def _filled(http: httpx.AsyncClient) -> bool:
    page = await _ask(http, "GET", "/v1/deals?limit=1")
    return bool(page["deals"])


async def _first_training_is_due(http: httpx.AsyncClient, folder: Path) -> bool:
    """Some service has no model yet, and a training runs or will begin by itself."""
    about = [await _ask(http, "GET", f"/v1/models/{service}") for service in SERVICES]
    if all(each["serving"]["generation"] for each in about):
        return False
    jobs = (await _ask(http, "GET", "/v1/training-jobs"))["jobs"]
    return jobs[0]["state"] in UNFINISHED if jobs else (folder / "sample").exists()


async def _generate(target: Path, log: Path, today: str, deals: int) -> None:
    say("sample company: generating …")
    shutil.rmtree(target, ignore_errors=True)
    command = ["-m", "demo", "--out", str(target)]
    command += ["--deals", str(deals)] if deals else []
    command += ["--today", today] if today else []
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=output, stderr=output)
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    if code != 0:
        from cli.part import last_reason

        raise Unavailable(f"the sample company could not be written: {last_reason(log)}", mend=f"See {log}")


def _leave_truth(folder: Path) -> None:
    """Drop what the gateway holds now; the truth beside it is nowhere else."""
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()


async def _load(http: httpx.AsyncClient, source: Path) -> None:
    job = await _ask(http, "POST", "/v1/history:load", json={"folder": str(source)})
    job = await _follow(http, f"/v1/imports/{job['id']}", job, "sample company: loading")
    if job["state"] != "SUCCEEDED":
        raise Unavailable(
            f"the sample company could not be loaded: {job['error']}", mend="See logs/gateway.log in the data folder"
        )


async def _train(http: httpx.AsyncClient) -> None:
    """Training begins by itself after a load; records carry priors until it ends, and if it fails."""
    deadline = time.monotonic() + TRAINING_APPEARS
    jobs: list[dict[str, Any]] = []
    while not jobs and time.monotonic() < deadline:
        jobs = (await _ask(http, "GET", "/v1/training-jobs"))["jobs"]
        await asyncio.sleep(POLL)
    if not jobs:
        say("no training has begun; records carry priors. dealcast train starts one.")
        return
    say(f"open {str(http.base_url).rstrip('/')} now: the first models are still being trained")
    job = await _follow(http, f"/v1/training-jobs/{jobs[0]['id']}", jobs[0], "models: training")
    if job["state"] != "SUCCEEDED":
        say(f"training ended as {job['state'].lower()}: {job['error']}")
        say("records carry priors; dealcast train tries again")


async def _follow(http: httpx.AsyncClient, path: str, job: dict[str, Any], what: str) -> dict[str, Any]:
    progress = Progress(what, time.monotonic())
    while job["state"] in UNFINISHED:
        if line := progress.line(job, time.monotonic()):
            say(line)
        await asyncio.sleep(POLL)
        job = await _ask(http, "GET", path)
    return job


class Progress:
    """What to tell of a job while it runs: new stages at once, percentages seldom, the same again more seldom."""

    def __init__(self, what: str, began: float) -> None:
        self._what = what
        self._began = began
        self._told = began
        self._stage: str | None = None
        self._share = ""

    def line(self, job: Mapping[str, Any], now: float) -> str:
        """The line that is due at `now` (seconds, as `began`), with the time since then; empty where none is."""
        stage, share = str(job["stage"]), f"{job['progress']:.0%}"
        pause = 0.0 if stage != self._stage else TELL_EVERY if share != self._share else TELL_SAME_EVERY
        if now - self._told < pause:
            return ""
        self._told, self._stage, self._share = now, stage, share
        minutes, seconds = divmod(int(now - self._began), 60)
        return f"{self._what} {stage} {share} ({minutes}:{seconds:02d})"


async def _ask(http: httpx.AsyncClient, method: str, path: str, **options: Any) -> Any:
    try:
        answer = await http.request(method, path, **options)
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        mend = "See logs/gateway.log in the data folder"
        raise Unavailable(f"the gateway does not answer {path}: {error}", mend=mend) from None
