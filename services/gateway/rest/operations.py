"""Imports, training jobs, models, dead letters, the workspace and its export: what RevOps does."""

from __future__ import annotations

import asyncio
import os
import tarfile
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from kit.clock import parse_day
from kit.errors import Forbidden, InvalidInput
from learning.horizon import LONGEST_HORIZON
from services.gateway.access.members import LOCAL_CALLER, MACHINE
from services.gateway.action_catalogue import ActionCatalogue
from services.gateway.change_log import noting_settings
from services.gateway.dead_letters import FIND, DeadLetterDesk
from services.gateway.domain import Principal
from services.gateway.exchange_pointer import ExchangePointer
from services.gateway.fiscal_change import change_fiscal_year
from services.gateway.forecast_client import Simulator
from services.gateway.health.desk import HealthDesk
from services.gateway.history_export import exported
from services.gateway.imports.weekly.uploads import Uploads
from services.gateway.imports_desk import ImportDesk
from services.gateway.model_versions import ModelVersions
from services.gateway.monitoring.desk import MonitoringDesk
from services.gateway.policies import PolicyDesk
from services.gateway.privacy.desk import PrivacyDesk
from services.gateway.rest import base, models, sample, training, weekly_files
from services.gateway.rest import schemas_operations as shapes
from services.gateway.rest.access_log import AccessLog
from services.gateway.rest.base import DAY, TEXT, principal_of
from services.gateway.rest.http import (
    Line,
    answer,
    body_of,
    id_in_path,
    limit_of,
    object_in,
    object_of,
    text_of,
)
from services.gateway.rest.idempotency import idempotency_key, once
from services.gateway.rest.schemas_views import Workspace
from services.gateway.sample.removal import SampleRemoval
from services.gateway.scoring_client import Scoring
from services.gateway.service import Gateway
from services.gateway.similar_deals import Alike
from services.gateway.training import Trainer


def _importing(principal: Principal, by: str) -> str:
    """Whose import it is: this machine's own program imports what somebody has dropped on a page, and says for whom.

    Raises Forbidden for others who say so."""
    if by and by != principal.id and principal.id not in (MACHINE, LOCAL_CALLER.principal.id):
        mend = "Leave it out: it is you who imports"
        raise Forbidden("you may not import on behalf of others", field="by", value=by[:60], mend=mend)
    return by or principal.id


@dataclass(frozen=True, slots=True)
class Desks:
    """What stands behind these routes."""

    imports: ImportDesk
    trainer: Trainer
    models: ModelVersions
    letters: DeadLetterDesk
    scratch: Path
    local: bool  # files of this machine may be named
    scoring: Scoring
    catalogue: ActionCatalogue
    simulator: Simulator
    policies: PolicyDesk
    alike: Alike
    exchange: ExchangePointer
    monitoring: MonitoringDesk
    health: HealthDesk
    privacy: PrivacyDesk
    access: AccessLog
    sample: SampleRemoval
    uploads: Uploads


def router(gateway: Gateway, desks: Desks) -> APIRouter:
    """The routes."""
    routes = base.routes("operations")
    _imports(routes, gateway, desks)
    weekly_files.add(routes, gateway)
    training.add(routes, gateway, desks.trainer)
    models.add(routes, gateway, desks.models, desks.trainer.rules)
    _dead_letters(routes, desks.letters)
    _workspace(routes, gateway, desks)
    sample.add(routes, desks.sample)
    return routes


