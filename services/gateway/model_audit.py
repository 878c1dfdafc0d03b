"""What was done to models: who made which version serve or kept it from serving, when, why, on which figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

RULE = "rule"  # who, where nobody was asked


class ModelAct(StrEnum):
    """What was done."""

    PROMOTED = "PROMOTED"
    REFUSED = "REFUSED"  # by the rule: it waits for a person
    ROLLED_BACK = "ROLLED_BACK"
    RULES_CHANGED = "RULES_CHANGED"
    SHADOW_STARTED = "SHADOW_STARTED"  # it scores along, unseen
    SHADOW_ENDED = "SHADOW_ENDED"
    REMOVED = "REMOVED"  # it held a person who was erased
    SAMPLE_REMOVED = "SAMPLE_REMOVED"  # the sample company, with all that was learned from it


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """before: the version that served. generation: 0 where nothing changed. `id` 0 until it is kept."""

    act: ModelAct
    who: str
    reason: str
    service: str = ""
    version: str = ""
    before: str = ""
    generation: int = 0
    figures: Mapping[str, Any] = field(default_factory=dict)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: int = 0

    def to_json(self) -> dict[str, Any]:
        """As programs see it."""
        return {
            "id": str(self.id), "time": self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "act": self.act.value, "who": self.who, "service": self.service, "version": self.version,
            "before": self.before, "generation": self.generation, "reason": self.reason, "figures": dict(self.figures),
        }  # fmt: skip
