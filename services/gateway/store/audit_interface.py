"""What the gateway asks of its database about what was done to models."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from services.gateway.domain import Principal
from services.gateway.model_audit import AuditEntry
from services.gateway.retraining import Closed
from services.gateway.store.monitoring_interface import MonitoringStore


class ModelAuditStore(MonitoringStore, Protocol):
    """The part of the store that keeps what was done to models and what came of them; the audit log's entries are
    added, never changed."""

    async def add_model_audit(self, entry: AuditEntry) -> AuditEntry:
        """Keep an entry; with its id. The system's own work: who did it stands in the entry."""

    async def list_model_audit(
        self, principal: Principal, service: str = "", before: int = 0, limit: int = 100
    ) -> list[AuditEntry]:
        """Entries, newest first; of one service, with those of none; with ids below `before` where that is given.

        Raises Forbidden for a principal that does not see all.
        """

    async def closed_scores(self, principal: Principal, after: date, generation: int) -> list[Closed]:
        """Of deals closed after a day, the last score that a generation of the model gave before they closed."""

    async def conversions(self, principal: Principal) -> int:
        """How many leads have become opportunities: outcomes of leads."""
