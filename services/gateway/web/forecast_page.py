"""The forecast call: a manager's page about a period's number, what moved it, and what would move it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import DealcastError
from learning.fiscal import Grain
from services.gateway.asks.records import AskQuery
from services.gateway.calls import CallKind, call_json
from services.gateway.disagreements import COMMIT, disagreements
from services.gateway.domain import Principal
from services.gateway.exports.rows import node_source
from services.gateway.exports.tables import FORECAST
from services.gateway.forecast_client import Simulator
from services.gateway.forecast_days import accuracy
from services.gateway.gap import close_gap
from services.gateway.hindsight.desk import MOST_QUARTERS, reached
from services.gateway.kept_totals import KeptTotals
from services.gateway.own_record import PEOPLES
from services.gateway.quarter_totals import HORIZON, View
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import text_of
from services.gateway.rollup import COMPANY
from services.gateway.service import Gateway
from services.gateway.web.asks_page import asks_of, did_ask, new_ask
from services.gateway.web.below_views import below_said
from services.gateway.web.bridge_view import bridge_view
from services.gateway.web.call_desk import Desk, Evaluations, hold, leave, numbers_of, said_within
from services.gateway.web.call_views import (
    node_name,
    number_view,
    past_views,
    said_by,
    tree_view,
    walk,
)
from services.gateway.web.doubt_views import doubt_views, gap_view
from services.gateway.web.forecast_forms import PATH, SAYING, Typed, say_number, what_if
from services.gateway.web.forms import deals_of_node, page_address
from services.gateway.web.held import BEGINS, BEGUN, Asked, Held, Moves, Numbers, Recent
from services.gateway.web.history_views import reached_said
from services.gateway.web.member_names import People, author_names, full_names, people_of, place_name
from services.gateway.web.parts_page import PARTS
from services.gateway.web.parts_page import router as parts_router
from services.gateway.web.refusals import BOOK
from services.gateway.web.rendering import answer, page, render, shown_at
from services.gateway.web.words import Words
from services.gateway.web.workbooks import workbook_of

MOST_PERIODS, GAP_DEALS = 6, 5
CAUTIONS = {"no_model": "call.no_model", "quota_apart": "call.quota_apart"}


def router(
    gateway: Gateway, simulator: Simulator, scratch: Path | None = None, evaluations: Evaluations = list
) -> APIRouter:
    """The routes. `evaluations` of the forecast's versions, newest first."""
    routes = APIRouter(include_in_schema=False)
    desk = Desk(gateway, simulator, Held(), Recent(gateway), scratch, evaluations, KeptTotals())

    @routes.get(PATH)
    async def forecast_call(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _page(desk, request, words))

    @routes.post(PATH + "/hold")
    async def begin(request: Request) -> Response:
        return await answer(gateway, request, lambda _: hold(desk, request))

    @routes.post(PATH + "/leave")
    async def end(request: Request) -> Response:
        return await answer(gateway, request, lambda _: leave(desk, request))

    @routes.post(SAYING[CallKind.SUBMISSION])
    async def submit(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _say(desk, request, CallKind.SUBMISSION, words))

    @routes.post(SAYING[CallKind.ADJUSTMENT])
    async def adjust(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _say(desk, request, CallKind.ADJUSTMENT, words))

    @routes.post(PATH + "/what-if")
    async def suppose(request: Request) -> Response:
        return await answer(gateway, request, lambda words: what_if(gateway, simulator, request, words))

    routes.include_router(parts_router(gateway, desk.held, scratch))
    if scratch is not None:

        @routes.get(PATH + ".xlsx")
        async def workbook(request: Request) -> Response:
            return await answer(gateway, request, lambda words: _workbook(desk, request, scratch, words))

    return routes


