"""Training jobs: asked for, watched, cancelled."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from learning.overrules import Overrules
from services.gateway.change_log import noting_settings
from services.gateway.rest import base
from services.gateway.rest import schemas_operations as shapes
from services.gateway.rest.base import NUMBER, TEXT, principal_of
from services.gateway.rest.http import Line, answer, body_of, id_in_path, object_in, text_of
from services.gateway.rest.idempotency import idempotency_key, once
from services.gateway.service import Gateway
from services.gateway.training import Trainer
from services.gateway.workspace import SERVICES


def add(routes: APIRouter, gateway: Gateway, trainer: Trainer) -> None:
    """The routes."""
    names = base.listed(TEXT)
    asking = base.obj(services=base.listed({"enum": list(SERVICES)}), seed=NUMBER, reason=TEXT, keep=names, drop=names)

    @routes.post(
        "/training-jobs", status_code=202, responses=base.gives(shapes.Job, 202),
        openapi_extra=base.takes(asking, *base.IDEMPOTENCY, required=False),
    )  # fmt: skip
    async def train(request: Request) -> Response:
        """Train all models, or those named, on the records as they are; one training after the other.

        A new version serves where the rule of promotion (`/v1/model-rules`) lets it, else it waits for a person.
        `keep` and `drop` name columns that lead scoring keeps or leaves out, whatever its leak guard says: in this
        training and, as `training_columns` of the workspace, in all later ones.
        """
        data = await body_of(request)

        async def act() -> tuple[int, Line]:
            given = object_in(data, ("services", "seed", "reason", "keep", "drop"))
            services, seed = given.get("services"), given.get("seed", 0)
            services = list(SERVICES) if services is None else services
            if not isinstance(services, list) or not services or not all(isinstance(each, str) for each in services):
                mend = "Use some of " + ", ".join(SERVICES) + "; without the field all are trained"
                raise InvalidInput("services is no list of names", field="services", mend=mend)
            if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**31:
                raise InvalidInput("the seed is out of range", field="seed", value=str(seed)[:60], mend="Use 0 to 2^31")
            overrules = Overrules.of(given.get("keep", ()), given.get("drop", ()))
            async with noting_settings(gateway.store, gateway.workspace, principal_of(request).id):
                job = await trainer.start(text_of(given, "reason") or "requested", services, seed, overrules)
            return 202, job.to_json()

        return await once(gateway, idempotency_key(request, principal_of(request)), data, act)

    @routes.get("/training-jobs", responses=base.gives(shapes.TrainingJobs))
    async def list_jobs() -> Response:
        """The latest trainings, newest first."""
        return answer({"jobs": [job.to_json() for job in trainer.jobs.all()]})

    @routes.get("/training-jobs/{job_id}", responses=base.gives(shapes.Job))
    async def read_job(job_id: str) -> Response:
        """A training with its progress."""
        return answer(trainer.jobs.get(id_in_path(job_id)).to_json())

    @routes.post("/training-jobs/{job_id}:cancel", responses=base.gives(shapes.Job))
    async def cancel(job_id: str) -> Response:
        """Kill a training; what serves stays."""
        return answer((await trainer.cancel(id_in_path(job_id))).to_json())
