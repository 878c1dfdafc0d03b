"""How a page becomes an answer: templates, headers, and a page for what goes wrong."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from fastapi import Request
from starlette.responses import Response

from kit.errors import DealcastError, NotFound
from services.gateway.access.gate import caller_of
from services.gateway.access.members import LOCAL_CALLER
from services.gateway.access.rights import FOR_ROLES, right_of
from services.gateway.rest.http import accepted_language
from services.gateway.service import Gateway
from services.gateway.web.refusals import field_said, said
from services.gateway.web.units import UNITS
from services.gateway.web.words import LANGUAGES, Words

HERE = Path(__file__).parent
STATIC = HERE / "static"
HTMX = STATIC / "vendor" / "htmx.min.js"
ECHARTS = STATIC / "vendor" / "echarts.simple.min.js"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without any, forms would come from nowhere, and be refused
    "Cache-Control": "no-store", "Vary": "Accept-Language",
}  # fmt: skip
DISPLAY = {"unit": ("dealcast_unit", tuple(UNITS)), "theme": ("dealcast_theme", ("light", "dark"))}
SHOWN, BACK = "dealcast.shown", "dealcast.back"  # in a request's scope
VERSION = secrets.token_hex(4)  # in the addresses of static files: a new process, new files


def words_of(request: Request) -> Words:
    """The reader's language and unit: as the address says, else as the browser does."""
    asked = request.query_params.get("lang", "")
    return Words(asked if asked in LANGUAGES else accepted_language(request), chosen(request, "unit"))


def chosen(request: Request, name: str) -> str:
    """How the reader wants to see pages (DISPLAY), by the address, else as was kept; empty where nothing was chosen."""
    cookie, choices = DISPLAY[name]
    for value in (request.query_params.get(name, ""), request.cookies.get(cookie, "")):
        if value in choices:
            return value
    return ""


@cache
def templates() -> jinja2.Environment:
    """The templates; everything filled in is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip


async def prepare(stop: asyncio.Event) -> None:
    """Compile the templates, so that whoever opens a page first does not wait for it; then until stopped."""
    for name in templates().list_templates(extensions=["html"]):
        if not stop.is_set():
            await asyncio.to_thread(templates().get_template, name)
    await stop.wait()


async def answer(gateway: Gateway, request: Request, make: Callable[[Words], Awaitable[str | Response]]) -> Response:
    """The page, or a page that says what is wrong and how to mend it."""
    words = replace(words_of(request), zone=gateway.workspace.time_zone)
    sample = gateway.workspace.sample
    day = words.day(gateway.workspace.business_day)
    try:
        only_day = request.query_params.get("part") == "day"
        body, status = words("app.as_of_day", day=day) if only_day else await make(words), 200
        if isinstance(body, Response):
            return body
    except DealcastError as error:
        deal = isinstance(error, NotFound) and request.url.path.startswith("/deals/")
        text = words("problem.not_found") if deal else said(_with_roles(error.message, words), words.language)
        value = words.name("member_role", error.value) if error.field == "role" else error.value
        values = {
            "text": text, "mend": said(error.mend, words.language), "field": field_said(error.field, words.language),
            "value": value, "there": not isinstance(error, NotFound), "business_day": day, "sample": sample,
        }  # fmt: skip
        back, label = request.scope.get(BACK, ("/deals", "problem.back"))
        values |= {"back": back, "back_said": words(label)}
        if BACK in request.scope and request.method != "GET":  # the form's own address may show no page
            shown_at(request, back)
        body = render("problem.html", request, words, **values)
        status = error.http_status
    return page(body, status, words)


def _with_roles(message: str, words: Words) -> str:
    """Who may, by what roles are called."""
    head, found, roles = message.partition(FOR_ROLES)
    return (
        message if head or not found else found + ", ".join(words.name("member_role", one) for one in roles.split(", "))
    )


def page(body: str, status: int, words: Words) -> Response:
    """A page as an answer."""
    return Response(body, status, HEADERS | {"Content-Language": words.language}, "text/html; charset=utf-8")


def render(template: str, request: Request, words: Words, **values: Any) -> str:
    """A template with what every page has."""
    other = LANGUAGES[1 - LANGUAGES.index(words.language)]
    asked = {name: value for name, value in request.query_params.items() if name != "part"}
    shared = {
        "w": words, "version": VERSION, "here": request.url.path.split("/")[1], "live": HTMX.is_file(),
        "who": caller_of(request), "may": partial(_may, request), "charts": ECHARTS.is_file(),
        "operations": getattr(request.app.state, "operations", False),
        "members": getattr(request.app.state, "members", False),
        "other_language": other,
        "unknown_language": asked["lang"][:20] if asked.get("lang", "") not in ("", *LANGUAGES) else "",
        "other_address": f"{_quoted_path(request)}?{urlencode({**asked, 'lang': other})}",
        "lang_query": f"?{kept}" if (kept := urlencode(_kept(request))) else "",
        "theme": chosen(request, "theme"), "themes": DISPLAY["theme"][1],
        "units": DISPLAY["unit"][1], "kept_unit": words.unit,
        "here_address": f"{_quoted_path(request)}?{urlencode(asked)}" if asked else _quoted_path(request),
        "part_address": f"{_quoted_path(request)}?{urlencode({**asked, 'lang': words.language})}&part=",
    }  # fmt: skip
    return templates().get_template(template).render(**shared, **values)


def _kept(request: Request) -> dict[str, str]:
    """What goes along from page to page: the language and unit that the address asks for."""
    known = {"lang": LANGUAGES, "unit": DISPLAY["unit"][1]}
    asked = {name: request.query_params.get(name, "") for name in known}
    return {name: value for name, value in asked.items() if value in known[name]}


def _may(request: Request, route: str) -> bool:
    """Whether the reader has the right to a route: pages show no way to what they refuse."""
    caller = caller_of(request)
    return caller is LOCAL_CALLER or (caller is not None and right_of(route).refusal(caller) is None)


def shown_at(request: Request, path: str) -> None:
    """What is answered to a form is the page at this path: its links and parts go there."""
    request.scope[SHOWN] = path


def leads_back(request: Request, path: str, label: str) -> None:
    """Where a page that says what went wrong leads to, by words of this key: back to what was begun."""
    request.scope[BACK] = (path, label)


def _quoted_path(request: Request) -> str:
    if shown := request.scope.get(SHOWN):
        return str(shown)
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.partition(b"?")[0].decode("ascii", "replace")
