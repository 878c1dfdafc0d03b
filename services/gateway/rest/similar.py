"""/v1/deals/{id}/similar: past deals like one."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.rest import base
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_id
from services.gateway.rest.http import answer, id_in_path, language_of, limit_of
from services.gateway.rest.schemas_suggestions import SimilarDeals
from services.gateway.service import Gateway
from services.gateway.similar_deals import MOST_SHOWN, Alike, similar_deals


def router(gateway: Gateway, alike: Alike) -> APIRouter:
    """The route."""
    routes = base.routes("deals")

    @routes.get(
        "/deals/{deal_id}/similar", responses=base.gives(SimilarDeals),
        openapi_extra=base.parameters(
            base.query("limit", "integer", minimum=1, maximum=MOST_SHOWN), *base.LANGUAGE
        ),
    )  # fmt: skip
    async def similar(request: Request, deal_id: str) -> Response:
        """The won and lost deals most like this one, what was done next in each, and how it went.

        At most `limit` of each, of those the caller may see.
        """
        identity, limit = checked_id(id_in_path(deal_id)), limit_of(request, 3, MOST_SHOWN)
        principal, language = principal_of(request), language_of(request)
        found = await similar_deals(
            gateway.store, gateway.workspace, alike, principal, identity, limit, language
        )  # fmt: skip
        return answer(found)

    return routes