async def _workbook(desk: Desk, request: Request, scratch: Path, words: Words) -> Response:
    """The period's totals at and below the node as the page shows them: within a call those that it holds."""
    asked, numbers, _ = await numbers_of(desk, principal_of(request), request)
    seen = [row for row in numbers.below(asked.node) if row["booked"] is not None]
    sources = [{**numbers.forecast, "part": node_source(row, words.language)} for row in seen]
    return await workbook_of(FORECAST, sources, words.language, scratch, f"forecast-{asked.period}.xlsx")


async def _say(desk: Desk, request: Request, kind: CallKind, words: Words) -> Response:
    """What was said is saved, or what was typed stands in the form again, with what is wrong beside it."""
    said = await say_number(desk.gateway, request, kind, words)
    if isinstance(said, Typed):
        shown_at(request, PATH)
        return page(await _page(desk, request, words, said), 400, words)
    token = text_of(request, "call")
    token = token if token and await said_within(desk, request, kind, token, said) else ""
    return RedirectResponse(page_address(request, PATH, call=token) + "#say", 303)


async def _page(desk: Desk, request: Request, words: Words, typed: Typed | None = None) -> str:
    gateway, principal = desk.gateway, principal_of(request)
    asked, numbers, moves = await numbers_of(desk, principal, request)
    people, part = await people_of(gateway, principal, words), request.query_params.get("part", "")
    if part == "gap":
        return await _gap(desk, principal, asked, people, request, words)
    names = author_names((), await gateway.store.list_members(), words)
    names |= {user_id: one.called for user_id, one in people.items()}
    own = (await gateway.own_record(principal)).shown(asked.node) == PEOPLES
    values = _number_values(numbers, asked, names, words, own=own) | _links(desk, request, numbers, asked, words)
    values |= await _asks(gateway, principal, numbers, asked, people, request, words)
    values |= _move_values(numbers, moves, asked, View.of(asked.period, gateway.workspace), people, words)
    if part == "moves":
        return render("_moves.html", request, words, **values)
    values["said"] = _said(request, numbers, asked, values["saying_of"], names, words)
    values["typed"] = typed
    ranged = values["number"] is not None and values["number"].ranged
    past = await _past(desk, principal, numbers, asked.node, ranged=ranged)
    values["reached"] = reached_said(past["reached"], words)
    found = past["accuracy"]
    values |= {"past": past_views(found, words), "withheld": found["people_withheld"] is not None}
    day = words.day(gateway.workspace.business_day)
    values |= {"since": numbers.event, "business_day": day, "sample": gateway.workspace.sample}
    return render("_call.html" if part == "call" else "forecast.html", request, words, **values)


async def _past(desk: Desk, principal: Principal, numbers: Numbers, node: str, *, ranged: bool) -> dict[str, Any]:
    """How good the node's numbers were in past quarters; with a range, how often it held."""
    gateway, currency = desk.gateway, numbers.forecast["currency"]

    async def make() -> dict[str, Any]:
        days = await gateway.store.forecast_days(principal, node, currency)
        found = await accuracy(gateway, principal, node, currency, MOST_QUARTERS, written=days)
        told = (node, currency, days)
        return {
            "reached": await reached(gateway, principal, desk.evaluations(), *told) if ranged else None,
            "accuracy": {**found, "periods": found["periods"][:MOST_PERIODS]},
        }

    return await desk.past.of(await gateway.edition(), (principal, node, currency, ranged), make)


async def _asks(
    gateway: Gateway, principal: Principal, numbers: Numbers, asked: Asked, people: People, request: Request,
    words: Words,
) -> dict[str, Any]:  # fmt: skip
    """Open asks of the node, as of now also within a call, and the form for one on the deal asked for."""
    query = AskQuery(owners=None if asked.node == COMPANY else numbers.owners(asked.node), open=True)
    return {
        "asks": await asks_of(gateway, principal, query, people, words),
        "did_ask": await did_ask(gateway, principal, text_of(request, "did")),
        "new_ask": await new_ask(gateway, principal, text_of(request, "ask"), people, words),
        "to_ask": lambda deal_id: page_address(request, PATH, ask=deal_id) + "#asks",
    }  # fmt: skip


