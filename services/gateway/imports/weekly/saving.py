"""Writing what weekly files say: in batches, each refused row among the rejects of its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from learning.records import FieldDefinition, FieldType
from services.gateway.domain import DealWrite, FieldError, WriteResult, WriteStatus
from services.gateway.imports.importer import BATCH, Progress
from services.gateway.imports.sinks import WeeklySink
from services.gateway.imports.weekly.around import People
from services.gateway.imports.weekly.files import WeekFile
from services.gateway.imports.weekly.memory import Memory
from services.gateway.imports.weekly.report import WeeklyReport
from services.gateway.imports.weekly.rows import WeekRow
from services.gateway.imports.weekly.writes import in_columns

Refuse = Callable[[WeekFile, WeekRow, Sequence[FieldError], str], None]


@dataclass(frozen=True, slots=True)
class Saver:
    """Writes into a sink; what came of it stands in the report and in the memory."""

    sink: WeeklySink
    progress: Progress
    found: WeeklyReport
    memory: Memory
    people: People
    refuse: Refuse

    async def save(
        self, writes: Sequence[DealWrite], rows_of: Sequence[WeekRow], types: Mapping[str, FieldType]
    ) -> None:  # fmt: skip
        """Deals, and the people and accounts that they name. rows_of: the row that each write is of; types: of custom
        fields that are new."""
        fields = [FieldDefinition("deal", name, kind) for name, kind in types.items()]
        if self.people.number_field:
            fields.append(FieldDefinition("account", self.people.number_field, FieldType.TEXT))
        if fields:
            await self.sink.define(fields)
        people = self.people  # those of rows that are refused or held are not made
        owners, accounts = {one.owner_id for one in writes}, {one.account_id for one in writes}
        await self._save("users", [one for one in people.users.values() if one.id in owners])
        await self._save("accounts", [one for one in people.accounts.values() if one.id in accounts])
        await self._save("contacts", list(people.contacts.values()))
        await self._save("deals", writes, rows_of)

    async def _save(self, batch: str, records: Sequence[Any], rows_of: Sequence[WeekRow] = ()) -> None:
        if not records:
            return
        self.progress.start(f"Writing {batch}", len(records))
        for start in range(0, len(records), BATCH):
            some = records[start : start + BATCH]
            for place, result in enumerate(await self.sink.save(batch, some), start):
                what = "checked" if getattr(self.sink, "blind", False) else str(result.status)
                row = rows_of[place] if rows_of else None
                if result.status is WriteStatus.REJECTED and row is not None and row.file >= 0:
                    file = self.found.files[row.file]
                    self.refuse(file, row, [in_columns(one, file) for one in result.errors], "rejected")
                elif row is None or row.file >= 0:
                    self.found.report.add(batch, what)
                if row is not None and result.status is not WriteStatus.REJECTED:
                    made = result.status is WriteStatus.CREATED
                    self.memory.note_begun(records[place], told=row.created is not None, made=made)
                if batch == "contacts" and result.status is WriteStatus.REJECTED:
                    self._tell_contact(records[place].id, result)
            self.progress.advance(len(some))

    def _tell_contact(self, contact: str, result: WriteResult) -> None:
        """Why a contact was refused, by the row that names them: its deal is imported without them."""
        row = self.people.contact_rows[contact]
        file = self.found.files[row.file]
        column = file.holds.get("contact", "contact")
        told = [replace(each, field=column, value="") for each in result.errors]
        self.found.notes += [(file.name, row.line, each) for each in told]
