"""Rows that were not imported: a CSV beside each file's, in its order, to be corrected and imported again."""

from __future__ import annotations

import csv
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import orjson

from services.gateway.domain import FieldError
from services.gateway.imports.messages import told
from services.gateway.imports.reader import CALLED, REASON_PREFIX, SURPLUS
from services.gateway.imports.resident import unrepeated
from services.gateway.privacy.resident_numbers import MASK_IN_PATHS, masked, masked_name

REASONS = tuple(REASON_PREFIX + name for name in ("line", "field", "value", "reason", "mend"))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not imported, and why."""

    file: str
    line: int
    errors: tuple[FieldError, ...]


class RejectsWriter:
    """Writes `rejects-<file>.csv`, one a source file, with its columns and the reasons; made only when needed.

    Rows are refused in any order and wait on disk until all are known.
    """

    def __init__(
        self, target: Path | None = None, *, shown: int = 1_000, language: str = "en", page: bool = False
    ) -> None:
        """`target` is a .csv file for the first file with rejects (others get its name and theirs) or a folder; `page`:
        they are read by somebody who has a page and no command line."""
        self._language, self._page = language, page
        self._target = target
        self._shown = shown
        self._sources: dict[Path, Sequence[str]] = {}  # with their columns
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._rows: sqlite3.Connection | None = None
        self.paths: dict[Path, Path] = {}
        self.first: list[Rejected] = []
        self.order: Sequence[Path] = ()  # of source files; others come after these, by name

    def add(
        self, source: Path, columns: Sequence[str], line: int, cells: Sequence[str], errors: Sequence[FieldError]
    ) -> None:
        """Keep a row with its reasons."""
        if self._rows is None:
            self._folder = tempfile.TemporaryDirectory(prefix="dealcast-rejects-")
            self._rows = sqlite3.connect(Path(self._folder.name) / "rows.db", isolation_level=None)
            self._rows.execute("PRAGMA journal_mode = OFF")
            self._rows.execute("PRAGMA synchronous = OFF")
            self._rows.execute("CREATE TABLE row (source TEXT, line INTEGER, cells BLOB, errors BLOB)")
        self._sources.setdefault(source, columns)
        cells, errors = unrepeated(columns, cells, errors)
        kept = orjson.dumps([astuple(error) for error in errors])
        self._rows.execute("INSERT INTO row VALUES (?, ?, ?, ?)", (str(source), line, orjson.dumps(list(cells)), kept))

    def close(self) -> None:
        """Write the files, each in the order of its lines; `paths` and `first` then tell of them."""
        if self._rows is None or self._folder is None:
            return
        places = {source: place for place, source in enumerate(self.order)}
        for source in sorted(self._sources, key=lambda one: (places.get(one, len(places)), one)):
            self._write(source, self._sources[source])
        self._rows.close()
        self._folder.cleanup()
        self._rows = None

    def _write(self, source: Path, columns: Sequence[str]) -> None:
        path = self.paths[source] = self._path(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*map(masked, columns), *self._added()])
            for line, cells, errors in self._of(source):
                if len(self.first) < self._shown:
                    self.first.append(Rejected(masked_name(source.name), line, tuple(errors)))
                joined = [" | ".join(texts) for texts in zip(*map(astuple, errors), strict=True)]
                whole, surplus = _fitted(cells, len(columns), torn=errors[0].field == "row")
                writer.writerow([*whole, line, *joined, surplus])

    def _added(self) -> list[str]:
        """The columns that are added, in words for who has a page."""
        return list(CALLED[self._language].values()) if self._page else [*REASONS, SURPLUS]

    def _of(self, source: Path) -> Iterator[tuple[int, list[str], list[FieldError]]]:
        """The rows of a file by line; what several parts of a mapping say of one stands together."""
        assert self._rows is not None
        rows = self._rows.execute(
            "SELECT line, cells, errors FROM row WHERE source = ? ORDER BY line, rowid", (str(source),)
        )
        for line, of_line in groupby(rows, key=itemgetter(0)):
            same = list(of_line)
            found = [FieldError(*error) for _, _, kept in same for error in orjson.loads(kept)]
            errors = [told(error, self._language, page=self._page) for error in found]
            yield line, orjson.loads(same[0][1]), list(dict.fromkeys(errors))

    def _path(self, source: Path) -> Path:
        stem = masked_name(source.name, MASK_IN_PATHS)
        stem = stem.removesuffix(".gz").removesuffix(".csv").removeprefix("rejects-")
        while f"rejects-{stem}.csv" in {each.name for each in self.paths.values()}:  # alike but for what is masked
            stem += "-again"
        name = f"rejects-{stem}.csv"
        if self._target is None:
            path = Path(name)
        elif self._target.suffix != ".csv":
            path = self._target / name
        else:
            path = self._target if not self.paths else self._target.with_name(f"{self._target.stem}-{stem}.csv")
        if path.exists() and path.resolve() == source.resolve():  # never over the file that was read
            return path.with_name(f"{path.stem}-again.csv")
        return path


def _fitted(cells: list[str], width: int, *, torn: bool) -> tuple[list[str], str]:
    """As wide as the header, so that the reasons stand in their columns, and what was beyond it."""
    if torn and len(cells) == width:  # its reader could not tell it from a whole one
        return [""] * width, " | ".join(cells)
    return cells[:width] + [""] * (width - len(cells)), " | ".join(cells[width:])
