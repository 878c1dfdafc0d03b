"""Writes that belong to an import: `?import=<id>` keeps what they change as it was, for the import to be undone."""

from __future__ import annotations

from fastapi import Request

from kit.errors import NotFound
from services.gateway.jobs import RUNNING
from services.gateway.rest import base
from services.gateway.service import Gateway
from services.gateway.store import Store

IMPORT = [base.query("import", text="the import that these writes belong to, so that it can be undone")]


async def store_of(request: Request, gateway: Gateway) -> Store:
    """The store to write to. Raises NotFound where no such import is running."""
    import_id = request.query_params.get("import", "")
    if not import_id:
        return gateway.store
    jobs = await gateway.store.get_setting("import_jobs") or []
    if not any(job["id"] == import_id and job["state"] == RUNNING for job in jobs):
        mend = "Open one with POST /v1/imports, or leave import out"
        raise NotFound("there is no such import under way", field="import", value=import_id[:60], mend=mend)
    return gateway.store.recording(import_id)
