"""Imports weekly files into a running gateway, as a process of its own: reading workbooks takes a core.

    python -m services.gateway.imports.weekly --request FILE

The request is JSON: files (a folder), url, data_dir, report (a file to write), language, dry_run, columns, answers,
units, currency, confirm, assumed, foreign. Prints JSON lines {"what", "done", "total"} on the way; writes the report,
also where the import was refused. Ends with the process that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.errors import DealcastError
from services.gateway.child import end_with_parent
from services.gateway.imports.http_sink import CheckingSink, HttpSink
from services.gateway.imports.messages import file_told, translate
from services.gateway.imports.rejects import RejectsWriter
from services.gateway.imports.sinks import WeeklySink
from services.gateway.imports.targets import open_sink, token_for
from services.gateway.imports.weekly.importer import Options, WeeklyImporter
from services.gateway.imports.weekly.told import report_json

NICENESS = 5


class Lines:
    """Tells its parent how far the import is, a line at a time."""

    def __init__(self) -> None:
        self._what, self._total, self._done = "", 0, 0

    def start(self, what: str, total: int) -> None:
        """Something begins, of so many steps."""
        self._what, self._total, self._done = what, total, 0
        self._say()

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        self._say()

    def _say(self) -> None:
        sys.stdout.write(json.dumps({"what": self._what, "done": self._done, "total": self._total}) + "\n")
        sys.stdout.flush()


async def run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Import, or try to; what it found, and `error` where it was refused."""
    options = Options(
        currency=request["currency"], columns=request["columns"], answers=request["answers"],
        units=request.get("units", {}), confirm=request["confirm"], dry_run=request["dry_run"],
        assumed=request.get("assumed", False), foreign=request.get("foreign", False),
    )  # fmt: skip
    error: dict[str, str] | None = None
    lines: list[str] = []  # of several files that cannot be read
    importer: WeeklyImporter | None = None
    try:
        sink = await _sink(request)
        try:
            rejects = RejectsWriter(Path(request["report"]).parent, language=request["language"], page=True)
            importer = WeeklyImporter(sink, rejects, options, Lines())
            await importer.run(*await asyncio.to_thread(_files, Path(request["files"])))
        finally:
            await sink.close()
    except DealcastError as refused:
        translate(refused, request["language"], page=True)
        lines = [file_told(one) for one in getattr(refused, "errors", ())]
        error = {"message": refused.message, "field": refused.field, "value": refused.value, "mend": refused.mend}
        if refused.field == "PATH" and refused.value not in refused.message and not lines:
            error["message"] = f"{refused.value}: {refused.message}"
    found = report_json(importer.found, request["language"]) if importer else {}
    return found | {"error": error, "unread_files": lines}


def _files(folder: Path) -> list[Path]:
    """All of them, one by one: a folder's files of refused rows would be passed over."""
    return sorted(folder.iterdir())


async def _sink(request: Mapping[str, Any]) -> WeeklySink:
    """The gateway that started this. A dry run of SQLite changes a copy, which tells more than checking the rows."""
    folder, copied = Path(request["data_dir"]), os.environ.get("DEALCAST_STORE_URL", "sqlite:").startswith("sqlite:")
    if request["dry_run"] and copied:
        return await open_sink(folder, "", dry_run=True)
    # By the loopback's name: the gateway may listen on an address of this machine that it does not answer for.
    there = HttpSink(request["url"], token=token_for(folder), host="localhost", by=request.get("by", ""))
    return CheckingSink(there) if request["dry_run"] else there


def main() -> int:
    """Run the request. 0 when the report is written."""
    parser = argparse.ArgumentParser(prog="weekly-import")
    parser.add_argument("--request", required=True, type=Path)
    request = json.loads(parser.parse_args().request.read_text(encoding="utf-8"))
    os.nice(NICENESS)
    end_with_parent()
    report = asyncio.run(run(request))
    Path(request["report"]).write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
