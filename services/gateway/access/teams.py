"""/v1/deals/{id}/team: who sees a deal beside its owner."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from services.gateway.access import schemas as shapes
from services.gateway.access.gate import Access
from services.gateway.access.members import Act
from services.gateway.change_log import note
from services.gateway.domain import Principal
from services.gateway.json_checks import shown
from services.gateway.rest import base
from services.gateway.rest.base import TEXT, principal_of
from services.gateway.rest.deals import checked_id
from services.gateway.rest.http import answer, id_in_path, object_of
from services.gateway.service import Gateway

TEAM = base.obj(users=base.listed(TEXT)) | {"required": ["users"]}


async def give_team(access: Access, gateway: Gateway, principal: Principal, deal: str, users: Sequence[str]) -> None:
    """The deal's team from now on, which stands in the log. Raises NotFound, InvalidInput, Forbidden."""
    before = await gateway.store.deal_team(principal, deal)
    await gateway.store.set_deal_team(principal, deal, users)
    if before != sorted(set(users)):
        await note(gateway.store, Act.TEAM_CHANGED, principal.id, "deal", deal, users=sorted(set(users)))
    gateway.news.wake()


def router(access: Access, gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = base.routes("deals")

    @routes.get("/deals/{deal_id}/team", responses=base.gives(shapes.Team))
    async def read_team(request: Request, deal_id: str) -> Response:
        """The users, by id, who see the deal beside its owner and those with credit, and so do their managers."""
        return answer({"users": await gateway.store.deal_team(principal_of(request), checked_id(id_in_path(deal_id)))})

    @routes.put("/deals/{deal_id}/team", responses=base.gives(shapes.Team), openapi_extra=base.takes(TEAM))
    async def write_team(request: Request, deal_id: str) -> Response:
        """Replace the team: its users see the deal from now on, and do not change it."""
        principal, deal = principal_of(request), checked_id(id_in_path(deal_id))
        users = (await object_of(request, ("users",))).get("users")
        if not isinstance(users, list) or not all(isinstance(one, str) for one in users):
            raise InvalidInput("users is no list of ids", field="users", value=shown(users), mend='Send ["u1"]')
        await give_team(access, gateway, principal, deal, users)
        return answer({"users": await gateway.store.deal_team(principal, deal)})

    return routes
