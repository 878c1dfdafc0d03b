"""What the gateway asks of its database for sales figures and renewals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from learning.records import ChangeValue, Deal
from services.gateway.domain import Principal

PAST_FIELDS = ("kind", "stage", "outcome", "amount", "close_date")


@dataclass(slots=True)
class DealPast:
    """A deal as it stands, without its lines, and what happened to PAST_FIELDS: field, value and microseconds since
    1970, in order of time; of one time in the order they were written."""

    deal: Deal
    changes: Sequence[tuple[str, ChangeValue | None, int]]


@dataclass(slots=True)
class Pasts:
    """The revisions of all opportunities by id, and pasts of those that are not known in that revision."""

    revisions: Mapping[str, int]
    news: Sequence[DealPast]
    owners: frozenset[str] | None  # whose deals the principal sees; None for all


@dataclass(frozen=True, slots=True)
class Done:
    """An activity as far as figures need it."""

    deal_id: str
    time: datetime
    type: str
    direction: str


class FiguresStore(Protocol):
    """The part of the store that tells the pasts of deals, and of contracts."""

    async def deal_pasts(self, principal: Principal, known: Mapping[str, int], most: int = 25_000) -> Pasts:
        """Undeleted opportunities that the principal sees, with what happened to those not `known` (id → revision), or
        to the `most` first of them by id: ask again with these known for the next."""

    async def activities_between(
        self, principal: Principal, deal_ids: Sequence[str], start: datetime, end: datetime
    ) -> list[Done]:
        """What was done from start to before end with these deals, as far as the principal sees them, by deal and
        time."""

    async def contract_deals(self, principal: Principal) -> list[Deal]:
        """Won deals with anything of a contract in their fields, and all renewals, deleted ones too, without lines; as
        far as the principal sees them, by id."""
