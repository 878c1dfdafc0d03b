"""One supervised process: started, watched, started again, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kit.errors import Unavailable

PR_SET_PDEATHSIG = 1
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
MOST_FAILURES = 4
READY_POLL = 0.05
LOG_LIMIT = 50 * 1024 * 1024

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Part:
    """A process of the system.

    probe tells whether it is ready for work (given its process id). told is called whenever its
    process id or readiness has changed.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    probe: Callable[[int], Awaitable[bool]]
    told: Callable[[], None]
    say: Callable[[str], None]
    pid: int | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    starts: int = 0
    failures: int = 0
    stopping: bool = False
    _process: asyncio.subprocess.Process | None = None

    async def keep(self) -> None:
        """Start it, and again whenever it ends, until stop. Raises Unavailable when it keeps failing."""
        while not self.stopping:
            await self._start()
            assert self._process is not None
            watcher = asyncio.create_task(self._watch())
            code = await self._process.wait()
            watcher.cancel()
            was_ready = self.ready.is_set()
            self.ready.clear()
            self.pid = None
            if self.stopping:
                return
            self.failures = 0 if was_ready else self.failures + 1
            if self.failures >= MOST_FAILURES:
                raise self.failure(code)
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**self.failures)
            self.say(f"{self.name} ended ({_cause(code)}); starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)

    async def stop(self, seconds: float) -> None:
        """SIGTERM, and SIGKILL for what is still there after that many seconds."""
        self.stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), seconds)
            except TimeoutError:
                self.say(f"{self.name} did not stop in {seconds:.0f} s; killing it")
                process.kill()
                await process.wait()

    def kill(self) -> None:
        """SIGKILL at once."""
        self.stopping = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def failure(self, code: int | None) -> Unavailable:
        """What to tell when it does not start: its own reason where its log has one."""
        reason = last_reason(self.log) or f"it {_cause(code)}" if code is not None else "it did not become ready"
        mend = f"See {self.log}; dealcast doctor checks the installation"
        return Unavailable(f"{self.name} cannot start: {reason}", field="part", value=self.name, mend=mend)

    def trim_log(self) -> None:
        """Move an overgrown log aside; the process goes on appending."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > LOG_LIMIT:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)

    async def _start(self) -> None:
        self.trim_log()
        self.starts += 1
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                env=dict(self.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # A session of its own: Ctrl-C is for the supervisor, which stops the parts in order.
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
            )
        self.pid = self._process.pid
        self.told()

    async def _watch(self) -> None:
        """Note when it becomes ready for the first time after a start."""
        assert self.pid is not None
        while True:
            with contextlib.suppress(OSError, ValueError, TimeoutError):
                if await self.probe(self.pid):
                    self.ready.set()
                    self.told()
                    return
            await asyncio.sleep(READY_POLL)


def _die_with(parent: int) -> Callable[[], None]:
    """For the child, before it becomes the part: SIGKILL when the supervisor dies, however it does."""

    def ask() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _cause(code: int | None) -> str:
    if code is None:
        return "was not started"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"exited with code {code}"


def last_reason(log: Path, within: int = 8192) -> str:
    """The last error a part told in its log: a detail, an event with its error, or a plain line."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - within))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in reversed(lines[-40:]):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            return line.strip()[:300]
        if isinstance(row, dict) and row.get("level") in {"error", "critical"}:
            told = row.get("detail") or f"{row.get('event')} {row.get('error_type', '')}".strip()
            return str(told)[:300]
    return ""


async def until_ready(parts: Sequence[Part], seconds: float, keepers: Sequence[asyncio.Task[None]]) -> None:
    """Wait until every part is ready. Raises Unavailable naming the one that is not, or that gave up."""
    deadline = time.monotonic() + seconds
    for part in parts:
        waiter = asyncio.create_task(part.ready.wait())
        try:
            left = max(0.0, deadline - time.monotonic())
            done, _ = await asyncio.wait({waiter, *keepers}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if waiter not in done and not part.ready.is_set():
                raise part.failure(None)
        finally:
            waiter.cancel()
