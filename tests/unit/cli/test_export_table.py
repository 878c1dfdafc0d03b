"""`dealcast export` says what it needs before it asks anybody."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.export_table import format_of, save
from kit.errors import DealcastError, InvalidInput


def test_the_format_is_the_one_asked_for_else_of_the_name() -> None:
    names = ("a.xlsx", "a.CSV", "a.parquet", "a.jsonl", "a.ndjson")
    assert [format_of(Path(name), "") for name in names] == ["xlsx", "csv", "parquet", "ndjson", "ndjson"]
    assert format_of(Path("a.csv"), "parquet") == "parquet"
    for name, asked in (("a.txt", ""), ("a", ""), ("a.csv", "pdf")):
        with pytest.raises(InvalidInput, match="no format"):
            format_of(Path(name), asked)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ([], "FOLDER"),
        (["--to", "a.csv"], "FOLDER"),
        (["out", "--format", "csv"], "FOLDER"),
        (["--table", "deals"], "--to"),
        (["out", "--table", "deals", "--to", "a.csv"], "--to"),
    ],
)
def test_half_a_request_is_told_with_its_mend(words: list[str], field: str) -> None:
    done = CliRunner().invoke(app, ["export", *words, "--url", "http://127.0.0.1:1"])
    assert isinstance(done.exception, DealcastError)
    assert (done.exception.field, bool(done.exception.mend)) == (field, True)


def test_a_missing_folder_is_made_and_one_that_cannot_be_is_told(tmp_path: Path) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"deals")

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.handle_request, daemon=True).start()
        assert save(f"http://127.0.0.1:{server.server_port}/x", {}, tmp_path / "new" / "folder" / "deals.csv") == 5
    assert (tmp_path / "new" / "folder" / "deals.csv").read_bytes() == b"deals"
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(InvalidInput, match="nothing can be written in this folder"):
        save("http://127.0.0.1:1", {}, tmp_path / "file" / "deals.csv")
