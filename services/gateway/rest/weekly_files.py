"""What is remembered between imports of weekly files: what columns hold, who is who, the deals of the last file."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from services.gateway.imports.sinks import WEEKLY
from services.gateway.imports.weekly.memory import Memory
from services.gateway.rest import base, recorded
from services.gateway.rest import schemas_operations as shapes
from services.gateway.rest.http import answer, object_of
from services.gateway.service import Gateway


def add(routes: APIRouter, gateway: Gateway) -> None:
    """The routes."""

    @routes.get("/weekly-files", responses=base.gives(shapes.WeeklyFiles))
    async def read_memory() -> Response:
        """What is remembered between imports of weekly files; null before the first."""
        return answer({"memory": await gateway.store.get_setting(WEEKLY)})

    schema = base.obj(memory={"type": "object", "description": "as it was read, with what an import adds"})

    @routes.put(
        "/weekly-files", responses=base.gives(shapes.WeeklyFiles), openapi_extra=base.takes(schema, *recorded.IMPORT)
    )
    async def keep_memory(request: Request) -> Response:
        """Keep it for the next import; `dealcast import` does this itself."""
        given = (await object_of(request, ("memory",))).get("memory")
        try:
            kept = Memory.from_json(given).to_json() if isinstance(given, dict) else None
        except (TypeError, AttributeError, ValueError):
            kept = None
        if kept is None:
            raise InvalidInput("this is no memory of weekly files", field="memory", mend="Send it as it was read")
        await (await recorded.store_of(request, gateway)).put_setting(WEEKLY, kept)
        return answer({"memory": kept})
