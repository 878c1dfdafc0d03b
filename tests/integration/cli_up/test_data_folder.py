"""The data folder's lock and checks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from cli.data_folder import check_port, end_leftovers, keep_out_of_git, prepare, steady_port
from kit.errors import Conflict, Unavailable
from kit.folder_lock import locked

_HOLD = """
import pathlib, sys, time
from kit.folder_lock import locked
with locked(pathlib.Path(sys.argv[1]), "dealcast import"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_folder_is_made_with_its_parts(tmp_path: Path) -> None:
    folder = prepare(tmp_path / "a" / "b")
    assert {"run", "logs", "nats"} <= {path.name for path in folder.iterdir()}
    assert list((folder / "run").iterdir()) == []


def test_nothing_of_it_gets_into_a_repository_that_it_stands_in(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name, kept in (("new", ""), ("own", "mine\n")):
        folder = prepare(tmp_path / name)
        (folder / "service-token").write_text("secret")
        if kept:
            (folder / ".gitignore").write_text(kept)
        keep_out_of_git(folder)
    told = subprocess.run(
        ["git", "-C", tmp_path, "status", "--short", "-uall"], capture_output=True, text=True, check=True
    )
    assert "new" not in told.stdout
    assert "own/.gitignore" in told.stdout, "what was there is left"


def test_one_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable) as caught:
        prepare(tmp_path / "file")
    assert caught.value.field == "--data-dir"
    assert caught.value.mend


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("cli.data_folder.shutil.disk_usage", lambda _: usage(10**9, 10**9, 1_000_000))
    with pytest.raises(Unavailable, match="MB left"):
        prepare(tmp_path)


def test_a_second_holder_is_refused_and_a_killed_one_is_forgotten(tmp_path: Path) -> None:
    folder = prepare(tmp_path)
    holder = subprocess.Popen([sys.executable, "-c", _HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Conflict, match=rf"dealcast import runs .*\(process {holder.pid}\)"), locked(folder):
        pass
    holder.kill()
    holder.wait()
    with locked(folder, "a test"):
        assert (folder / "run" / "lock").read_text() == f"{os.getpid()} a test"
    assert (folder / "run" / "lock").read_text() == ""


def test_leftovers_are_ended_and_strangers_are_not(tmp_path: Path) -> None:
    folder = prepare(tmp_path)
    sleeping = [sys.executable, "-c", "import time; time.sleep(600)"]
    mine = subprocess.Popen([*sleeping, f"{folder}/nats"])
    stranger = subprocess.Popen(sleeping)
    state = {"pids": {"nats": mine.pid, "forecast": stranger.pid, "gateway": 2**22, "lead_scoring": "nonsense"}}
    (folder / "run" / "state.json").write_text(json.dumps(state))
    try:
        assert end_leftovers(folder) == ["nats"]
        mine.wait(5)
        assert stranger.poll() is None
    finally:
        for process in (mine, stranger):
            process.send_signal(signal.SIGKILL)
            process.wait()


def test_a_taken_port_is_named_with_its_holder() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(Unavailable) as caught:
            check_port(port)
    assert f"in use by process {os.getpid()}" in caught.value.message
    assert check_port(port) == port
    assert check_port(0) > 0
    assert 20_000 <= steady_port() < 32_000
    with pytest.raises(Unavailable):
        check_port(70_000)
