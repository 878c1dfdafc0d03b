"""Looks at all records; a process of its own.

    python -m services.gateway health-job --history FOLDER --ignored FILE --out FOLDER

Prints JSON lines {"stage", "progress"} on the way; leaves report.json and findings.json in the folder `out`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from kit.errors import DealcastError
from services.gateway.child import end_with_parent

NICENESS = 5
REPORT, FINDINGS, IGNORED = "report.json", "findings.json", "ignored.json"


def main(arguments: Sequence[str]) -> int:
    """Look, and leave what was found."""
    parser = argparse.ArgumentParser(prog="health-job")
    for name in ("--history", "--ignored", "--out"):
        parser.add_argument(name, required=True, type=Path)
    options = parser.parse_args(arguments)
    os.nice(NICENESS)
    end_with_parent()
    try:
        from services.gateway.health.report import examine

        found = examine(options.history, orjson.loads(options.ignored.read_bytes()), _say)
    except DealcastError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    (options.out / REPORT).write_bytes(orjson.dumps(found.summary))
    (options.out / FINDINGS).write_bytes(orjson.dumps([one.to_json() for one in found.findings]))
    return 0


def _say(stage: str, share: float) -> None:
    sys.stdout.write(json.dumps({"stage": stage, "progress": share}) + "\n")
    sys.stdout.flush()
