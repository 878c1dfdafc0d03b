"""Work for processes of test_parallel; spawned processes import it by name."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from learning.parallel import workers


def scaled(shared: int, task: int) -> tuple[int, int]:
    """The product, and the process that made it."""
    return shared * task, os.getpid()


def failing(_: int, task: int) -> int:
    """Fails on the second task."""
    return 1 // (1 - task)


def endless(folder: str, task: int) -> None:
    """Say which process this is, then never end."""
    (Path(folder) / f"{os.getpid()}").touch()
    while True:
        time.sleep(1)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a shell's background
    with workers(sys.argv[1], 2) as run:
        list(run(endless, [0, 1]))
