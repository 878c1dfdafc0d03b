"""What may be supposed: stages that there are, days that are not over, and money that the totals count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from kit.errors import InvalidInput
from kit.money import Money
from learning.fiscal import FiscalPeriod
from services.gateway.added_pipeline import Added
from services.gateway.domain import Principal
from services.gateway.service import Gateway

MOST_NAMED, SHOWN = 40, 60


async def check_added(gateway: Gateway, principal: Principal, period: FiscalPeriod, added: Sequence[Added]) -> None:
    """Raises InvalidInput for a stage that no pipeline and no deal that is seen has, a day that is over, and an amount
    that totals of the period do not count."""
    for place, each in enumerate(added):
        if each.stage:
            await _check_stage(gateway, principal, f"added[{place}].stage", each)
        check_promised(gateway, f"added[{place}].close_date", each.close_date)
        await check_money_counts(gateway, principal, period, f"added[{place}].amount", each.amount)


async def _check_stage(gateway: Gateway, principal: Principal, field: str, each: Added) -> None:
    pipelines: Mapping[str, Sequence[str]] = await gateway.store.get_setting("pipelines") or {}
    named = {stage for stages in pipelines.values() for stage in stages}
    known = set(pipelines.get(each.pipeline) or ()) or {*named, *await gateway.store.list_stages(principal)}
    if each.stage in known:
        return
    listed = ", ".join(one[:SHOWN] for one in sorted(known)[:MOST_NAMED])
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    mend = f"Use one of {listed}{more}, or leave it out" if known else "Leave it out: no deal is in any stage yet"
    raise InvalidInput("no pipeline has such a stage", field=field, value=each.stage[:SHOWN], mend=mend)


def check_promised(gateway: Gateway, field: str, day: date | None) -> None:
    """Raises InvalidInput for a day that no deal can be promised for any more."""
    today = gateway.workspace.business_day
    if day is not None and day < today:
        mend = f"Name {today} or a later one"
        raise InvalidInput("this day is over", field=field, value=day.isoformat(), mend=mend)


async def check_money_counts(
    gateway: Gateway, principal: Principal, period: FiscalPeriod, field: str, amount: Money | None, own: str = ""
) -> None:
    """Raises InvalidInput for an amount that would leave the totals: in a currency without a rate. own: the currency
    that the deal is in already. Without any rates each currency with business has totals of its own."""
    rates, company = await gateway.store.rates(), gateway.workspace.currency
    if amount is None or amount.currency == own:
        return
    code = rates.currency_of(amount.currency, gateway.workspace.business_day)
    known = {company} if rates or own else {company, *(await gateway.forecast(principal, str(period)))["currencies"]}
    if code not in known:
        mend = f"Use {own or company}, or PUT /v1/exchange-rates"
        raise InvalidInput(
            f"there is no exchange rate of {code} to {company}: the totals would not count this amount",
            field=field, value=code, mend=mend,
        )  # fmt: skip
