"""What the gateway asks of its database about data health: what was found, and what people decided on duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from learning.records import Value
from services.gateway.domain import Principal

MERGE, IGNORE = "merge", "ignore"
HEALTH_CALLS = frozenset({"save_findings", "kept_merges"})


@dataclass(frozen=True, slots=True)
class DuplicateDecision:
    """What somebody decided on two records: merged into the one kept, or said not to be the same. `of`: accounts,
    contacts or deals."""

    id: int
    of: str
    first: str  # the lower id
    second: str
    act: str
    kept: str
    who: str
    time: datetime
    undone_time: datetime | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """How many deals a record has, and its fields: of an account its own, of a contact how to reach them."""

    deals: int = 0
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A finding as it is listed: where it stands, what it holds, and what the records are called today."""

    position: int
    body: Mapping[str, Any]
    name: str
    other_name: str


class HealthStore(Protocol):
    """The part of the store that keeps findings and decisions. All of it is for who sees all, else Forbidden."""

    async def save_findings(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace all findings by these: `Finding.to_json`, in their order. The system's own work."""

    async def list_findings(
        self, principal: Principal, finding: str, after: int = 0, limit: int = 100, owner: str = "", source: str = ""
    ) -> list[FoundRow]:
        """Findings of a kind after a position, of an owner or a source where that is given; without those about records
        that are gone, or pairs that were decided on."""

    async def ignore_duplicate(self, principal: Principal, of: str, one: str, other: str) -> DuplicateDecision:
        """Two records are not the same. Raises NotFound where one of them is not there, Conflict where it was said."""

    async def merge_records(
        self, principal: Principal, of: str, kept: str, other: str, *, trace: str = ""
    ) -> DuplicateDecision:
        """Merge a record into another, in one transaction: deals, contacts and activities move, what the kept one lacks
        is filled in, the other is deleted. All of it are changes like any other, and can be undone. Raises NotFound."""

    async def undo_decision(
        self, principal: Principal, decision_id: int, *, discard: bool = False, trace: str = ""
    ) -> DuplicateDecision:
        """Take a decision back; after a merge both records stand as before. Raises NotFound; Conflict where it was
        undone already, or a record was changed since (unless `discard` gives that up too)."""

    async def list_decisions(
        self, principal: Principal, of: str = "", before: int = 0, limit: int = 100
    ) -> list[DuplicateDecision]:
        """Decisions, newest first, undone ones too; with ids below `before` where that is given."""

    async def record_names(self, principal: Principal, of: str, ids: Sequence[str]) -> Mapping[str, str]:
        """What accounts, contacts or deals are called, by id; those that were merged away too."""

    async def record_marks(self, principal: Principal, of: str, ids: Sequence[str]) -> Mapping[str, Marks]:
        """What tells accounts or contacts of one name apart, by id; nothing of deals."""

    async def ignored_pairs(self, principal: Principal) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Pairs that are not the same, by kind of record, the lower id first."""

    async def kept_merges(self, since: datetime | None = None) -> list[str]:
        """The names under which the latest merges, of a moment on where that is given, are kept as records were before.
        The system's own work."""
