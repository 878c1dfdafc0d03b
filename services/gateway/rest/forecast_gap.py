"""/v1/forecast/close-gap and /v1/forecast:simulate: what would be, tried on the forecast's scenarios."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from learning.placements import REPORTING
from learning.records import Outcome
from services.gateway.added_pipeline import Added, added_of
from services.gateway.amount_types import find_type
from services.gateway.forecast_client import Simulator
from services.gateway.forecast_trees import find_tree
from services.gateway.gap import close_gap
from services.gateway.json_checks import Problems, Reader, check_day, check_money
from services.gateway.rest import base, inputs, schemas_forecast
from services.gateway.rest.base import principal_of
from services.gateway.rest.forecast import TYPE, WHERE, currency_of, kind_of, period_of, text_of
from services.gateway.rest.http import answer, json_of
from services.gateway.rest.problems import Refused
from services.gateway.service import Gateway
from services.gateway.simulation import Supposed, simulate

MOST_DEALS, USUAL_DEALS, MOST_SUPPOSED = 10, 5, 50


def router(gateway: Gateway, simulator: Simulator) -> APIRouter:
    """The route."""
    routes = base.routes("forecast", strict=True)
    most = base.query("deals", "integer", text="at most so many; 5 without", minimum=1, maximum=MOST_DEALS)

    @routes.get(
        "/forecast/close-gap", responses=base.gives(schemas_forecast.ClosedGap),
        openapi_extra=base.parameters(*WHERE, TYPE, most),
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
        kind = kind_of(gateway, request)
        return answer(await close_gap(gateway, simulator, principal_of(request), *asked, kind))

    _simulate(routes, gateway, simulator)
    return routes


def _simulate(routes: APIRouter, gateway: Gateway, simulator: Simulator) -> None:
    deal = base.obj(id=base.TEXT, outcome=inputs.choice("WON", "LOST"), close_date=base.DAY, amount=base.MONEY)
    new = base.obj(count=base.NUMBER, amount=base.MONEY, stage=base.TEXT, pipeline=base.TEXT, owner_id=base.TEXT,
                   close_date=base.DAY, probability=base.NUMBER)  # fmt: skip
    body = base.obj(period=base.TEXT, type=base.TEXT, tree=base.TEXT, deals=base.listed(deal), added=base.listed(new))

    @routes.post(
        "/forecast:simulate", responses=base.gives(schemas_forecast.Simulation), openapi_extra=base.takes(body)
    )
    async def forecast_simulate(request: Request) -> Response:
        """A period's totals of the nodes concerned if open deals were won or lost in it, slipped, or had other amounts,
        and if new ones were added.

        Nothing is written; lead scores stay as they are.
        """
        period, type_name, tree_name, supposed, added = supposed_of(await json_of(request))
        workspace = gateway.workspace
        chosen = workspace.calendar.parse(period) if period else workspace.calendar.current(workspace.business_day)
        kind = find_type(workspace.forecast_types, type_name)
        tree = None if tree_name in ("", REPORTING) else find_tree(gateway, tree_name)
        return answer(await simulate(gateway, simulator, principal_of(request), chosen, supposed, added, kind, tree))


def supposed_of(raw: Any) -> tuple[str, str, str, list[Supposed], list[Added]]:
    """The period, the type, the tree, what is supposed of up to 50 deals, and what is added; one of both at least.

    Raises Refused with everything that is wrong.
    """
    problems, found = Problems(), []
    reader = Reader(raw, problems, ("period", "type", "tree", "deals", "added"))
    for path, element in reader.items("deals", MOST_SUPPOSED):
        one = Reader(element, problems, ("id", "outcome", "close_date", "amount"), path=path)
        outcome = one.choice("outcome", ("WON", "LOST"), default="")
        amount = one.take("amount", check_money, default=None)
        day = one.take("close_date", check_day, default=None)
        found.append(Supposed(one.required_id("id"), Outcome(outcome) if outcome else None, day, amount))
    added = added_of(reader, problems)
    if not (found or added) or len({one.deal_id for one in found}) < len(found):
        problems.add("deals", len(found), f"deals are not 1 to {MOST_SUPPOSED} different ones", "name each once")
    period, type_name, tree_name = (str(reader.text(name) or "") for name in ("period", "type", "tree"))
    if problems.found:
        raise Refused(problems.found)
    return period, type_name, tree_name, found, added
