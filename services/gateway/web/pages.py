"""The deal list and the deal record as pages, rendered on the server."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import DealcastError, InvalidInput, NotFound
from learning.periods import current_period
from learning.records import DealHistory
from services.gateway.domain import Principal, Record
from services.gateway.merged import merged
from services.gateway.quarter_totals import HORIZON
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_id
from services.gateway.rest.http import accepted_language, id_in_path
from services.gateway.service import Gateway
from services.gateway.web.filters import Filters
from services.gateway.web.timeline import SHOWN, field_text, timeline, value_text
from services.gateway.web.totals import TotalsView, totals_view
from services.gateway.web.views import deal_view
from services.gateway.web.words import LANGUAGES, Words

HERE = Path(__file__).parent
STATIC = HERE / "static"
HTMX = STATIC / "vendor" / "htmx.min.js"
ECHARTS = STATIC / "vendor" / "echarts.simple.min.js"
PAGE = 50
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store", "Vary": "Accept-Language",
}  # fmt: skip
VERSION = secrets.token_hex(4)  # in the addresses of static files: a new process, new files


@cache
def templates() -> jinja2.Environment:
    """The templates; everything filled in is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip


def router(gateway: Gateway) -> APIRouter:
    """The pages. A request with `part` gets just that part of the page, for live updates."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def home(request: Request) -> Response:
        return RedirectResponse("/deals" + (f"?{request.url.query}" if request.url.query else ""), 303)

    @routes.get("/deals")
    async def deal_list(request: Request) -> Response:
        return await _answer(gateway, request, lambda words: _list(gateway, request, words))

    @routes.get("/deals/{deal_id}")
    async def deal_record(request: Request, deal_id: str) -> Response:
        return await _answer(gateway, request, lambda words: _record(gateway, request, id_in_path(deal_id), words))

    return routes


async def _answer(gateway: Gateway, request: Request, make: Callable[[Words], Awaitable[str]]) -> Response:
    """The page, or a page that says what is wrong and how to mend it."""
    asked = request.query_params.get("lang", "")
    words = Words(asked if asked in LANGUAGES else accepted_language(request))
    sample = gateway.workspace.sample
    day = words.day(gateway.workspace.business_day)
    try:
        only_day = request.query_params.get("part") == "day"
        body, status = words("app.as_of_day", day=day) if only_day else await make(words), 200
    except DealcastError as error:
        text = words("problem.not_found") if isinstance(error, NotFound) else error.message
        body = _render("problem.html", request, words, text=text, problem=error, business_day=day, sample=sample)
        status = error.http_status
    return Response(body, status, HEADERS | {"Content-Language": words.language}, "text/html; charset=utf-8")


def _render(template: str, request: Request, words: Words, **values: Any) -> str:
    """A template with what every page has."""
    other = LANGUAGES[1 - LANGUAGES.index(words.language)]
    asked = {name: value for name, value in request.query_params.items() if name != "part"}
    shared = {
        "w": words, "version": VERSION, "live": HTMX.is_file(), "charts": ECHARTS.is_file(),
        "other_language": other,
        "unknown_language": asked["lang"][:20] if asked.get("lang", "") not in ("", *LANGUAGES) else "",
        "other_address": f"{_quoted_path(request)}?{urlencode({**asked, 'lang': other})}",
        "lang_query": f"?lang={words.language}" if asked.get("lang") in LANGUAGES else "",
        "part_address": f"{_quoted_path(request)}?{urlencode({**asked, 'lang': words.language})}&part=",
    }  # fmt: skip
    return templates().get_template(template).render(**shared, **values)


def _quoted_path(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.partition(b"?")[0].decode("ascii", "replace")


async def _list(gateway: Gateway, request: Request, words: Words) -> str:
    principal, filters = principal_of(request), Filters.read(request.query_params)
    part, day = request.query_params.get("part", ""), gateway.workspace.business_day
    if part == "totals":
        totals = await _totals(gateway, principal, filters, words)
        return _render("_totals.html", request, words, totals=totals, filters=filters)
    since = await gateway.store.last_event_id()  # before reading: nothing is missed in between
    query = filters.query(gateway.workspace.grade_bounds)
    records, following = await gateway.records(principal, query, filters.cursor, PAGE, words.language)
    rows = [deal_view(record, words, day) for record in records]
    values = {"rows": rows, "filters": filters, "following": following, "period": str(current_period(day))}
    if part == "rows":
        return _render("_rows.html", request, words, **values)
    return _render(
        "deals.html", request, words, **values, since=since, business_day=words.day(day),
        sample=gateway.workspace.sample,
        owners=filters.owners(await gateway.store.tree(principal, day), words),
        stages=filters.stages(await gateway.store.list_stages(principal), words),
        totals=await _totals(gateway, principal, filters, words),
    )  # fmt: skip


async def _totals(gateway: Gateway, principal: Principal, filters: Filters, words: Words) -> TotalsView | None:
    """This and the next quarters of the node that the list is filtered to; None where it has none."""
    current = gateway.workspace.calendar.current(gateway.workspace.business_day)
    forecasts: list[dict[str, Any]] = []
    try:
        for ahead in range(HORIZON):
            currency = forecasts[0]["currency"] if forecasts else filters.currency
            forecasts.append(await gateway.forecast(principal, str(current.next(ahead)), filters.node, currency))
    except NotFound:  # a node can end with a quarter
        pass
    view = totals_view(forecasts, words)
    known = {gateway.workspace.currency, *(view.currencies if view else ())}
    if view and filters.currency and filters.currency not in known:
        mend = "Use one of " + ", ".join(sorted(known))
        raise InvalidInput("there is no business in it", field="currency", value=filters.currency, mend=mend)
    return view


async def _record(gateway: Gateway, request: Request, deal_id: str, words: Words) -> str:
    principal, day = principal_of(request), gateway.workspace.business_day
    since = await gateway.store.last_event_id()
    record = await gateway.store.get_record(principal, checked_id(deal_id))
    shown = merged(record, await gateway.view(principal, [record], words.language))
    names = await _names(gateway, principal, record)
    entries = timeline(record.history, names, words)
    everything = request.query_params.get("all") == "1"
    values = {
        "deal": deal_view(shown, words, day), "details": _details(record.history, names, words),
        "people": shown["contacts"],
        "products": [(names.get(line["product_id"], line["product_id"]), line) for line in shown["products"]],
        "entries": entries if everything else entries[:SHOWN], "hidden": 0 if everything else len(entries) - SHOWN,
        "total": len(entries), "since": since, "business_day": words.day(day), "sample": gateway.workspace.sample,
    }  # fmt: skip
    template = "_record.html" if request.query_params.get("part") == "record" else "deal.html"
    return _render(template, request, words, **values)


async def _names(gateway: Gateway, principal: Principal, record: Record) -> Mapping[str, str]:
    """What the ids in the record's history and products are called."""
    names = {user.id: user.name for user in await gateway.store.list_users(principal)}
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
        (field_text(f"fields.{name}", words), value_text("", value, names, words)) for name, value in account.items()
    ]
