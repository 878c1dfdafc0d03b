"""What the gateway asks of its database to take a whole company's records away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from services.gateway.domain import Principal


class ClearingStore(Protocol):
    """Only who sees all may; Forbidden otherwise."""

    async def record_counts(self, principal: Principal) -> Mapping[str, int]:
        """How many deals, accounts, contacts, users, products, activities and quotas `clear_records` would take."""

    async def clear_records(
        self, principal: Principal, settings: Mapping[str, Any], members: Sequence[str]
    ) -> Mapping[str, int]:
        """Take all records away, with what was computed on them, what people said of them, live events and answers
        kept for repeated requests, and these members; set these settings, None empties one; all in one transaction.
        What `record_counts` had counted. Members that stay stand for no user.

        Other settings, members, exchange rates, which fields are personal, and the logs of what was done stay.
        """

    async def drop_computed(self, principal: Principal) -> None:
        """Take away what was computed on deals that are there no more, all totals, and what watching models found."""
