"""Another fiscal year: what it would do to the quotas and calls that name periods, said before it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from kit.errors import Conflict, InvalidInput
from learning.fiscal import FiscalCalendar
from services.gateway.domain import Principal
from services.gateway.service import Gateway
from services.gateway.workspace import FISCAL_YEAR, fiscal_calendar

CONFIRM = "confirm"
SHOWN = 4  # periods that a refusal spells out
_CALLS = {"quotas": "quotas", "calls": "submissions and adjustments"}


async def change_fiscal_year(gateway: Gateway, principal: Principal, given: Any) -> None:
    """Set it; where quotas, submissions or adjustments name periods that would be other days then, only with
    `confirm`: they keep the names, and count for the new days. Raises InvalidInput, Conflict."""
    rest = {name: value for name, value in given.items() if name != CONFIRM} if isinstance(given, dict) else given
    confirmed = given.get(CONFIRM, False) if isinstance(given, dict) else False
    fresh = fiscal_calendar(rest)
    if not isinstance(confirmed, bool):
        mend = "Send true or false"
        raise InvalidInput("confirm is neither true nor false", field=f"{FISCAL_YEAR}.{CONFIRM}", mend=mend)
    old = gateway.workspace.calendar
    named = await gateway.store.named_periods(principal)
    moved = {kind: {name: count for name, count in found.items() if _moves(old, fresh, name)}
             for kind, found in named.items()}  # fmt: skip
    if any(moved.values()) and not confirmed:
        raise Conflict(
            _told(old, fresh, moved), field=FISCAL_YEAR, value=str(rest)[:60],
            mend="Send it with \"confirm\": true and set those anew, or take them away first: DELETE /v1/quotas",
        )  # fmt: skip
    await gateway.workspace.set_fiscal_year(rest)


def _moves(old: FiscalCalendar, fresh: FiscalCalendar, name: str) -> bool:
    return old.parse(name).start != fresh.parse(name).start


def _told(old: FiscalCalendar, fresh: FiscalCalendar, moved: Mapping[str, Mapping[str, int]]) -> str:
    """How many of each name which periods, and which days those would become."""
    counts = [f"{sum(found.values())} {_CALLS[kind]}" for kind, found in moved.items() if found]
    periods = Counter[str]()
    for found in moved.values():
        periods.update(found)
    spans = []
    for name, count in sorted(periods.items())[:SHOWN]:
        now, then = old.parse(name), fresh.parse(name)
        spans.append(f"{name} ({count}): now {now.start} to {now.end}, then {then.start} to {then.end}")
    more = f"; and {len(periods) - SHOWN} periods more" if len(periods) > SHOWN else ""
    return f"{' and '.join(counts)} would keep their periods' names and count for other days: {'; '.join(spans)}{more}"
