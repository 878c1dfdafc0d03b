"""Contact limits at the moment a suggestion is shown: counted on the contacts made since it was made too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from kit.clock import utc_day
from services.gateway.store.interface import Touch

_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ContactLog:
    """The contacts made with each deal's people, oldest first, as of `now`."""

    now: datetime = _EVER
    touches: Mapping[str, Sequence[Touch]] = field(default_factory=dict)

    def allows(self, deal_id: str, action: Mapping[str, Any]) -> bool:
        """Whether the limits that came with the action leave its channel free; without limits it is."""
        limits = action.get("contact_limits")
        if not limits:
            return True
        made = [each for each in self.touches.get(deal_id, ()) if each.channel == action["channel"]]
        made = [each for each in made if each.time <= self.now]
        last = next((each.time for each in reversed(made) if each.outbound), None)
        if last is None:
            return True
        rules = [(_within(made, self.now, each["days"]), each["contacts"], each["days"]) for each in limits["windows"]]
        if limits["unanswered"]:
            rules.append((_unanswered(made), limits["unanswered"], limits["quiet_days"]))
        passed = (utc_day(self.now) - utc_day(last)).days
        return not any(count >= most and passed < days for count, most, days in rules)


def _within(touches: Sequence[Touch], now: datetime, days: int) -> int:
    return sum(each.outbound and now - each.time < timedelta(days=days) for each in touches)


def _unanswered(touches: Sequence[Touch]) -> int:
    """How many in a row stand without an answer."""
    return sum(1 for _ in takewhile(lambda each: each.outbound, reversed(touches)))
