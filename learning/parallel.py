"""Work spread over processes: the same results in the same order, with or without them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Event
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
    context = multiprocessing.get_context("spawn")
    given_up = context.Event()
    pool = ProcessPoolExecutor(processes, context, _begin, (shared, given_up))
    try:
        yield lambda function, tasks: pool.map(_Call(function), tasks)
    except BaseException:
        given_up.set()  # nobody waits for what is still being computed
        raise
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


def _begin(shared: Any, given_up: Event) -> None:
    global _shared
    _shared = shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's ctrl-C reaches all; the parent tells when to end
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threading.Thread(target=_end_when, args=(given_up,), daemon=True).start()
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(1)


def _end_when(given_up: Event) -> None:
    given_up.wait()
    os._exit(1)


def _end_with_parent() -> None:
    """A killed parent says nothing to its pool; without this its processes would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
