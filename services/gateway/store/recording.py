"""What an import is about to change, kept as it was, so that the import can be undone."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Self

from sqlalchemy import Connection, Table, bindparam, delete, select, update

from services.gateway.store import tables as t
from services.gateway.store import tables_forecast as f
from services.gateway.store.codec import dumps, loads
from services.gateway.store.context import Part
from services.gateway.store.database import Database
from services.gateway.store.tables_imports import import_before

# What belongs to a record: tables with the column that names it, the record's own first.
PARTS: Mapping[str, tuple[tuple[Table, str], ...]] = {
    "deals": (
        (t.deals, "id"), (t.changes, "deal_id"), (t.activities, "deal_id"), (t.deal_contacts, "deal_id"),
        (t.deal_products, "deal_id"), (t.deal_credits, "deal_id"),
    ),
    "users": ((t.users, "id"), (t.reporting_lines, "user_id")),
    "accounts": ((t.accounts, "id"), (t.account_changes, "account_id")),
    "contacts": ((t.contacts, "id"),),
    "products": ((t.products, "id"),),
    "quotas": ((t.quotas, "owner_id"),),
    "node_quotas": ((f.node_quotas, "node"),),
    "field_definitions": ((t.field_definitions, "name"),),
    "settings": ((t.settings, "key"),),
}  # fmt: skip
Rows = dict[str, list[dict[str, Any]]]  # by table
B = import_before.c
SEALED = 500  # records at once
DIGITS = 3  # of a column's digest: they name what differs, and tell nothing else
FIELD, MOST_TOLD = 2 * DIGITS, 12  # digits of a custom field, of its name and its value; and of how many fields
_COUNTED = ("search", "last_effective", "change_count")  # of a deal: they follow from what was changed
_WORDS = {  # of columns whose names do not say it
    "owner_id": "owner", "account_id": "account", "fields": "custom fields", "close_date": "promised day",
    "closed_date": "closing day", "created_time": "creation", "amount_major": "amount", "deleted": "deletion",
    "email": "mail", "active": "activity", "activity_count": "activities",
}  # fmt: skip
_MARKED = {"deals": (t.deals.name, t.activities.name)}  # tables that a mark tells of, where not of all
_UNMARKED = {"deals": ("revision", "updated_time")}  # columns of which a mark tells nothing


class Recording(Part):
    """Shared by the parts that write what imports bring."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._recording = ""  # the import that writes; none: nothing is kept
        self._parts = {
            kind: [(table, column, select(table).where(database.among(table.c[column]))) for table, column in parts]
            for kind, parts in PARTS.items()
        }
        self._kept = select(B.record).where(
            B.import_id == bindparam("of"), B.kind == bindparam("kind"), database.among(B.record)
        )
        self._insert_before = database.insert(import_before)

    def recording(self, import_id: str) -> Self:
        """The same store, keeping what it changes as it was before under this import."""
        other = copy.copy(self)
        other._recording = import_id
        return other

    def _keep(self, connection: Connection, kind: str, ids: Iterable[str], fresh: Collection[str] = ()) -> None:
        """Keep records as they are, before they are changed for the first time; `fresh` ones are not there yet."""
        wanted = list(dict.fromkeys(ids))
        if not self._recording or not wanted:
            return
        rows = self._database.fetch(connection, self._kept, wanted, of=self._recording, kind=kind)
        known = {row.record for row in rows}
        wanted = [one for one in wanted if one not in known]
        found = self._as_they_are(connection, kind, [one for one in wanted if one not in fresh])
        self._insert_before.run(connection, [
            {"import_id": self._recording, "kind": kind, "record": one, "rows": dumps(found.get(one, {})), "after": ""}
            for one in wanted
        ])  # fmt: skip

    def _as_they_are(
        self, connection: Connection, kind: str, ids: Sequence[str], only: Collection[str] = ()
    ) -> dict[str, Rows]:
        """All rows of these records, or those of some tables, by record and table."""
        found: dict[str, Rows] = {}
        for table, column, statement in self._parts[kind] if ids else ():
            if only and table.name not in only:
                continue
            for row in self._database.fetch(connection, statement, ids):
                values = {str(name): value for name, value in row._asdict().items()}
                found.setdefault(values[column], {}).setdefault(str(table.name), []).append(values)
        return found

    async def seal_import(self, import_id: str) -> bool:
        """The import has ended: note how it left each record, so that later changes are known from it. Whether any of
        them stands otherwise than before."""

        def work(connection: Connection) -> bool:
            changed = False
            for kind in PARTS:
                query = select(B.record).where(B.import_id == import_id, B.kind == kind).order_by(B.id)
                records = [row.record for row in connection.execute(query).all()]
                for start in range(0, len(records), SEALED):
                    some = records[start : start + SEALED]
                    marks = self._seal(connection, import_id, kind, some)
                    changed = changed or marks != self._marks_before(connection, import_id, kind, some)
            return changed

        return await self._database.write(work)

    def _marks_before(
        self, connection: Connection, import_id: str, kind: str, records: Sequence[str]
    ) -> dict[str, str]:
        """The marks of records as the import found them."""
        of = select(B.record, B.rows).where(B.import_id == import_id, B.kind == kind, B.record.in_(records))
        return self._marked(kind, {row.record: loads(row.rows) for row in connection.execute(of)}, records)

    def _seal(self, connection: Connection, import_id: str, kind: str, records: Sequence[str]) -> dict[str, str]:
        marks = self._marks(connection, kind, records)
        connection.execute(
            update(import_before)
            .where(B.import_id == import_id, B.kind == kind, B.record == bindparam("one"))
            .values(after=bindparam("mark")),
            [{"one": one, "mark": marks[one]} for one in records],
        )
        return marks

    def _marks(self, connection: Connection, kind: str, records: Sequence[str]) -> dict[str, str]:
        """What tells one state of a record from another: a digest of all, a colon and some digits of each column's, and
        of each custom field's behind another, so that what differs can be named. A deal's changes are counted in its
        row; of its revision it tells nothing, which grows also by what happens around it, and when an import is
        undone."""
        return self._marked(kind, self._as_they_are(connection, kind, records, _MARKED.get(kind, ())), records)

    @staticmethod
    def _marked(kind: str, found: dict[str, Rows], records: Sequence[str]) -> dict[str, str]:
        if kind in _MARKED:
            found = {
                one: {name: parts[name] for name in parts if name in _MARKED[kind]} for one, parts in found.items()
            }
        for row in (row for parts in found.values() for row in parts.get(PARTS[kind][0][0].name, ())):
            for name in _UNMARKED.get(kind, ()):
                del row[name]
        return {one: _mark(found.get(one, {}), PARTS[kind][0][0].name) for one in records}

    @staticmethod
    def _differing(kind: str, mark: str, other: str, named: Iterable[str] = ()) -> list[str]:
        """In words the columns of a record's own row in which two of its marks differ; none where that is not told. Of
        custom fields those that `named` names, where they differ."""
        own = PARTS[kind][0][0]
        columns = [column.name for column in own.c if column.name not in _UNMARKED.get(kind, ())]
        (first, old), (second, new) = (one.partition(":")[2].partition(":")[::2] for one in (mark, other))
        whole = len(columns) * DIGITS == len(first) == len(second)
        shorts = [range(place * DIGITS, (place + 1) * DIGITS) for place in range(len(columns))] if whole else []
        differs = {
            name for name, short in zip(columns, shorts, strict=False) for at in short if first[at] != second[at]
        }
        told = [name for name in columns if name in differs and name not in _COUNTED]
        own_fields = _fields_differing(old, new, named) if "fields" in told else []
        words = (_WORDS.get(name, name.replace("_", " ")) for name in told if name != "fields" or not own_fields)
        return list(dict.fromkeys([*words, *own_fields]))

    async def keep_settings(self, keys: Sequence[str]) -> None:
        """Keep these settings as they are."""
        await self._database.write(lambda connection: self._keep(connection, "settings", keys))

    async def forget_imports(self, others_than: Collection[str]) -> None:
        """Drop what is kept of imports but these: they cannot be undone any more."""
        gone = delete(import_before).where(B.import_id.not_in(list(others_than)))

        def work(connection: Connection) -> None:
            connection.execute(gone)

        await self._database.write(work)


