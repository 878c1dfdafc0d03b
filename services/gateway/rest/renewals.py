"""/v1/renewals: contracts that end, the deals that renew them, and how early those open."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from services.gateway.change_log import noting_settings
from services.gateway.renewals.keeper import Coming, coming, renewal_days, set_renewal_days
from services.gateway.rest import base, schemas_figures
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_text
from services.gateway.rest.http import answer, object_of
from services.gateway.service import Gateway

WITHIN, MOST_WITHIN = 180, 3_660
PARAMETERS = [
    base.query("within", "integer", f"days from the business day to the end, either way; {WITHIN} without",
               minimum=0, maximum=MOST_WITHIN),
]  # fmt: skip


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = base.routes("renewals")

    @routes.get("/renewals", responses=base.gives(schemas_figures.Renewals), openapi_extra=base.parameters(*PARAMETERS))
    async def renewals(request: Request) -> Response:
        """Contracts that ended lately or end soon, by end, and how it stands with their renewal."""
        text = checked_text("within", request.query_params.get("within", "")) or str(WITHIN)
        if not text.isascii() or not text.isdigit() or int(text[:6]) > MOST_WITHIN:
            mend = f"Give 0 to {MOST_WITHIN}"
            raise InvalidInput("this is no number of days", field="within", value=text[:20], mend=mend)
        found = await coming(gateway, principal_of(request), int(text))
        return answer({"days": await renewal_days(gateway.store), "contracts": [_json(one) for one in found]})

    days = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 730}, {"type": "null"}]}

    @routes.put(
        "/renewals/settings", responses=base.gives(schemas_figures.RenewalSettings),
        openapi_extra=base.takes(base.obj(days=days)),
    )  # fmt: skip
    async def set_renewals(request: Request) -> Response:
        """How many days before a contract's end its renewal opens; null for never. It holds at once."""
        given = await object_of(request, ("days",))
        if "days" not in given:
            raise InvalidInput("days is missing", field="days", mend='Send {"days": 90}')
        async with noting_settings(gateway.store, gateway.workspace, principal_of(request).id):
            await set_renewal_days(gateway.store, given["days"])
        return answer({"days": await renewal_days(gateway.store)})

    return routes


def _json(one: Coming) -> dict[str, object]:
    deal = one.deal
    return {
        "deal_id": deal.id,
        "name": deal.name,
        "account_id": deal.account_id,
        "owner_id": deal.owner_id,
        "amount": None if deal.amount is None else {"currency": deal.amount.currency, "value": deal.amount.value},
        "contract_end": one.end.isoformat(),
        "days_left": one.days_left,
        "standing": one.standing.value,
        "renewal_id": one.renewal_id or None,
    }
