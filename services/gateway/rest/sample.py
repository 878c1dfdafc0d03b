"""/v1/workspace/sample: whether the sample company is here, and out with it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.rest import base
from services.gateway.rest.base import principal_of
from services.gateway.rest.http import answer
from services.gateway.rest.schemas_operations import Sample
from services.gateway.sample.removal import SampleRemoval


def add(routes: APIRouter, sample: SampleRemoval) -> None:
    """The routes."""

    @routes.get("/workspace/sample", responses=base.gives(Sample))
    async def about_sample(request: Request) -> Response:
        """Whether the sample company is here, and how many records would go with it; or when it was removed."""
        return answer(await sample.about(principal_of(request)))

    @routes.delete("/workspace/sample", responses=base.gives(Sample))
    async def remove_sample(request: Request) -> Response:
        """Remove the sample company: every record, whoever wrote it, what was computed on them, and the models.

        Members, tokens, the action catalogue, rules and other settings that people make, and the logs stay. 409 where
        the workspace holds real records. `clearing` stays true for some seconds, until messages and models are gone.
        """
        return answer(await sample.remove(principal_of(request)))
