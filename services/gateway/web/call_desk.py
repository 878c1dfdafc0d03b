"""What the page of the forecast call works with, and calls as they are held, said in, and left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from kit.errors import NotFound
from services.gateway.calls import CallKind, HeldCall
from services.gateway.domain import Principal, Scope
from services.gateway.forecast_client import Simulator
from services.gateway.kept_totals import KeptTotals
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import text_of
from services.gateway.service import Gateway
from services.gateway.web.forecast_forms import PATH, asked_of
from services.gateway.web.forms import page_address
from services.gateway.web.held import LASTS, Asked, Held, Moves, Numbers, Recent, first_seen, gather_numbers, over
from services.gateway.web.rendering import HTMX

Evaluations = Callable[[], Sequence[Mapping[str, Any]]]  # of the forecast's versions, newest first


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page works with."""

    gateway: Gateway
    simulator: Simulator
    held: Held
    recent: Recent
    scratch: Path | None  # for files; without it no xlsx is offered
    evaluations: Evaluations
    past: KeptTotals  # how good numbers were


async def numbers_of(desk: Desk, principal: Principal, request: Request) -> tuple[Asked, Numbers, Moves | None]:
    """The numbers as of now, or those that a call holds; the node may change within a call, and is the reader's own
    where none is named: what changed since its last call is that node's. What takes reading deals comes with them in
    a call, or asked for as a part: a page does not wait for it."""
    asked, token = asked_of(desk.gateway, request), text_of(request, "call")
    named = "node" in request.query_params
    if token:
        store = desk.gateway.store
        sight = await store.sight(principal)
        held, numbers, moves = desk.held.find(principal, sight, token, desk.gateway.workspace.now())
        asked = replace(asked, period=held.period, currency=held.currency)
        asked = replace(asked, node=first_seen(numbers, asked.node, named=named))
        if (asked.since, asked.begin) != (held.since, held.begin):  # another day to compare with
            moves = await desk.recent.within(principal, asked, numbers, moves)
        if principal.scope is not Scope.ALL and {*moves.deals} - await store.seen_among(principal, moves.deals):
            raise over(token)  # one of the deals is somebody else's by now
        return asked, numbers, await desk.recent.judge(principal, asked.node, moves)
    numbers = await gather_numbers(desk.gateway, principal, asked)
    asked = replace(asked, node=first_seen(numbers, asked.node, named=named))
    later = HTMX.is_file() and request.query_params.get("part") not in ("moves", "call")
    return asked, numbers, None if later else await desk.recent.moves(principal, asked, numbers)


async def hold(desk: Desk, request: Request) -> Response:
    """Hold the numbers of now, also instead of those that the call held until now."""
    principal, asked = principal_of(request), asked_of(desk.gateway, request)
    numbers = await gather_numbers(desk.gateway, principal, asked)
    asked = replace(asked, node=first_seen(numbers, asked.node, named="node" in request.query_params))
    moves = await desk.recent.moves(principal, asked, numbers, fresh=0.0)
    token = desk.held.keep(principal, asked, numbers, moves, text_of(request, "call"))
    await _remember(desk, principal, token, asked, numbers, ended=False)
    return RedirectResponse(page_address(request, PATH, call=token), 303)


async def leave(desk: Desk, request: Request) -> Response:
    """End the call: what changes from its numbers on is what changed since the last call."""
    principal, token = principal_of(request), text_of(request, "call")
    store, now = desk.gateway.store, desk.gateway.workspace.now()
    try:
        asked, numbers, _ = desk.held.find(principal, await store.sight(principal), token, now)
    except NotFound:
        pass  # over by itself
    else:
        await _remember(desk, principal, token, asked, numbers, ended=True)
    return RedirectResponse(page_address(request, PATH, call=""), 303)


async def _remember(
    desk: Desk, principal: Principal, token: str, asked: Asked, numbers: Numbers, *, ended: bool
) -> None:  # fmt: skip
    held = HeldCall(token, str(asked.period), asked.node, numbers.time, ended, numbers.recorded)
    await desk.gateway.store.keep_held_call(principal, held, desk.gateway.workspace.now() - LASTS)


async def said_within(desk: Desk, request: Request, kind: CallKind, token: str, said: int) -> bool:
    """Show what was said beside the numbers that the call holds; whether it still holds them."""
    store, principal, asked = desk.gateway.store, principal_of(request), asked_of(desk.gateway, request)
    try:
        began, _, _ = desk.held.find(principal, await store.sight(principal), token, desk.gateway.workspace.now())
    except NotFound:
        return False
    calls = await store.standing_calls(principal, str(began.period))
    mine = [call for call in calls if (call.kind, call.node) == (kind, asked.node)]
    desk.held.say(token, said, kind, asked.node, max(mine, key=lambda call: call.id, default=None))
    return True
