from __future__ import annotations

import json
import logging

import pytest
import structlog

from kit import telemetry
from kit.settings import ServiceSettings


def _lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_logs_are_json_lines_with_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("lead_scoring", ServiceSettings())
    structlog.get_logger().info("deal_scored", deal_id="1C1I7A6R")
    logging.getLogger("library").warning("from a library")
    structlog.get_logger().debug("not shown")
    first, second = _lines(capsys.readouterr().err)
    assert (first["event"], first["service"], first["deal_id"]) == ("deal_scored", "lead_scoring", "1C1I7A6R")
    assert (first["level"], second["event"]) == ("info", "from a library")


def test_an_error_in_the_log_quotes_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("gateway", ServiceSettings())
    try:
        raise ValueError("call 김민수 at 010-1234-5678")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("also failed")
    text = capsys.readouterr().err
    first, second = _lines(text)
    assert first["error_type"] == second["error_type"] == "ValueError"
    assert "010-1234" not in text
    assert "Traceback" not in text


def test_logs_name_the_trace_they_are_in(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("gateway", ServiceSettings())
    with telemetry.tracer().start_as_current_span("change"):
        headers = telemetry.inject()
        structlog.get_logger().info("inside")
    assert _lines(capsys.readouterr().err)[0]["trace_id"] == telemetry.trace_id(headers)
    assert len(telemetry.trace_id(headers)) == 32


def test_a_broken_traceparent_is_none() -> None:
    assert telemetry.trace_id({"traceparent": "nonsense"}) == ""
    assert telemetry.trace_headers({"other": "x"}) == {}
    telemetry.extract({"traceparent": "00-zz-zz-01"})
