"""The embedded system: nats-server, the three services and the gateway as supervised processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from cli.data_folder import steady_port
from cli.part import Part, until_ready
from cli.speech import echo
from kit.nats_server import nats_command

NATS, GATEWAY = "nats", "gateway"
SERVICES = ("lead_scoring", "forecast", "next_best_action")
START_SECONDS = 180.0
DRAIN_SECONDS = 8.0
STOP_SECONDS = 2 * DRAIN_SECONDS + 6.0
PROBE_SECONDS = 2.0


def say(text: str) -> None:
    """Tell the person at the terminal; stdout is for programs."""
    echo(text, err=True)


class Supervisor:
    """Runs the parts of one data folder, which the caller has prepared and locked."""

    def __init__(self, folder: Path, port: int, today: str = "", sign_in: str = "") -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._nats_port = steady_port()
        self._run = folder / "run"
        self._keepers: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._ready = False
        self.parts = {NATS: self._nats()}
        shared = {
            "DEALCAST_NATS_URL": f"nats://127.0.0.1:{self._nats_port}",
            "DEALCAST_RUN_DIR": str(self._run),
            "DEALCAST_GRPC_ADDRESS": "127.0.0.1:0",
            "DEALCAST_METRICS_ADDRESS": "127.0.0.1:0",
            "DEALCAST_DRAIN_SECONDS": str(DRAIN_SECONDS),
        }
        for name in SERVICES:
            # Each serves on one core; more threads of the linear algebra would only get in each other's way.
            threads = {name: os.environ.get(name, "1") for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
            self.parts[name] = self._service(name, shared | threads)
        own = {"DEALCAST_DATA_DIR": str(folder), "DEALCAST_HTTP_ADDRESS": f"127.0.0.1:{port}"}
        own |= {"DEALCAST_TODAY": today} if today else {}
        own |= {"DEALCAST_SIGN_IN": sign_in} if sign_in else {}
        self.parts[GATEWAY] = self._service(GATEWAY, shared | own)

    async def run(self, when_ready: Callable[[Supervisor], Awaitable[None]]) -> None:
        """Start all, call when_ready, go on until stopped by a signal, stop all in order.

        Raises Unavailable naming the part that cannot start or keeps failing.
        """
        self._catch_signals()
        try:
            starting = asyncio.create_task(self._start_all(when_ready))
            await self._first_of(starting)
            while not self._stop.is_set():
                await self._first_of(None)
        finally:
            await self._stop_all()

    async def _start_all(self, when_ready: Callable[[Supervisor], Awaitable[None]]) -> None:
        self._keep(self.parts[NATS])
        await until_ready([self.parts[NATS]], START_SECONDS, self._keepers)
        say(f"nats-server listens on port {self._nats_port}")
        others = [self.parts[name] for name in (*SERVICES, GATEWAY)]
        for part in others:
            self._keep(part)
        await until_ready(others, START_SECONDS, self._keepers)
        self._ready = True
        self._tell()
        say("all parts are healthy")
        await when_ready(self)

    async def _first_of(self, work: asyncio.Task[None] | None) -> None:
        """Wait for the work, the stop signal, or a part that gave up (which raises)."""
        stop = asyncio.create_task(self._stop.wait())
        tasks = {stop} | ({work} if work else set())
        try:
            while True:
                done, _ = await asyncio.wait({*tasks, *self._keepers}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                if done & tasks:
                    return
                for part in self.parts.values():
                    part.trim_log()
        finally:
            stop.cancel()
            if work is not None and not work.done():
                work.cancel()
                await asyncio.wait({work})

    async def _stop_all(self) -> None:
        """The gateway first, so that nothing new comes in; nats-server last, so that all can finish."""
        if self._keepers:
            say("stopping …")
        for group in ((GATEWAY,), SERVICES, (NATS,)):
            await asyncio.gather(*(self.parts[name].stop(STOP_SECONDS) for name in group))
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for name in ("state", *SERVICES, GATEWAY):
            (self._run / f"{name}.json").unlink(missing_ok=True)
        if self._keepers:
            say("stopped")

    def _keep(self, part: Part) -> None:
        self._keepers.append(asyncio.create_task(part.keep(), name=part.name))

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()

        def asked() -> None:
            if self._stop.is_set():
                for part in self.parts.values():
                    part.kill()
            self._stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Under nohup a closed terminal is to change nothing.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, asked)

    def _nats(self) -> Part:
        command = nats_command(self.folder / "nats", self._nats_port)
        return self._part(NATS, command, dict(os.environ), self._nats_listens)

    def _service(self, name: str, settings: Mapping[str, str]) -> Part:
        async def healthy(pid: int) -> bool:
            told = self._told_by(name)
            if told.get("pid") != pid:
                return False
            return await _status(str(told["metrics"]), "/healthz/ready") == 200

        return self._part(name, [sys.executable, "-m", f"services.{name}"], dict(os.environ) | dict(settings), healthy)

    def _part(
        self, name: str, command: list[str], environment: dict[str, str], probe: Callable[[int], Awaitable[bool]]
    ) -> Part:
        log = self.folder / "logs" / f"{name}.log"
        return Part(name, command, environment, log, probe, told=self._tell, say=say)

    async def _nats_listens(self, _: int) -> bool:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._nats_port)
            greeting = await reader.readline()
            writer.close()
        return greeting.startswith(b"INFO ")

    def _told_by(self, name: str) -> dict[str, object]:
        """The run file of a service; empty while there is none."""
        try:
            told = json.loads((self._run / f"{name}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}

    def _tell(self) -> None:
        """Write state.json: how to reach the system and its parts."""
        ports: dict[str, int] = {NATS: self._nats_port, GATEWAY: self._port}
        for name in (*SERVICES, GATEWAY):
            told = self._told_by(name)
            if told.get("pid") == self.parts[name].pid:
                ports |= {f"{name}_{kind}": _port(told[kind]) for kind in ("grpc", "metrics") if kind in told}
        state = {
            "url": self.url,
            "pid": os.getpid(),
            "ready": self._ready,
            "pids": {name: part.pid for name, part in self.parts.items() if part.pid is not None},
            "ports": ports,
        }
        draft = self._run / "state.json.tmp"
        draft.write_text(json.dumps(state, indent=1))
        draft.replace(self._run / "state.json")


def _port(address: object) -> int:
    return int(str(address).rsplit(":", 1)[-1])


async def _status(address: str, path: str) -> int:
    """The status of a GET over plain HTTP; past any proxy the environment names."""
    host, port = address.rsplit(":", 1)
    async with asyncio.timeout(PROBE_SECONDS):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
            line = await reader.readline()
        finally:
            writer.close()
    words = line.split()
    return int(words[1]) if len(words) > 1 else 0
