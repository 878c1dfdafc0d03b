"""The import: every row is read and staged, then records are built, written in batches and counted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from kit.clock import last_second
from kit.errors import DealcastError
from learning.records import FieldDefinition, FieldType
from services.gateway.domain import FieldError, WriteResult, WriteStatus
from services.gateway.imports import people
from services.gateway.imports.amount_remarks import Remarked
from services.gateway.imports.cells import Rounded
from services.gateway.imports.deal_rows import Latest
from services.gateway.imports.deals import DealBuilder
from services.gateway.imports.rejects import Rejected, RejectsWriter
from services.gateway.imports.scan import scan
from services.gateway.imports.schema import Mapping as Rules
from services.gateway.imports.sheets import LeftOut, SheetTable
from services.gateway.imports.sinks import BATCHES, Sink
from services.gateway.imports.staging import Part, Staging
from services.gateway.imports.store_errors import in_columns
from services.gateway.imports.tables import OpenTable, check_declared, find, open_table
from services.gateway.past_days import last_day
from services.gateway.privacy.resident_numbers import masked_name

BATCH = 500
FAMILIES = ("users", "accounts", "products", "contacts", "deals", "quotas")
Pending = tuple[Any, list[Part]]  # a record, and the rows that it is made of


class Progress(Protocol):
    """Is told how far the import is."""

    def start(self, what: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


class Quiet:
    """Shows nothing."""

    def start(self, what: str, total: int) -> None:
        """Nothing."""

    def advance(self, count: int) -> None:
        """Nothing."""


@dataclass(slots=True)
class Report:
    """What an import did: per entity rows read and rejected, and records created, changed and unchanged.

    `merged` counts rows beyond the first one of a record, `passed` rows without an id that the mapping passes over,
    `derived` records that have no row of their own, such as deals that only an event log knows. They add up:
    read + derived = created + changed + unchanged (+ checked) + merged + passed + rejected.
    """

    import_id: str = ""  # by which it can be undone, where it can
    as_of: date | None = None
    business_day: date | None = None  # the company's, once all is in
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    rejects: list[Rejected] = field(default_factory=list)
    rejects_files: dict[Path, Path] = field(default_factory=dict)
    rounded: dict[str, Rounded] = field(default_factory=dict)  # by file
    remarked: dict[str, Remarked] = field(default_factory=dict)  # by file
    left_out: dict[str, LeftOut] = field(default_factory=dict)  # of workbooks, by file

    def add(self, entity: str, what: str, count: int = 1) -> None:
        """Count something."""
        entity = "reporting lines" if entity in ("lines", "reporting_lines") else entity
        row = self.counts.setdefault(entity, dict.fromkeys(("read", "created", "changed", "unchanged", "rejected"), 0))
        row[what] = row.get(what, 0) + count

    def total(self, what: str) -> int:
        """The sum over entities."""
        return sum(row.get(what, 0) for row in self.counts.values())


class Importer:
    """One import of files and folders by one mapping into one sink."""

    def __init__(self, mapping: Rules, sink: Sink, rejects: RejectsWriter, progress: Progress | None = None) -> None:
        self._mapping, self._sink, self._rejects = mapping, sink, rejects
        self._progress = progress or Quiet()
        self.report = Report()
        self._tables: list[OpenTable] = []

    async def run(self, *paths: Path) -> Report:
        """Import everything. Raises DealcastError where the files as such cannot be read."""
        found = find(self._mapping, *paths)
        try:
            for spec, file in found:
                self._tables.append(open_table(self._mapping, spec, file))
            with Staging() as staging:
                self._stage(staging)
                await self._write_all(staging)
        finally:
            for table in self._tables:
                table.table.close()
            self._rejects.close()
            self.report.rejects = self._rejects.first
            self.report.rejects_files = self._rejects.paths
            self.report.left_out = {
                masked_name(one.path.name): one.table.left_out
                for one in self._tables
                if isinstance(one.table, SheetTable)
            }
            self.report.remarked = {
                masked_name(one.path.name): one.cells.remarked for one in self._tables if one.cells.remarked.found
            }
            self.report.rounded = {
                masked_name(one.path.name): one.cells.rounded for one in self._tables if one.cells.rounded.count
            }
        return self.report

    # reading

    def _stage(self, staging: Staging) -> None:
        size = sum(each.path.stat().st_size for each in self._tables)
        self._progress.start("Reading", size)
        last: date | None = None
        for number, table in enumerate(self._tables):
            found = scan(number, table, staging, self._reject, self._progress.advance)
            self.report.add(table.spec.entity, "read", found.rows)
            for what, count in (("merged", found.repeated), ("passed", found.passed)):
                if count:
                    self.report.add(table.spec.entity, what, count)
            last = max(filter(None, (last, found.day)), default=None)
        staging.sort()
        as_of = self._mapping.as_of
        self.report.as_of = as_of if isinstance(as_of, date) else last if as_of == "last" else None

    async def _settle_types(self, known: Mapping[tuple[str, str], FieldType]) -> None:
        """Types of custom fields: those there are, else given, else found out; new ones are declared."""
        new: dict[tuple[str, str], FieldType] = {}
        for table in self._tables:
            entity = table.spec.entity.removesuffix("s")
            for name, source in table.custom.items():
                found = known.get((entity, name)) or new.get((entity, name)) or source.type
                table.types[name] = found or table.guesses[name].result()
                if (entity, name) not in known:
                    new[entity, name] = table.types[name]
            table.settle_formats()
        if new:
            await self._sink.define([FieldDefinition(entity, name, kind) for (entity, name), kind in new.items()])

    # writing

    async def _write_all(self, staging: Staging) -> None:
        known = {(each.entity, each.name): each.type for each in await self._sink.fields()}
        check_declared(self._tables, known)
        await self._sink.begin(self._mapping.name, self.report.as_of, self._mapping.currency)
        try:
            await self._settle_types(known)
            for family in FAMILIES:
                await self._write(family, staging)
        except DealcastError as error:
            with contextlib.suppress(DealcastError):
                await self._sink.fail(str(error))
            raise
        await self._sink.finish(self.report.counts)
        self.report.import_id = getattr(self._sink, "import_id", "")
        self.report.business_day = await self._sink.business_day()

    async def _write(self, family: str, staging: Staging) -> None:
        total = staging.count(family)
        if not total:
            return
        self._progress.start(f"Writing {family}", total)
        builder = await self._builder() if family == "deals" else None
        waiting: dict[str, list[Pending]] = {batch: [] for batch in BATCHES}
        held: list[Pending] = []  # reporting lines wait until every user is in
        for records, bad in self._built(family, staging, builder):
            for part, errors in bad:
                self._reject(part, errors)
            for batch, record, rows in records:
                (held if batch == "lines" else waiting[batch]).append((record, rows))
                if len(waiting[batch]) >= BATCH:
                    await self._save(batch, waiting[batch])
                    waiting[batch] = []
            self._progress.advance(1)
        for batch, rest in waiting.items():
            await self._save(batch, rest)
        if held:
            await self._save("lines", held)

    async def _builder(self) -> DealBuilder:
        day = self.report.as_of or last_day()
        dated = isinstance(self._mapping.as_of, date)
        return DealBuilder(self._tables, await self._sink.prices(), Latest(last_second(day), given=dated))

    def _built(
        self, family: str, staging: Staging, builder: DealBuilder | None
    ) -> Iterator[tuple[list[tuple[str, Any, list[Part]]], list[tuple[Part, list[FieldError]]]]]:
        for key, parts, cut in staging.groups(family):
            if builder is not None:
                built = builder.build(key, parts, cut=cut)
                refused = {id(part) for part, _ in built.bad}
                good = [part for part in parts if id(part) not in refused]
                yield [("deals", built.write, good)] if built.write else [], built.bad
            else:
                merged = people.merge(key, parts, self._tables)
                yield merged.records(family) if merged.good else [], merged.bad

    async def _save(self, batch: str, pending: Sequence[Pending]) -> None:
        if not pending:
            return
        results = await self._sink.save(batch, [record for record, _ in pending])
        for (_, parts), result in zip(pending, results, strict=True):
            self._count(batch, parts, result)

    def _count(self, batch: str, parts: Sequence[Part], result: WriteResult) -> None:
        if result.status is not WriteStatus.REJECTED:
            self.report.add(batch, "checked" if getattr(self._sink, "blind", False) else str(result.status))
            own = sum(self._tables[part.table].spec.entity == batch for part in parts)
            if batch != "lines" and own != 1:
                self.report.add(batch, "merged" if own else "derived", abs(own - 1))
            return
        for part in parts:
            self._reject(part, [in_columns(error, self._tables[part.table].cells) for error in result.errors], batch)

    def _reject(self, part: Part, errors: Sequence[FieldError], batch: str = "") -> None:
        table = self._tables[part.table]
        self._rejects.add(table.path, table.table.columns, part.line, part.cells, errors)
        self.report.add(batch if batch == "lines" else table.spec.entity, "rejected")


__all__ = ["Importer", "Mapping", "Progress", "Report"]
