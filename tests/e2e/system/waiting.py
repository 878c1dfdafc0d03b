"""How long a system's parts waited for a processor: no promise of seconds holds where others use it too."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.system.harness import System

EVERY = 0.2  # seconds


class Waiting(threading.Thread):
    """Notes it of the named parts until stopped; `between` tells it of a span of time."""

    def __init__(self, system: System, parts: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self._system, self._parts = system, parts
        self._noted: list[tuple[float, float]] = []  # seconds since 1970, seconds waited in all by then
        self._stopped = threading.Event()

    def run(self) -> None:
        pids = self._system.pids
        while not self._stopped.wait(EVERY):
            self._noted.append((time.time(), sum(waited(pids[part]) for part in self._parts)))

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def between(self, start: float, end: float) -> float:
        """Seconds, of one part after the other: what they do follows one from another."""
        noted = [seconds for at, seconds in self._noted if start - EVERY <= at <= end + EVERY]
        return max(noted) - min(noted) if noted else 0.0


def waited(pid: int) -> float:
    """Seconds that the process's threads were ready to run and had no processor, where Linux tells of it; else 0."""
    total = 0
    for each in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(each.read_text().split()[1])
    return total / 1e9
