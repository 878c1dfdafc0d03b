"""One process of Dealcast from start to end: connection, listeners, loops, readiness, graceful stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import grpc
import structlog
import uvloop
from nats.aio.client import Client as NATS  # noqa: N814

from kit import telemetry
from kit.connection import connect
from kit.errors import DealcastError
from kit.metrics import READY
from kit.server import GrpcServer, MetricsServer
from kit.settings import ServiceSettings

log = structlog.get_logger(__name__)

READY_POLL = 0.05
SWITCH_SECONDS = 0.000_5


class Runner(Protocol):
    """A loop that works until stop is set: a Consumer, a Follower, or one of your own."""

    @property
    def name(self) -> str: ...

    @property
    def ready(self) -> bool: ...

    async def run(self, stop: asyncio.Event) -> None: ...


async def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Parts:
    """What a service consists of.

    runners are started together and stopped together. close is called when all have ended, while
    NATS is still connected. addresses tells further listeners for the run file, such as {"http": …};
    it is read once everything is ready.
    """

    runners: Sequence[Runner] = ()
    grpc: Callable[[grpc.aio.Server], None] | None = None
    grpc_services: Sequence[str] = ()
    close: Callable[[], Awaitable[None]] = _nothing
    addresses: Callable[[], Mapping[str, str]] = field(default=dict)


def run_service(name: str, settings: ServiceSettings, build: Callable[[NATS], Awaitable[Parts]]) -> int:
    """Run until SIGTERM or SIGINT, then drain. Returns the exit code.

    build gets the NATS connection and makes the parts. An expected error ends the process with
    its message on stderr and code 1; a second signal ends it at once.
    """
    telemetry.configure(name, settings)
    try:
        uvloop.run(_run(name, settings, build))
    except DealcastError as error:
        log.error("cannot_run", problem=error.problem, detail=str(error))
        return 1
    except Exception as error:
        log.error("crashed", exc_info=error)
        return 1
    finally:
        telemetry.flush()
    return 0


async def _run(name: str, settings: ServiceSettings, build: Callable[[NATS], Awaitable[Parts]]) -> None:
    stop = asyncio.Event()
    _catch_signals(stop, settings.drain_seconds)
    nc = await connect(settings.nats_url, name, first_attempt_seconds=settings.nats_wait_seconds)
    try:
        parts = await build(nc)
        process = _Process(name, settings, nc, parts, stop)
        try:
            await process.run()
        finally:
            await parts.close()
    finally:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(2):
                await nc.drain()
        if not nc.is_closed:
            await nc.close()
    log.info("stopped")


class _Process:
    def __init__(self, name: str, settings: ServiceSettings, nc: NATS, parts: Parts, stop: asyncio.Event) -> None:
        self._name = name
        self._settings = settings
        self._nc = nc
        self._parts = parts
        self._stop = stop
        self._metrics = MetricsServer(settings.metrics_address, self.readiness)
        add = parts.grpc
        self._grpc = GrpcServer(settings.grpc_address, add, parts.grpc_services) if add is not None else None

    def readiness(self) -> dict[str, bool]:
        """Each part's readiness."""
        parts = {runner.name: runner.ready for runner in self._parts.runners}
        return {"nats": self._nc.is_connected, "running": not self._stop.is_set(), **parts}

    async def run(self) -> None:
        """Start everything, tell readiness, wait for stop, end everything in order."""
        await self._metrics.start()
        if self._grpc is not None:
            await self._grpc.start()
        tasks = [asyncio.create_task(self._guard(runner), name=runner.name) for runner in self._parts.runners]
        teller = asyncio.create_task(self._tell_readiness())
        try:
            await self._stop.wait()
            log.info("stopping")
            if self._grpc is not None:
                await self._grpc.set_ready(ready=False)
            if tasks:
                _, late = await asyncio.wait(tasks, timeout=self._settings.drain_seconds)
                for task in late:
                    task.cancel()
                    log.warning("cut_off", part=task.get_name())
            if self._grpc is not None:
                await self._grpc.stop(self._settings.drain_seconds / 2)
        finally:
            teller.cancel()
            READY.set(0)
            await self._metrics.stop()
            self._run_file(remove=True)
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                task.result()

    async def _guard(self, runner: Runner) -> None:
        """A loop that ends by an error stops the whole process: half a service serves nobody."""
        try:
            await runner.run(self._stop)
        finally:
            if not self._stop.is_set():
                log.error("part_ended", part=runner.name)
                self._stop.set()

    async def _tell_readiness(self) -> None:
        """Keep gRPC health and the gauge in step with the truth; write the run file once listening."""
        told: bool | None = None
        settled = False
        self._run_file()
        while True:
            ready = all(self.readiness().values())
            if ready and not settled:
                settled = True
                _settle()
            if ready != told:
                log.info("ready" if ready else "not_ready", parts=self.readiness())
                READY.set(ready)
                self._run_file()
                if self._grpc is not None:
                    await self._grpc.set_ready(ready=ready)
                told = ready
            await asyncio.sleep(READY_POLL)

    def _run_file(self, *, remove: bool = False) -> None:
        if self._settings.run_dir is None:
            return
        path = self._settings.run_dir / f"{self._name}.json"
        if remove:
            path.unlink(missing_ok=True)
            return
        content = {"pid": os.getpid(), "metrics": self._metrics.address, **self._parts.addresses()}
        if self._grpc is not None:
            content["grpc"] = self._grpc.address
        _write_atomically(path, json.dumps(content))


def _settle() -> None:
    """What a process loads at its start stays: the collector need not look at it again and again. And a thread that
    has read its rows waits half a millisecond for its turn, not five: a read gives its turn away at every row.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    sys.setswitchinterval(SWITCH_SECONDS)


def _write_atomically(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(text)
    draft.replace(path)


def _catch_signals(stop: asyncio.Event, drain_seconds: float) -> None:
    loop = asyncio.get_running_loop()

    def asked() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()
        # What hangs in a thread or a library must not keep a stopped service alive.
        loop.call_later(2 * drain_seconds + 5, os._exit, 1)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)


def exit_with(code: int) -> None:
    """Leave without waiting for stray threads of libraries."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
