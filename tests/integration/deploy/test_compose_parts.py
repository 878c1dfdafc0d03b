"""The parts of deploy/compose.yaml as processes, with its own environment: a change gets its three insights.

Only what a container would give is put in its place: host names, ports, volumes and secret files.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import yaml  # type: ignore[import-untyped]

from kit.nats_server import nats_server_binary, read_ports_file
from kit.testing import eventually, free_port

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = ("lead_scoring", "forecast", "next_best_action", "gateway")
PASSWORD = "not a secret here"


class Parts:
    """What runs, by name; ended in reverse order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environments: dict[str, dict[str, str]] = {}

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        base = {key: os.environ[key] for key in ("PATH", "LANG", "HOME") if key in os.environ}
        self.environments[name] = base | dict(environment)
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command, env=self.environments[name], cwd=self.folder, stdout=log, stderr=log
            )

    def healthy(self, name: str) -> bool:
        """What the container's health check would say."""
        assert self.processes[name].poll() is None, (self.folder / f"{name}.log").read_text()[-3000:]
        test = COMPOSE["services"][name]["healthcheck"]["test"][1:]
        command = [sys.executable if word == "python" else word.replace("/app/", f"{ROOT}/") for word in test]
        probed = subprocess.run(command, env=self.environments[name], capture_output=True, check=False, timeout=20)
        return probed.returncode == 0

    def end(self) -> dict[str, int]:
        """SIGTERM to all; their exit codes."""
        codes = {}
        for name, process in reversed(self.processes.items()):
            process.send_signal(signal.SIGTERM)
            try:
                codes[name] = process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait()
        return codes


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    found = Parts(tmp_path)
    yield found
    found.end()


async def start_nats(parts: Parts) -> str:
    """nats-server with deploy/nats/nats.conf, on loopback, free ports and a folder of its own; its URL."""
    text = (DEPLOY / "nats" / "nats.conf").read_text(encoding="utf-8")
    statistics = free_port()
    changes = {"0.0.0.0": "127.0.0.1", "port: 4222": "port: -1", ":8222": f":{statistics}",
               '"/data"': f'"{parts.folder / "nats"}"'}  # fmt: skip
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    conf = parts.folder / "nats.conf"
    conf.write_text(text, encoding="utf-8")
    parts.start("nats", [str(nats_server_binary()), "-c", str(conf), "--ports_file_dir", str(parts.folder)], {})
    pid = parts.processes["nats"].pid
    await eventually(lambda: read_ports_file(parts.folder, pid) is not None, 20)
    health = COMPOSE["services"]["nats"]["healthcheck"]["test"][-1].replace(":8222", f":{statistics}")
    async with httpx.AsyncClient() as client:
        assert (await client.get(health)).status_code == 200
    return f"nats://127.0.0.1:{read_ports_file(parts.folder, pid)}"


def owned_by_dealcast(url: str) -> str:
    """The fresh database's URL for the role and without a password, as compose names it."""
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'dealcast'").fetchone():
            connection.execute(f"CREATE ROLE dealcast LOGIN PASSWORD '{PASSWORD}'")
        name = urlsplit(url).path.removeprefix("/")
        connection.execute(f'ALTER DATABASE "{name}" OWNER TO dealcast')
    return re.sub(r"//[^@/]*@", "//dealcast@", url)


def environment_of(service: str, parts: Parts, nats_url: str, store_url: str, http_port: int) -> dict[str, str]:
    """The environment compose gives the service, moved to this machine."""
    secret = parts.folder / "postgres_password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    moved = {
        "nats://nats:4222": nats_url, "postgresql://dealcast@postgres:5432/dealcast": store_url,
        "/run/secrets/postgres_password": str(secret), "/data": str(parts.folder / "data"),
        "0.0.0.0:8080": f"127.0.0.1:{http_port}", "0.0.0.0:50051": "127.0.0.1:0",
        "0.0.0.0:9090": f"127.0.0.1:{free_port()}",
    }  # fmt: skip
    named = COMPOSE["services"][service]["environment"]
    values = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in named.items()}
    image = {
        "SERVICE": COMPOSE["services"][service]["build"]["args"]["SERVICE"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}",
    }
    return image | {name: moved.get(value, value) for name, value in values.items()}


async def test_a_change_gets_its_three_insights_on_postgresql(parts: Parts, postgres_url: str) -> None:
    nats_url = await start_nats(parts)
    store_url, http_port = owned_by_dealcast(postgres_url), free_port()
    for service in SERVICES:
        environment = environment_of(service, parts, nats_url, store_url, http_port)
        parts.start(service, [sys.executable, str(DEPLOY / "start.py")], environment)
    for service in SERVICES:
        await eventually(lambda name=service: parts.healthy(name), 60, 0.5, f"{service} healthy")  # type: ignore[misc]

    deal = {"id": "D-1", "name": "Pilot", "stage": "Engaging", "amount": {"currency": "USD", "value": "12000.00"},
            "created_time": "2026-01-05T09:00:00Z", "close_date": "2026-12-20"}  # fmt: skip
    token = (parts.folder / "data" / "service-token").read_text().strip()
    shown = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", timeout=20, headers=shown) as client:
        written = await client.put("/v1/deals/D-1", json=deal)
        assert written.status_code in (200, 201), written.text

        async def complete() -> bool:
            record = (await client.get("/v1/deals/D-1")).json()
            kinds = ("lead_score", "forecast", "next_actions")
            return all(record[kind] and record[kind]["deal_revision"] == record["revision"] for kind in kinds)

        await eventually(complete, 30, what="three insights")
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM deals").fetchone() == (1,)
    assert parts.end() == dict.fromkeys([*SERVICES, "nats"], 0)
