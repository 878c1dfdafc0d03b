"""What the gateway asks of its database about personal data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from services.gateway.domain import Principal
from services.gateway.privacy.doubts import Doubt
from services.gateway.privacy.person import Person
from services.gateway.privacy.records import Access, Erasure, PlaceFound, Restriction

PRIVACY_CALLS = frozenset({
    "add_access", "compact", "drop_old", "forget_imports_but", "personal_fields", "restricted", "save_erasure",
    "withheld",
})  # fmt: skip


class PrivacyStore(Protocol):
    """The part of the store that finds, restricts and erases people. All but the system's own work raises Forbidden
    for a principal that does not see all."""

    async def people(self, principal: Principal, text: str, limit: int = 50) -> list[Person]:
        """Contacts, users and members with this id, or with this in their name, mail or telephone number."""

    async def person(self, principal: Principal, kind: str, person_id: str, aliases: Sequence[str] = ()) -> Person:
        """One of them; `aliases` (kind:id) are records of the same person, no others. Raises NotFound."""

    async def alike(self, principal: Principal, person: Person) -> list[Person]:
        """Other contacts and users with the same mail or telephone number."""

    async def find_person(self, principal: Principal, person: Person) -> list[PlaceFound]:
        """Where they stand, column by column, with how many rows and some of the records."""

    async def rows_about(self, principal: Principal, person: Person, most: int) -> list[tuple[str, Mapping[str, Any]]]:
        """The rows that hold them, with their tables, at most so many of each."""

    async def erase_rows(
        self, principal: Principal, person: Person, *, only: Collection[str] | None = None, trace: str = ""
    ) -> int:
        """Take them out of every table, and off every deal, in bounded transactions; how many rows changed. What is
        in history is replaced in place. The revision of changed deals grows. `only`: of these rows (refs of doubts)."""

    async def doubts(self, principal: Principal, person: Person) -> list[Doubt]:
        """People who bear a name of theirs, then rows that name it and are nobody's by id."""

    async def borne(self, principal: Principal, person: Person, names: Collection[str]) -> list[str]:
        """Those of these names that somebody else on record bears."""

    async def merged_into(self, principal: Principal, person: Person) -> list[Person]:
        """Contacts that were merged into this one and lie deleted."""

    async def suppress(self, principal: Principal, person: Person, erasure: str) -> None:
        """Take them back no more: contacts that are this person are refused from now on."""

    async def suppress_texts(self, principal: Principal, person: Person, only: Collection[str], erasure: str) -> None:
        """Take the texts of deals that these rows (refs of doubts) hold in again only without the person's words."""

    async def readmit(self, principal: Principal, erasure: str) -> int:
        """Take somebody back from now on; how many hashes there were of them."""

    async def compact(self) -> None:
        """Give back what deleted rows took, so that nothing of them is left in the database's files."""

    async def save_erasure(self, one: Erasure) -> None:
        """Keep how far an erasure is."""

    async def erasures(self, principal: Principal) -> list[Erasure]:
        """All of them, newest first."""

    async def restrict(
        self, principal: Principal, kind: str, person_id: str, reason: str, *, trace: str = ""
    ) -> Restriction:
        """Keep them, without any scoring of or suggestion about them. Raises NotFound."""

    async def lift_restriction(self, principal: Principal, kind: str, person_id: str, *, trace: str = "") -> None:
        """Raises NotFound where there is none."""

    async def restrictions(self, principal: Principal) -> list[Restriction]:
        """All of them."""

    async def restricted(self) -> frozenset[str]:
        """Ids of the contacts that are restricted now."""

    async def withheld(self) -> tuple[frozenset[str], Sequence[tuple[str, str]]]:
        """Both of these as of one moment."""

    async def personal_fields(self) -> Sequence[tuple[str, str]]:
        """Custom fields, by entity and name, that hold personal data."""

    async def set_personal_fields(self, principal: Principal, fields: Sequence[tuple[str, str]]) -> None:
        """Mark these, and no others. Raises InvalidInput for a field that is not defined."""

    async def add_access(self, entries: Sequence[Access]) -> None:
        """Keep who read whose data; the oldest are dropped."""

    async def drop_old(self, kind: str, before: datetime, limit: int) -> int:
        """Drop at most so much of a kind from before a moment: activities, notes (texts of activities),
        closed_contacts (all of whose deals ended), decisions, idempotency or access_log; how much, 0 when nothing is
        left. The revision of changed deals grows."""

    async def forget_imports_but(self, kept: Collection[str]) -> int:
        """Drop what is kept of imports but these, for their undoing; how many rows."""

    async def list_access(
        self, principal: Principal, kind: str = "", record: str = "", before: int = 0, limit: int = 100
    ) -> list[Access]:
        """Entries, newest first."""