def _imports(routes: APIRouter, gateway: Gateway, desks: Desks) -> None:
    opening = base.obj(source=TEXT, as_of=DAY, currency=TEXT, by=TEXT)

    @routes.post(
        "/imports", status_code=201, responses=base.gives(shapes.Job, 201),
        openapi_extra=base.takes(opening, *base.IDEMPOTENCY, required=False),
    )  # fmt: skip
    async def open_import(request: Request) -> Response:
        """Begin an import. `as_of` pins the business clock to that day, never backwards."""
        data = await body_of(request)

        async def act() -> tuple[int, Line]:
            given = object_in(data, ("source", "as_of", "currency", "by"))
            job = await desks.imports.open(
                text_of(given, "source", "import"), text_of(given, "as_of"), text_of(given, "currency"),
                _importing(principal_of(request), text_of(given, "by")),
            )  # fmt: skip
            return 201, job.to_json()

        return await once(gateway, idempotency_key(request, principal_of(request)), data, act)

    counts = {"type": "object", "description": "by kind of record and fate, kept with the import"}
    closing = base.obj(counts=counts, as_of=DAY, currency=TEXT, error=TEXT)

    @routes.post(
        "/imports/{import_id}:finish", responses=base.gives(shapes.Job),
        openapi_extra=base.takes(closing, required=False),
    )  # fmt: skip
    async def finish_import(request: Request, import_id: str) -> Response:
        """End an import; training begins by itself where no model serves yet."""
        given = await object_of(request, ("counts", "as_of", "currency", "error"))
        found = given.get("counts") or {}
        if not isinstance(found, dict) or len(found) > 100:
            raise InvalidInput("counts is no object", field="counts", mend='Send {"deals": {"created": 7135}}')
        job = await desks.imports.finish(
            id_in_path(import_id), found, text_of(given, "as_of"), text_of(given, "currency"), text_of(given, "error")
        )
        return answer(job.to_json())

    @routes.get("/imports", responses=base.gives(shapes.Imports))
    async def list_imports() -> Response:
        """The latest imports, newest first."""
        return answer({"imports": [job.to_json() for job in desks.imports.jobs.all()]})

    @routes.get("/imports/{import_id}", responses=base.gives(shapes.Job))
    async def read_import(import_id: str) -> Response:
        """An import with its progress."""
        return answer(desks.imports.jobs.get(id_in_path(import_id)).to_json())

    @routes.post(
        "/imports/{import_id}:undo", responses=base.gives(shapes.Job),
        openapi_extra=base.takes(base.obj(discard=base.FLAG), required=False),
    )  # fmt: skip
    async def undo_import(request: Request, import_id: str) -> Response:
        """Undo an import whole: every record it changed stands again as before, what it created is gone.

        409 where records were changed since, by a later import or otherwise; `discard` gives those changes up too.
        """
        given = await object_of(request, ("discard",))
        discard = given.get("discard", False)
        if not isinstance(discard, bool):
            raise InvalidInput("discard is neither true nor false", field="discard", mend="Send true or false")
        job = await desks.imports.undo(principal_of(request), id_in_path(import_id), discard=discard)
        return answer(job.to_json())

    @routes.post(
        "/history:load", status_code=202, responses=base.gives(shapes.Job, 202),
        openapi_extra=base.takes(base.obj(folder=TEXT)),
    )  # fmt: skip
    async def load_history(request: Request) -> Response:
        """Load a folder in the history format from this machine, as a job among the imports."""
        if not desks.local:
            raise Forbidden("folders are loaded on the machine itself only", field="folder", mend="Use dealcast import")
        folder = Path(text_of(await object_of(request, ("folder",)), "folder"))
        if not folder.is_absolute() or not await asyncio.to_thread((folder / "manifest.json").is_file):
            mend = "Name the absolute path of a folder in the history format"
            raise InvalidInput("there is no history in this folder", field="folder", value=str(folder), mend=mend)
        return answer((await desks.imports.load(principal_of(request), folder)).to_json(), 202)


def _dead_letters(routes: APIRouter, letters: DeadLetterDesk) -> None:
    @routes.get(
        "/dead-letters", responses=base.gives(shapes.DeadLetterPage), openapi_extra=base.parameters(*base.PAGING)
    )
    async def list_letters(request: Request) -> Response:
        """Messages that could not be handled, newest first."""
        found, following = await letters.page(
            _sequence(request.query_params.get("cursor") or "0", 0), limit_of(request)
        )
        return answer({"dead_letters": found, "next_cursor": str(following) if following else ""})

    @routes.post("/dead-letters/{seq}:replay", responses=base.gives(shapes.DeadLetter))
    async def replay(request: Request, seq: str) -> Response:
        """Send it again and drop the letter."""
        return answer(await letters.replay(_sequence(seq), principal_of(request).id))

    @routes.delete("/dead-letters/{seq}", status_code=204)
    async def drop(request: Request, seq: str) -> Response:
        """Drop the letter."""
        await letters.drop(_sequence(seq), principal_of(request).id)
        return Response(None, 204)


