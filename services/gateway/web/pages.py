"""The deal list and the deal record as pages, rendered on the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import InvalidInput, NotFound, Unavailable
from learning.records import BUYING_ROLES, DealHistory, Outcome
from services.gateway.access.gate import caller_of
from services.gateway.access.members import Role
from services.gateway.asks.records import AskQuery
from services.gateway.crm_link import address_of
from services.gateway.domain import Principal, Record
from services.gateway.merged import merged
from services.gateway.quarter_totals import HORIZON
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_id
from services.gateway.rest.http import id_in_path
from services.gateway.rollup import OWNER
from services.gateway.service import Gateway
from services.gateway.similar_deals import Alike, similar_deals
from services.gateway.stage_order import StageOrder
from services.gateway.web.asks_page import asks_of, did_ask, new_ask
from services.gateway.web.call_views import titled
from services.gateway.web.filters import Filters
from services.gateway.web.forms import deals_of_node, page_address
from services.gateway.web.member_names import People, people_of, place_name
from services.gateway.web.rendering import answer, render
from services.gateway.web.timeline import SHOWN, field_text, marked, timeline, value_text
from services.gateway.web.totals import TotalsView, totals_view
from services.gateway.web.views import deal_view
from services.gateway.web.what_if_page import supposing
from services.gateway.web.words import Words

PAGE, SIMILAR = 50, 3
LIST = "/deals"
STARTS = {Role.REP: "/day", Role.MANAGER: "/forecast"}  # what somebody comes for
BRIEFLY = 8  # entries of a deal's history, for who takes it over


def router(gateway: Gateway, alike: Alike | None = None) -> APIRouter:
    """The pages. A request with `part` gets just that part of the page, for live updates."""
    routes, order = APIRouter(include_in_schema=False), StageOrder(gateway.store)

    @routes.get("/")
    async def home(request: Request) -> Response:
        caller = caller_of(request)
        start = STARTS.get(caller.role, LIST) if caller else LIST
        return RedirectResponse(start + (f"?{request.url.query}" if request.url.query else ""), 303)

    @routes.get("/deals")
    async def deal_list(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _list(gateway, order, request, words))

    @routes.get("/deals/{deal_id}")
    async def deal_record(request: Request, deal_id: str) -> Response:
        return await answer(
            gateway, request, lambda words: _record(gateway, order, alike, request, id_in_path(deal_id), words)
        )

    @routes.get("/deals/{deal_id}/brief")
    async def brief(request: Request, deal_id: str) -> Response:
        return await answer(gateway, request, lambda words: _brief(gateway, request, id_in_path(deal_id), words))

    return routes


async def _list(gateway: Gateway, order: StageOrder, request: Request, words: Words) -> str:
    principal, filters = principal_of(request), Filters.read(request.query_params)
    part, day = request.query_params.get("part", ""), gateway.workspace.business_day
    if part == "totals":
        strip = await _strip(gateway, principal, filters, request, words)
        return render("_totals.html", request, words, filters=filters, **strip)
    since = await gateway.store.last_event_id()  # before reading: nothing is missed in between
    calendar = gateway.workspace.calendar
    query = filters.query(gateway.workspace.grade_bounds, calendar)
    records, following = await gateway.records(principal, query, filters.cursor, PAGE, words.language, brief=True)
    people = await people_of(gateway, principal, words)
    rows = [deal_view(record, words, day, people) for record in records]
    values = {"rows": rows, "filters": filters, "following": following, "period": str(calendar.current(day)),
              "export": filters.export(words.language) if _operated(request) else ""}  # fmt: skip
    if part == "rows":
        return render("_rows.html", request, words, **values)
    return render(
        "deals.html", request, words, **values, since=since, business_day=words.day(day),
        sample=gateway.workspace.sample,
        owners=filters.owners(await gateway.store.tree(principal, day), words),
        stages=filters.stages(await order.of(await gateway.store.list_stages(principal)), words),
        **await _strip(gateway, principal, filters, request, words),
    )  # fmt: skip


def _operated(request: Request) -> bool:
    """Whether a whole gateway serves the page: files are written by it alone."""
    return bool(getattr(request.app.state, "operations", False))


async def _strip(
    gateway: Gateway, principal: Principal, filters: Filters, request: Request, words: Words
) -> dict[str, Any]:  # fmt: skip
    """The totals of the node the list is filtered to, else of one's own; where that is one of several, all of them."""
    own = [] if filters.owner else await gateway.own_nodes(principal)
    node = filters.node if filters.owner else own[0].id if own else OWNER + principal.user_id
    places = [(place_name(one.id, one.name, words), deals_of_node(request, one.id), one.id == node) for one in own]
    return {"totals": await _totals(gateway, principal, node, filters, words),
            "places": places if len(places) > 1 else ()}  # fmt: skip


