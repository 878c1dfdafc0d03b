"""The data folder: made and checked before anything starts on it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import time
from pathlib import Path
from typing import Any

import psutil

from kit.errors import DealcastError, Unavailable
from kit.folder_lock import PRIVATE

PARTS = ("run", "logs", "nats")
LEAST_FREE = 200 * 1024 * 1024
LEFTOVER_SECONDS = 10.0


def prepare(folder: Path) -> Path:
    """Make the folder with run/, logs/ and nats/; returns its absolute path.

    Raises Unavailable where it cannot be written or its disk is all but full.
    """
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        for name in PARTS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        probe = folder / "run" / f".probe-{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise Unavailable(
            f"the data folder cannot be written: {error.strerror or error}",
            field="--data-dir",
            value=str(folder),
            mend="Choose a folder you may write to, on a disk with space",
        ) from None
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise Unavailable(
            f"the disk has {free // 2**20} MB left; {LEAST_FREE // 2**20} MB are needed",
            field="--data-dir",
            value=str(folder),
            mend="Free some space, or choose another disk",
        )
    return folder


def keep_out_of_git(folder: Path) -> None:
    """Whatever repository the folder stands in, no record and no token gets into it."""
    with contextlib.suppress(FileExistsError), (folder / ".gitignore").open("x", encoding="utf-8") as file:
        file.write("*\n")


def read_state(folder: Path) -> dict[str, Any]:
    """What the last `up` told of itself; empty where it ended well."""
    try:
        state = json.loads((folder / "run" / "state.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def end_leftovers(folder: Path) -> list[str]:
    """Parts of a killed `up` die with it; wait for that, and end those that do not. Returns their names."""
    left: list[tuple[str, psutil.Process]] = []
    for name, pid in dict(read_state(folder).get("pids", {})).items():
        with contextlib.suppress(psutil.Error, TypeError, ValueError):
            process = psutil.Process(int(pid))
            if _is_part(process, str(name), folder):
                left.append((str(name), process))
    deadline = time.monotonic() + LEFTOVER_SECONDS
    for _, process in left:
        with contextlib.suppress(psutil.Error):
            process.terminate()
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(5)
    return [name for name, _ in left]


def _is_part(process: psutil.Process, name: str, folder: Path) -> bool:
    """Whether the process still is that part of this folder, and not a stranger with its number."""
    command = " ".join(process.cmdline())
    if name == "nats":
        return str(folder) in command
    return f"services.{name}" in command and process.environ().get("DEALCAST_RUN_DIR") == str(folder / "run")


def check_port(port: int) -> int:
    """The port if it can be listened on; for 0 a free one. Raises Unavailable naming who may hold it."""
    if not 0 <= port <= 65535:
        raise Unavailable(
            "this is no port", field="--port", value=str(port), mend="Use 1 to 65535, or 0 for a free one"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = "is in use" if isinstance(error, OSError) and error.errno == 98 else f"cannot be used: {error}"
            raise Unavailable(
                f"gateway: the port {reason}{_holder(port)}",
                field="--port",
                value=str(port),
                mend="Stop what uses it, or choose another with --port",
            ) from None
        return int(probe.getsockname()[1])


def steady_port() -> int:
    """A free port below the range that outgoing connections take theirs from.

    A part that is restarted wants its port back; one from that range may meanwhile belong to a client.
    """
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with contextlib.suppress(DealcastError):
            return check_port(port)
    return check_port(0)


def _holder(port: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,) and connection.pid:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return ""
