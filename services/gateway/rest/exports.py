"""/v1/exports/…: tables of what the gateway knows, as files."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from kit.errors import InvalidInput, NotFound
from learning.fiscal import FiscalCalendar
from learning.records import CATEGORIES
from services.gateway.exports.tables import TABLES
from services.gateway.exports.writing import FORMATS, write_table
from services.gateway.rest import base
from services.gateway.rest.base import principal_of
from services.gateway.rest.deals import CHOICES, SEARCHED, checked_text, number
from services.gateway.rest.http import id_in_path, language_of
from services.gateway.service import Gateway
from services.gateway.store.interface import Query

AT_ONCE = 2  # files being written
TEXTS = ("owner_id", "region", "pipeline", "stage", "account_id")
WORDS = ("outcome", "kind")
PARAMETERS = [
    base.query("format", text="csv without", enum=list(FORMATS)),
    *base.LANGUAGE,
    *(base.query(name, text="only such deals", enum=list(CHOICES[name])) for name in WORDS),
    *(base.query(name, text="only such deals") for name in TEXTS),
    base.query("subtree", "boolean", "with owner_id: also everyone below"),
    base.query("period", text="only opportunities promised for it, or closed in it"),
    base.query("own_category", text="only deals that people gave this category", enum=list(CATEGORIES)),
    base.query("text", text=SEARCHED),
    base.query("min_probability", "number", minimum=0, maximum=1),
]
CONTENT = {each.media_type: {"schema": {"type": "string", "format": "binary"}} for each in FORMATS.values()} | {
    FORMATS["ndjson"].media_type: {"schema": {"type": "object", "description": "a row a line"}}
}


def router(gateway: Gateway, scratch: Path) -> APIRouter:
    """The routes."""
    routes = base.routes("operations")
    writing = asyncio.Semaphore(AT_ONCE)

    @routes.get(
        "/exports/{table}", responses={200: {"description": "The table's file", "content": CONTENT}},
        openapi_extra=base.parameters(*PARAMETERS),
    )  # fmt: skip
    async def export_table(request: Request, table: str) -> Response:
        """A table as a file: deals, deal-periods, reasons, suggestions or forecast, as far as you may see them.

        Headings are in the language asked for in xlsx and CSV; Parquet and NDJSON name columns the same for ever.
        """
        name, chosen = _table_in(id_in_path(table)), _format_of(request)
        query, language = query_of(request, gateway.workspace.calendar), language_of(request)
        async with writing:
            path = await write_table(gateway, principal_of(request), name, chosen, query, language, scratch)
        cleanup = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(
            path, media_type=FORMATS[chosen].media_type, filename=f"{name}.{chosen}", background=cleanup
        )

    return routes


def _table_in(name: str) -> str:
    if name not in TABLES:
        raise NotFound("there is no such table", field="table", value=name[:60], mend="Use " + ", ".join(TABLES))
    return name


def _format_of(request: Request) -> str:
    chosen = request.query_params.get("format", "") or "csv"
    if chosen not in FORMATS:
        mend = "Use " + ", ".join(FORMATS)
        raise InvalidInput("there is no such format", field="format", value=chosen[:60], mend=mend)
    return chosen


def query_of(request: Request, calendar: FiscalCalendar) -> Query:
    """The deals asked for, by id. Raises InvalidInput naming the parameter."""
    given = request.query_params
    known = [each["name"] for each in PARAMETERS]
    if unknown := sorted(set(given) - set(known)):
        name = unknown[0]
        mend = "Use " + ", ".join(known)
        raise InvalidInput("this is no parameter", field=name[:60], value=given[name][:60], mend=mend)
    words = {name: given.get(name, "").upper() for name in WORDS}
    for name, value in words.items():
        if value and value not in CHOICES[name]:
            mend = "Use " + ", ".join(CHOICES[name])
            raise InvalidInput(f"{name} has no such value", field=name, value=value[:60], mend=mend)
    subtree = given.get("subtree", "").lower()
    if subtree not in {"", "true", "false"}:
        mend = "Use true or false"
        raise InvalidInput("subtree is neither true nor false", field="subtree", value=subtree[:60], mend=mend)
    texts = {name: checked_text(name, given.get(name, "")) for name in (*TEXTS, "text", "period")}
    category = given.get("own_category", "").lower()
    if category not in ("", *CATEGORIES):
        mend = "Use " + ", ".join(CATEGORIES)
        raise InvalidInput("there is no such category", field="own_category", value=category[:60], mend=mend)
    span = calendar.parse(texts["period"]) if texts["period"] else None
    return Query(
        owner_id=texts["owner_id"], region=texts["region"], pipeline=texts["pipeline"], stage=texts["stage"],
        account_id=texts["account_id"], text=texts["text"], own_category=category,
        min_probability=number("min_probability", given.get("min_probability", "")),
        closes_after=span.start - timedelta(days=1) if span else None, closes_by=span.end if span else None,
        outcome=words["outcome"], kind=words["kind"] or ("OPPORTUNITY" if span else ""), subtree=subtree == "true",
        sort="id",
    )  # fmt: skip
