"""`dealcast up` as its user starts it: the whole system in a folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from kit.testing import free_port

DEALCAST = str(Path(sys.executable).with_name("dealcast"))
SERVICES = {"lead_scoring", "forecast", "next_best_action"}
PARTS = SERVICES | {"nats", "gateway"}


class Up:
    """A running `dealcast up`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.port = free_port()
        command = [DEALCAST, "up", "--data-dir", str(folder), "--port", str(self.port), *arguments]
        self.errors = folder.with_suffix(".err")
        with self.errors.open("a") as output:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, text=True)

    def ready_line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.folder / "run" / "state.json").read_text())
        return state

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Signal it; returns the exit code and what else it printed."""
        self.process.send_signal(how)
        rest, _ = self.process.communicate(timeout=60)
        return self.process.returncode, rest


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "data"
    yield data
    for process in psutil.process_iter(["cmdline"]):
        if process.info["cmdline"] and str(data) in process.info["cmdline"]:
            process.kill()


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def wait_for(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def check_another_beside(one: Up, other: Up) -> None:
    """Of two systems in folders of their own both serve, and neither sees the other's records."""
    assert other.ready_line() == f"ready http://127.0.0.1:{other.port}", other.errors.read_text()
    with httpx.Client(trust_env=False, timeout=30) as http:
        before = http.get(one.state["url"] + "/v1/workspace").json()
        assert http.get(other.state["url"] + "/v1/deals?limit=1").json()["deals"] == []
        assert http.put(other.state["url"] + "/v1/deals/only-here", json={"stage": "A"}).status_code == 201
        deal = other.state["url"] + "/v1/deals/only-here"
        wait_for(lambda: http.get(deal).json()["next_actions"], 60)
        assert http.get(one.state["url"] + "/v1/deals/only-here").status_code == 404
        after = http.get(one.state["url"] + "/v1/workspace").json()
        assert (after["id"], after["counts"]["deals"]) == (before["id"], 100)
        beside = http.get(other.state["url"] + "/v1/workspace").json()
        assert (beside["id"] != after["id"], beside["counts"]["deals"]) == (True, 1)
    assert not set(one.state["ports"].values()) & set(other.state["ports"].values())
    assert other.end() == (0, "")


def check_refused(folder: Path, running: Up) -> None:
    """A second one on the same folder."""
    second = Up(folder)
    assert second.process.wait(30) == 1
    told = second.errors.read_text()
    assert f"dealcast up runs on this folder (process {running.process.pid})" in told
    assert "Traceback" not in told


def check_sample(up: Up) -> None:
    """A hundred deals, and models that learned from them."""
    workspace = httpx.get(up.state["url"] + "/v1/workspace", trust_env=False).json()
    assert workspace["counts"]["deals"] == 100
    assert {name: model["generation"] for name, model in workspace["models"].items()} == dict.fromkeys(SERVICES, 1)


def check_data_is_kept(folder: Path) -> list[int]:
    """Started again after it was killed, it is the company it was: nothing is generated, loaded or trained anew."""
    began = len((folder.with_suffix(".err")).read_text())
    up = Up(folder, "--sample")
    assert up.ready_line().startswith("ready "), up.errors.read_text()
    told = up.errors.read_text()[began:]
    assert not [word for word in ("generating", "loading", "training") if word in told], told
    check_sample(up)
    pids = list(up.state["pids"].values())
    assert up.end() == (0, "")
    return pids


def test_the_whole_system_starts_survives_a_killed_supervisor_and_stops_in_order(folder: Path) -> None:
    up = Up(folder, "--sample", "--deals", "100")
    assert up.ready_line() == f"ready http://127.0.0.1:{up.port}", up.errors.read_text()
    state = up.state
    assert set(state["pids"]) == PARTS
    assert state["url"] == f"http://127.0.0.1:{up.port}"
    check_sample(up)
    assert [path.name for path in (folder / "sample").iterdir()] == ["truth"]
    truth = {path.name for path in (folder / "sample" / "truth").iterdir()}
    assert truth >= {"parameters.json", "deals.parquet", "weeks.parquet", "action_effects.parquet"}
    check_refused(folder, up)

    os.kill(state["pids"]["forecast"], signal.SIGKILL)
    wait_for(lambda: up.state["pids"].get("forecast") not in (None, state["pids"]["forecast"]))
    check_another_beside(up, Up(folder.parent / "data-other"))

    pids = list(up.state["pids"].values())
    up.process.kill()
    up.process.wait()
    wait_for(lambda: all(gone(pid) for pid in pids), 10)

    assert all(gone(pid) for pid in check_data_is_kept(folder))
    assert sorted(path.name for path in (folder / "run").iterdir()) == ["lock"]
    assert {path.name for path in (folder / "logs").iterdir()} == {f"{name}.log" for name in PARTS | {"sample"}}


def test_a_taken_port_ends_it_with_the_mend(folder: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        command = [DEALCAST, "up", "--data-dir", str(folder), "--port", str(holder.getsockname()[1])]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "is in use" in told.stderr
    assert "mend: " in told.stderr
    assert told.stdout == ""


def test_a_part_that_crashes_again_and_again_is_named(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "nats-server"
    broken.write_text("#!/bin/sh\necho 'nats-server: no space left on device' >&2\nexit 1\n")
    broken.chmod(0o755)
    command = [DEALCAST, "up", "--data-dir", str(folder), "--port", "0"]
    environment = os.environ | {"NATS_SERVER": str(broken)}
    told = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert told.returncode == 1
    assert "nats cannot start: nats-server: no space left on device" in told.stderr
    assert "nats.log" in told.stderr
    assert told.stdout == ""
