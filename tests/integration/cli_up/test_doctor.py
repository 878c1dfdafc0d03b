"""`dealcast doctor`: finds what is wrong and says the mend."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import checks
from cli.__main__ import app

RUN = CliRunner()


def told(*arguments: str) -> tuple[int, str]:
    result = RUN.invoke(app, ["doctor", *arguments])
    return result.exit_code, result.output


def test_a_sound_installation_passes(tmp_path: Path) -> None:
    code, text = told("--data-dir", str(tmp_path / "new"), "--port", "0")
    assert code == 0, text
    for name in ("Python", "packages", "imports", "nats-server", "port", "data folder", "disk", "store"):
        assert f"ok    {name}: " in text
    assert not (tmp_path / "new").exists()


def test_each_failure_has_its_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATS_SERVER", str(tmp_path / "nowhere"))
    monkeypatch.setattr(checks, "LEAST_FREE", 2**62)
    file = tmp_path / "file"
    file.write_text("in the way")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        code, text = told("--data-dir", str(file), "--port", str(holder.getsockname()[1]))
    assert code == 1
    lines = text.splitlines()
    failures = [i for i, line in enumerate(lines) if line.startswith("FAIL")]
    assert [lines[i].split(": ")[0].removeprefix("FAIL  ") for i in failures] == [
        "nats-server",
        "port",
        "data folder",
        "disk",
    ]
    assert all(lines[i + 1].startswith("      mend: ") for i in failures)


def test_wrong_versions_are_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("# comment\nnumpy==0.0.1\nno-such-package==1.0\n")
    finding = checks.packages(lock)
    assert not finding.good
    assert "numpy is" in finding.detail
    assert "no-such-package is missing, not 1.0" in finding.detail


def test_a_store_of_another_version_or_none_is_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "gateway.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('from the future')")
    finding = checks.store_schema(tmp_path)
    assert (finding.good, "from the future" in finding.detail) == (False, True)
    (tmp_path / "gateway.db").write_bytes(b"no database at all" * 100)
    assert not checks.store_schema(tmp_path).good


def test_without_a_browser_it_is_only_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    code, text = told("--data-dir", str(tmp_path), "--port", "0")
    assert code == 0
    assert "note  Chromium: none found" in text
