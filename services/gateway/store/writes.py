"""Applying deal writes: everything one call needs is read in a few queries, decided in memory, written in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from learning.records import LISTS, Activity, ContactRole
from services.gateway.domain import UNSET, DealWrite, Principal, WriteResult, WriteStatus
from services.gateway.store import tables as t
from services.gateway.store.checks import Checker
from services.gateway.store.checks_days import check_days, check_terms
from services.gateway.store.checks_deal import (
    References,
    check_activity,
    check_activity_references,
    check_own_activity,
    check_references,
    check_shape,
    check_stage,
    custom_values,
    lists_in,
)
from services.gateway.store.codec import decode_value, storable, to_us
from services.gateway.store.context import FIELDS_VERSION, Context, Fields
from services.gateway.store.database import Database
from services.gateway.store.drafts import Draft, reaches_back
from services.gateway.store.field_types import check_types
from services.gateway.store.named import Named
from services.gateway.store.rows import (
    activity_from,
    activity_row,
    change_row,
    contact_role_rows,
    credit_from,
    credit_rows,
    draft_from,
    draft_row,
    product_line_from,
    product_line_rows,
)
from services.gateway.store.touching import Touch, Touching

Row = dict[str, Any]


ENTRIES: dict[str, Callable[[Any], Any]] = {
    "products": product_line_from, "credits": credit_from,
    "contacts": lambda row: ContactRole(row.contact_id, row.role),
}  # fmt: skip


@dataclass(slots=True)
class Batch:
    """What one call works on."""

    context: Context
    visible: set[str] | None
    known: References
    drafts: dict[str, Draft]
    activities: dict[str, Activity]  # of the ids that the writes name, as they stand
    stored: frozenset[str]  # those of them that were there before
    fields: Fields
    made: Fields = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)


class DealWrites(Touching):
    """`apply_deals` and `save_activities`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        among = database.among
        self._deals = select(t.deals).where(among(t.deals.c.id))
        self._timelines = select(
            t.changes.c.deal_id, t.changes.c.effective_time, t.changes.c.seq, t.changes.c.field, t.changes.c.value
        ).where(among(t.changes.c.deal_id))
        tables = {"products": t.deal_products, "contacts": t.deal_contacts, "credits": t.deal_credits}
        self._lists = {
            name: select(one).where(among(one.c.deal_id)).order_by(one.c.position) for name, one in tables.items()
        }
        to_rows: dict[str, Callable[[str, Any], list[Row]]] = {
            "products": product_line_rows, "contacts": contact_role_rows, "credits": credit_rows
        }  # fmt: skip
        self._list_writers = [
            (name, delete(one).where(among(one.c.deal_id)), database.insert(one), to_rows[name])
            for name, one in tables.items()
        ]
        self._references = Named(database)
        c = t.activities.c
        self._known_activities = select(
            c.deal_id, c.time, c.id, c.type, c.direction, c.contact_id, c.owner_id, c.text
        ).where(among(c.id))
        self._drop_activities = delete(t.activities).where(among(c.id))
        self._insert_deals = database.insert(t.deals)
        self._rewrite_deals = database.rewrites(t.deals)
        self._save_fields = database.upsert(t.field_definitions)
        self._insert_changes = database.insert(t.changes)
        self._insert_activities = database.insert(t.activities)

    async def apply_deals(
        self, principal: Principal, writes: Sequence[DealWrite], *, trace: str = "", source: str = "rest"
    ) -> list[WriteResult]:
        """Apply each write as a whole, in order; see Store."""
        return await self._database.write(
            lambda connection: self._apply_all(connection, principal, writes, trace, source)
        )

    def _apply_all(
        self, connection: Connection, principal: Principal, writes: Sequence[DealWrite], trace: str, source: str
    ) -> list[WriteResult]:
        shapes = [check_shape(write) for write in writes]
        sound = [write for write, check in zip(writes, shapes, strict=True) if not check.errors]
        if not sound:
            return [_rejected(w.id, c) for w, c in zip(writes, shapes, strict=True)]
        batch = self._prepare(connection, principal, sound)
        self._read_timelines(connection, sound, batch)
        results = [
            _rejected(write.id, check) if check.errors else _apply(write, check, batch)
            for write, check in zip(writes, shapes, strict=True)
        ]
        if batch.changed:
            self._flush(connection, batch, trace, source)
        return results

    async def save_activities(
        self, principal: Principal, activities: Sequence[Activity], *, trace: str = ""
    ) -> list[WriteResult]:
        """Add or change activities; each touched deal's revision grows by one per call."""
        checks = []
        for activity in activities:
            check = Checker()
            check.id("deal_id", activity.deal_id)
            check_activity(check, "", activity, activity.deal_id)
            checks.append(check)
        sound = [one for one, check in zip(activities, checks, strict=True) if not check.errors]

        def work(connection: Connection) -> list[WriteResult]:
            writes = [DealWrite(one.deal_id, activities=(one,)) for one in sound]
            batch = self._prepare(connection, principal, writes)
            results = [_add_activity(one, check, batch) for one, check in zip(activities, checks, strict=True)]
            for deal_id in batch.changed:
                batch.drafts[deal_id].revision += 1
            if batch.changed:
                self._flush(connection, batch, trace, "rest")
            return results

        return await self._database.write(work)

    def _prepare(self, connection: Connection, principal: Principal, writes: Sequence[DealWrite]) -> Batch:
        context = self._contexts.read(connection)
        rows = self._database.fetch(connection, self._deals, storable(write.id for write in writes))
        drafts = {row.id: draft_from(row) for row in rows}
        self._read_lines(connection, writes, drafts)
        named = storable(a.id for w in writes for a in w.activities)
        found = self._database.fetch(connection, self._known_activities, named)
        activities = {one.id: one for one in map(activity_from, found)}
        known = self._references.of(connection, context, principal, writes)
        visible = context.visible(principal)
        return Batch(context, visible, known, drafts, activities, frozenset(activities), dict(context.fields))

    def _read_lines(self, connection: Connection, writes: Sequence[DealWrite], drafts: dict[str, Draft]) -> None:
        for name in LISTS:
            ids = list({w.id for w in writes if w.id in drafts and lists_in(w, name)})
            for row in self._database.fetch(connection, self._lists[name], ids):
                entry = ENTRIES[name](row)
                values = drafts[row.deal_id].values
                values[name] = (*values.get(name, ()), entry)

    def _read_timelines(self, connection: Connection, writes: Sequence[DealWrite], batch: Batch) -> None:
        """Timelines of the deals whose writes reach into their past (or may, after another write of the call)."""
        seen: set[str] = set()
        wanted: dict[str, None] = {}
        for write in writes:
            draft = batch.drafts.get(write.id)
            if draft and (reaches_back(write, draft) or (write.id in seen and write.effective_time)):
                wanted[write.id] = None
            seen.add(write.id)
        for deal_id in wanted:
            batch.drafts[deal_id].timeline = {}
        rows = self._database.fetch(connection, self._timelines, list(wanted))
        for deal_id, moment, _, name, value in sorted(rows, key=lambda row: (row[0], row[1], row[2])):
            timeline = batch.drafts[deal_id].timeline
            if timeline is not None:
                times, values = timeline.setdefault(name, ([], []))
                times.append(moment)
                values.append(decode_value(value))

    def _flush(self, connection: Connection, batch: Batch, trace: str, source: str) -> None:
        now_us = to_us(datetime.now(UTC))
        drafts = [batch.drafts[deal_id] for deal_id in batch.changed]
        self._keep(connection, "deals", batch.changed, {draft.id for draft in drafts if draft.stored is None})
        rows = [(draft.stored, draft_row(draft, now_us)) for draft in drafts]
        self._insert_deals.run(connection, [row for before, row in rows if before is None])
        self._rewrite_deals.run(connection, [pair for pair in rows if pair[0] is not None])
        changes = [change_row(change, now_us) for draft in drafts for change in draft.new_changes]
        self._insert_changes.run(connection, changes)
        activities = [activity_row(one, draft.id) for draft in drafts for one in draft.new_activities.values()]
        changed = [row["id"] for row in activities if row["id"] in batch.stored]
        if changed:  # their key holds the time, which may be another now
            connection.execute(self._drop_activities, {"ids": self._database.ids(changed)})
        self._insert_activities.run(connection, activities)
        self._flush_lines(connection, drafts)
        if batch.made:
            self._keep(connection, "field_definitions", [name for _, name in batch.made])
            made = [{"entity": e, "name": n, "type": kind.value} for (e, n), kind in batch.made.items()]
            self._save_fields.run(connection, made)
            self._contexts.touch(connection, FIELDS_VERSION)
        touches = [Touch(draft.id, draft.revision, draft.live, draft.was_live) for draft in drafts]
        self._announce(connection, touches, trace, source)

    def _flush_lines(self, connection: Connection, drafts: Sequence[Draft]) -> None:
        for name, drop, add, to_rows in self._list_writers:
            changed = [draft for draft in drafts if any(one.field == name for one in draft.new_changes)]
            if changed:
                connection.execute(drop, {"ids": self._database.ids(draft.id for draft in changed)})
                rows = [row for draft in changed for row in to_rows(draft.id, draft.values.get(name, ()))]
                add.run(connection, rows)


