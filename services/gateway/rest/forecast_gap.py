"""/v1/forecast/close-gap: which deals would close it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from services.gateway.forecast_client import Simulator
from services.gateway.gap import close_gap
from services.gateway.rest import base, schemas_forecast
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import WHERE, currency_of, period_of, text_of
from services.gateway.rest.http import answer
from services.gateway.service import Gateway

MOST_DEALS, USUAL_DEALS = 10, 5


def router(gateway: Gateway, simulator: Simulator) -> APIRouter:
    """The route."""
    routes = base.routes("forecast")
    most = base.query("deals", "integer", text="at most so many; 5 without", minimum=1, maximum=MOST_DEALS)

    @routes.get(
        "/forecast/close-gap", responses=base.gives(schemas_forecast.ClosedGap),
        openapi_extra=base.parameters(*WHERE, most),
    )  # fmt: skip
    async def forecast_close_gap(request: Request) -> Response:
        """The fewest deals whose winning in the period raises P(quota met) most, best first.

        Each is tried on the forecast's scenarios; `effect` is what its winning alone adds to P(quota met),
        `quota_probability` what is reached with it and all before it.
        """
        text = text_of(request, "deals") or str(USUAL_DEALS)
        if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_DEALS:
            raise InvalidInput("this is no number of deals", field="deals", value=text, mend=f"Use 1 to {MOST_DEALS}")
        asked = (period_of(gateway, request), text_of(request, "node"), currency_of(request), int(text))
        return answer(await close_gap(gateway, simulator, principal_of(request), *asked))

    return routes
