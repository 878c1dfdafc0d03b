"""What `dealcast train` says of people's decisions about columns."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from cli import train
from cli.__main__ import app
from kit.errors import InvalidInput

JOB = {
    "id": "j1", "state": "SUCCEEDED", "error": "",
    "detail": {"services": {"lead_scoring": {"version": "2", "promoted": True, "decision": "no worse"}}},
}  # fmt: skip


def test_names_that_had_no_effect_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    overrules = {"kept": [], "left_out": ["stage"], "unknown": ["sorce", "x"], "similar": {"sorce": ["fields.source"]},
                 "closing": ["fields.Loss reason"]}  # fmt: skip

    def call(_: object, __: str, method: str, path: str, **given: Any) -> dict[str, Any]:
        sent.append((method, path, given.get("json")))
        if path == "/v1/models/lead_scoring":
            return {"versions": [{"version": "1"}, {"version": "2", "evaluation": {"overrules": overrules}}]}
        return JOB

    monkeypatch.setattr(train, "call", call)
    done = CliRunner().invoke(app, ["train", "--drop", "sorce", "--drop", "x", "--drop", "Loss reason"])
    assert done.exit_code == 0, done.output
    (asked,) = [body for method, _, body in sent if method == "POST"]
    assert asked["drop"] == ["sorce", "x", "Loss reason"]
    assert (
        "lead_scoring: no such column, so that decision has no effect: sorce (did you mean fields.source?), x"
        in done.output
    )
    assert "empty on all open records, so never learned from: fields.Loss reason" in done.output
    sent.clear()
    assert CliRunner().invoke(app, ["train"]).exit_code == 0
    assert [path for _, path, _ in sent] == ["/v1/training-jobs"]


def test_a_column_that_the_records_lack_is_refused_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, Any]] = []
    evaluation = {
        "columns": ["amount", "fields.source"], "dropped": [{"column": "fields.number"}], "suspected": [],
        "overrules": {"left_out": ["stage"], "closing": ["fields.Loss reason"]},
    }  # fmt: skip

    def call(_: object, __: str, method: str, path: str, **given: Any) -> dict[str, Any]:
        sent.append((method, given.get("json")))
        if path == "/v1/fields":
            return {"fields": [{"entity": "deal", "name": "new one"}, {"entity": "account", "name": "tier"}]}
        return {"versions": [{"version": "2", "evaluation": evaluation}]} if method == "GET" else JOB

    monkeypatch.setattr(train, "call", call)
    for flag, name, hint in (("--drop", "Nope", ""), ("--keep", "sorce", "did you mean 'fields.source'?")):
        done = CliRunner().invoke(app, ["train", "--drop", "amount", flag, name])
        assert isinstance(done.exception, InvalidInput)
        assert (done.exception.field, done.exception.value) == (flag, name)
        assert hint in done.exception.mend
    assert all(method == "GET" for method, _ in sent)
    known = ("Amount", "source", "number", "stage", "Loss reason", "new one", "account.tier")
    done = CliRunner().invoke(app, ["train", "--no-wait", *(f"--drop={name}" for name in known)])
    assert done.exit_code == 0, done.output
    assert [body["drop"] for method, body in sent if method == "POST"] == [list(known)]
