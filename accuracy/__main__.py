"""`python -m accuracy`: measures every model on real data and writes docs/accuracy.md."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from accuracy import (
    actions,
    forecast,
    guard,
    lead_scoring,
    lead_scoring_files,
    lead_scoring_robust,
    lead_scoring_snapshots,
)
from kit.errors import DealcastError

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "accuracy.md"
# A function per section, in the order of the page; each returns Markdown.
SECTIONS: tuple[Callable[[], str], ...] = (
    lead_scoring.section,
    lead_scoring_snapshots.section,
    lead_scoring_files.section,
    lead_scoring_robust.section,
    guard.section,
    forecast.section,
    actions.section,
)


def main() -> int:
    """Run every section; returns the exit code."""
    try:
        sections = [section() for section in SECTIONS]
    except DealcastError as error:
        print(error, file=sys.stderr)
        return 1
    TARGET.write_text("\n\n".join([_head(), *sections]) + "\n", encoding="utf-8")
    print(TARGET.read_text(encoding="utf-8"))
    return 0


def _head() -> str:
    commit = _said("git", "rev-parse", "--short", "HEAD") or "unknown"
    return (
        "# Accuracy on real data\n\n"
        f"Written by `make accuracy` at commit {commit}, on {_machine()}, Python {platform.python_version()}. "
        "Splits and seeds are fixed in `accuracy/`."
    )


def _machine() -> str:
    models = [line for line in _read(Path("/proc/cpuinfo")).splitlines() if line.startswith("model name")]
    name = models[0].split(":", 1)[1].strip() if models else platform.machine()
    return f"{len(models) or 1} cores of {name}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _said(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
