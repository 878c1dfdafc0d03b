"""/v1/forecast/submissions, /adjustments, /days and /accuracy: what people say, and how good it was."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from kit.money import Money
from learning.fiscal import FiscalCalendar
from services.gateway.amount_types import AMOUNT
from services.gateway.calls import CallKind
from services.gateway.domain import FieldError
from services.gateway.forecast_calls import Said, calls_page, say, undo
from services.gateway.forecast_days import accuracy, moved
from services.gateway.json_checks import Problems, Reader, check_text, is_rounded, refuse_rounded
from services.gateway.limits import LARGEST_MINOR, NAME_LENGTH
from services.gateway.rest import base, schemas_forecast
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import TYPE, WHERE, currency_of, kind_of, named_period, period_of, text_of
from services.gateway.rest.http import Line, answer, body_of, limit_of, parse
from services.gateway.rest.idempotency import idempotency_key, once
from services.gateway.rest.problems import Refused
from services.gateway.rollup import COMPANY
from services.gateway.service import Gateway

KEYS = ("period", "node", "type", "amount", "note")
LONGEST_NOTE = 2_000
MOST_PERIODS = 40
CALL = base.obj(period=base.TEXT, node=base.TEXT, type=base.TEXT, amount=base.MONEY, note=base.TEXT)


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = base.routes("forecast", strict=True)
    for kind in CallKind:
        _calls(routes, gateway, kind)
    _record(routes, gateway)
    return routes


def _calls(routes: APIRouter, gateway: Gateway, kind: CallKind) -> None:
    path = f"/forecast/{kind}s"

    @routes.post(
        path, name=f"add_{kind}", status_code=201, responses=base.gives(schemas_forecast.Call, 201),
        openapi_extra=base.takes(CALL, *base.IDEMPOTENCY),
        description="Say a number of a node's period: the newest that is not undone stands. Deals stay as they are.",
    )  # fmt: skip
    async def add(request: Request) -> Response:
        data, principal = await body_of(request), principal_of(request)

        async def act() -> tuple[int, Line]:
            said = said_of(parse(data), gateway.workspace.calendar, signed=kind is CallKind.ADJUSTMENT)
            return 201, await say(gateway, principal, kind, said)

        return await once(gateway, idempotency_key(request, principal), data, act)

    asked = [*(base.query(name, text="all without") for name in ("period", "node")), TYPE]

    @routes.get(
        path, name=f"list_{kind}s", responses=base.gives(schemas_forecast.Calls),
        openapi_extra=base.parameters(*asked, *base.PAGING),
        description="The history, newest first, undone ones too.",
    )  # fmt: skip
    async def history(request: Request) -> Response:
        which = (named_period(gateway, request), text_of(request, "node"), text_of(request, "type") or AMOUNT)
        cursor, limit = text_of(request, "cursor"), limit_of(request)
        found, following = await calls_page(gateway, principal_of(request), kind, which, cursor, limit)
        return answer({"calls": found, "next_cursor": following})

    @routes.post(
        path + "/{call_id}:undo", name=f"undo_{kind}", responses=base.gives(schemas_forecast.Call),
        description="Undo it: the one before it stands again. The history keeps both.",
    )  # fmt: skip
    async def take_back(request: Request, call_id: str) -> Response:
        if not call_id.isdecimal() or len(call_id) > 18:
            mend = f"GET /v1/forecast/{kind}s"
            raise InvalidInput("this is no id of one", field="id", value=call_id[:60], mend=mend)
        return answer(await undo(gateway, principal_of(request), kind, int(call_id)))


def said_of(raw: Any, calendar: FiscalCalendar, *, signed: bool) -> Said:
    """What the body says. Raises Refused with everything that is wrong with it."""
    problems = Problems()
    reader = Reader(raw, problems, KEYS)
    note = reader.take("note", check_text, LONGEST_NOTE, default="", empty="")
    node = reader.text("node", NAME_LENGTH) or COMPANY
    period, type_name = reader.text("period") or "", reader.text("type", NAME_LENGTH) or AMOUNT
    amount = _amount(reader, problems, signed=signed)
    if problems.found or amount is None:
        raise Refused(problems.found or [FieldError("amount", "", "amount is missing", "send one")])
    return Said(amount, note, node, calendar.parse(period) if period else None, str(type_name))


def _amount(reader: Reader, problems: Problems, *, signed: bool) -> Money | None:
    """An amount; an adjustment may be negative."""
    raw, mend = reader.raw("amount"), 'send {"currency": "USD", "value": "1054.00"}'
    sound = isinstance(raw, dict) and set(raw) == {"currency", "value"} and isinstance(raw["currency"], str)
    if not sound or not isinstance(raw["value"], str | int | float) or isinstance(raw["value"], bool):
        problems.add("amount", raw, "amount is not an amount with its currency", mend)
        return None
    try:
        money = Money.parse(raw["currency"], raw["value"])
    except ValueError as error:
        problems.add("amount", raw["value"], f"amount: {error}", mend)
        return None
    if (money.minor < 0 and not signed) or abs(money.minor) > LARGEST_MINOR:
        problems.add("amount", raw["value"], "amount is negative, or absurd", "give an amount of zero or more")
        return None
    if is_rounded(money, raw["value"]):
        refuse_rounded(money, raw["value"], "amount", problems)
    return money


def _record(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get(
        "/forecast/days",
        responses=base.gives(schemas_forecast.ForecastDays),
        openapi_extra=base.parameters(*WHERE, TYPE),
    )
    async def forecast_days(request: Request) -> Response:
        """How a node's number moved: what was said of it at the end of each day, the forecast's and the people's."""
        asked = (period_of(gateway, request), text_of(request, "node"), currency_of(request))
        return answer(await moved(gateway, principal_of(request), *asked, kind_of(gateway, request)))

    most = base.query("periods", "integer", text="at most so many; 8 without", minimum=1, maximum=MOST_PERIODS)

    @routes.get(
        "/forecast/accuracy", responses=base.gives(schemas_forecast.ForecastAccuracy),
        openapi_extra=base.parameters(*WHERE[1:], TYPE, most),
    )  # fmt: skip
    async def forecast_accuracy(request: Request) -> Response:
        """How good the forecast and the people were in past periods of which there is a record, newest first."""
        text = text_of(request, "periods") or "8"
        if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_PERIODS:
            mend = f"Use 1 to {MOST_PERIODS}"
            raise InvalidInput("this is no number of periods", field="periods", value=text, mend=mend)
        asked = (text_of(request, "node"), currency_of(request), int(text))
        found = await accuracy(gateway, principal_of(request), *asked, kind_of(gateway, request))
        if not found["periods"]:
            await gateway.forecast(principal_of(request), "", asked[0])  # refuses a node that is none
        return answer(found)
