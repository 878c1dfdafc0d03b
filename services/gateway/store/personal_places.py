"""Where in the database a person can stand: every text column of every table, tables of the future included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, String, Table, false, func, or_, select

from services.gateway.privacy.person import CONTACT, Person
from services.gateway.store import tables as t
from services.gateway.store.codec import dumps, loads
from services.gateway.store.personal_tables import emptied, known, owned, owners
from services.gateway.store.tables_privacy import erasures

SHORTEST_TEXT = 11  # narrower columns hold days
BATCH = 500
OWNED = "owned_row"


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that holds the person: the columns that do, as they are without; none where the row is to go whole."""

    table: Table
    key: tuple[Any, ...]
    record: str  # the deal, else the first of the key
    columns: dict[str, Any] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()  # columns of the key, which stay
    held: tuple[str, ...] = ()  # columns that hold them, as they are
    owners: frozenset[str] = frozenset()  # refs of those whose the row is by id

    @property
    def ref(self) -> str:
        """By what people name the row."""
        return f"{self.table.name}:{'/'.join(map(str, self.key))}"

    @property
    def words(self) -> str:
        """The first column that holds them, as it is."""
        return self.held[0] if self.held else ""

    @property
    def texts(self) -> Iterator[str]:
        """Those columns, and the texts in such as are documents."""
        for value in self.held:
            yield value
            yield from texts_in(value)


def places() -> list[Table]:
    """Every table that a person can stand in, without the list of erasures, which must know who is to be erased."""
    return [table for table in t.metadata.sorted_tables if table is not erasures and texts(table)]


@cache
def texts(table: Table) -> list[Column[Any]]:
    """Columns of words."""
    return [
        column for column in table.columns
        if isinstance(column.type, String) and (column.type.length or SHORTEST_TEXT) >= SHORTEST_TEXT
    ]  # fmt: skip


def hits(
    connection: Connection, person: Person, table: Table, only: ColumnElement[bool] | None = None
) -> Iterator[Hit]:
    """Rows of a table that hold the person, in the order of its key and read in pages."""
    keys = list(table.primary_key.columns)
    own = owned(person, table)
    wanted = select(table, own.label(OWNED)).where(or_(_named(person, table), own, _inside(person, table)))
    if only is not None:
        wanted = wanted.where(only)
    for row in connection.execute(wanted.order_by(*keys)).yield_per(BATCH):
        found = _hit(person, table, row._mapping, tuple(row._mapping[key] for key in keys))
        if found is not None:
            yield found


def _named(person: Person, table: Table) -> ColumnElement[bool]:
    """One of the anchors in any of the columns: what is sure is found out of the row itself."""
    return or_(false(), *(
        of_case.like(f"%{_escaped(text)}%", escape="\\")
        for anchor in person.anchors for of_case, text in _spelled(_all_words(table), anchor)
    ))  # fmt: skip


@cache
def _all_words(table: Table) -> ColumnElement[Any]:
    """All columns of words as one text."""
    first, *others = [func.coalesce(column, "") if column.nullable else column for column in texts(table)]
    return reduce(lambda whole, column: whole.concat("\n").concat(column), others, first)


def _spelled(column: ColumnElement[Any], anchor: str) -> list[tuple[ColumnElement[Any], str]]:
    """How an anchor is looked for: as it is where it has no cases; databases may lower no more than ASCII."""
    lower = anchor.lower()
    if lower == anchor.upper():
        return [(column, anchor)]
    both: list[tuple[ColumnElement[Any], str]] = [(func.lower(column), lower)]
    return both if anchor.isascii() else [*both, (column, anchor)]


def _inside(person: Person, table: Table) -> ColumnElement[bool]:
    """Rows with JSON that may name a contact by id."""
    if person.kind != CONTACT:
        return false()
    inside = _escaped(dumps(person.id)[1:-1].replace("\\", "\\\\"))
    return or_(false(), *(column.like(f"%contact_id%{inside}%", escape="\\") for column in _documents(table)))


def _documents(table: Table) -> list[Column[Any]]:
    return [column for column in texts(table) if getattr(column.type, "length", None) is None]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _hit(person: Person, table: Table, row: Any, key: tuple[Any, ...]) -> Hit | None:
    holds, own = known(table), bool(row[OWNED])
    found: dict[str, Any] = {}
    for column in texts(table):
        value = row[column.name]
        if column.name == "name" and holds.named:
            continue  # somebody else of the same name
        without = person.out_of_json(value) if value else value
        if without != value:
            found[column.name] = without
    held = tuple(str(row[name]) for name in found)
    record, whose = str(row["deal_id"] if "deal_id" in row else key[0]), owners(table, row)
    if (own and holds.goes) or (found and holds.whole):
        return Hit(table, key, record, held=held, owners=whose)
    if own:
        left = emptied(table, "-".join(map(str, key)))
        found |= {name: value for name, value in left.items() if row[name] != value}
    keys = {column.name for column in table.primary_key.columns}
    fixed = tuple(sorted(found.keys() & keys))
    changed = {name: value for name, value in found.items() if name not in keys}
    return Hit(table, key, record, changed, fixed, held, whose) if found else None


def texts_in(value: str) -> Iterator[str]:
    """All texts of a JSON document, none of any other text."""
    try:
        left = [loads(value)]
    except ValueError:
        return
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict | list):
            left += one.values() if isinstance(one, dict) else one


def counted(found: Sequence[Hit]) -> dict[str, int]:
    """Rows by place: the table's columns, or the table where rows go whole."""
    counts: dict[str, int] = {}
    for hit in found:
        names = [f"{hit.table.name}.{name}" for name in (*hit.columns, *hit.fixed)] or [hit.table.name]
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return counts
