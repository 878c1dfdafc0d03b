"""What was decided to be shown on deals and what people answered: the log the effect of showing is learned from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kit.errors import InvalidInput
from learning.answers import Verb

NOTHING = ""  # the action of showing nothing


@dataclass(frozen=True, slots=True)
class Decided:
    """What was shown first on a deal in a week.

    `chances` is what each policy shows first and how likely, `shares` those of the policies among all deals, of the
    control group under the empty id.
    """

    deal_id: str
    since: date
    day: date
    policy: str
    control: bool
    action: str  # that the policy drew; nothing of it was shown where `control`
    propensity: float
    chances: Mapping[str, Mapping[str, float]]
    shares: Mapping[str, float]
    insight_id: str = ""

    @property
    def shown(self) -> str:
        """What was shown first."""
        return NOTHING if self.control else self.action

    def design(self) -> dict[str, float]:
        """The probability of each action to be shown first, over all that was left to chance."""
        found = {NOTHING: self.shares.get("", 0.0)}
        for policy, share in self.shares.items():
            for action, chance in self.chances.get(policy, {}).items() if policy else ():
                found[action] = found.get(action, 0.0) + share * chance
        return found


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that stands."""

    deal_id: str
    action: str
    verb: Verb
    time: datetime
    suggestion_id: str = ""
    reason: str = ""


def decided(
    deal_id: str, since: date, day: date, _: datetime, insight_id: str, policy: str, control: bool, action: str,
    propensity: float, chances: str, shares: str, __: str,
) -> Decided:  # fmt: skip
    """From a row of decisions.parquet. Raises InvalidInput."""
    try:
        by_policy: dict[str, dict[str, float]] = {}
        for one in json.loads(chances):
            by_policy.setdefault(str(one["policy"]), {})[str(one["action"])] = float(one["probability"])
        sizes: dict[str, Any] = json.loads(shares)
        return Decided(
            deal_id, since, day, policy, bool(control), action or NOTHING, float(propensity), by_policy,
            {str(name): float(share) for name, share in sizes.items()}, insight_id or "",
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"this is no decision: {error}", field="decisions.parquet", value=deal_id[:60],
                           mend="See docs/history-format.md.") from None  # fmt: skip
