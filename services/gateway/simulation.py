"""What totals would be if deals closed, slipped, changed or were added: tried on scenarios, written nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kit.errors import InvalidInput
from kit.money import Money, format_minor
from learning.exchange import Rates
from learning.fiscal import FiscalPeriod
from learning.placements import REPORTING, WHOLE, Tree, cut_at, holders
from learning.records import Change, ChangeValue, Outcome
from learning.tree import COMPANY
from services.gateway.added_pipeline import Added, new_deals
from services.gateway.amount_types import AMOUNT, AmountType, amount_of
from services.gateway.domain import InsightKind, Principal, Record
from services.gateway.forecast_client import Simulator
from services.gateway.forecast_days import to_minor
from services.gateway.quarter_totals import View
from services.gateway.rollup import OWNER, SUMS, chance, quantile
from services.gateway.service import Gateway
from services.gateway.simulation_checks import check_added, check_money_counts, check_promised
from services.gateway.store.interface import StoredRollup

SHARES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


@dataclass(frozen=True, slots=True)
class Supposed:
    """A deal as it would be: won or lost in the period, or with another promised date or amount; None as it is."""

    deal_id: str
    outcome: Outcome | None = None
    close_date: date | None = None
    amount: Money | None = None


async def simulate(
    gateway: Gateway, simulator: Simulator, principal: Principal, period: FiscalPeriod, supposed: Sequence[Supposed],
    added: Sequence[Added] = (), kind: AmountType | None = None, tree: Tree | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The totals of the nodes concerned before and after, in each currency, over the reporting line or another tree.
    Lead scores stay as they are.

    Raises InvalidInput for a period that the forecast does not tell of, for deals that are not open or not scored
    yet, for stages, days and amounts that cannot be, and for added deals where another type than amounts is asked for;
    NotFound also for an owner of added deals who is none, Unavailable.
    """
    if added and kind is not None:
        mend = "Suppose them of amounts: leave type out"
        raise InvalidInput("added deals have no number of this type", field="added", value=kind.name, mend=mend)
    view = View.of(period, gateway.workspace)
    if not view.quarters:
        mend = "Name one that is not over, and ends within four quarters"
        raise InvalidInput("the forecast tells nothing of this period", field="period", value=str(period), mend=mend)
    await check_added(gateway, principal, period, added)
    deals = [await _supposed(gateway, principal, each, period, place) for place, each in enumerate(supposed)]
    current, after = await simulator.simulate(
        view.asked, gateway.workspace.business_day, deals, await new_deals(gateway, principal, added),
        kind.field if kind else "",
    )  # fmt: skip
    name = tree.name if tree else REPORTING
    booked = _booked(deals, await gateway.store.rates(), kind, gateway.workspace.currency, name)
    mine = {OWNER + owner for record in deals for owner, _ in holders(record.history.deal)}
    mine |= {OWNER + each.owner_id for each in added}
    codes = sorted({one.currency for one in after})
    wholes = [await gateway.forecast(principal, str(period), "", code, tree, kind) for code in codes]
    return {
        "period": str(period),
        "type": kind.name if kind else AMOUNT,
        "tree": name,
        "assumed": [] if kind else _assumed(deals),
        "cautions": list({each["text"]: each for whole in wholes for each in whole["cautions"]}.values()),
        "stale": any(whole["stale"] for whole in wholes),
        "nodes": [
            row
            for whole in wholes
            for row in _rows(whole, current, after, booked)
            if row["node"] in mine or not row["node"].startswith(OWNER) or row["before"] != row["after"]
        ],
    }


async def _supposed(
    gateway: Gateway, principal: Principal, asked: Supposed, period: FiscalPeriod, place: int
) -> Record:  # fmt: skip
    record = await gateway.store.get_record(principal, asked.deal_id)
    deal = record.history.deal
    if deal.outcome is not Outcome.OPEN or deal.deleted or InsightKind.LEAD_SCORE not in record.insights:
        mend = "Name open deals that have a score"
        raise InvalidInput("this deal is not open, or not scored yet", field="id", value=deal.id, mend=mend)
    check_promised(gateway, f"deals[{place}].close_date", asked.close_date)
    own = deal.amount.currency if deal.amount else ""
    await check_money_counts(gateway, principal, period, f"deals[{place}].amount", asked.amount, own)
    now, today = gateway.workspace.now(), gateway.workspace.business_day
    given: dict[str, ChangeValue | None] = {"close_date": asked.close_date, "amount": asked.amount}
    changes = [Change(name, value, now, now, deal.revision) for name, value in given.items() if value is not None]
    deal = replace(deal, amount=asked.amount or deal.amount, close_date=asked.close_date or deal.close_date)
    if asked.outcome is not None:
        deal = replace(deal, outcome=asked.outcome, closed_date=max(today, period.start))
    past = (*record.history.changes, *changes)
    history = replace(record.history, deal=deal, changes=past, activities=(), contacts=(), counters=())
    return replace(record, history=history)