def _apply(write: DealWrite, check: Checker, batch: Batch) -> WriteResult:
    draft = batch.drafts.get(write.id)
    check_references(check, write, batch.known, batch.context)
    made = check_types(check, "deal", custom_values(write), batch.fields)
    _check_state(check, write, draft, batch)
    for position, activity in enumerate(write.activities):
        check_own_activity(check, f"activities[{position}].", activity, write.id, batch.activities)
    if check.errors:
        return _rejected(write.id, check, draft if _may_write(draft, batch) else None)
    status = WriteStatus.CHANGED
    if draft is None or draft.emptied:
        draft, status = draft or Draft(write.id), WriteStatus.CREATED
    if not draft.apply(write, batch.context.now(), batch.activities):
        return WriteResult(write.id, WriteStatus.UNCHANGED, draft.revision)
    batch.drafts[write.id] = draft
    batch.changed[write.id] = None
    batch.fields.update(made)
    batch.made.update(made)
    return WriteResult(write.id, status, draft.revision)


def _check_state(check: Checker, write: DealWrite, draft: Draft | None, batch: Batch) -> None:
    """What depends on the deal as it stands: whose it is, its revision, its pipeline, whether it is closed."""
    values = draft.values if draft else {}
    owner = values.get("owner_id", "")
    if batch.visible is not None:
        if not _may_write(draft, batch):
            check.refuse("id", write.id, "this deal does not exist, or belongs to somebody else", "Use another id")
            return
        if (owner if write.owner_id is UNSET else write.owner_id or "") not in batch.visible:
            check.refuse("owner_id", write.owner_id, "you may not give a deal to this owner", "Name an owner you see")
    revision = draft.revision if draft else 0
    if write.expected_revision is not None and write.expected_revision != revision:
        mend = "Read the deal again, then change it"
        check.refuse("expected_revision", write.expected_revision, f"the deal is at revision {revision}", mend)
    pipeline = values.get("pipeline", "default") if write.pipeline is UNSET else write.pipeline
    check_stage(check, pipeline, write.stage, batch.context.pipelines)
    check_days(check, write, values, draft.created_us if draft else None, batch.context.day)
    check_terms(check, write, draft, batch.fields)


def _may_write(draft: Draft | None, batch: Batch) -> bool:
    """Whether the deal, if there is one, is of an owner that is seen."""
    return draft is None or batch.visible is None or draft.values.get("owner_id", "") in batch.visible


def _add_activity(activity: Activity, check: Checker, batch: Batch) -> WriteResult:
    if check.errors:
        return _rejected(activity.id, check)
    draft = batch.drafts.get(activity.deal_id)
    if draft is None or not _may_write(draft, batch):
        check.refuse("deal_id", activity.deal_id, "there is no such deal", "Save the deal first")
    check_activity_references(check, activity, batch.known)
    check_own_activity(check, "", activity, activity.deal_id, batch.activities)
    if draft is None or check.errors:
        return _rejected(activity.id, check)
    status = draft.put_activity(activity, batch.activities)
    if status is not WriteStatus.UNCHANGED:
        batch.changed[draft.id] = None
    return WriteResult(activity.id, status)


def _rejected(record_id: str, check: Checker, draft: Draft | None = None) -> WriteResult:
    return WriteResult(record_id, WriteStatus.REJECTED, draft.revision if draft else 0, tuple(check.errors))
