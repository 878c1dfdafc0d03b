"""/v1/exchange-rates: what one of another currency is in the company's, from which day on."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.clock import parse_day
from kit.errors import InvalidInput, NotFound
from kit.money import is_currency
from services.gateway.domain import FieldError
from services.gateway.exchange_pointer import ExchangePointer
from services.gateway.exchange_rows import LAYOUT, entry_json, holding_json, rate_rows, read_rate
from services.gateway.noted_writes import drop_rates, set_rates
from services.gateway.rest import base, schemas_rates
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_text
from services.gateway.rest.http import answer, body_of, json_of
from services.gateway.rest.problems import Refused
from services.gateway.rest.quotas import csv_body, import_rows
from services.gateway.rest.related import Kind, save_one
from services.gateway.rest.schemas import Result
from services.gateway.service import Gateway

RATE = base.obj(currency=base.TEXT, date=base.DAY, rate=base.TEXT)
PATH = "/exchange-rates"
DAY = base.query("day", text="as of this day; the business day without")
REPLACED = base.query("replaced", text="yes: also entries that were replaced or taken away", enum=["yes"])


def router(gateway: Gateway, exchange: ExchangePointer) -> APIRouter:
    """The routes."""
    routes = base.routes("forecast", strict=True)
    kind = rate_kind(gateway)
    _write(routes, gateway, exchange, kind)
    _read(routes, gateway)

    asked = [base.query("currency") | {"required": True}, base.query("date", text="only the rate of this day")]

    @routes.delete(PATH, status_code=204, openapi_extra=base.parameters(*asked))
    async def drop_exchange_rates(request: Request) -> Response:
        """Take the rate of a day away, or all of a currency: the one before counts again, or none."""
        code, text = _text(request, "currency").upper(), _text(request, "date")
        if not code:
            raise Refused([FieldError("currency", "", "currency is missing", "Name it, and a date if it is but one")])
        day = parse_day(text, "date") if text else None
        if not await drop_rates(gateway, principal_of(request), code, day):
            raise NotFound("there is no such rate", field="currency", value=code, mend=f"GET /v1{PATH}/{code}")
        await rates_changed(gateway, exchange)
        return Response(None, 204)

    return routes


def _write(routes: APIRouter, gateway: Gateway, exchange: ExchangePointer, kind: Kind) -> None:
    @routes.put(PATH, responses=base.gives(Result, 200, 201), openapi_extra=base.takes(kind.schema))
    async def put_exchange_rate(request: Request) -> Response:
        """Set the rate of a currency from a day on: how many of the company's one is."""
        status, line = await save_one(gateway, kind, principal_of(request), await json_of(request))
        await rates_changed(gateway, exchange)
        return answer(line, status)

    @routes.post(
        f"{PATH}:import", responses=base.gives(schemas_rates.RowImport), openapi_extra=csv_body(LAYOUT)
    )  # fmt: skip
    async def import_exchange_rates(request: Request) -> Response:
        """Set many rates from a CSV file; a bad row harms no other."""
        rows = list(rate_rows(await body_of(request)))
        told = await import_rows(gateway, kind, principal_of(request), rows)
        await rates_changed(gateway, exchange)
        return answer(told)


def _read(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get(PATH, responses=base.gives(schemas_rates.HoldingRates), openapi_extra=base.parameters(DAY))
    async def exchange_rates(request: Request) -> Response:
        """The rate of each currency that holds on a day, and since when."""
        text, workspace = _text(request, "day"), gateway.workspace
        day = parse_day(text, "day") if text else workspace.business_day
        found = holding_json(await gateway.store.rates(), day)
        return answer({"currency": workspace.currency, "day": day.isoformat(), "rates": found})

    @routes.get(
        PATH + "/{currency}", responses=base.gives(schemas_rates.RateEntries),
        openapi_extra=base.parameters(REPLACED),
    )  # fmt: skip
    async def exchange_rates_of(request: Request, currency: str) -> Response:
        """A currency's rates by day, with who set them when."""
        code, replaced = checked_text("currency", currency).upper(), _text(request, "replaced")
        if not is_currency(code):
            raise InvalidInput("this is no currency", field="currency", value=code[:60], mend="Use an ISO 4217 code")
        if replaced not in ("", "yes"):
            raise InvalidInput("replaced is not yes", field="replaced", value=replaced[:60], mend="Leave it out")
        entries = await gateway.store.list_rates(principal_of(request), code, replaced=bool(replaced))
        return answer({"currency": gateway.workspace.currency, "rates": [entry_json(each) for each in entries]})


def rate_kind(gateway: Gateway) -> Kind:
    """How rates are read and saved."""
    return Kind("exchange-rates", RATE, read_rate, partial(set_rates, gateway))


async def rates_changed(gateway: Gateway, exchange: ExchangePointer) -> None:
    """Totals follow, and whoever reads them shall read them again."""
    await exchange.changed()
    await gateway.store.add_event("rollup", "", {"period": "", "currency": gateway.workspace.currency, "of": "rates"})
    gateway.news.wake()


def _text(request: Request, name: str) -> str:
    return checked_text(name, request.query_params.get(name, ""))