def _mark(parts: Mapping[str, Any], own: str) -> str:
    """Of all rows of a record, and of each column of its own."""
    rows = parts.get(own, ())
    columns = "".join(_digest(value)[:DIGITS] for value in rows[0].values()) if len(rows) == 1 else ""
    fields = _field_marks(rows[0].get("fields") or "{}") if len(rows) == 1 else ""
    return f"{_digest(parts)[:32]}:{columns}" + (f":{fields}" if fields else "")


def _field_marks(fields: str) -> str:
    """Some digits of the names and values of custom fields."""
    marks = sorted(_digest(name)[:DIGITS] + _digest(value)[:DIGITS] for name, value in loads(fields).items())
    return "".join(marks[:MOST_TOLD])


def _fields_differing(mark: str, other: str, named: Iterable[str]) -> list[str]:
    """Of the custom fields that are named those in which two marks differ; none where a mark does not tell of all."""
    if max(len(mark), len(other)) == MOST_TOLD * FIELD:
        return []
    pairs = ({one[at : at + FIELD] for at in range(0, len(one), FIELD)} for one in (mark, other))
    differs = {each[:DIGITS] for each in set.symmetric_difference(*pairs)}
    return [name for name in named if _digest(name)[:DIGITS] in differs]


def _digest(value: Any) -> str:
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def same_mark(mark: str, other: str) -> bool:
    """Whether they are of one state; marks of long ago have no part for columns."""
    return mark.partition(":")[0] == other.partition(":")[0]
