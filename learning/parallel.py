"""Work spread over processes: the same results in the same order, with or without them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")
_shared: Any = None


class Workers(Protocol):
    """Runs a function of (shared, task) on every task; results come in the tasks' order."""

    def __call__(self, function: Callable[[Any, Task], Result], tasks: Sequence[Task], /) -> Iterator[Result]: ...


@contextmanager
def workers(shared: Any, processes: int) -> Iterator[Workers]:
    """Up to so many processes, which end with this one, however it ends; none for one process.

    What is shared is sent to each process once. Functions must be defined at the top of a module.
    """
    if processes <= 1:
        yield lambda function, tasks: (function(shared, task) for task in tasks)
        return
    # spawn: a fork of a process with threads may stand still in a lock that one of them held
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin, (shared,))
    try:
        yield lambda function, tasks: pool.map(_Call(function), tasks)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Call:
    """A function on what this process shares."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        self._function = function

    def __call__(self, task: Any) -> Any:
        return self._function(_shared, task)


def _begin(shared: Any) -> None:
    global _shared
    _shared = shared
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(1)


def _end_with_parent() -> None:
    """A killed parent says nothing to its pool; without this its processes would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
