"""/v1/deals/{id}/what-if: a score that nobody keeps."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.json_records import deal_from_json
from services.gateway.rest import base, inputs
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import checked_id
from services.gateway.rest.http import answer, body_of, id_in_path, language_of, object_in
from services.gateway.rest.problems import Refused
from services.gateway.rest.schemas_views import WhatIf
from services.gateway.scoring_client import Scoring
from services.gateway.service import Gateway
from services.gateway.what_if import FIELDS, suppose

MOST_BYTES = 256 * 1024
ASKED = (*FIELDS, "fields")


def router(gateway: Gateway, scoring: Scoring) -> APIRouter:
    """The route."""
    routes = base.routes("deals")
    question = base.obj(**{name: inputs.DEAL["properties"][name] for name in ASKED})

    @routes.post(
        "/deals/{deal_id}/what-if", responses=base.gives(WhatIf),
        openapi_extra=base.takes(question, *base.LANGUAGE),
    )  # fmt: skip
    async def what_if(request: Request, deal_id: str) -> Response:
        """An open deal's score as it is and with other values, as if they changed today, and what makes the difference.

        Nothing is written. The effects of all differences add up to the difference in log-odds.
        """
        identity = checked_id(id_in_path(deal_id))
        given = object_in(await body_of(request, MOST_BYTES), ASKED)
        write, errors = deal_from_json(given, deal_id=identity)
        if write is None:
            raise Refused(errors)
        principal, language = principal_of(request), language_of(request)
        return answer(await suppose(gateway.store, gateway.workspace, scoring, principal, write, language))

    return routes
