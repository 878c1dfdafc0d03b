"""The deployment as data: every setting named exists, every part is hardened, nothing secret stands in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from packaging.requirements import Requirement
from pydantic_settings import BaseSettings

from deploy.requirements import SERVICES, requirements
from deploy.start import with_secrets
from kit.settings import STREAMS_FILE, ServiceSettings
from services.forecast.settings import Settings as ForecastSettings
from services.gateway.settings import GatewaySettings
from services.lead_scoring.settings import Settings as ScoringSettings
from services.next_best_action.settings import Settings as ActionSettings

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
SETTINGS: Mapping[str, type[BaseSettings]] = {
    "lead_scoring": ScoringSettings, "forecast": ForecastSettings, "next_best_action": ActionSettings,
    "gateway": GatewaySettings,
}  # fmt: skip
YAMLLINT = (
    "{extends: default, rules: {line-length: {max: 120}, document-start: disable, "
    "braces: {max-spaces-inside: 0}, brackets: {max-spaces-inside: 0}, comments: {min-spaces-from-content: 1}}}"
)


def filled(value: str) -> str:
    """A compose value with its defaults filled in."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


@pytest.mark.parametrize("service", SETTINGS)
def test_every_setting_named_is_a_setting_and_reads(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"DEALCAST_{name.upper()}" for name in SETTINGS[service].model_fields}
    environment = COMPOSE["services"][service]["environment"]
    named = {name for name in environment if name.startswith("DEALCAST_")}
    named |= set(re.findall(r"\b(DEALCAST_\w+)=", DOCKERFILE))
    assert named <= known
    assert {"DEALCAST_NATS_URL", "DEALCAST_GRPC_ADDRESS", "DEALCAST_METRICS_ADDRESS"} <= set(environment)
    for name, value in environment.items():
        monkeypatch.setenv(name, filled(value))
    read = SETTINGS[service]()
    assert isinstance(read, ServiceSettings)
    assert read.nats_url == "nats://nats:4222"


def test_the_gateway_is_told_where_every_service_listens() -> None:
    environment = COMPOSE["services"]["gateway"]["environment"]
    for setting in GatewaySettings.model_fields:
        service = setting.removesuffix("_address")
        if service != setting and service in SERVICES:
            assert environment[f"DEALCAST_{setting.upper()}"] == f"{service}:50051"


def test_all_services_are_there_and_built_from_the_one_file() -> None:
    assert set(COMPOSE["services"]) == {"postgres", "nats", *SERVICES}
    arguments = set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))
    for service in SERVICES:
        part = COMPOSE["services"][service]
        context = (DEPLOY / part["build"]["context"]).resolve()
        assert context == ROOT
        assert (context / part["build"]["dockerfile"]).is_file()
        assert part["build"]["args"]["SERVICE"] == service
        assert set(part["build"]["args"]) <= arguments
        assert part["image"] == f"dealcast/{service}"
        assert (ROOT / "services" / service / "__main__.py").is_file()


@pytest.mark.parametrize("part", COMPOSE["services"])
def test_every_part_is_hardened_watched_and_reached_from_this_machine_alone(part: str) -> None:
    found = COMPOSE["services"][part]
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["healthcheck"]["test"][0] == "CMD"
    assert "privileged" not in found
    for port in found.get("ports", []):
        assert port.startswith("127.0.0.1:")
    for need, condition in found.get("depends_on", {}).items():
        assert need in COMPOSE["services"]
        assert condition == {"condition": "service_healthy"}
    if part in SERVICES:
        assert "nats" in found["depends_on"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert found["networks"] == (["inside", "outside"] if part == "gateway" else ["inside"])


def test_no_secret_stands_in_the_files_and_every_secret_named_exists() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert not re.search(r"postgresql://[^@\s]*:[^@\s]*@", text)
    for part in COMPOSE["services"].values():
        assert set(part.get("secrets", [])) <= set(COMPOSE["secrets"])
        for name, value in part.get("environment", {}).items():
            if "PASSWORD" in name:
                assert name.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in part["secrets"]
    ignored = subprocess.run(["git", "check-ignore", "-q", "deploy/secrets/postgres_password"], cwd=ROOT, check=False)
    assert ignored.returncode == 0


def test_the_image_runs_unprivileged_and_carries_the_streams() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert STREAMS_FILE == ROOT / "deploy" / "nats" / "streams.json"
    assert "COPY deploy/nats/streams.json deploy/nats/" in DOCKERFILE
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert allowed_in_context(source), source
    for command in re.findall(r'\["python", "/app/([^"]+)"\]', DOCKERFILE):
        assert (ROOT / command).is_file()


def allowed_in_context(source: str) -> bool:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    return any(Path(source).match(pattern) for pattern in kept)


def test_compose_passes_yamllint() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "yamllint", "-d", YAMLLINT, str(DEPLOY / "compose.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_every_requirement_is_in_the_lock_file_at_a_version_that_fits(service: str) -> None:
    locked = dict(line.split("==") for line in (ROOT / "requirements.lock").read_text().split())
    versions = {name.lower().replace("_", "-"): version for name, version in locked.items()}
    for line in requirements(service):
        requirement = Requirement(line)
        assert requirement.specifier.contains(versions[requirement.name.lower()]), line


def test_an_unknown_service_is_refused() -> None:
    with pytest.raises(ValueError, match="no service 'mail'"):
        requirements("mail")


def test_secrets_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("p@ss word\n")
    found = with_secrets({"PGPASSWORD_FILE": str(secret), "DEALCAST_STREAMS_FILE": "/x.json", "SSL_CERT_FILE": "/c"})
    assert found == {"PGPASSWORD": "p@ss word", "DEALCAST_STREAMS_FILE": "/x.json", "SSL_CERT_FILE": "/c"}
    with pytest.raises(SystemExit, match="PGPASSWORD_FILE"):
        with_secrets({"PGPASSWORD_FILE": str(tmp_path / "none")})


@pytest.fixture
def operations() -> Iterator[HTTPServer]:
    """A process's listener for operations, ready or not by its `ready`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ready = self.path == "/healthz/ready" and getattr(self.server, "ready", False)
            body = json.dumps({"parts": {"nats": ready}}).encode()
            self.send_response(200 if ready else 503)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_probe_tells_ready_from_not_ready_and_from_gone(operations: HTTPServer) -> None:
    def probe(port: int) -> subprocess.CompletedProcess[str]:
        environment = {"DEALCAST_METRICS_ADDRESS": f"0.0.0.0:{port}"}
        command = [sys.executable, "-I", str(DEPLOY / "probe.py")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=20)

    port = operations.server_address[1]
    assert '"nats": false' in probe(port).stderr
    operations.ready = True  # type: ignore[attr-defined]
    assert probe(port).returncode == 0
    assert "no answer" in probe(1).stderr
