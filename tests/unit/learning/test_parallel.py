"""Work spread over processes: same results, and no process that outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from learning.parallel import workers
from tests.unit.learning.parallel_tasks import failing, scaled

ROOT = Path(__file__).parents[3]


def until(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody asked about does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_results_are_the_same_with_and_without_processes() -> None:
    with workers(3, 1) as alone, workers(3, 2) as spread:
        here, there = list(alone(scaled, range(5))), list(spread(scaled, range(5)))
        with pytest.raises(ZeroDivisionError):
            list(spread(failing, [0, 1]))
    assert [one for one, _ in here] == [one for one, _ in there] == [0, 3, 6, 9, 12]
    assert {pid for _, pid in here} == {os.getpid()}
    pids = {pid for _, pid in there}
    assert os.getpid() not in pids
    assert until(lambda: not any(map(lives, pids)))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL", "ctrl-C"])
def test_a_cancelled_parent_leaves_no_processes(tmp_path: Path, how: str) -> None:
    command = [sys.executable, "-m", "tests.unit.learning.parallel_tasks", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL) as parent:
        try:
            assert until(lambda: len(list(tmp_path.iterdir())) == 2)
            pids = [int(one.name) for one in tmp_path.iterdir()]
            if how == "ctrl-C":  # a terminal tells the whole group
                os.killpg(parent.pid, signal.SIGINT)
            else:
                parent.send_signal(signal.Signals[how])
            assert until(lambda: parent.poll() is not None and not any(map(lives, pids)))
        finally:
            parent.kill()