async def _totals(
    gateway: Gateway, principal: Principal, node: str, filters: Filters, words: Words
) -> TotalsView | None:  # fmt: skip
    """This and the next quarters of a node; None where it has none."""
    current = gateway.workspace.calendar.current(gateway.workspace.business_day)
    forecasts: list[dict[str, Any]] = []
    try:
        for ahead in range(HORIZON):
            currency = forecasts[0]["currency"] if forecasts else filters.currency
            forecasts.append(await gateway.forecast(principal, str(current.next(ahead)), node, currency))
    except NotFound:  # a node can end with a quarter
        pass
    view = totals_view(forecasts, words)
    known = {gateway.workspace.currency, *(view.currencies if view else ())}
    if view and filters.currency and filters.currency not in known:
        mend = "Use one of " + ", ".join(sorted(known))
        raise InvalidInput("there is no business in it", field="currency", value=filters.currency, mend=mend)
    return view


async def _record(
    gateway: Gateway, order: StageOrder, alike: Alike | None, request: Request, deal_id: str, words: Words
) -> str:
    principal = principal_of(request)
    if alike is not None and request.query_params.get("part") == "similar":
        return await _similar(gateway, alike, request, checked_id(deal_id), words)
    record = await gateway.store.get_record(principal, checked_id(deal_id))
    deal, people = record.history.deal, await people_of(gateway, principal, words)
    values = await _told(gateway, principal, record, people, words)
    entries, everything = values["entries"], request.query_params.get("all") == "1"
    values |= {
        "entries": entries if everything else entries[:SHOWN], "hidden": 0 if everything else len(entries) - SHOWN,
        "total": len(entries), "new_ask": await new_ask(gateway, principal, deal.id, people, words),
        "did_ask": await did_ask(gateway, principal, request.query_params.get("did", "")), "alike": alike is not None,
        "supposing": await supposing(gateway, order, principal, deal, request)
        if deal.outcome is Outcome.OPEN else None,
        "crm": address_of(gateway.workspace.crm_link, deal.id),
        "brief": page_address(request, f"/deals/{quote(deal.id, safe='')}/brief"),
    }  # fmt: skip
    template = "_record.html" if request.query_params.get("part") == "record" else "deal.html"
    return render(template, request, words, **values)


async def _brief(gateway: Gateway, request: Request, deal_id: str, words: Words) -> str:
    """What whoever takes a deal over must know, on one page to print."""
    principal = principal_of(request)
    record = await gateway.store.get_record(principal, checked_id(deal_id))
    values = await _told(gateway, principal, record, await people_of(gateway, principal, words), words)
    values["entries"] = values["entries"][:BRIEFLY]
    back = page_address(request, f"/deals/{quote(record.history.deal.id, safe='')}")
    return render("brief.html", request, words, **values, back=back)


async def _told(gateway: Gateway, principal: Principal, record: Record, people: People, words: Words) -> dict[str, Any]:
    """What a deal's pages show of it."""
    names = await _names(gateway, principal, record, people)
    since, day = await gateway.store.last_event_id(), gateway.workspace.business_day
    shown = merged(record, await gateway.view(principal, [record], words.language))
    signals = (shown["next_actions"] or {}).get("signals", ())
    asked = AskQuery(deal_id=record.history.deal.id)
    return {
        "deal": deal_view(shown, words, day, people), "details": _details(record.history, names, words),
        "people": sorted(shown["contacts"], key=_place),
        "products": [(names.get(line["product_id"], line["product_id"]), line) for line in shown["products"]],
        "entries": timeline(record.history, names, words), "since": since, "business_day": words.day(day),
        "sample": gateway.workspace.sample, "asks": await asks_of(gateway, principal, asked, people, words),
        "signals": [(words.name("signal", one["name"]), one["sentence"], words.day(one["day"])) for one in signals],
        "marked": lambda text: marked(text, [one["sentence"] for one in signals]),
    }  # fmt: skip


def _place(person: Mapping[str, Any]) -> int:
    """Who decides stands first, who plays no known role last."""
    role = person["role"]
    return BUYING_ROLES.index(role) if role in BUYING_ROLES else len(BUYING_ROLES)


async def _similar(gateway: Gateway, alike: Alike, request: Request, deal_id: str, words: Words) -> str:
    """Past deals like one: asked of a service, so the record does not wait for it."""
    try:
        found = await similar_deals(
            gateway.store, gateway.workspace, alike, principal_of(request), deal_id, SIMILAR, words.language
        )
    except Unavailable:
        found = None
    return render("_similar.html", request, words, found=found, quote=quote, titled=titled)


async def _names(gateway: Gateway, principal: Principal, record: Record, people: People) -> Mapping[str, str]:
    """What the ids in the record's history and products are called."""
    names = {user_id: one.called for user_id, one in people.items()}
    if record.history.account:
        names[record.history.account.id] = record.history.account.name
    if record.history.deal.products:
        names |= {product.id: product.name for product in await gateway.store.list_products(principal)}
    return names


def _details(history: DealHistory, names: Mapping[str, str], words: Words) -> list[tuple[str, str]]:
    """Custom fields of the deal, then of its account."""
    own = [(name, value_text(f"fields.{name}", value, names, words)) for name, value in history.deal.fields.items()]
    account = history.account.fields if history.account else {}
    return own + [
        (field_text(f"fields.{name}", words), value_text(f"account.{name}", value, names, words))
        for name, value in account.items()
    ]
