"""/v1/actions/policies: which policies choose what is shown first, and to which share of the deals."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import Conflict
from learning.action_policies import RANKED_BY, UNITS
from services.gateway.policies import PolicyDesk
from services.gateway.rest import base
from services.gateway.rest.base import NUMBER, TEXT, principal_of
from services.gateway.rest.catalogue import expected_generation
from services.gateway.rest.http import answer, object_of
from services.gateway.rest.problems import PreconditionFailed
from services.gateway.rest.schemas_actions import Policies

KNOWN = ("champion", "policies", "control_share", "unit", "reason")


def router(desk: PolicyDesk) -> APIRouter:
    """The routes."""
    routes = base.routes("actions")
    policy = base.obj(id=TEXT, share=NUMBER, rank_by=TEXT | {"enum": list(RANKED_BY)}, near=NUMBER,
                      most_exploring=NUMBER) | {"required": ["id"]}  # fmt: skip
    body = base.obj(
        champion=TEXT, policies={"type": "array", "items": policy}, control_share=NUMBER,
        unit=TEXT | {"enum": list(UNITS)}, reason=TEXT,
    ) | {"required": ["policies"]}  # fmt: skip

    @routes.get("/actions/policies", responses=base.gives(Policies, etag=True))
    async def read_policies(request: Request) -> Response:
        """The champion and its challengers, the control group, what the log says of them, and past decisions."""
        return _answer(await desk.about(principal_of(request)))

    @routes.put(
        "/actions/policies", responses=base.gives(Policies, etag=True), openapi_extra=base.takes(body, *base.IF_MATCH)
    )
    async def set_policies(request: Request) -> Response:
        """Set them all. Open deals are ranked anew; a deal stays with its policy while the shares stay.

        Another champion is taken when the lower bound of the difference in the effect of showing is above zero, or
        with a `reason`, which is kept. `If-Match` with the generation that was read refuses to overwrite another's.
        """
        given = await object_of(request, KNOWN)
        expected = expected_generation(request)
        try:
            return _answer(await desk.change(principal_of(request), given, expected))
        except Conflict as error:
            if error.field != "If-Match":
                raise
            raise PreconditionFailed(error.message, field=error.field, value=error.value, mend=error.mend) from None

    return routes


def _answer(found: dict[str, object]) -> Response:
    return answer(found, headers={"ETag": f'"{found["generation"]}"', "Cache-Control": "no-cache"})
