"""Leaving asks, settling and listing them: the use cases over the store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kit.errors import InvalidInput
from services.gateway.access.members import Act
from services.gateway.asks.records import Ask, AskQuery, ShownAsk, ask_json, cursor_of
from services.gateway.change_log import ASK, note
from services.gateway.domain import Principal
from services.gateway.service import Gateway


async def leave(gateway: Gateway, principal: Principal, ask: Ask) -> ShownAsk:
    """Keep an ask, as said by the principal now. Raises InvalidInput for a day that is over, and as the store does."""
    today = gateway.workspace.business_day
    if ask.due < today:
        mend = f"Name {today.isoformat()} or a later day"
        raise InvalidInput("this day is over", field="due", value=ask.due.isoformat(), mend=mend)
    made = await gateway.store.add_ask(principal, replace(ask, author=said_by(principal), time=gateway.workspace.now()))
    await _note(gateway, principal, Act.ASK_MADE, made)
    gateway.news.wake()
    return made


async def settle(gateway: Gateway, principal: Principal, ask_id: int, *, done: bool) -> ShownAsk:
    """It is done, or open again."""
    time = gateway.workspace.now() if done else None
    made = await gateway.store.settle_ask(principal, ask_id, said_by(principal), time)
    await _note(gateway, principal, Act.ASK_CLOSED if done else Act.ASK_REOPENED, made)
    gateway.news.wake()
    return made


async def asks_page(
    gateway: Gateway, principal: Principal, query: AskQuery, cursor: str, limit: int
) -> tuple[list[dict[str, Any]], str]:
    """A page of asks by day, and the cursor of the next."""
    found = await gateway.store.list_asks(principal, query, cursor, limit)
    return [ask_json(one) for one in found], cursor_of(found[-1]) if len(found) == limit else ""


async def _note(gateway: Gateway, principal: Principal, act: Act, made: ShownAsk) -> None:
    """Of whom what is asked for; what it is stands with the ask."""
    told = {"deal": made.ask.deal_id, "user": made.whose, "day": made.ask.due.isoformat()}
    await note(gateway.store, act, principal.id, ASK, made.ask.id, **told)


def said_by(principal: Principal) -> str:
    """Who says it: the user of the CRM that somebody is, else who signed in."""
    return principal.user_id or principal.id
