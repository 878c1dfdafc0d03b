"""The rules that models are promoted and trained anew by: kept in the workspace, changed by people, audited."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kit.errors import InvalidInput
from services.gateway.model_audit import AuditEntry, ModelAct
from services.gateway.promotion_rule import PromotionRule
from services.gateway.retraining import RetrainingRule
from services.gateway.store.interface import Store

KEY = "model_rules"
MEND = 'Send {"promotion": {…}, "retraining": {…}} with what is to change'


class ModelRules:
    """A cached, written-through view on them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.promotion = PromotionRule()
        self.retraining = RetrainingRule()

    async def load(self) -> None:
        """Read what is stored."""
        kept = await self._store.get_setting(KEY) or {}
        self.promotion = PromotionRule.of(kept.get("promotion", {}))
        self.retraining = RetrainingRule.of(kept.get("retraining", {}))

    def to_json(self) -> dict[str, Any]:
        """As programs see them."""
        return {"promotion": self.promotion.to_json(), "retraining": asdict(self.retraining)}

    async def change(self, given: Any, who: str, reason: str = "") -> None:
        """Change the fields that are given; the others stay. Raises InvalidInput."""
        parts = {} if not isinstance(given, dict) else given
        if not set(parts) <= {"promotion", "retraining"} or not all(isinstance(one, dict) for one in parts.values()):
            raise InvalidInput("these are no rules", field="rules", value=str(given)[:60], mend=MEND)
        before = self.to_json()
        promotion = PromotionRule.of(before["promotion"] | parts.get("promotion", {}))
        retraining = RetrainingRule.of(before["retraining"] | parts.get("retraining", {}))
        await self._store.put_setting(KEY, {"promotion": promotion.to_json(), "retraining": asdict(retraining)})
        self.promotion, self.retraining = promotion, retraining
        entry = AuditEntry(ModelAct.RULES_CHANGED, who, reason, figures={"before": before, "after": self.to_json()})
        await self._store.add_model_audit(entry)
