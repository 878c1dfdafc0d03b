"""What a benchmark found, and the page it is written to."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from accuracy.page import parse, render

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

`make bench` measures all of this page anew, `python -m bench SECTION…` some:
{names}.
Each figure stands beside a ceiling measured in the same run: the same work with no logic of ours. Repeat runs differ
by 20–50 % on shared machines: read ratios, not digits."""


@dataclass(frozen=True)
class Figure:
    """A measured figure, its ceiling of the same run (0 where there is none), and the aim in words."""

    name: str
    value: float
    unit: str
    ceiling: float = 0.0
    aim: str = ""
    met: bool | None = None

    @property
    def row(self) -> str:
        """A line of the table."""
        ceiling = f"{self.ceiling:,.1f} {self.unit}" if self.ceiling else ""
        share = f"{self.value / self.ceiling:.0%}" if self.ceiling else ""
        met = {None: "", True: "yes", False: "no"}[self.met]
        return f"| {self.name} | {self.value:,.1f} {self.unit} | {ceiling} | {share} | {self.aim} | {met} |"


def peak_memory(process: int | str = "self") -> float | None:
    """The most memory that a running process ever held, in MiB (VmHWM of Linux; None elsewhere)."""
    status = Path(f"/proc/{process}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)


def machine() -> str:
    """Processor, cores, memory, Python."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def commit() -> str:
    """The commit that was measured, marked where the tree differs from it."""
    name = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    status = ["git", "status", "--porcelain", "--", ".", ":!docs"]  # where the benchmark itself writes
    dirty = subprocess.run(status, cwd=ROOT, capture_output=True, text=True, check=True)
    return name.stdout.strip() + (" with local changes" if dirty.stdout.strip() else "")


def section(title: str, how: str, figures: Sequence[Figure]) -> str:
    """How it was measured, the figures, and below at which commit, when and on which machine."""
    lines = [
        f"## {title}",
        "",
        how,
        "",
        "| figure | measured | ceiling | share | aim | met |",
        "|---|---|---|---|---|---|",
        *(figure.row for figure in figures),
        "",
        f"*Commit {commit()}, {datetime.now(UTC):%Y-%m-%d}, {machine()}.*",
    ]
    return "\n".join(lines)


def write(name: str, text: str, names: Sequence[str]) -> None:
    """Put a section into docs/benchmarks.md; the others stay as they were measured."""
    held = parse(TARGET.read_text("utf-8")) if TARGET.exists() else {}
    TARGET.write_text(render(held | {name: text}, names, HEAD), encoding="utf-8")
