"""Where in the database a person can stand: every text column of every table, tables of the future included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, String, Table, and_, false, func, or_, select

from services.gateway.privacy.person import CONTACT, ERASED, Person
from services.gateway.store import tables as t
from services.gateway.store.codec import dumps
from services.gateway.store.tables_imports import import_before
from services.gateway.store.tables_privacy import erasures, personal_access, restrictions

SHORTEST_TEXT = 11  # narrower columns hold days
BATCH = 500
WHOLE = frozenset({t.contacts.name, t.deal_contacts.name, t.requests.name, restrictions.name})  # rows that go whole
_THEIRS = {CONTACT: "contacts", "user": "users"}


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that holds the person: the columns that do, as they are without; none where the row is to go whole."""

    table: Table
    key: tuple[Any, ...]
    record: str  # the deal, else the first of the key
    columns: dict[str, str] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()  # columns of the key, which stay


def places() -> list[Table]:
    """Every table that a person can stand in, without the list of erasures, which must know who is to be erased."""
    return [table for table in t.metadata.sorted_tables if table is not erasures and texts(table)]


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
    wanted = select(table).where(or_(_named(person, table), _theirs(person, table)))
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


def _theirs(person: Person, table: Table) -> ColumnElement[bool]:
    """Rows that name the person by id."""
    c = table.c
    if table.name == _THEIRS[person.kind]:
        return c.id == person.id
    if table in (restrictions, personal_access):
        column = c.person if table is restrictions else c.record
        return and_(c.kind == person.kind, column == person.id)
    if person.kind != CONTACT:
        return false()
    if "contact_id" in c:
        return c.contact_id == person.id
    of_contact = and_(c.kind == "contacts", c.record == person.id) if table is import_before else false()
    inside = _escaped(dumps(person.id)[1:-1].replace("\\", "\\\\"))
    return or_(of_contact, *(column.like(f"%contact_id%{inside}%", escape="\\") for column in _documents(table)))


def _documents(table: Table) -> list[Column[Any]]:
    return [column for column in texts(table) if getattr(column.type, "length", None) is None]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _hit(person: Person, table: Table, row: Any, key: tuple[Any, ...]) -> Hit | None:
    record = str(row["deal_id"] if "deal_id" in row else key[0])
    owned = _owns(person, table, row)
    keys = {column.name for column in table.primary_key.columns}
    found: dict[str, str] = {}
    for column in texts(table):
        value = row[column.name]
        if column.name == "name" and table.name in _THEIRS.values():
            continue  # somebody else of the same name
        without = person.out_of_json(value) if value else value
        if without != value:
            found[column.name] = without
    if (owned and (table.name in WHOLE or table is import_before)) or (found and table is t.requests):
        return Hit(table, key, record)
    if owned:
        found |= {name: value for name, value in _emptied(table).items() if row[name] != value}
    fixed = tuple(sorted(found.keys() & keys))
    changed = {name: value for name, value in found.items() if name not in keys}
    return Hit(table, key, record, changed, fixed) if found else None


def _owns(person: Person, table: Table, row: Any) -> bool:
    """Whether the row is the person's own, or names them by id."""
    if table.name == _THEIRS[person.kind]:
        return bool(row["id"] == person.id)
    if table in (restrictions, personal_access):
        return bool(row["kind"] == person.kind and row["person" if table is restrictions else "record"] == person.id)
    if person.kind != CONTACT:
        return False
    if table is import_before:
        return bool(row["kind"] == "contacts" and row["record"] == person.id)
    return "contact_id" in row and bool(row["contact_id"] == person.id)


def _emptied(table: Table) -> dict[str, str]:
    """What becomes of a row that is the person's own and stays."""
    if table is t.activities:
        return {"contact_id": "", "text": ERASED}
    if table is t.users:
        return {"name": ERASED, "email": "", "title": ""}
    if table is personal_access:
        return {"record": ERASED}
    return {"contact_id": ""} if "contact_id" in table.c else {}


def counted(found: Sequence[Hit]) -> dict[str, int]:
    """Rows by place: the table's columns, or the table where rows go whole."""
    counts: dict[str, int] = {}
    for hit in found:
        names = [f"{hit.table.name}.{name}" for name in (*hit.columns, *hit.fixed)] or [hit.table.name]
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return counts
