"""/v1/asks: what is asked for on deals."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from services.gateway.asks.desk import asks_page, leave, settle
from services.gateway.asks.records import LONGEST_TEXT, Ask, AskQuery, ask_json
from services.gateway.domain import FieldError
from services.gateway.json_checks import Problems, Reader, check_day, check_text
from services.gateway.rest import base, schemas_asks
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_text, cursor_of
from services.gateway.rest.http import Line, answer, body_of, limit_of, parse
from services.gateway.rest.idempotency import idempotency_key, once
from services.gateway.rest.problems import Refused
from services.gateway.service import Gateway

KEYS = ("deal_id", "text", "assignee_id", "due")
ASK = base.obj(deal_id=base.TEXT, text=base.TEXT, assignee_id=base.TEXT, due=base.DAY)
FILTERS = [
    base.query("deal_id", text="of one deal; of all without"),
    base.query("assignee_id", text="of one user; of all without"),
    base.query("open", text="whether they are open; both without", enum=["true", "false"]),
]
OPEN = {"": None, "true": True, "false": False}


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = base.routes("asks")

    @routes.get("/asks", responses=base.gives(schemas_asks.Asks), openapi_extra=base.parameters(*FILTERS, *base.PAGING))
    async def list_asks(request: Request) -> Response:
        """Asks on deals, by the day until which they are due."""
        page = await asks_page(gateway, principal_of(request), query_of(request), cursor_of(request), limit_of(request))
        return answer({"asks": page[0], "next_cursor": page[1]})

    @routes.post(
        "/asks", status_code=201, responses=base.gives(schemas_asks.AskOnDeal, 201),
        openapi_extra=base.takes(ASK | {"required": ["deal_id", "text", "due"]}, *base.IDEMPOTENCY),
    )  # fmt: skip
    async def leave_ask(request: Request) -> Response:
        """Leave an ask on a deal; without an assignee it is whoever owns the deal."""
        data, principal = await body_of(request), principal_of(request)

        async def act() -> tuple[int, Line]:
            return 201, ask_json(await leave(gateway, principal, ask_from(parse(data))))

        return await once(gateway, idempotency_key(request, principal), data, act)

    @routes.post("/asks/{ask_id}:done", responses=base.gives(schemas_asks.AskOnDeal))
    async def finish_ask(request: Request, ask_id: str) -> Response:
        """It is done."""
        return answer(ask_json(await settle(gateway, principal_of(request), number_of(ask_id), done=True)))

    @routes.post("/asks/{ask_id}:undo", responses=base.gives(schemas_asks.AskOnDeal))
    async def reopen_ask(request: Request, ask_id: str) -> Response:
        """It is not done after all: open again."""
        return answer(ask_json(await settle(gateway, principal_of(request), number_of(ask_id), done=False)))

    return routes


def query_of(request: Request) -> AskQuery:
    """Which asks. Raises InvalidInput."""
    deal_id, whose, wanted = (
        checked_text(name, request.query_params.get(name, "")) for name in ("deal_id", "assignee_id", "open")
    )
    if wanted not in OPEN:
        raise InvalidInput("this is neither true nor false", field="open", value=wanted[:20], mend="Use true or false")
    return AskQuery(deal_id, whose, open=OPEN[wanted])


def ask_from(raw: Any) -> Ask:
    """What the body asks for. Raises Refused with everything that is wrong with it."""
    problems = Problems()
    reader = Reader(raw, problems, KEYS)
    deal_id, whose = reader.required_id("deal_id"), reader.id("assignee_id", default="") or ""
    text = reader.take("text", check_text, LONGEST_TEXT, default="", empty="").strip()
    due = reader.take("due", check_day, default=None)
    for name, value in (("text", text), ("due", due)):
        if not value and not any(one.field == name for one in problems.found):
            problems.found.append(FieldError(name, "", f"{name} is missing", "send one"))
    if problems.found or due is None:
        raise Refused(problems.found)
    return Ask(deal_id, text, due, whose)


def number_of(text: str) -> int:
    """An ask's id. Raises InvalidInput."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise InvalidInput("this is no id of an ask", field="id", value=text[:60], mend="GET /v1/asks")
    return int(text)
