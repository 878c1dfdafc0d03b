"""Submitting and adjusting a period's number: the use cases over the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit.errors import Forbidden, InvalidInput
from kit.money import Money
from learning.fiscal import FiscalPeriod
from services.gateway.access.members import Act
from services.gateway.amount_types import AMOUNT, find_type
from services.gateway.calls import Call, CallKind, call_json
from services.gateway.change_log import NODE, note
from services.gateway.domain import Principal
from services.gateway.noted_writes import money_of, typed
from services.gateway.quarter_totals import HORIZON
from services.gateway.rollup import COMPANY
from services.gateway.service import Gateway

CONTEXT = (
    "booked", "mean", "p10", "p50", "p90", "adjusted", "submitted", "submitted_below", "commit", "best_case",
    "pipeline", "quota",
)  # fmt: skip
NEWEST = 2**62  # above every id
SAID = {CallKind.SUBMISSION: Act.SUBMITTED, CallKind.ADJUSTMENT: Act.ADJUSTED}
TAKEN_BACK = {CallKind.SUBMISSION: Act.SUBMISSION_UNDONE, CallKind.ADJUSTMENT: Act.ADJUSTMENT_UNDONE}


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says; without a period of the current one."""

    amount: Money
    note: str = ""
    node: str = COMPANY
    period: FiscalPeriod | None = None
    type_name: str = AMOUNT


async def say(gateway: Gateway, principal: Principal, kind: CallKind, said: Said) -> dict[str, Any]:
    """Submit or adjust, with what was known then. Raises InvalidInput for a period that is over or too far ahead and
    for a currency in which nothing is, NotFound for a node or type that is not there, Forbidden for a node not seen
    whole; Unavailable of another type than amounts while the forecast service is away."""
    kind_of = find_type(gateway.workspace.forecast_types, said.type_name)
    today = gateway.workspace.business_day
    current = gateway.workspace.calendar.current(today)
    period = said.period or current
    if period.end <= today:
        mend = f"Name {current} or a later one"
        raise InvalidInput("the period is over", field="period", value=str(period), mend=mend)
    if period.start > (last := current.next(HORIZON - 1)).end:
        mend = f"Name {current} or a later one up to {last}"
        raise InvalidInput("the period is too far ahead", field="period", value=str(period), mend=mend)
    currency = (await gateway.store.rates()).currency_of(said.amount.currency, today)
    found = await gateway.forecast(principal, str(period), said.node, currency, kind=kind_of)
    [row] = found["nodes"]
    if row["booked"] is None:
        mend = "Name yourself or somebody below you"
        raise Forbidden("you do not see all of this node", field="node", value=said.node, mend=mend)
    await check_currency(gateway, principal, found, "amount.currency")
    known = {name: row[name] for name in CONTEXT} | {"currency": currency}
    now = gateway.workspace.now()
    type_name = kind_of.name if kind_of else AMOUNT
    call = Call(kind, said.node, str(period), said.amount, said.note, principal.id, now, known, type=type_name,
                recorded=gateway.workspace.wall_time())  # fmt: skip
    before = await _stands(gateway, principal, call)
    made = await gateway.store.add_call(principal, call)
    await _note(gateway, principal, SAID[kind], made, before, made)
    await _tell(gateway, made)
    return call_json(made)


async def check_currency(
    gateway: Gateway, principal: Principal, found: Mapping[str, Any], field: str = "currency"
) -> None:
    """Whether there is anything in the currency of totals. Raises InvalidInput naming the currencies there are."""
    money, known = found["currency"], {gateway.workspace.currency, *found["currencies"]}
    if money in known or any(node["quota"] is not None for node in found["nodes"]):
        return
    current = gateway.workspace.calendar.current(gateway.workspace.business_day)
    for ahead in range(HORIZON):
        known |= set((await gateway.forecast(principal, str(current.next(ahead))))["currencies"])
    if money not in known:
        mend = f"Use one of {', '.join(sorted(known))}, the company's being {gateway.workspace.currency}"
        raise InvalidInput("no business is in this currency", field=field, value=money, mend=mend)


async def undo(gateway: Gateway, principal: Principal, kind: CallKind, call_id: int) -> dict[str, Any]:
    """Undo one: the one before it stands again."""
    call = await gateway.store.undo_call(principal, kind, call_id, principal.id, gateway.workspace.now())
    await _note(gateway, principal, TAKEN_BACK[kind], call, call, await _stands(gateway, principal, call))
    await _tell(gateway, call)
    return call_json(call)


async def calls_page(
    gateway: Gateway, principal: Principal, kind: CallKind, asked: tuple[str, str, str], cursor: str, limit: int
) -> tuple[list[dict[str, Any]], str]:
    """A page of what was said of a period, node and type (each '' for all), newest first, and the cursor of the
    next."""
    if cursor and not (cursor.isdecimal() and len(cursor) < 19):
        raise InvalidInput("this is no cursor of this list", field="cursor", value=cursor, mend="Start without")
    before = int(cursor) if cursor else NEWEST
    period, node, type_name = asked
    found = await gateway.store.list_calls(principal, kind, period, node, before, limit, type_name)
    following = str(found[-1].id) if len(found) == limit else ""
    return [call_json(call) for call in found], following


async def last_submission(
    gateway: Gateway, principal: Principal, period: FiscalPeriod, node: str, type_name: str = AMOUNT
) -> Call | None:
    """The submission of a node (else the company) that stands, of any currency."""
    standing = await gateway.store.standing_calls(principal, str(period), type_name)
    mine = [call for call in standing if call.kind is CallKind.SUBMISSION and call.node == (node or COMPANY)]
    return max(mine, key=lambda call: call.id, default=None)


async def _stands(gateway: Gateway, principal: Principal, call: Call) -> Call | None:
    """What stands of the kind in the same place."""
    of = (call.kind, call.node, call.amount.currency)
    standing = await gateway.store.standing_calls(principal, call.period, call.type)
    return next((one for one in standing if (one.kind, one.node, one.amount.currency) == of), None)


async def _note(
    gateway: Gateway, principal: Principal, act: Act, call: Call, before: Call | None, after: Call | None
) -> None:  # fmt: skip
    told = {name: money_of(one.amount) if one else None for name, one in (("before", before), ("after", after))}
    await note(gateway.store, act, principal.id, NODE, call.node, period=call.period, type=typed(call.type), **told)


async def _tell(gateway: Gateway, call: Call) -> None:
    """Whoever reads the period's totals shall read them again."""
    about = {"period": call.period, "currency": call.amount.currency, "of": call.kind.value, "id": call.id}
    await gateway.store.add_event("rollup", "", about)
    gateway.news.wake()