def _number_values(
    numbers: Numbers, asked: Asked, names: Mapping[str, str], words: Words, *, own: bool
) -> dict[str, Any]:  # fmt: skip
    """`own`: what people said of the node is theirs to see, also where that of others is withheld."""
    forecast, submission = numbers.forecast, numbers.standing(CallKind.SUBMISSION, asked.node)
    row = [one for one in forecast["nodes"] if one["node"] == asked.node]
    told = call_json(submission) if submission else None
    below, opened = below_said(forecast["nodes"], asked.node), asked.period.end > numbers.day
    withheld = None if own else forecast.get("people_withheld")
    number = number_view({**forecast, "nodes": row, "people_withheld": withheld}, told, names, words, below)
    return {
        "number": number, "empty": opened and asked.node == COMPANY and number is not None and number.bar.empty,
        "node_name": node_name(row[0], words) if row else "",
        "saying_of": place_name(asked.node, node_name(row[0], words), words) if row else "",
        "as_of": words.time(numbers.time), "currency": forecast["currency"], "cautions": [
            words(CAUTIONS.get(one["code"], "call.apart"), currency=one["currency"])
            for one in forecast.get("cautions", ())
        ] + [
            words(f"call.doubt_{one['code']}", count=words.number(one["count"]), of=words.number(one["of"]))
            for one in (row[0]["cautions"] if row else ())
        ],
        "open": opened,
    }  # fmt: skip


def _move_values(
    numbers: Numbers, moves: Moves | None, asked: Asked, view: View, people: People, words: Words
) -> dict[str, Any]:
    """The bridge, the tree with what moved in it, and the deals in doubt; the first and last are None until read."""
    tree = tree_view(numbers.forecast, moves.bridge if moves else None, asked.node, words, people)
    if moves is None:
        return {"moves": False, "bridge": None, "doubts": None, "tree": tree}
    owners = numbers.owners(asked.node)
    bridge = {**moves.bridge, "deals": [one for one in moves.bridge["deals"] if one["owner_id"] in owners]}
    rest = (numbers.rates, numbers.forecast["currency"], numbers.day)
    judged = disagreements(moves.judged[asked.node], view, owners, *rest)
    shown = bridge_view(bridge, asked.node, full_names(people), words, moves.since)
    return {"moves": True, "bridge": shown, "doubts": doubt_views(judged, words, people), "tree": tree}


def _said(
    request: Request, numbers: Numbers, asked: Asked, name: str, names: Mapping[str, str], words: Words
) -> list[dict[str, Any]]:
    """The two things that can be said, and what stands of each."""
    said, node = [], "" if asked.node == COMPANY else asked.node  # of what is shown
    for kind in CallKind:
        call = numbers.standing(kind, asked.node)
        amount = {"currency": call.amount.currency, "value": call.amount.value} if call else None
        told = said_by(call_json(call), names, words) if call else ""
        shown = {"kind": kind, "id": call.id if call else 0, "amount": words.money(amount), "told": told}
        texts = {"label": words(f"call.{kind}"), "means": words(f"call.{kind}_told", name=name)}
        where = {"route": SAYING[kind], "to": page_address(request, SAYING[kind], node=node)}
        said.append(where | shown | texts)
    return said


