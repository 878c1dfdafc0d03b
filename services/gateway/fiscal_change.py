"""Another fiscal year: what it would do to the quotas and calls that name periods, said before it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kit.errors import Conflict, InvalidInput
from learning.fiscal import FiscalCalendar
from services.gateway.domain import Principal
from services.gateway.service import Gateway
from services.gateway.settings_checks import FISCAL_YEAR, fiscal_calendar

CONFIRM = "confirm"
SHOWN = 4  # periods that a refusal spells out
_CALLS = {"quotas": "quotas", "calls": "submissions and adjustments"}


@dataclass(frozen=True, slots=True)
class MovedPeriod:
    """A period that quotas or calls name, and the days that it stands for now and would stand for then."""

    name: str
    count: int
    now: tuple[date, date]
    then: tuple[date, date]


@dataclass(frozen=True, slots=True)
class Moved:
    """What would count for other days: how many quotas and calls, and by period, the first by name first."""

    counts: Mapping[str, int]
    periods: Sequence[MovedPeriod]


async def change_fiscal_year(gateway: Gateway, principal: Principal, given: Any) -> None:
    """Set it; where quotas, submissions or adjustments name periods that would be other days then, only with
    `confirm`: they keep the names, and count for the new days. Raises InvalidInput, Conflict."""
    rest = {name: value for name, value in given.items() if name != CONFIRM} if isinstance(given, dict) else given
    confirmed = given.get(CONFIRM, False) if isinstance(given, dict) else False
    if not isinstance(confirmed, bool):
        mend = "Send true or false"
        raise InvalidInput("confirm is neither true nor false", field=f"{FISCAL_YEAR}.{CONFIRM}", mend=mend)
    found = await moved(gateway, principal, rest)
    if found.periods and not confirmed:
        raise Conflict(
            _told(found), field=FISCAL_YEAR, value=str(rest)[:60],
            mend="Send it with \"confirm\": true and set those anew, or take them away first: DELETE /v1/quotas",
        )  # fmt: skip
    await gateway.workspace.set_fiscal_year(rest)


async def moved(gateway: Gateway, principal: Principal, given: Any) -> Moved:
    """What another fiscal year would move. Raises InvalidInput."""
    old, fresh = gateway.workspace.calendar, fiscal_calendar(given)
    named = await gateway.store.named_periods(principal)
    moving = {kind: {name: count for name, count in found.items() if _moves(old, fresh, name)}
              for kind, found in named.items()}  # fmt: skip
    periods = Counter[str]()
    for found in moving.values():
        periods.update(found)
    spans = [
        MovedPeriod(name, count, (old.parse(name).start, old.parse(name).end),
                    (fresh.parse(name).start, fresh.parse(name).end))
        for name, count in sorted(periods.items())
    ]  # fmt: skip
    return Moved({kind: sum(found.values()) for kind, found in moving.items() if found}, spans)


def _moves(old: FiscalCalendar, fresh: FiscalCalendar, name: str) -> bool:
    return old.parse(name).start != fresh.parse(name).start


def _told(found: Moved) -> str:
    """How many of each name which periods, and which days those would become."""
    counts = [f"{count} {_CALLS[kind]}" for kind, count in found.counts.items()]
    spans = [
        f"{one.name} ({one.count}): now {one.now[0]} to {one.now[1]}, then {one.then[0]} to {one.then[1]}"
        for one in found.periods[:SHOWN]
    ]
    more = f"; and {len(found.periods) - SHOWN} periods more" if len(found.periods) > SHOWN else ""
    return f"{' and '.join(counts)} would keep their periods' names and count for other days: {'; '.join(spans)}{more}"
