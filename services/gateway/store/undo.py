"""Undoing an import: every record it changed stands again as it stood before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, or_, select

from services.gateway.domain import ChangedSince, Principal
from services.gateway.store import tables as t
from services.gateway.store.around import Around, company_wide
from services.gateway.store.codec import loads, to_us
from services.gateway.store.context import CLOCK, CURRENCY, FIELDS_VERSION, PEOPLE_VERSION
from services.gateway.store.drafts import Draft
from services.gateway.store.field_types import PREFIX
from services.gateway.store.recording import PARTS, B, Rows, same_mark
from services.gateway.store.rows import draft_row
from services.gateway.store.tables_imports import import_before
from services.gateway.store.touching import Touch

AT_ONCE, NAMED = 500, 5
MOVE_ON = (CLOCK, CURRENCY)  # settings that go back only where nothing else has set them since
_USES: Mapping[str, Sequence[Any]] = {  # columns that name a record of a kind
    "users": (
        t.deals.c.owner_id, t.deal_credits.c.owner_id, t.activities.c.owner_id, t.reporting_lines.c.manager_id,
        t.quotas.c.owner_id,
    ),
    "accounts": (t.deals.c.account_id, t.contacts.c.account_id),
    "contacts": (t.deal_contacts.c.contact_id, t.activities.c.contact_id),
    "products": (t.deal_products.c.product_id,),
}  # fmt: skip
_ORDER = (
    "deals", "quotas", "node_quotas", "contacts", "products", "accounts", "users", "field_definitions", "settings",
)  # fmt: skip


class ImportUndo(Around):
    """`undo_import`."""

    async def undo_import(
        self, principal: Principal, import_id: str, *, discard: bool = False, trace: str = ""
    ) -> Mapping[str, int]:
        """Put every record that the import changed back as it was, in one transaction; how many of each kind.

        A deal that it created is deleted and emptied: models and totals must learn of its end. What it created and
        other records name meanwhile stays. Raises Conflict where records were changed since, by a later import or
        otherwise, unless `discard` gives these changes up too; Forbidden for who does not see all.
        """
        company_wide(principal, "imports")

        def work(connection: Connection) -> Mapping[str, int]:
            context = self._contexts.read(connection)
            paths = context.people.paths(context.day)
            if not discard:
                self._refuse_changed(connection, import_id)
            counts = {kind: self._restore(connection, import_id, kind, trace) for kind in _ORDER}
            for version in (PEOPLE_VERSION, FIELDS_VERSION):
                self._contexts.touch(connection, version)
            self._republish_moved(connection, paths, context.day, trace)
            connection.execute(delete(import_before).where(B.import_id == import_id))
            return {kind: count for kind, count in counts.items() if count}

        return await self._database.write(work)

    def _of_import(self, connection: Connection, import_id: str, kind: str) -> list[Any]:
        query = select(B.id, B.record, B.after).where(B.import_id == import_id, B.kind == kind).order_by(B.id)
        return list(connection.execute(query).all())

    def _refuse_changed(self, connection: Connection, import_id: str) -> None:
        """Changes since would be lost; of settings the clock and the currency may have moved on, and stay."""
        for kind in _ORDER:
            sealed = [row for row in self._of_import(connection, import_id, kind) if row.after]
            sealed = [row for row in sealed if kind != "settings" or row.record not in MOVE_ON]
            changed: list[tuple[str, list[str]]] = []
            named = self._fields_of(connection, kind) if sealed else []
            for start in range(0, len(sealed), AT_ONCE):
                some = sealed[start : start + AT_ONCE]
                marks = self._marks(connection, kind, [row.record for row in some])
                changed += [
                    (row.record, self._differing(kind, row.after, marks[row.record], named))
                    for row in some if not same_mark(marks[row.record], row.after)
                ]  # fmt: skip
            if changed:
                called = self._called(connection, kind, [one for one, _ in changed[:NAMED]])
                told = "; ".join(
                    f"{called.get(one) or one} (its {' and its '.join(what)})" if what else called.get(one) or one
                    for one, what in changed[:NAMED]
                )
                mend = "Undo later imports first, or give up what was changed since with discard"
                message = f"{len(changed):,} {kind} were changed since, such as {told}"
                names = ", ".join(one for one, _ in changed[:NAMED])
                raise ChangedSince(message, field=kind, value=names, mend=mend)

    @staticmethod
    def _fields_of(connection: Connection, kind: str) -> list[str]:
        """The custom fields that records of a kind have."""
        fields = t.field_definitions.c
        query = select(fields.name).where(fields.entity == kind.removesuffix("s")).order_by(fields.name)
        return [row.name for row in connection.execute(query)]

    @staticmethod
    def _called(connection: Connection, kind: str, ids: Sequence[str]) -> dict[str, str]:
        """What records are called, where they have names: their ids tell a person nothing."""
        table = t.users if kind == "quotas" else PARTS[kind][0][0]
        if "id" not in table.c or "name" not in table.c:
            return {}
        rows = connection.execute(select(table.c.id, table.c.name).where(table.c.id.in_(ids)))
        return {row.id: row.name for row in rows}

    def _restore(self, connection: Connection, import_id: str, kind: str, trace: str) -> int:
        rows = self._of_import(connection, import_id, kind)
        if kind == "settings":
            marks = self._marks(connection, kind, [row.record for row in rows])
            rows = [
                row
                for row in rows
                if row.record not in MOVE_ON or not row.after or same_mark(row.after, marks[row.record])
            ]
        made: list[str] = []
        for start in range(0, len(rows), AT_ONCE):
            ids = [row.id for row in rows[start : start + AT_ONCE]]
            kept = connection.execute(select(B.record, B.rows).where(B.id.in_(ids))).all()
            before = {row.record: loads(row.rows) for row in kept}
            if kind == "deals":
                self._restore_deals(connection, before, trace)
            else:
                self._restore_around(connection, kind, {one: parts for one, parts in before.items() if parts}, trace)
                made += [one for one, parts in before.items() if not parts]
        self._drop_unused(connection, kind, made)
        return len(rows)

    def _restore_deals(self, connection: Connection, before: Mapping[str, Rows], trace: str) -> None:
        now_us = to_us(datetime.now(UTC))
        current = {row.id: row for row in self._database.fetch(connection, self._parts["deals"][0][2], list(before))}
        touches, rows = [], {}
        for deal, parts in before.items():
            there = current.get(deal)
            if there is None and not parts:
                continue  # refused by the store after it was kept
            was_live = None if there is None else there.outcome == "OPEN" and not there.deleted
            revision = (there.revision if there else 0) + 1
            own = dict(parts["deals"][0]) if parts else _emptied(there, now_us)
            own |= {"revision": max(revision, own["revision"] + 1), "updated_time": now_us}
            rows[deal] = {**parts, "deals": [own]}
            live = own["outcome"] == "OPEN" and not own["deleted"]
            touches.append(Touch(deal, own["revision"], live, was_live))
        self._replace(connection, "deals", rows)
        self._announce(connection, touches, trace, "undo")

    def _restore_around(self, connection: Connection, kind: str, before: Mapping[str, Rows], trace: str) -> None:
        self._replace(connection, kind, before)
        around = {"accounts": self._live_of_accounts, "contacts": self._live_of_contacts}.get(kind)
        if around is not None:
            self._raise_revisions(connection, around, list(before), trace)

    def _drop_unused(self, connection: Connection, kind: str, made: Sequence[str]) -> None:
        """What the import created goes, but for what others name; whom only those name who go, goes after them."""
        left, before = list(made), len(made) + 1
        while left and len(left) < before:
            before, used = len(left), list[str]()  # those that others name
            for start in range(0, len(left), AT_ONCE):
                some = left[start : start + AT_ONCE]
                named = set(self._used(connection, kind, some))
                used += sorted(named)
                self._replace(connection, kind, {one: {} for one in some if one not in named})
            left = used

    def _used(self, connection: Connection, kind: str, made: Sequence[str]) -> list[str]:
        """Those that other records name; a custom field that holds values still."""
        if kind == "field_definitions":
            past = (t.changes.c.field, t.account_changes.c.field)
            return [one for one in made if connection.execute(
                select(or_(*(exists().where(field == PREFIX + one) for field in past)))
            ).scalar()]  # fmt: skip
        found: set[str] = set()
        for column in _USES.get(kind, ()) if made else ():
            found |= set(connection.execute(select(column).where(column.in_(made)).distinct()).scalars())
        return sorted(found)

    def _replace(self, connection: Connection, kind: str, records: Mapping[str, Rows]) -> None:
        """The rows of these records, whatever they are now, by those given."""
        if not records:
            return
        for table, column in PARTS[kind]:
            connection.execute(delete(table).where(table.c[column].in_(list(records))))
            rows = [_typed(table, row) for parts in records.values() for row in parts.get(table.name, ())]
            if rows:
                connection.execute(insert(table), rows)


def _typed(table: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """Yes and no as such: SQLite gives numbers."""
    return {name: bool(value) if table.c[name].type.python_type is bool else value for name, value in row.items()}


def _emptied(there: Any, now_us: int) -> dict[str, Any]:
    """A deal as if it had never been, but for its revision, and that it is deleted."""
    values = {
        "deleted": True,
        "kind": there.kind,
        "motion": there.motion,
        "pipeline": there.pipeline,
        "outcome": "OPEN",
    }
    draft = Draft(there.id, there.revision, values, there.created_time)
    return draft_row(draft, now_us)
