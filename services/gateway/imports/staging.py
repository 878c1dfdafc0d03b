"""Rows waiting in a temporary SQLite file, so that all that belongs to one record comes together in bounded memory."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

BATCH = 5_000
MOST_ROWS = 20_000  # of one record
REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class Part:
    """A row that belongs to a record: the table it came from (a number), its line and its cells."""

    table: int
    line: int
    cells: list[str]


class Staging:
    """Keeps rows by family (what is written together) and key (the record's id)."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dealcast-import-")
        self._db = sqlite3.connect(Path(self._folder.name) / "rows.db")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("CREATE TABLE part (family TEXT, key TEXT, tab INTEGER, line INTEGER, cells BLOB)")
        self._waiting: list[tuple[str, str, int, int, bytes]] = []
        self._seen: set[int] = set()

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._folder.cleanup()

    def add(self, family: str, key: str, part: Part) -> None:
        """Keep a row."""
        self._waiting.append((family, key, part.table, part.line, orjson.dumps(part.cells)))
        if len(self._waiting) >= BATCH:
            self._flush()

    def is_new(self, table: int, key: str, cells: Sequence[str]) -> bool:
        """Whether these cells were not seen for the key yet; forgets what is long ago."""
        mark = hash((table, key, *cells))
        if mark in self._seen:
            return False
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen.add(mark)
        return True

    def _flush(self) -> None:
        self._db.executemany("INSERT INTO part VALUES (?, ?, ?, ?, ?)", self._waiting)
        self._waiting = []

    def sort(self) -> None:
        """Call once when every row is in."""
        self._flush()
        self._db.execute("CREATE INDEX part_key ON part (family, key)")
        self._db.commit()

    def count(self, family: str) -> int:
        """How many records there are."""
        return int(self._db.execute("SELECT count(DISTINCT key) FROM part WHERE family = ?", (family,)).fetchone()[0])

    def groups(self, family: str) -> Iterator[tuple[str, list[Part], bool]]:
        """Each record's key and rows in the order they were read; True where MOST_ROWS cut them."""
        rows = self._db.execute(
            "SELECT key, tab, line, cells FROM part WHERE family = ? ORDER BY family, key, rowid", (family,)
        )
        key, parts, cut = None, list[Part](), False
        for row_key, table, line, cells in rows:
            if row_key != key:
                if key is not None:
                    yield key, parts, cut
                key, parts, cut = row_key, [], False
            if len(parts) < MOST_ROWS:
                parts.append(Part(table, line, orjson.loads(cells)))
            else:
                cut = True
        if key is not None:
            yield key, parts, cut