def _links(desk: Desk, request: Request, numbers: Numbers, asked: Asked, words: Words) -> dict[str, Any]:
    before, after, above = walk(numbers.forecast, asked.node)

    def to_node(node: str) -> str:
        return page_address(request, PATH, node=node) if node else ""

    def to_parts(node: str) -> str:
        return page_address(request, PARTS, node=node, since="")

    def committed_deals(node: str) -> str:
        return deals_of_node(request, node, period=str(asked.period), category=COMMIT)

    held, node = bool(text_of(request, "call")), "" if asked.node == COMPANY else asked.node
    return {
        "held": held, "leave": page_address(request, PATH + "/leave", node=node),
        "said_within": " ".join(map(str, sorted(numbers.said))),
        "hold": page_address(request, PATH + "/hold", node=node),  # of what is shown
        "suppose": page_address(request, PATH + "/what-if", node=node),
        "before": to_node(before), "after": to_node(after), "node": asked.node, "to_node": to_node,
        "to_parts": to_parts, "committed_deals": committed_deals,
        "above": [
            ("" if row["booked"] is None else to_node(row["node"]), node_name(row, words)) for row in above
        ],
        "own": page_address(request, PATH, node=""), "places": _places(request, numbers, asked, words),
        "periods": [(one, page_address(request, PATH, period=one, call=""), one == str(asked.period))
                    for one in _periods(desk.gateway)],
        "currencies": [(code, page_address(request, PATH, currency=code, call=""), code == numbers.forecast["currency"])
                       for code in dict.fromkeys([*numbers.forecast["currencies"], numbers.forecast["currency"]])],
        "begins": _begins(request, numbers, asked, words),
        "period": str(asked.period), "since_day": asked.since.isoformat() if asked.since else "",
        "last_day": desk.gateway.workspace.business_day.isoformat(),
        "form": {name: value for name, value in request.query_params.items() if name in ("lang", "call", "currency")},
        "deals_address": deals_of_node(request, asked.node),
        "history": page_address(request, "/history", node=asked.node, period="", since="", call=""),
        "export": page_address(request, PATH + ".xlsx", node=node, lang=words.language) if desk.scratch else "",
    }  # fmt: skip


def _places(request: Request, numbers: Numbers, asked: Asked, words: Words) -> list[tuple[str, str, bool]]:
    """Where the node is one of several that no total is seen of all of: name, address, and whether it is shown."""
    found = numbers.topmost
    if len(found) < 2 or asked.node not in [row["node"] for row in found]:
        return []
    return [(place_name(row["node"], node_name(row, words), words), page_address(request, PATH, node=row["node"]),
             row["node"] == asked.node) for row in found]  # fmt: skip


def _begins(request: Request, numbers: Numbers, asked: Asked, words: Words) -> list[tuple[str, str, bool]]:
    """Beside a day, where the bridge may begin: name, address, and whether it does."""
    last = numbers.last_spoken(asked.node)
    now = "" if asked.since else asked.begin or (last.by if last else BEGUN)
    there = [one for one in BEGINS if one == BEGUN or numbers.last_spoken(asked.node, one)]
    return [(words(f"bridge.since_{one}"), page_address(request, PATH, since=one) + "#bridge", one == now)
            for one in there]  # fmt: skip


def _periods(gateway: Gateway) -> list[str]:
    """Two quarters back and all that are forecast, the months of the current one, its half and its year."""
    calendar, today = gateway.workspace.calendar, gateway.workspace.business_day
    current = calendar.current(today)
    quarters = [str(current.next(ahead)) for ahead in range(-2, HORIZON)]
    larger = [str(calendar.of(grain, current.end)) for grain in (Grain.HALF, Grain.YEAR)]
    return [*quarters, *map(str, current.parts), *larger]


async def _gap(
    desk: Desk, principal: Principal, asked: Asked, people: People, request: Request, words: Words
) -> str:  # fmt: skip
    """The deals that close the gap: worked out on request, as it takes some hundred simulations."""
    period = str(asked.period)
    try:
        found = await close_gap(
            desk.gateway, desk.simulator, principal, asked.period, asked.node, asked.currency, GAP_DEALS
        )
    except DealcastError as error:
        why = BOOK.said(error.message, words.language)
        return render("_gap.html", request, words, gap=None, why=why, period=period)
    return render("_gap.html", request, words, gap=gap_view(found, words, people), why="", period=period)
