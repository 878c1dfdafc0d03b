"""`python -m accuracy [SECTION]...`: measures the models on real data and writes docs/accuracy.md, all of it or some
sections."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from accuracy import (
    action_effects,
    action_rules,
    actions,
    duplicates,
    forecast,
    forecast_calibration,
    forecast_seeds,
    guard,
    lead_scoring,
    lead_scoring_files,
    lead_scoring_leads,
    lead_scoring_pipelines,
    lead_scoring_robust,
    lead_scoring_snapshots,
    monitoring,
    products,
    showing,
    signals,
    similar,
)
from accuracy.page import parse, render
from accuracy.told import told
from kit.errors import DealcastError

ROOT = Path(__file__).resolve().parent.parent
MISSED = "not met"  # what sections say of a bar
TARGET = ROOT / "docs" / "accuracy.md"
MEASURED = ("accuracy", "gen", "kit", "learning", "services")  # what a figure depends on
# A function per section, in the order of the page; each returns Markdown. Its module's name is the section's.
SECTIONS: tuple[Callable[[], str], ...] = (
    lead_scoring.section,
    lead_scoring_snapshots.section,
    lead_scoring_leads.section,
    lead_scoring_pipelines.section,
    lead_scoring_files.section,
    lead_scoring_robust.section,
    monitoring.section,
    guard.section,
    forecast.section,
    forecast_calibration.section,
    forecast_seeds.section,
    actions.section,
    action_rules.section,
    action_effects.section,
    showing.section,
    products.section,
    similar.section,
    signals.section,
    duplicates.section,
)


def main(names: Sequence[str]) -> int:
    """Measure the sections named, or all, writing the page after each; returns the exit code, 3 for missed bars."""
    sections = {section.__module__.rpartition(".")[2]: section for section in SECTIONS}
    unknown = [name for name in names if name not in sections]
    if unknown:
        print(f"there is no section {unknown[0]}; there are {', '.join(sections)}", file=sys.stderr)
        return 2
    chosen = [name for name in sections if name in names or not names]
    missed: list[str] = []
    try:
        for place, name in enumerate(chosen, 1):
            told(f"{name} ({place} of {len(chosen)})")
            text = measured(sections[name])
            missed += [f"{name}: {line}" for line in missed_bars(text)]
            _write(name, text, list(sections))
    except DealcastError as error:
        print(error, file=sys.stderr)
        return 1
    told(f"written to {TARGET.relative_to(ROOT)}")
    if missed:
        print("bars that are not met:", *missed, sep="\n", file=sys.stderr)
    return 3 if missed else 0


def missed_bars(text: str) -> list[str]:
    """The lines of a section that say that a bar is not met."""
    return [line for line in text.splitlines() if MISSED in line]


def measured(section: Callable[[], str]) -> str:
    """A section with where, when and how long it was measured below."""
    commit, began = _commit(), time.monotonic()
    text = section().strip()
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    return (
        f"{text}\n\n*Measured at commit {commit}, on {_machine()}, Python {platform.python_version()}, "
        f"in {minutes} min {seconds} s.*"
    )


def _write(name: str, text: str, names: Sequence[str]) -> None:
    TARGET.write_text(render(parse(_read(TARGET)) | {name: text}, names), encoding="utf-8")


def _commit() -> str:
    commit = _said("git", "rev-parse", "--short", "HEAD") or "unknown"
    changed = _said("git", "status", "--porcelain", "--", *MEASURED)
    return f"{commit} with changes" if changed else commit


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
    sys.exit(main(sys.argv[1:]))
