"""One process at a time on a data folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from kit.errors import Conflict

PRIVATE = 0o700  # a data folder holds people's data


@contextlib.contextmanager
def locked(folder: Path, what: str = "another dealcast") -> Iterator[None]:
    """Hold the folder for this process alone, doing `what`; the folder is made where it is missing.

    The lock belongs to the open file, so that the kernel frees it however its holder dies.
    Raises Conflict naming the holder and what it does where another process has it.
    """
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    path = folder / "run" / "lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise _taken(folder, file.read()) from None
        file.truncate(0)
        file.write(f"{os.getpid()} {what}")
        file.flush()
        yield
        file.truncate(0)


def _taken(folder: Path, told: str) -> Conflict:
    process, _, what = told.strip().partition(" ")
    holder = f"{what or 'another dealcast'} runs on this folder (process {process or 'unknown'})"
    mend = "Wait until it ends or stop it, or choose another --data-dir"
    return Conflict(holder, field="--data-dir", value=str(folder), mend=mend)
