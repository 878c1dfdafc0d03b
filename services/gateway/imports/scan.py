"""The first pass over a file: rows go to the staging, the last day and the types of custom fields are found out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from services.gateway.domain import FieldError
from services.gateway.imports import resident
from services.gateway.imports.schema import OF_DEALS, PAST_TARGETS, TARGETS
from services.gateway.imports.sheets import no_deal
from services.gateway.imports.staging import Part, Staging
from services.gateway.imports.tables import OpenTable

EVERY = 1_000


@dataclass(slots=True)
class Scanned:
    """A file read once: its rows, how many of them say again what one before said, how many have no id and are passed
    over, and the last day in it."""

    rows: int = 0
    repeated: int = 0
    passed: int = 0
    day: date | None = None


Reject = Callable[[Part, Sequence[FieldError]], None]


class LastDay:
    """The last day, up to today anywhere on earth, in the columns on what has been."""

    def __init__(self, table: OpenTable) -> None:
        columns, entity = table.spec.columns, table.spec.entity
        self._cells = table.cells
        self._sources = [(TARGETS[entity][t], s) for t in PAST_TARGETS for s in columns.get(t, ()) if s.column]
        self._today = (datetime.now(UTC) + timedelta(hours=14)).date()
        self._sure = ""  # ISO texts up to this day cannot be later, whatever their offset
        self.day: date | None = None

    def see(self, cells: Sequence[str]) -> None:
        """Look at one row."""
        for kind, source in self._sources:
            if not source.format.dates and self._cells.raw(source, cells)[:10] <= self._sure:
                continue
            found = self._cells.value(kind, source, cells, [])
            day = found.date() if isinstance(found, datetime) else found
            if day is not None and (self.day is None or day > self.day) and day <= self._today:
                self.day = day
                self._sure = (day - timedelta(days=1)).isoformat()


def scan(number: int, table: OpenTable, staging: Staging, reject: Reject, advance: Callable[[int], None]) -> Scanned:
    """Read a file once. Rows without an id are refused here, unless the mapping passes over them."""
    last, found, position = LastDay(table), Scanned(), 0
    once = table.spec.entity not in OF_DEALS  # equal rows on a customer or a user say nothing new
    used, notes = _used(table), resident.note_columns(table.spec)
    read = {table.table.columns[at] for at in used}
    for row in table.table.rows():
        found.rows += 1
        if found.rows % EVERY == 0:
            advance(table.table.position - position)
            position = table.table.position
        refused = row.refused(read)
        errors = [refused] if refused else resident.refused(table.table.columns, row.cells, used, notes)
        key = "" if errors else table.cells.key(table.key_kind, row.cells, errors)
        if not key and not errors:
            if table.spec.without_id == "pass":
                found.passed += 1
                continue
            errors = [FieldError(table.cells.column_of("id"), "", "the id is missing", "fill it in")]
        if not errors and not once and (said := no_deal(row.cells, table.cells.as_written("id", row.cells))):
            written = table.cells.as_written("id", row.cells)
            errors = [
                FieldError(table.cells.column_of("id"), written, said, "delete the row, or give it an id of its own")
            ]
        if errors:
            reject(Part(number, row.line, row.cells), errors)
            continue
        last.see(row.cells)
        for name, guess in table.guesses.items():
            if text := table.cells.raw(table.custom[name], row.cells):
                guess.add(text)
        if not once or staging.is_new(number, key, [row.cells[i] for i in used]):
            staging.add(table.family, key, Part(number, row.line, row.cells))
        else:
            found.repeated += 1
    advance(table.path.stat().st_size - position)
    found.day = last.day
    return found


def _used(table: OpenTable) -> list[int]:
    """The columns that the mapping or a custom field reads."""
    names = table.spec.used_columns() | {source.column for source in table.custom.values()}
    return [i for i, name in enumerate(table.table.columns) if name in names]
