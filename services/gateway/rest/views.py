"""/v1/forecast and /v1/actions: what is read all the time."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from kit.money import is_currency
from learning.placements import REPORTING
from services.gateway.amount_types import find_type
from services.gateway.forecast_calls import check_currency
from services.gateway.forecast_trees import find_tree
from services.gateway.rep_day import free_spans, open_deals, rep_day
from services.gateway.rest import base
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_text, cursor_of
from services.gateway.rest.http import answer, language_of, limit_of
from services.gateway.rest.schemas_totals import ForecastTotals
from services.gateway.rest.schemas_views import Inbox
from services.gateway.service import Gateway

FORECAST_PARAMETERS = [
    base.query("period", text="such as 2017-Q4, 2017-09, 2017-H2 or FY2017; the current quarter without"),
    base.query("node", text="only this node, such as owner:u1"),
    base.query("currency", text="amounts in this currency; the company's without"),
    base.query("tree", text="a tree of /v1/forecast/trees; the reporting line without"),
    base.query("type", text="a type of /v1/forecast/types; amounts without"),
]


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = base.routes("views")

    @routes.get(
        "/forecast", responses=base.gives(ForecastTotals), dependencies=base.STRICT,
        openapi_extra=base.parameters(*FORECAST_PARAMETERS),
    )  # fmt: skip
    async def forecast(request: Request) -> Response:
        """Totals over a tree: booked + deals + not yet created + correction = mean, at every node.

        Amounts are exact decimals and add up over the tree; quantiles do not add up. The categories are sums of open
        deals promised in the period, by the rep's category and, where none was given, by the suggested one.
        """
        given = {
            name: checked_text(name, request.query_params.get(name, ""))
            for name in ("period", "node", "currency", "tree", "type")
        }
        if given["currency"] and not is_currency(given["currency"].upper()):
            mend = "Use an ISO 4217 code such as USD"
            raise InvalidInput("this is no currency", field="currency", value=given["currency"], mend=mend)
        principal = principal_of(request)
        tree = None if given["tree"] in ("", REPORTING) else find_tree(gateway, given["tree"])
        kind = find_type(gateway.workspace.forecast_types, given["type"])
        found = await gateway.forecast(principal, given["period"], given["node"], given["currency"], tree, kind)
        if given["currency"]:
            await check_currency(gateway, principal, found)
        return answer(found)

    owner = base.query("owner", text="an owner's id; everybody's without")
    free = base.query("free", text="of the owner's day, such as 09:00-11:00,14:00-15:30; all but 12:00-13:00 without")

    @routes.get(
        "/actions",
        responses=base.gives(Inbox),
        openapi_extra=base.parameters(owner, free, *base.PAGING, *base.LANGUAGE),
    )
    async def actions(request: Request) -> Response:
        """Suggested next actions on open deals, by gain; the limit counts deals. Of one owner, their day too."""
        name = checked_text("owner", request.query_params.get("owner", ""))
        cursor = cursor_of(request)
        spans = free_spans(checked_text("free", request.query_params.get("free", "")))
        principal, language = principal_of(request), language_of(request)
        found, following = await gateway.actions(principal, name, cursor, limit_of(request), language)
        mine = await open_deals(gateway, principal, name, language) if name and not cursor else None
        day = rep_day(mine, gateway.workspace.now(), spans) if mine else None
        return answer({"actions": found, "next_cursor": following, "day": day})

    return routes
