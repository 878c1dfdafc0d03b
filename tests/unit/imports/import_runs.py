"""A sink that remembers, and whole imports into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kit.money import Money
from learning.records import FieldDefinition, FieldType
from services.gateway.domain import DealWrite, FieldError, WriteResult, WriteStatus
from services.gateway.imports.importer import Importer, Report
from services.gateway.imports.mapping import read
from services.gateway.imports.rejects import RejectsWriter


class Memory:
    """A sink that keeps everything and refuses the ids it is told to."""

    def __init__(self, refuse: Sequence[str] = ()) -> None:
        self.saved: dict[str, list[Any]] = {}
        self.batches: list[int] = []
        self.defined: dict[tuple[str, str], FieldType] = {}
        self.as_of: date | None = None
        self.ended: list[str] = []
        self._refuse = refuse

    async def begin(self, name: str, as_of: date | None, currency: str) -> None:
        self.as_of = as_of

    async def fields(self) -> list[FieldDefinition]:
        return [FieldDefinition(entity, name, kind) for (entity, name), kind in self.defined.items()]

    async def define(self, definitions: Sequence[FieldDefinition]) -> None:
        self.defined |= {(each.entity, each.name): each.type for each in definitions}

    async def prices(self) -> Mapping[str, Money]:
        return {each.id: each.price for each in self.saved.get("products", ()) if each.price}

    async def business_day(self) -> date:
        return self.as_of or date(2026, 1, 1)

    async def save(self, batch: str, records: Sequence[Any]) -> list[WriteResult]:
        self.batches.append(len(records))
        self.saved.setdefault(batch, []).extend(records)
        error = FieldError("owner_id", "?", "there is no such user", "save the user first")
        return [
            WriteResult(each.id, WriteStatus.REJECTED, 0, (error,))
            if getattr(each, "id", "") in self._refuse
            else WriteResult(getattr(each, "id", ""), WriteStatus.CREATED, 1)
            for each in records
        ]

    async def finish(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        self.ended.append("finish")

    async def fail(self, error: str) -> None:
        self.ended.append(error)

    async def close(self) -> None:
        pass

    @property
    def deals(self) -> dict[str, DealWrite]:
        return {deal.id: deal for deal in self.saved.get("deals", ())}


async def run(
    folder: Path, mapping: str, files: Mapping[str, str], sink: Memory | None = None
) -> tuple[Memory, Report]:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    for name, text in files.items():
        (data / name).write_text(text, encoding="utf-8")
    sink = sink or Memory()
    report = await Importer(read(mapping, "m.toml"), sink, RejectsWriter(folder / "rejects")).run(data)
    return sink, report


DEALS = """
[mapping]
as_of = "last"
currency = "USD"
[files.deals]
entity = "deals"
path = "deals.csv"
[files.deals.columns]
id = "id"
owner_id = "owner"
stage = "stage"
outcome = { column = "stage", values = { Open = "OPEN", Won = "WON", Lost = "LOST" } }
created_time = "created"
closed_date = "closed"
amount = "amount"
"""
PEOPLE = """
[files.people]
entity = "users"
path = "people.csv"
[files.people.columns]
id = "who"
manager_id = "boss"
region = "region"
[files.bosses]
entity = "users"
path = "people.csv"
[files.bosses.columns]
id = "boss"
"""
HEADER = "id,owner,stage,created,closed,amount"


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2017, 1, day, hour, tzinfo=UTC)
