"""A supervised process: restarted when it dies, given up when it keeps failing, gone with its supervisor."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cli.part import Part, last_reason, until_ready
from kit.errors import Unavailable
from kit.testing import eventually

SLEEPS = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text('up'); time.sleep(600)"


class Told:
    """What the part says of itself."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.changes = 0

    def change(self) -> None:
        self.changes += 1


def part(folder: Path, told: Told, code: str, probe: Callable[[], bool] = lambda: True) -> Part:
    async def ready(_: int) -> bool:
        return probe()

    command = [sys.executable, "-c", code, str(folder / "flag")]
    return Part("thing", command, dict(os.environ), folder / "thing.log", ready, told.change, told.said.append)


async def test_a_killed_part_is_started_again(tmp_path: Path) -> None:
    told, flag = Told(), tmp_path / "flag"
    thing = part(tmp_path, told, SLEEPS, flag.exists)
    keeper = asyncio.create_task(thing.keep())
    await eventually(thing.ready.is_set)
    first = thing.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: thing.pid not in (None, first))
    assert "SIGKILL" in told.said[0]
    await eventually(thing.ready.is_set)
    await thing.stop(5)
    await asyncio.wait_for(keeper, 5)
    assert told.changes >= 4


async def test_a_part_that_never_gets_up_is_given_up_with_its_own_reason(tmp_path: Path) -> None:
    row = json.dumps({"level": "error", "event": "cannot_run", "detail": "no disk left"})
    failing = f"import sys; print({row!r}); sys.exit(1)"
    thing = part(tmp_path, Told(), failing, lambda: False)
    with pytest.raises(Unavailable) as caught:
        await thing.keep()
    assert caught.value.message == "thing cannot start: no disk left"
    assert str(tmp_path / "thing.log") in caught.value.mend
    assert thing.starts == 4


async def test_one_that_refuses_to_stop_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal, time, pathlib, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    thing = part(tmp_path, Told(), stubborn + SLEEPS, (tmp_path / "flag").exists)
    keeper = asyncio.create_task(thing.keep())
    await eventually(thing.ready.is_set)
    began = time.monotonic()
    await thing.stop(0.3)
    await asyncio.wait_for(keeper, 5)
    assert time.monotonic() - began < 3


async def test_waiting_names_the_part_that_is_not_ready(tmp_path: Path) -> None:
    thing = part(tmp_path, Told(), SLEEPS, lambda: False)
    keeper = asyncio.create_task(thing.keep())
    with pytest.raises(Unavailable, match="thing cannot start: it did not become ready"):
        await until_ready([thing], 0.5, [keeper])
    thing.kill()
    await asyncio.wait_for(keeper, 5)


async def test_a_part_dies_with_a_killed_supervisor(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SUPERVISOR, str(tmp_path)]
    supervisor = await asyncio.to_thread(subprocess.Popen, command)
    pid_file = tmp_path / "pid"
    await eventually(lambda: pid_file.exists() and bool(pid_file.read_text()))
    child = psutil.Process(int(pid_file.read_text()))
    supervisor.kill()
    supervisor.wait()
    await eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, seconds=5)


_SUPERVISOR = """
import asyncio, os, pathlib, sys
from cli.part import Part
folder = pathlib.Path(sys.argv[1])
async def probe(pid):
    (folder / "pid").write_text(str(pid))
    return True
command = [sys.executable, "-c", "import time; time.sleep(600)"]
asyncio.run(Part("thing", command, dict(os.environ), folder / "log", probe, lambda: None, print).keep())
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("nats-server: error parsing: bad port\n", "nats-server: error parsing: bad port"),
        ('{"level": "info", "event": "ready"}\n', ""),
        (
            '{"level": "error", "event": "crashed", "error_type": "KeyError"}\n{"level": "info", "event": "stopped"}\n',
            "crashed KeyError",
        ),
    ],
)
def test_the_reason_is_found_in_the_log(tmp_path: Path, text: str, reason: str) -> None:
    log = tmp_path / "x.log"
    log.write_text(text)
    assert last_reason(log) == reason


def test_an_overgrown_log_is_moved_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.part.LOG_LIMIT", 100)
    thing = part(tmp_path, Told(), "")
    thing.log.write_text("x" * 101)
    with thing.log.open("a") as appending:
        thing.trim_log()
        appending.write("next")
    assert thing.log.read_text() == "next"
    assert (tmp_path / "thing.log.1").read_text() == "x" * 101
