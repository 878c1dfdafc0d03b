"""What processes tell of their work: traces, metrics and logs, which hold no personal data."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.system.harness import System

SERVICES = {"gateway", "lead_scoring", "forecast", "next_best_action"}
SECRETS = ("Markus Personalname", "personal@example.test", "+82-10-1234-5678", "a note of a private matter")


class Collector:
    """Takes traces over OTLP/HTTP, as an OpenTelemetry collector would."""

    def __init__(self) -> None:
        self.services: dict[str, set[str]] = defaultdict(set)
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.take(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep the test's output quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.services[span.trace_id.hex()].update(names)


def check_metrics(system: System) -> None:
    """Every process tells Prometheus what it handled."""
    for service in SERVICES:
        run = json.loads((system.folder / "run" / f"{service}.json").read_text())
        text = httpx.get(f"http://{run['metrics']}/metrics").text
        assert "dealcast_messages_total{" in text, service
        assert "dealcast_ready 1.0" in text, service


def check_logs(system: System, deals: Mapping[str, str]) -> None:
    """Lines are JSON and hold nobody's data; every service names the deal of each trace, recorded or not."""
    logs = {path.stem: path.read_text() for path in (system.folder / "logs").glob("*.log")}
    assert logs.keys() >= SERVICES
    for name, text in logs.items():
        assert not any(secret in text for secret in SECRETS), name
        assert "Traceback" not in text, name
    told = {"deal_published": {"gateway"}, "insights_merged": {"gateway"}, "deal_handled": SERVICES - {"gateway"}}
    found: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for service in SERVICES:
        for line in logs[service].splitlines():
            row = json.loads(line)
            assert row["event"], line
            if row["event"] in told:
                assert row["revision"] >= 1
                found[row.get("trace_id"), row["deal_id"]][row["event"]].add(row["service"])
    for trace, deal in deals.items():
        assert found[trace, deal] == told
