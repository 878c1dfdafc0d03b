"""Rows that were not imported: a CSV beside each file's, to be corrected and imported again."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from services.gateway.domain import FieldError
from services.gateway.imports.reader import REASON_PREFIX

REASONS = tuple(REASON_PREFIX + name for name in ("line", "field", "value", "reason", "mend"))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not imported, and why."""

    file: str
    line: int
    errors: tuple[FieldError, ...]


class RejectsWriter:
    """Writes `rejects-<file>.csv`, one a source file, with its columns and the reasons; made only when needed."""

    def __init__(self, target: Path | None = None, *, shown: int = 1_000) -> None:
        """`target` is a .csv file for the first file with rejects (others get its name and theirs) or a folder."""
        self._target = target
        self._files: dict[Path, TextIO] = {}
        self.paths: dict[Path, Path] = {}
        self.count = 0
        self._kept: set[tuple[Path, int]] = set()
        self.first: list[Rejected] = []
        self._shown = shown

    def add(
        self, source: Path, columns: Sequence[str], line: int, cells: Sequence[str], errors: Sequence[FieldError]
    ) -> bool:
        """Keep a row with its reasons."""
        self.count += 1
        if len(self.first) < self._shown:
            self.first.append(Rejected(source.name, line, tuple(errors)))
        writer = csv.writer(self._open(source, columns))
        kept = list(cells)
        if errors and errors[0].field != "row":
            kept += [""] * (len(columns) - len(kept))
        elif len(kept) == len(columns):  # a torn row keeps another width, so that it is refused until it is mended
            kept.append("")
        joined = [" | ".join(getattr(e, name) for e in errors) for name in ("field", "value", "message", "mend")]
        writer.writerow([*kept, line, *joined])
        return True

    def _open(self, source: Path, columns: Sequence[str]) -> TextIO:
        if source not in self._files:
            path = self.paths[source] = self._path(source)
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(file).writerow([*columns, *REASONS])
            self._files[source] = file
        return self._files[source]

    def _path(self, source: Path) -> Path:
        stem = source.name.removesuffix(".gz").removesuffix(".csv").removeprefix("rejects-")
        name = f"rejects-{stem}.csv"
        if self._target is None:
            path = Path(name)
        elif self._target.suffix != ".csv":
            path = self._target / name
        else:
            path = self._target if not self._files else self._target.with_name(f"{self._target.stem}-{stem}.csv")
        if path.exists() and path.resolve() == source.resolve():  # never over the file that is being read
            return path.with_name(f"{path.stem}-again.csv")
        return path

    def close(self) -> None:
        """Close what was opened."""
        for file in self._files.values():
            file.close()