def _sequence(text: str, least: int = 1) -> int:
    if not text.isdecimal() or len(text) > 18 or int(text) < least:
        raise InvalidInput("this is no sequence number", field="seq", value=text, mend=FIND)
    return int(text)


def _workspace(routes: APIRouter, gateway: Gateway, desks: Desks) -> None:
    @routes.get("/workspace", responses=base.gives(Workspace))
    async def about(request: Request) -> Response:
        """Clock, currency, counts, serving models, readiness of the parts."""
        return answer(await gateway.about(principal_of(request)))

    clock = base.obj(today={"anyOf": [DAY, {"type": "null"}]})

    @routes.put("/workspace/clock", responses=base.gives(Workspace), openapi_extra=base.takes(clock))
    async def set_clock(request: Request) -> Response:
        """Pin the business clock to a day, or let it run with null. It may go back, which imports never do.

        An answer given for a later day then stays until the deal changes or a model is trained anew.
        """
        given = await object_of(request, ("today",))
        if "today" not in given:
            raise InvalidInput("today is missing", field="today", mend="Send a day, or null to let the clock run")
        day = None if given["today"] is None else parse_day(text_of(given, "today"), "today")
        async with noting_settings(gateway.store, gateway.workspace, principal_of(request).id):
            await gateway.workspace.pin(day)
        return answer(await gateway.about(principal_of(request)))

    columns = base.obj(keep=base.listed(TEXT), drop=base.listed(TEXT))
    year = base.obj(start_month={"type": "integer", "minimum": 1, "maximum": 12}, named_by=TEXT, confirm=base.FLAG)
    horizon = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": LONGEST_HORIZON}, {"type": "null"}]}
    bounds = {"type": "object"}
    settings = base.obj(
        currency=TEXT,
        grade_bounds=bounds,
        training_columns=columns,
        fiscal_year=year,
        lead_horizon_days=horizon,
        holiday_country=TEXT,
        time_zone=TEXT,
        crm_link=TEXT,
    )

    @routes.put("/workspace", responses=base.gives(Workspace), openapi_extra=base.takes(settings))
    async def change(request: Request) -> Response:
        """Set the currency, the lower bounds of the grades A, B and C, the fiscal year, or what trainings learn.

        `training_columns` overrule the leak guard in every later training, automatic ones too, until they are set anew.
        A fiscal year under which quotas, submissions or adjustments would be of other days is refused with what they
        would become (409), until it comes with `confirm`. `lead_horizon_days` says, from the next training on, within
        how many days a lead is to convert; null: at all.
        """
        given = await object_of(request, tuple(settings["properties"]))
        workspace = gateway.workspace
        setters: Mapping[str, Callable[[Any], Awaitable[object]]] = {
            "grade_bounds": workspace.set_grade_bounds,
            "fiscal_year": partial(change_fiscal_year, gateway, principal_of(request)),
            "holiday_country": workspace.set_holiday_country, "time_zone": workspace.set_time_zone,
            "crm_link": workspace.set_crm_link, "training_columns": workspace.set_training_columns,
            "lead_horizon_days": workspace.set_lead_horizon,
        }  # fmt: skip
        async with noting_settings(gateway.store, workspace, principal_of(request).id):
            for name, change_it in setters.items():
                if name in given:
                    await change_it(given[name])
            if "currency" in given:
                await workspace.set_currency(text_of(given, "currency"))
        return answer(await gateway.about(principal_of(request)))

    content = {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}}

    @routes.get("/export", responses={200: {"description": "A tar of the folder", "content": content}})
    async def export(request: Request) -> Response:
        """All records as a folder in the history format, in a tar file."""
        async with exported(gateway.store, gateway.workspace, principal_of(request), desks.scratch) as folder:
            handle, name = tempfile.mkstemp(suffix=".tar", dir=desks.scratch)
            os.close(handle)
            await asyncio.to_thread(_tar, folder, Path(name))
        cleanup = BackgroundTask(Path(name).unlink, missing_ok=True)
        return FileResponse(name, media_type="application/x-tar", filename="history.tar", background=cleanup)


def _tar(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w") as tar:
        for file in sorted(folder.iterdir()):
            tar.add(file, file.name)
