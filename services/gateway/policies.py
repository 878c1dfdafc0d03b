"""Policies of what is shown first: what RevOps sets, what becomes the champion and why, what could be detected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kit.errors import Conflict, InvalidInput
from learning.action_policies import ActionPolicies, read_policies
from services.gateway.action_catalogue import ActionCatalogue
from services.gateway.domain import Principal
from services.gateway.jobs import wall_time
from services.gateway.kept_totals import KeptTotals
from services.gateway.model_audit import RULE, AuditEntry, ModelAct
from services.gateway.model_versions import ModelVersions
from services.gateway.store.interface import Store

DECISIONS, CONTENTS = "action_policy_decisions", "action_policy_contents"
KEPT_DECISIONS = 100
SERVICE = "next_best_action"
BOTH_TAILS, POWER = 1.959963985, 0.841621234  # normal quantiles: 5 % error, 80 % power


@dataclass(frozen=True, slots=True)
class PolicyDesk:
    """Reads and sets the policies."""

    store: Store
    catalogue: ActionCatalogue
    models: ModelVersions
    kept: KeptTotals = field(default_factory=KeptTotals)

    async def about(self, principal: Principal) -> dict[str, Any]:
        """The policies that serve, what their log says, what the control group could detect, and past decisions."""
        generation, policies = await self.catalogue.serving()
        return {
            "generation": generation,
            **policies.to_json(),
            "shares": policies.shares(),
            "detectable": await self._detectable(principal, policies),
            "evaluation": self._evaluation(),
            "decisions": await self.store.get_setting(DECISIONS) or [],
        }

    async def change(
        self, principal: Principal, given: Mapping[str, Any], expected: int | None = None
    ) -> dict[str, Any]:
        """Set the policies. Another champion needs proof from the log, or a person's reason, which is kept.

        Raises InvalidInput; Conflict where an id stands for something else already, the proof and the reason are
        missing, or another generation than `expected` serves.
        """
        body = dict(given)
        reason = str(body.pop("reason", "") or "")
        if len(reason) > 500:
            raise InvalidInput("the reason is too long", field="reason", mend="Use up to 500 characters")
        policies, (_, before) = read_policies(body), await self.catalogue.serving()
        contents = await self._same_contents(policies, before)
        ground = self._ground(policies, before, reason)
        await self.catalogue.set_policies(policies, reason or "policies", expected, principal.id)
        await self.store.put_setting(CONTENTS, contents)
        if policies.champion != before.champion:
            difference = self._difference(policies.champion, before.champion)
            entry = {
                "time": wall_time(), "by": principal.id, "from": before.champion, "to": policies.champion,
                "ground": ground, "reason": reason, "difference": difference,
            }  # fmt: skip
            decisions = [entry, *(await self.store.get_setting(DECISIONS) or [])]
            await self.store.put_setting(DECISIONS, decisions[:KEPT_DECISIONS])
            await self.store.add_model_audit(
                AuditEntry(ModelAct.PROMOTED, principal.id if ground == "person" else RULE, reason, SERVICE,
                           f"policy {policies.champion}", f"policy {before.champion}",
                           figures=difference or {})
            )  # fmt: skip
            await self.store.add_event("policy", "", {"champion": policies.champion, "ground": ground})
        return await self.about(principal)

    async def _same_contents(self, policies: ActionPolicies, before: ActionPolicies) -> dict[str, Any]:
        """What every id ever used stands for: a log would mix two policies under one name."""
        known = dict(await self.store.get_setting(CONTENTS) or {})
        for each in before.policies:
            known.setdefault(each.id, list(each.content))
        for place, each in enumerate(policies.policies):
            if known.setdefault(each.id, list(each.content)) != list(each.content):
                raise Conflict("this id stands for another policy already", field=f"policies[{place}].id",
                               value=each.id, mend="Give the changed policy an id of its own")  # fmt: skip
        return known

    def _ground(self, policies: ActionPolicies, before: ActionPolicies, reason: str) -> str:
        if policies.champion == before.champion:
            return ""
        proof = self._difference(policies.champion, before.champion)
        by_deal = before.unit == "deal"  # intervals count deals: where owners are assigned they would be too narrow
        if by_deal and proof is not None and not proof.get("why") and float(proof["low"] or 0.0) > 0:
            return "evaluation"
        if reason:
            return "person"
        found = "has no comparison with it yet" if proof is None else "does not show that it is better"
        raise Conflict(f"the log {found}", field="champion", value=policies.champion,
                       mend="Let it challenge until the lower bound is above zero, or send a reason")  # fmt: skip

    def _difference(self, policy: str, other: str) -> dict[str, Any] | None:
        """How much better the log says the one is than the other; None where it says nothing."""
        found = (self._evaluation() or {}).get("differences", {}).get(policy, {}).get(other)
        return dict(found) if found else None

    def _evaluation(self) -> dict[str, Any] | None:
        """What training made of the log: of the version that serves."""
        about = self.models.about(SERVICE)
        serving = about["serving"]["version"]
        version = next((each for each in about["versions"] if each["version"] == serving), None)
        found = (version or {}).get("evaluation", {}).get("showing")
        return dict(found) if found else None

    async def outcomes(self, principal: Principal) -> Mapping[str, int]:
        """How many deals of each outcome the principal sees: `open`, `won` and `lost`."""

        async def counted() -> dict[str, Any]:
            return dict(await self.store.counts(principal, deals_only=True))

        return await self.kept.of(await self.store.edition(), (principal.scope, principal.user_id), counted)

    async def _detectable(self, principal: Principal, policies: ActionPolicies) -> dict[str, Any]:
        """The least change of the win rate that the control group would show: 80 % power, 5 % error, both sides."""
        counts = await self.outcomes(principal)
        won, lost, still = counts["won"], counts["lost"], counts["open"]
        rate = (won + 1) / (won + lost + 2)
        deals, share = won + lost + still, policies.control_share
        control = deals * share
        difference = None
        if control >= 1 and deals - control >= 1:
            spread = rate * (1 - rate) * (1 / control + 1 / (deals - control))
            difference = round((BOTH_TAILS + POWER) * spread**0.5, 6)
        return {"deals": deals, "control_deals": round(control), "win_rate": round(rate, 6), "difference": difference}
