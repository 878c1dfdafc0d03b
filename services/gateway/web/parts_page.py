"""What an expected number is made of, as a page: deals won, open deals with what each brings, new business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.forecast_parts import Brought, Node, Part, deals_of
from services.gateway.quarter_totals import View
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import text_of
from services.gateway.service import Gateway
from services.gateway.web.call_views import money, node_name
from services.gateway.web.forecast_forms import PATH, asked_of
from services.gateway.web.forms import deals_of_node, page_address
from services.gateway.web.held import Asked, Held, Numbers, first_seen, gather_numbers
from services.gateway.web.member_names import people_of, person
from services.gateway.web.parts_file import TABLE, part_sources
from services.gateway.web.parts_views import Named, PartView, composition, part_view
from services.gateway.web.rendering import HTMX, answer, render
from services.gateway.web.words import Words
from services.gateway.web.workbooks import workbook_of

PARTS = PATH + "/parts"


def router(gateway: Gateway, held: Held, scratch: Path | None) -> APIRouter:
    """The routes; `held` are the calls under way, whose numbers are told as they hold them. Without a folder for files
    no xlsx is offered."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PARTS)
    async def parts(request: Request) -> Response:
        return await answer(
            gateway, request, lambda words: _page(gateway, held, request, words, offered=scratch is not None)
        )

    if scratch is not None:

        @routes.get(PARTS + ".xlsx")
        async def workbook(request: Request) -> Response:
            return await answer(gateway, request, lambda words: _workbook(gateway, held, request, scratch, words))

    return routes


async def _workbook(gateway: Gateway, held: Held, request: Request, scratch: Path, words: Words) -> Response:
    """The parts as the page shows them; of a node that is not seen whole there are none."""
    asked, numbers = await _numbers(gateway, held, request)
    row, period, sources = _row(asked, numbers), str(asked.period), []
    if row["booked"] is not None:
        parts, named = await _parts(gateway, request, asked, numbers, words)
        sources = list(part_sources(row, parts, numbers.forecast["currency"], period, named, words))
    return await workbook_of(TABLE, sources, words.language, scratch, f"forecast-parts-{period}.xlsx")


async def _page(gateway: Gateway, held: Held, request: Request, words: Words, *, offered: bool) -> str:
    asked, numbers = await _numbers(gateway, held, request)
    row = _row(asked, numbers)
    shown: dict[str, Any] = {"period": str(asked.period), "parts": None}
    alone = request.query_params.get("part") == "deals"
    if row["booked"] is not None and (alone or not HTMX.is_file()):
        shown |= {"parts": await _deals(gateway, request, asked, numbers, words)}
    if alone:
        return render("_parts.html", request, words, **shown)
    shown |= {"workbook": page_address(request, PARTS + ".xlsx", lang=words.language) if offered else ""}
    return render("parts.html", request, words, **shown, **_values(gateway, request, asked, numbers, words))


async def _numbers(gateway: Gateway, held: Held, request: Request) -> tuple[Asked, Numbers]:
    """Those of now, or that a call holds."""
    asked, token, principal = asked_of(gateway, request), text_of(request, "call"), principal_of(request)
    if token:
        sight = await gateway.store.sight(principal)
        began, numbers, _ = held.find(principal, sight, token, gateway.workspace.now())
        asked = replace(began, node=asked.node)
    else:
        numbers = await gather_numbers(gateway, principal, asked)
    return replace(asked, node=first_seen(numbers, asked.node, named="node" in request.query_params)), numbers


def _row(asked: Asked, numbers: Numbers) -> Mapping[str, Any]:
    return next(row for row in numbers.forecast["nodes"] if row["node"] == asked.node)


async def _parts(
    gateway: Gateway, request: Request, asked: Asked, numbers: Numbers, words: Words
) -> tuple[list[tuple[str, Part]], Named]:
    """The deals of both parts, as they stand now, and who owns them."""
    node = Node(_row(asked, numbers), numbers.forecast["currency"], numbers.owners(asked.node))
    view = View.of(asked.period, gateway.workspace)
    won, still = await deals_of(gateway, principal_of(request), view, node)
    parts = [("booked", won)] if view.over or node.row["mean"] is None else [("booked", won), ("deals", still)]

    people = await people_of(gateway, principal_of(request), words)

    def named(one: Brought) -> str:
        return str(person(people, one.record.history.deal.owner_id, one.record.owner_name, words))

    return parts, named


async def _deals(
    gateway: Gateway, request: Request, asked: Asked, numbers: Numbers, words: Words
) -> list[PartView]:  # fmt: skip
    """Both parts as they are shown."""
    parts, named = await _parts(gateway, request, asked, numbers, words)
    said, currency = (named, deals_of_node(request, asked.node)), numbers.forecast["currency"]
    return [part_view(name, part, currency, str(asked.period), said, words) for name, part in parts]


def _values(
    gateway: Gateway, request: Request, asked: Asked, numbers: Numbers, words: Words
) -> dict[str, Any]:  # fmt: skip
    row, currency = _row(asked, numbers), numbers.forecast["currency"]
    seen = row["booked"] is not None
    day = words.day(gateway.workspace.business_day)
    return {
        "name": node_name(row, words), "seen": seen, "told": seen and row["mean"] is not None,
        "number": money(None if row["mean"] is None else Decimal(row["mean"]), currency, words),
        "steps": composition(row, currency, str(asked.period), words) if seen else (),
        "as_of": words.time(numbers.time), "call": page_address(request, PATH), "since": numbers.event,
        "held": bool(text_of(request, "call")), "business_day": day, "sample": gateway.workspace.sample,
    }  # fmt: skip
