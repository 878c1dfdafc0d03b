"""The `cli` extra suffices for every command, those that train and measure on files included."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from tests.unit.test_layering import ROOT, imports, outside

OURS = ("kit", "learning", "services", "cli", "demo")


def test_the_extra_holds_all_that_commands_import() -> None:
    hidden = set(outside("cli"))
    assert {module: files for module, files in imported(ROOT / "cli").items() if module in hidden} == {}


def imported(folder: Path) -> dict[str, set[str]]:
    """Top-level modules of others that files in the folder import, or files of ours that they import, and so on; also
    inside functions. With the files that do."""
    waiting = list(folder.rglob("*.py"))
    seen, found = set(waiting), defaultdict[str, set[str]](set)
    while waiting:
        file = waiting.pop()
        for module in imports(file):
            top = module.partition(".")[0]
            if top not in OURS:
                found[top].add(str(file.relative_to(ROOT)))
                continue
            more = files_of(module) - seen
            seen |= more
            waiting += more
    return found


def files_of(module: str) -> set[Path]:
    """The module's file and the packages above it; a name inside a module adds nothing."""
    parts = module.split(".")
    paths = [ROOT.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    return {file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()}
