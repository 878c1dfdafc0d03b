"""Who did what: the log as a page, by act, kind of thing and person, and as a workbook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.access.audit_query import asked_of
from services.gateway.access.audit_values import Names
from services.gateway.access.audit_views import choices, entries, source
from services.gateway.access.members import LOCAL_CALLER, AccessEvent, EventQuery
from services.gateway.exports.columns import Kind, Table, column
from services.gateway.rest.base import principal_of
from services.gateway.service import Gateway
from services.gateway.web.member_names import called_by, people_of
from services.gateway.web.rendering import answer, render
from services.gateway.web.words import Words
from services.gateway.web.workbooks import workbook_of

PATH = "/audit"
SHOWN, IN_FILE, AT_ONCE = 50, 10_000, 500
ASKED = ("act", "kind", "member_id", "record")
COLUMNS = (
    column("time", Kind.TIME, "When (UTC)", "시각 (UTC)"), column("who", Kind.TEXT, "Who", "변경한 사람"),
    column("act", Kind.TEXT, "What was done", "한 일"), column("kind", Kind.TEXT, "On what", "대상 종류"),
    column("what", Kind.TEXT, "Which", "대상"), column("before", Kind.TEXT, "Before", "이전"),
    column("after", Kind.TEXT, "After", "이후"), column("more", Kind.TEXT, "More", "상세"),
    column("record", Kind.TEXT, "Id", "대상 ID"), column("by", Kind.TEXT, "Id of who", "변경한 사람 ID"),
)  # fmt: skip
TABLE = Table("audit_log", {"en": "Who did what", "ko": "감사 기록"}, COLUMNS)


def add_audit(routes: APIRouter, gateway: Gateway, scratch: Path | None) -> None:
    """The routes; without a folder for files no xlsx is offered."""

    @routes.get(PATH)
    async def audit(request: Request) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, request, words, offered=scratch is not None))

    if scratch is not None:

        @routes.get(PATH + ".xlsx")
        async def workbook(request: Request) -> Response:
            return await answer(gateway, request, lambda words: _workbook(gateway, request, words, scratch))


async def _names(gateway: Gateway, request: Request, words: Words) -> Names:
    people = await people_of(gateway, principal_of(request), words)
    return Names(called_by(await gateway.store.list_members(), words), people)


async def _page(gateway: Gateway, request: Request, words: Words, *, offered: bool) -> str:
    asked, names = asked_of(request, request.query_params, "before"), await _names(gateway, request, words)
    found = await gateway.store.list_access_events(limit=SHOWN, asked=asked)
    acts, kinds = choices(words, all_acts=not asked.changes)
    by = [LOCAL_CALLER.principal.id, *(one.id for one in await gateway.store.list_members())]
    query = {name: request.query_params.get(name, "") for name in (*ASKED, "lang", "unit")}
    chosen = {name: value for name, value in query.items() if value}
    values: dict[str, Any] = {
        "rows": entries(found, names, words), "acts": acts, "kinds": kinds, "asked": asked,
        "people": sorted(((one, names.called(one)) for one in by), key=lambda one: one[1].casefold()),
        "older": _address(chosen | {"before": str(found[-1].id)}) if len(found) == SHOWN else "",
        "newest": _address(chosen) if asked.before else "", "limited": asked.changes,
        "workbook": _address(chosen | {"lang": words.language}, ".xlsx") if offered else "",
        "since": await gateway.store.last_event_id(), "sample": gateway.workspace.sample,
        "business_day": words.day(gateway.workspace.business_day), "most": words.number(IN_FILE),
    }  # fmt: skip
    return render("audit.html", request, words, **values)


def _address(asked: Mapping[str, str], ending: str = "") -> str:
    return f"{PATH}{ending}?{urlencode(asked)}" if asked else PATH + ending


async def _workbook(gateway: Gateway, request: Request, words: Words, scratch: Path) -> Response:
    """The newest that are asked for, at most so many as a sheet is read."""
    asked, names = asked_of(request, request.query_params, "before"), await _names(gateway, request, words)
    found = [one async for one in _all(gateway, asked)]
    rows = [source(event, entry) for event, entry in zip(found, entries(found, names, words), strict=True)]
    return await workbook_of(TABLE, rows, words.language, scratch, "audit-log.xlsx")


async def _all(gateway: Gateway, asked: EventQuery) -> AsyncIterator[AccessEvent]:
    count = 0
    while count < IN_FILE:
        found = await gateway.store.list_access_events(limit=AT_ONCE, asked=asked)
        for one in found:
            yield one
        if len(found) < AT_ONCE:
            return
        count, asked = count + len(found), replace(asked, before=found[-1].id)
