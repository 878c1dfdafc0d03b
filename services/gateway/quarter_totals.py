"""Which of the forecast service's totals tell of a period: those of the quarter that it lies in or ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kit.errors import InvalidInput
from learning.fiscal import FiscalPeriod, Grain, months_id
from services.gateway.domain import Principal
from services.gateway.store.interface import Store, StoredRollup
from services.gateway.workspace import Workspace

HORIZON = 4  # the current quarter and the next three


@dataclass(frozen=True, slots=True)
class View:
    """A period as of a business day.

    quarters: the one whose totals tell of what is open in it; none where the period is over, None where it ends
    beyond the horizon. start: the first day that these totals are of: of a half or a year under way, its quarter's.
    """

    period: FiscalPeriod
    over: bool
    quarters: Sequence[FiscalPeriod] | None
    start: date

    @classmethod
    def of(cls, period: FiscalPeriod, workspace: Workspace) -> View:
        """Raises InvalidInput where the period begins beyond the forecast's horizon."""
        today, calendar = workspace.business_day, workspace.calendar
        current = calendar.current(today)
        last = current.next(HORIZON - 1)
        if period.start > last.end:
            known = ", ".join(str(current.next(ahead)) for ahead in range(HORIZON))
            raise InvalidInput(
                "the period is beyond the forecast's horizon", field="period", value=str(period),
                mend=f"Ask for a past period or one of {known}",
            )  # fmt: skip
        if period.end <= today:
            return cls(period, over=True, quarters=(), start=period.start)
        start = period.start if period.grain is Grain.MONTH else max(period.start, current.start)
        told = period.end <= last.end
        return cls(period, over=False, quarters=[calendar.of(Grain.QUARTER, period.end)] if told else None, start=start)

    @property
    def asked(self) -> str:
        """What the forecast service calls the days that its totals are to be of."""
        return months_id(self.start, self.period.end)


async def rollups_of(
    store: Store, principal: Principal, view: View, currency: str = "", node: str = ""
) -> list[StoredRollup]:  # fmt: skip
    """What is open in the period, node by node."""
    found = []
    for quarter in view.quarters or ():
        for one in await store.rollups(principal, months_id(quarter.start, quarter.end), currency, node):
            body = _part(one.body, view, quarter)
            if body is not None:
                found.append(StoredRollup(one.node, str(view.period), one.currency, body))
    return found


def _part(body: Mapping[str, Any], view: View, quarter: FiscalPeriod) -> Mapping[str, Any] | None:
    """What is told of exactly these days; None where it is not."""
    start, end = view.start.isoformat(), view.period.end.isoformat()
    if (body.get("start_date") or quarter.start.isoformat(), end) == (start, quarter.end.isoformat()):
        return body
    found = next((one for one in body.get("spans", ()) if (one["start_date"], one["end_date"]) == (start, end)), None)
    return None if found is None else {**body, **found}
