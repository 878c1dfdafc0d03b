"""A week of a rep or a team: what was won, lost and moved, and what is due next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kit.errors import NotFound
from learning.placements import holders
from services.gateway.domain import Principal, Record
from services.gateway.forecast_changes import changes
from services.gateway.gap import owners_below
from services.gateway.service import Gateway
from services.gateway.store.interface import Query

WEEK, DAY = timedelta(days=7), timedelta(days=1)
DUE_READ, MOST_PAGES, MOST_DUE = 30, 50, 15
SECTIONS: Mapping[str, Sequence[str]] = {
    "won": ("won",),
    "lost": ("lost",),
    "new": ("new", "reopened", "pulled_in", "first_seen"),
    "moved": ("pushed_out", "up", "down", "moved_owner", "deleted"),
}


@dataclass(frozen=True, slots=True)
class WeeklyReport:
    """`moves` are rows of services.gateway.bridge_rows.deal_rows by section; `due` closes within the next week."""

    node: str
    name: str
    first: date  # of seven days
    last: date
    period: str
    currency: str
    row: Mapping[str, Any]  # of the forecast
    moves: Mapping[str, Sequence[Mapping[str, Any]]]
    due: Sequence[Record]


def last_week(today: date) -> tuple[date, date]:
    """The first and the last of the seven days that end with a business day."""
    return today - WEEK + DAY, today


async def weekly_report(gateway: Gateway, principal: Principal, node: str) -> WeeklyReport:
    """The seven days that end with the business day, of a node, else of one's own. Raises NotFound, also for a node
    that is not seen whole."""
    today, chosen = gateway.workspace.business_day, node or await gateway.own_node(principal)
    period = gateway.workspace.calendar.current(today)
    forecast = await gateway.forecast(principal, str(period), chosen)
    [row] = forecast["nodes"]
    if row["booked"] is None:
        mend = "Name yourself or somebody below you"
        raise NotFound("you do not see all of this node", field="node", value=chosen[:60], mend=mend)
    first, last = last_week(today)
    bridge = await changes(gateway, principal, period, chosen, forecast["currency"], first - DAY, None, changed=True)
    moves = {
        name: [one for one in bridge["deals"] if one["cause"] in causes] for name, causes in SECTIONS.items()
    }  # fmt: skip
    owners = owners_below(await gateway.store.tree(principal, today), chosen)
    return WeeklyReport(
        chosen, row["name"], first, last, str(period), forecast["currency"], row, moves,
        await _due(gateway, principal, chosen, owners, today),
    )  # fmt: skip


async def _due(gateway: Gateway, principal: Principal, node: str, owners: frozenset[str], today: date) -> list[Record]:
    """Open deals of these owners that are promised for the next week, soonest first."""
    level, _, user = node.partition(":")
    owner = user if level in ("owner", "manager") else ""
    query = Query(
        owner, subtree=level == "manager", outcome="OPEN", kind="OPPORTUNITY", sort="close_date", closes_after=today,
        closes_by=today + WEEK,
    )  # fmt: skip
    found: list[Record] = []
    cursor = ""
    for _ in range(MOST_PAGES):  # a region is none of the query's
        page = await gateway.store.list_records(principal, query, cursor, DUE_READ)
        found += [one for one in page.records if any(owner in owners for owner, _ in holders(one.history.deal))]
        cursor = page.next_cursor
        if not cursor or len(found) >= MOST_DUE:
            break
    return found[:MOST_DUE]
