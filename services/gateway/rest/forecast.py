"""/v1/forecast/…: how a period's number came to be, and what people make of it."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.clock import parse_day
from kit.errors import InvalidInput
from kit.money import is_currency
from learning.fiscal import FiscalPeriod
from services.gateway.amount_types import AmountType, find_type, read_types, types_json
from services.gateway.change_log import noting_settings
from services.gateway.forecast_changes import changes, since_submission
from services.gateway.forecast_trees import define_trees, trees_json
from services.gateway.rest import base, schemas_forecast, schemas_types
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_text
from services.gateway.rest.http import answer, object_of
from services.gateway.service import Gateway

WHERE = [
    base.query("period", text="such as 2017-Q4, 2017-09, 2017-H2 or FY2017; the current quarter without"),
    base.query("node", text="only this node, such as owner:u1"),
    base.query("currency", text="amounts in this currency; the company's without"),
]
TYPE = base.query("type", text="a type of /v1/forecast/types; amounts without")
SUBMISSION = "submission"
BETWEEN = [
    base.query("from", text="the day at whose end it begins, or submission; the eve of the period without"),
    base.query("to", text="the day at whose end it ends; now without"),
]


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = base.routes("forecast", strict=True)

    @routes.get(
        "/forecast/changes", responses=base.gives(schemas_forecast.ForecastChanges),
        openapi_extra=base.parameters(*WHERE, TYPE, *BETWEEN),
    )  # fmt: skip
    async def forecast_changes(request: Request) -> Response:
        """What happened to a period between two days: start + parts = end, at every node and to the last unit.

        Of a deal counts the net difference between the days. `deals` are those below the node (else the company) with
        the largest differences.
        """
        asked = (period_of(gateway, request), text_of(request, "node"), currency_of(request))
        principal, until, kind = principal_of(request), past_day_of(gateway, request, "to"), kind_of(gateway, request)
        if text_of(request, "from") == SUBMISSION:
            return answer(await since_submission(gateway, principal, *asked, until, kind))
        since = past_day_of(gateway, request, "from")
        return answer(await changes(gateway, principal, *asked, since, until, kind))

    @routes.get("/forecast/trees", responses=base.gives(schemas_types.ForecastTrees))
    async def forecast_trees() -> Response:
        """The trees that totals can be taken over, beside the reporting line."""
        return answer(trees_json(gateway.workspace.trees))

    level = base.obj(name=base.TEXT, levels=base.listed(base.TEXT))

    @routes.put(
        "/forecast/trees", responses=base.gives(schemas_types.ForecastTrees),
        openapi_extra=base.takes(base.obj(trees=base.listed(level))),
    )  # fmt: skip
    async def define_forecast_trees(request: Request) -> Response:
        """Define them anew, at most 5 of 1 to 4 levels each; open deals are published again with their new places.

        Levels are pipeline, motion, stage, product_series, product, account, fields.<name> or account.fields.<name>.
        """
        given = await object_of(request, ("trees",))
        async with noting_settings(gateway.store, gateway.workspace, principal_of(request).id):
            return answer(await define_trees(gateway, given.get("trees")))

    _types(routes, gateway)
    return routes


def _types(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get("/forecast/types", responses=base.gives(schemas_types.ForecastTypes))
    async def forecast_types() -> Response:
        """The amounts that totals can be taken of, beside deals' own."""
        return answer(types_json(gateway.workspace.forecast_types))

    kind = base.obj(name=base.TEXT, field=base.TEXT)

    @routes.put(
        "/forecast/types", responses=base.gives(schemas_types.ForecastTypes),
        openapi_extra=base.takes(base.obj(types=base.listed(kind))),
    )  # fmt: skip
    async def define_forecast_types(request: Request) -> Response:
        """Define them anew, at most 3: each a custom field of deals that holds a number, by a name for ?type=."""
        given = await object_of(request, ("types",))
        types = read_types(given.get("types"), await gateway.store.list_fields())
        async with noting_settings(gateway.store, gateway.workspace, principal_of(request).id):
            await gateway.workspace.set_forecast_types(types)
        return answer(types_json(types))


def text_of(request: Request, name: str) -> str:
    """A query parameter's text, empty without."""
    return checked_text(name, request.query_params.get(name, ""))


def period_of(gateway: Gateway, request: Request) -> FiscalPeriod:
    """?period=, else the current one. Raises InvalidInput."""
    text, calendar = text_of(request, "period"), gateway.workspace.calendar
    return calendar.parse(text) if text else calendar.current(gateway.workspace.business_day)


def named_period(gateway: Gateway, request: Request) -> str:
    """?period= as it is kept, '' for all. Raises InvalidInput for what is none."""
    text = text_of(request, "period")
    return str(gateway.workspace.calendar.parse(text)) if text else ""


def kind_of(gateway: Gateway, request: Request) -> AmountType | None:
    """?type=, None for amounts. Raises NotFound that names those there are."""
    return find_type(gateway.workspace.forecast_types, text_of(request, "type"))


def day_of(request: Request, name: str) -> date | None:
    """A day, or None. Raises InvalidInput."""
    text = text_of(request, name)
    return parse_day(text, name) if text else None


def past_day_of(gateway: Gateway, request: Request, name: str) -> date | None:
    """A day that is not yet to come, or None. Raises InvalidInput."""
    day, today = day_of(request, name), gateway.workspace.business_day
    if day is not None and day > today:
        mend = f"Name {today} or an earlier one, or leave it out"
        raise InvalidInput("this day is yet to come", field=name, value=day.isoformat(), mend=mend)
    return day


def currency_of(request: Request) -> str:
    """?currency= in capitals, empty without. Raises InvalidInput."""
    code = text_of(request, "currency").upper()
    if code and not is_currency(code):
        raise InvalidInput("this is no currency", field="currency", value=code, mend="Use an ISO 4217 code such as USD")
    return code
