"""Findings of data health, and decisions on duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, func, insert, select, true, update

from kit.errors import Conflict, InvalidInput, NotFound
from learning.records import Value
from services.gateway.domain import Principal
from services.gateway.store import tables as t
from services.gateway.store.around import company_wide
from services.gateway.store.codec import decode_fields, dumps, from_us, loads, to_us
from services.gateway.store.database import Database
from services.gateway.store.health_interface import IGNORE, MERGE, DuplicateDecision, FoundRow, Marks
from services.gateway.store.merging import Merging
from services.gateway.store.reads import bounded
from services.gateway.store.recording import PARTS, B
from services.gateway.store.tables_health import duplicate_decisions, health_findings

F, D = health_findings.c, duplicate_decisions.c
OF: Mapping[str, Table] = {"accounts": t.accounts, "contacts": t.contacts, "deals": t.deals}
UNDOABLE = 1_000  # merges, the newest
WHAT = "duplicates"
MOST_NAMED = 1_000  # at once


def _fields(row: Row[Any, Any]) -> Mapping[str, Value]:
    """An account's own; of a contact how to reach them."""
    found = row._mapping
    if "fields" in found:
        return decode_fields(found["fields"])
    return {name: found[name] for name in ("email", "phone", "title") if found[name]}


class HealthRows(Merging):
    """What HealthStore promises."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._insert_findings = database.insert(health_findings)
        self._named = {
            of: select(table.c.id, table.c.name).where(database.among(table.c.id), table.c.deleted.is_(False))
            for of, table in OF.items()
        }

    async def save_findings(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace all findings."""
        numbered = [
            {
                "finding": row["finding"], "position": place, "record": row["id"], "other": row["other"],
                "owner": row["owner"], "source": row["source"], "body": dumps(dict(row)),
            }
            for place, row in enumerate(rows, 1)
        ]  # fmt: skip

        def work(connection: Connection) -> None:
            connection.execute(delete(health_findings))
            self._insert_findings.run(connection, numbered)

        await self._database.write(work)

    async def list_findings(
        self, principal: Principal, finding: str, after: int = 0, limit: int = 100, owner: str = "", source: str = ""
    ) -> list[FoundRow]:
        """Findings of a kind about records that are there, and pairs that nobody decided on."""
        company_wide(principal, "data health")
        size = bounded(limit)
        query = select(F.position, F.record, F.other, F.body).where(F.finding == finding).order_by(F.position)
        for column, value in ((F.owner, owner), (F.source, source)):
            query = query.where(column == value) if value else query

        def work(connection: Connection) -> list[FoundRow]:
            found: list[FoundRow] = []
            place = after
            while len(found) < size:
                rows = connection.execute(query.where(F.position > place).limit(size)).all()
                found += self._shown(connection, finding, rows)
                if len(rows) < size:
                    break
                place = rows[-1].position
            return found[:size]

        return await self._database.read(work)

    def _shown(self, connection: Connection, finding: str, rows: Sequence[Any]) -> list[FoundRow]:
        of = finding.rpartition("_")[2]
        of = of if of in OF else "deals"
        if finding == "empty_field":
            return [FoundRow(row.position, loads(row.body), row.record, "") for row in rows]
        ids = list({one for row in rows for one in (row.record, row.other) if one})
        names = {row.id: row.name for row in self._database.fetch(connection, self._named[of], ids)}
        decided = self._decided(connection, of, ids) if finding.startswith("duplicate_") else set()
        return [
            FoundRow(row.position, loads(row.body), names[row.record], names.get(row.other, ""))
            for row in rows
            if row.record in names
            and (not row.other or row.other in names)
            and (min(row.record, row.other), max(row.record, row.other)) not in decided
        ]

    def _decided(self, connection: Connection, of: str, ids: Sequence[str]) -> set[tuple[str, str]]:
        query = select(D.first, D.second).where(D.of == of, D.undone_time.is_(None), D.first.in_(ids))
        return {(row.first, row.second) for row in connection.execute(query).all()}

    async def ignore_duplicate(self, principal: Principal, of: str, one: str, other: str) -> DuplicateDecision:
        """Two records are not the same."""
        company_wide(principal, WHAT)
        first, second = min(one, other), max(one, other)
        if of not in OF or one == other:
            mend = "Name two records, and one of " + ", ".join(OF)
            raise InvalidInput("these are no two records", field="of", value=of, mend=mend)

        def work(connection: Connection) -> DuplicateDecision:
            self._two(connection, OF[of], first, second)
            if (first, second) in self._decided(connection, of, [first, second]):
                raise Conflict("this was decided already", field="id", value=first, mend="Undo that decision first")
            return self._add_decision(connection, of, first, second, IGNORE, "", principal.id)

        return await self._database.write(work)

    async def merge_records(
        self, principal: Principal, of: str, kept: str, other: str, *, trace: str = ""
    ) -> DuplicateDecision:
        """Merge a record into another."""
        company_wide(principal, WHAT)

        def work(connection: Connection) -> DuplicateDecision:
            pair = (min(kept, other), max(kept, other))
            decision = self._add_decision(connection, of, *pair, MERGE, kept, principal.id)
            kept_as = _kept_as(decision.id)
            recording = self.recording(kept_as)
            recording._keep(connection, of, [kept, other])  # both, changed or not: to know what is changed since
            recording._merge(connection, principal, of, kept, other, trace)
            for kind in PARTS:
                query = select(B.record).where(B.import_id == kept_as, B.kind == kind)
                if changed := list(connection.execute(query).scalars()):
                    self._seal(connection, kept_as, kind, changed)
            return decision

        return await self._database.write(work)

    def _add_decision(
        self, connection: Connection, of: str, first: str, second: str, act: str, kept: str, who: str
    ) -> DuplicateDecision:  # fmt: skip
        time = datetime.now(UTC)
        row = {
            "time": to_us(time), "of": of, "first": first, "second": second, "act": act, "kept": kept, "who": who,
            "undone_by": "",
        }  # fmt: skip
        key = connection.execute(insert(duplicate_decisions).values(row)).inserted_primary_key
        return DuplicateDecision(int(key[0]) if key else 0, of, first, second, act, kept, who, time)

    async def undo_decision(
        self, principal: Principal, decision_id: int, *, discard: bool = False, trace: str = ""
    ) -> DuplicateDecision:
        """Take a decision back."""
        company_wide(principal, WHAT)
        found = await self._database.read(lambda connection: self._decision(connection, decision_id))
        if found.undone_time is not None:
            raise Conflict("this was undone already", field="id", value=str(decision_id), mend="List the decisions")
        if found.act == MERGE:
            await self._unmerge(principal, found, discard, trace)

        def work(connection: Connection) -> DuplicateDecision:
            done = {"undone_time": to_us(datetime.now(UTC)), "undone_by": principal.id}
            connection.execute(update(duplicate_decisions).where(D.id == decision_id).values(**done))
            return self._decision(connection, decision_id)

        return await self._database.write(work)

    async def _unmerge(self, principal: Principal, found: DuplicateDecision, discard: bool, trace: str) -> None:
        kept_as = _kept_as(found.id)
        held = select(B.id).where(B.import_id == kept_as).limit(1)
        if await self._database.read(lambda connection: connection.execute(held).scalar()) is None:
            mend = "Enter the record anew"
            raise Conflict("what was there before is no longer kept", field="id", value=str(found.id), mend=mend)
        try:
            await self.undo_import(principal, kept_as, discard=discard, trace=trace)
        except Conflict as error:
            error.mend = "Undo later merges of these records first, or give up what was changed since with discard"
            raise

    def _decision(self, connection: Connection, decision_id: int) -> DuplicateDecision:
        row = connection.execute(select(duplicate_decisions).where(D.id == decision_id)).first()
        if row is None:
            mend = "List the decisions to find its id"
            raise NotFound("there is no such decision", field="id", value=str(decision_id), mend=mend)
        return _decision_from(row)

    async def list_decisions(
        self, principal: Principal, of: str = "", before: int = 0, limit: int = 100
    ) -> list[DuplicateDecision]:
        """Decisions, newest first."""
        company_wide(principal, WHAT)
        query = select(duplicate_decisions).order_by(D.id.desc()).limit(bounded(limit))
        query = query.where(D.of == of) if of else query
        query = query.where(D.id < before) if before else query
        return await self._database.read(
            lambda connection: [_decision_from(row) for row in connection.execute(query).all()]
        )

    async def record_names(self, principal: Principal, of: str, ids: Sequence[str]) -> Mapping[str, str]:
        """What records are called, those that are gone too."""
        company_wide(principal, WHAT)
        table = OF[of]
        query = select(table.c.id, table.c.name).where(table.c.id.in_(ids[:MOST_NAMED]))
        return await self._database.read(
            lambda connection: {row.id: row.name for row in connection.execute(query).all()}
        )

    async def record_marks(self, principal: Principal, of: str, ids: Sequence[str]) -> Mapping[str, Marks]:
        """What tells accounts or contacts of one name apart."""
        company_wide(principal, WHAT)
        asked, ties = ids[:MOST_NAMED], cast("ColumnElement[bool]", true())
        if of == "accounts":
            rows = select(t.accounts.c.id, t.accounts.c.fields).where(t.accounts.c.id.in_(asked))
            whose = t.deals.c.account_id
        elif of == "contacts":
            c, whose = t.contacts.c, t.deal_contacts.c.contact_id
            rows = select(c.id, c.email, c.phone, c.title).where(c.id.in_(asked))
            ties = t.deal_contacts.c.deal_id == t.deals.c.id
        else:
            return {}
        there = and_(whose.in_(asked), ties, t.deals.c.deleted.is_(False))
        counted = select(whose, func.count(t.deals.c.id.distinct())).where(there).group_by(whose)

        def work(connection: Connection) -> Mapping[str, Marks]:
            deals = {row[0]: row[1] for row in connection.execute(counted).all()}
            return {row.id: Marks(deals.get(row.id, 0), _fields(row)) for row in connection.execute(rows).all()}

        return await self._database.read(work)

    async def ignored_pairs(self, principal: Principal) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Pairs that are not the same."""
        company_wide(principal, WHAT)
        query = select(D.of, D.first, D.second).where(D.act == IGNORE, D.undone_time.is_(None)).order_by(D.id)

        def work(connection: Connection) -> Mapping[str, Sequence[tuple[str, str]]]:
            found: dict[str, list[tuple[str, str]]] = {of: [] for of in OF}
            for row in connection.execute(query).all():
                found[row.of].append((row.first, row.second))
            return found

        return await self._database.read(work)

    async def kept_merges(self, since: datetime | None = None) -> list[str]:
        """The names under which the latest merges are kept."""
        query = select(D.id).where(D.act == MERGE, D.undone_time.is_(None)).order_by(D.id.desc()).limit(UNDOABLE)
        query = query.where(D.time >= to_us(since)) if since else query
        return await self._database.read(
            lambda connection: [_kept_as(row.id) for row in connection.execute(query).all()]
        )


def _kept_as(decision_id: int) -> str:
    return f"merge-{decision_id}"


def _decision_from(row: Any) -> DuplicateDecision:
    undone = None if row.undone_time is None else from_us(row.undone_time)
    return DuplicateDecision(
        row.id, row.of, row.first, row.second, row.act, row.kept, row.who, from_us(row.time), undone, row.undone_by
    )
