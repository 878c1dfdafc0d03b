from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Literal

import pytest
import structlog

from kit import telemetry
from kit.settings import ServiceSettings


def _lines(text: str) -> list[dict[str, Any]]:
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


def test_changes_are_told_with_their_trace_and_rescoring_at_debug_only(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("forecast", ServiceSettings())
    changes = [telemetry.Change("딜", 3, "4bf9" * 8), telemetry.Change("d2", 1, "")]
    telemetry.log_changes("deal_handled", changes)
    (line,) = _lines(capsys.readouterr().err)
    assert line.pop("timestamp")
    assert line == {
        "event": "deal_handled", "service": "forecast", "level": "info",
        "deal_id": "딜", "revision": 3, "trace_id": "4bf9" * 8,
    }  # fmt: skip
    telemetry.configure("forecast", ServiceSettings(log_level="debug"))
    telemetry.log_changes("deal_handled", changes)
    assert [line["level"] for line in _lines(capsys.readouterr().err)] == ["info", "debug"]
    telemetry.configure("forecast", ServiceSettings(log_level="warning"))
    telemetry.log_changes("deal_handled", changes)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("level", ["info", "debug"])
def test_errors_are_logged_by_their_place_and_never_by_what_they_hold(
    capsys: pytest.CaptureFixture[str], level: Literal["debug", "info"]
) -> None:
    telemetry.configure("gateway", ServiceSettings(log_level=level))
    name = "Mina" + " Kim"
    try:
        raise ValueError(f"cannot store {name}")
    except ValueError:
        structlog.get_logger().exception("failed")
    written = capsys.readouterr().err
    line = _lines(written)[0]
    assert line["error_type"] == "ValueError"
    assert Path(__file__).name in line["error_at"][-1]
    assert "Mina" not in written