def expected_amount(record: Record) -> Money | None:
    """What the forecast expects a deal to bring if it is won; None where nothing is forecast of it."""
    told = record.insights.get(InsightKind.FORECAST)
    amount = told.body.get("amount") if told else None
    return Money.parse(amount["currency"], amount["mean"]) if amount else None


def _assumed(deals: Sequence[Record]) -> list[dict[str, Any]]:
    """What the deals that would be won without an amount are taken to bring."""
    found = []
    for record in deals:
        if record.history.deal.outcome is Outcome.WON and record.history.deal.amount is None:
            money = expected_amount(record)
            amount = {"currency": money.currency, "value": money.value} if money else None
            found.append({"id": record.history.deal.id, "amount": amount})
    return found


def _booked(
    deals: Sequence[Record], rates: Rates, kind: AmountType | None, currency: str, tree: str
) -> dict[tuple[str, str], int]:  # fmt: skip
    """What would be booked besides, by node and the currency that it counts in, in minor units."""
    more: dict[tuple[str, str], int] = {}
    for record in deals:
        deal = record.history.deal
        money = amount_of(deal, kind, currency) or (None if kind else expected_amount(record))
        if deal.outcome is Outcome.WON and money is not None:
            stands = [(one.path, one.share) for one in record.history.placements if one.tree == tree]
            if tree != REPORTING:
                stands = [((COMPANY, *path), share) for path, share in stands]
            stands = stands or [(record.history.owner_path, WHOLE)]
            amount = rates.counted(money, deal.closed_date or date.max)
            minors = cut_at(amount.minor, [share for _, share in stands])
            for (path, _), minor in zip(stands, minors, strict=True):
                for node in path:
                    key = (node.id, amount.currency)
                    more[key] = more.get(key, 0) + minor
    return more


def _rows(
    whole: Mapping[str, Any], current: Sequence[StoredRollup], after: Sequence[StoredRollup],
    booked: Mapping[tuple[str, str], int],
) -> list[dict[str, Any]]:  # fmt: skip
    """Of the nodes that are seen whole and that the deals concern, in the currency of a forecast."""
    currency = whole["currency"]
    told, then = ({one.node: one for one in some if one.currency == currency} for some in (current, after))
    return [
        _row(node, currency, told[node["node"]], then[node["node"]], booked.get((node["node"], currency), 0))
        for node in whole["nodes"]
        if node["booked"] is not None and node["node"] in told and node["node"] in then
    ]


def _row(
    node: Mapping[str, Any], currency: str, before: StoredRollup, after: StoredRollup, more: int
) -> dict[str, Any]:  # fmt: skip
    booked = to_minor(node["booked"], currency) or 0
    told = node["quota_probability"] is not None  # else there is none of what would be either
    quota = to_minor(node["quota"], currency) if told else None
    named = {name: node[name] for name in ("node", "level", "name", "parent", "quota")}
    return named | {
        "currency": currency,
        "before": _totals(currency, before, booked, quota),
        "after": _totals(currency, after, booked + more, quota),
    }


def _totals(currency: str, rollup: StoredRollup, booked: int, quota: int | None) -> dict[str, Any]:
    body, scenarios = rollup.body, rollup.body["scenarios"]
    row: dict[str, Any] = {"booked": format_minor(currency, booked)}
    row["mean"] = format_minor(currency, booked * scenarios + sum(body[name] for name in SUMS), scenarios)
    for name, share in SHARES.items():
        row[name] = format_minor(currency, booked + round(quantile(body["quantiles"], share)))
    row["quota_probability"] = None if quota is None else chance(body["quantiles"], quota - booked)
    return row
