"""Statements made ready: run again and again without SQLAlchemy's work per execution and per row."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Insert, Table, bindparam, update

WIDE = 16  # rows in one INSERT of SQLite: half the time of one each
MOST_UPDATES = 200  # kept ready for one table
_ROW = re.compile(r"VALUES (\(\?(?:, \?)*\))")


class _Ready(NamedTuple):
    sql: str
    wide: str  # for WIDE rows at once, where that is faster
    take: Callable[[Any], Any] | None  # a row's values in their order, where they have one
    single: bool


class Many:
    """A statement made ready, at its first use, to run with many rows."""

    def __init__(self, engine: Engine, statement: Any, names: Sequence[str] | None = None) -> None:
        self._engine, self._statement, self._names = engine, statement, names

    @cached_property
    def _ready(self) -> _Ready:
        compiled = self._statement.compile(self._engine, column_keys=self._names, for_executemany=True)
        sql, order = str(compiled), compiled.positiontup
        wide = isinstance(self._statement, Insert) and self._engine.dialect.name == "sqlite"
        return _Ready(
            sql, _ROW.sub(lambda found: "VALUES " + ", ".join([found[1]] * WIDE), sql, 1) if wide else "",
            itemgetter(*order) if order else None, order is not None and len(order) == 1,
        )  # fmt: skip

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for every row; nothing where there is none."""
        if not rows:
            return
        sql, wide, take, single = self._ready
        values: list[Any] = list(rows) if take is None else list(map(take, rows))
        if single:
            values = [(value,) for value in values]
        cursor = connection.connection.cursor()
        try:
            if wide and len(values) >= WIDE:
                starts = range(0, len(values) - WIDE + 1, WIDE)
                cursor.executemany(wide, [[*chain.from_iterable(values[at : at + WIDE])] for at in starts])
                values = values[len(starts) * WIDE :]
            cursor.executemany(sql, values)
        finally:
            cursor.close()


class Rows:
    """A query made ready: rows as named tuples of what the driver gives."""

    def __init__(self, engine: Engine, statement: Any) -> None:
        compiled = statement.compile(engine)
        expanded = compiled.construct_expanded_state(compiled.params)
        self._sql = expanded.statement
        self._order = expanded.positiontup
        self._fixed = dict(expanded.parameters)
        names = [c.name for c in statement.selected_columns]
        row: Any = namedtuple("Row", names)  # type: ignore[misc]
        self._make = row._make

    def read(self, connection: Connection, parameters: Mapping[str, Any]) -> list[Any]:
        """All rows."""
        given = {**self._fixed, **parameters}
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._sql, given if self._order is None else [given[name] for name in self._order])
            return list(map(self._make, cursor.fetchall()))
        finally:
            cursor.close()


class Rewrites:
    """Writes rows that were read back to their table, only the columns that changed: indexes of others stay."""

    def __init__(self, engine: Engine, table: Table, key: str = "id") -> None:
        self._engine, self._table, self._key = engine, table, key
        self._made: dict[tuple[str, ...], Many] = {}

    def run(self, connection: Connection, pairs: Iterable[tuple[Any, Mapping[str, Any]]]) -> None:
        """Write (row as it was read, all columns as they are now) each."""
        alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for before, row in pairs:
            changed = tuple([name for name, value in row.items() if value != getattr(before, name)])
            if changed:
                alike.setdefault(changed, []).append(row)
        for changed, rows in alike.items():
            self._update(changed).run(connection, rows)

    def _update(self, changed: tuple[str, ...]) -> Many:
        made = self._made.get(changed)
        if made is None:
            if len(self._made) >= MOST_UPDATES:
                self._made.clear()
            key = self._table.c[self._key] == bindparam(self._key)
            statement = update(self._table).where(key).values({name: bindparam(name) for name in changed})
            made = self._made[changed] = Many(self._engine, statement)
        return made
