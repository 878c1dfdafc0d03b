"""What is to be mended in the records, finding by finding: the records it is about, and what stands twice decided."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import InvalidInput, NotFound
from services.gateway.domain import Principal
from services.gateway.exports.columns import Kind, Table, column
from services.gateway.health.deciding import keep_apart, merge
from services.gateway.health.findings import FINDINGS
from services.gateway.health.telling import title, why
from services.gateway.rest.base import principal_of
from services.gateway.service import Gateway
from services.gateway.store.health_interface import FoundRow
from services.gateway.web.forms import form_of, page_address
from services.gateway.web.member_names import user_names
from services.gateway.web.mend_decisions import decisions, undo
from services.gateway.web.mend_marks import deal_mark, told_apart
from services.gateway.web.rendering import answer, render
from services.gateway.web.words import Words
from services.gateway.web.workbooks import workbook_of

PATH = "/models/mend"
SHOWN, AT_ONCE = 50, 500
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
TWICE = "duplicate_"  # begins the findings about two records
COLUMNS = (
    column("id", Kind.TEXT, "Id", "ID"), column("name", Kind.TEXT, "Name", "이름"),
    column("other", Kind.TEXT, "Id of the other", "겹치는 기록 ID"),
    column("other_name", Kind.TEXT, "The other", "겹치는 기록"),
    column("mark", Kind.TEXT, "What tells it apart", "구별할 정보"),
    column("other_mark", Kind.TEXT, "What tells the other apart", "겹치는 기록의 구별할 정보"),
    column("why", Kind.TEXT, "Why", "이유"),
    column("owner", Kind.TEXT, "Owner", "담당자"),
)  # fmt: skip


def router(gateway: Gateway, scratch: Path) -> APIRouter:
    """The routes; `scratch` is the folder for files."""
    routes, book = APIRouter(include_in_schema=False), partial(_workbook, gateway, scratch)

    @routes.get(PATH + "/{finding}.xlsx")
    async def load(request: Request, finding: str) -> Response:
        return await answer(gateway, request, lambda words: book(request, _known(finding), words))

    @routes.get(PATH + "/{finding}")
    async def look(request: Request, finding: str) -> Response:
        return await answer(gateway, request, lambda words: _page(gateway, request, _known(finding), words))

    @routes.post(PATH + "/{finding}")
    async def decide(request: Request, finding: str) -> Response:
        return await answer(gateway, request, lambda words: _decide(gateway, request, _known(finding)))

    @routes.post(PATH + "/{finding}/undo")
    async def take_back(request: Request, finding: str) -> Response:
        return await answer(gateway, request, lambda words: _undo(gateway, request, _twice(_known(finding)), words))

    return routes


def _known(finding: str) -> str:
    if finding not in FINDINGS:
        raise NotFound("there is no such finding", field="finding", value=finding[:60])
    return finding


def _twice(finding: str) -> str:
    if not finding.startswith(TWICE):
        raise InvalidInput("these have no duplicates", field="finding", value=finding)
    return finding


async def _page(
    gateway: Gateway, request: Request, finding: str, words: Words, changed: Mapping[str, Any] | None = None
) -> str:
    """The records of a finding. `changed`: what an undo would lose, if somebody asked for one."""
    principal, given = principal_of(request), request.query_params.get("after", "")
    after = int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else 0
    found = await gateway.store.list_findings(principal, finding, after, SHOWN + 1)
    names = user_names(await gateway.store.list_users(principal))
    here, twice = f"{PATH}/{finding}", finding.startswith(TWICE)
    shown = found[:SHOWN]
    marked = await _marks(gateway, principal, finding, shown, names, words)
    rows = [_row(one, finding, names, words) | marks for one, marks in zip(shown, marked, strict=True)]
    known = await decisions(gateway, principal, FINDINGS[finding], words) if twice else []
    values = {
        "title": title(finding, words.language), "rows": rows,
        "twice": twice, "to": page_address(request, here), "undo": page_address(request, f"{here}/undo"),
        "decisions": known, "did": known[: _count(request, "did")], "back": _count(request, "back"),
        "changed": changed,
        "more": page_address(request, here, after=str(found[SHOWN - 1].position)) if len(found) > SHOWN else "",
        "file": page_address(request, f"{here}.xlsx"), "since": await gateway.store.last_event_id(),
        "business_day": words.day(gateway.workspace.business_day), "sample": gateway.workspace.sample,
    }  # fmt: skip
    return render("mend.html", request, words, **values)


def _row(one: FoundRow, finding: str, names: Mapping[str, str], words: Words) -> dict[str, Any]:
    body, same = one.body, bool(one.name) and one.name.split() == one.other_name.split()
    return {
        "id": body["id"], "other": body["other"], "name": one.name or body["id"], "other_name": one.other_name,
        "pair": "/".join(quote(body[name], safe="") for name in ("id", "other")),
        "address": _address(finding, body["id"], one.name), "why": _why(body, words, same=same),
        "other_address": _address(finding, body["other"], one.other_name) if body["other"] else "",
        "owner": names.get(body["owner"], body["owner"]),
    }  # fmt: skip


async def _marks(
    gateway: Gateway, principal: Principal, finding: str, found: Sequence[FoundRow], names: Mapping[str, str],
    words: Words,
) -> list[dict[str, str]]:  # fmt: skip
    """What tells the two of each pair apart; nothing where there is one record alone."""
    pairs = [(str(one.body["id"]), str(one.body["other"])) for one in found if finding.startswith(TWICE)]
    ids = sorted({one for pair in pairs for one in pair})
    if FINDINGS[finding] == "deals":
        records = await gateway.store.get_records(principal, ids, insights=False) if ids else []
        lines = {one.history.deal.id: deal_mark(one, names, words) for one in records}
        told = [(lines.get(one, ""), lines.get(other, "")) for one, other in pairs]
    else:
        marks = await gateway.store.record_marks(principal, FINDINGS[finding], ids) if ids else {}
        told = [told_apart(marks, pair, words) for pair in pairs]
    return [{"mark": one, "other_mark": other} for one, other in told or [("", "")] * len(found)]


def _count(request: Request, name: str) -> int:
    """How many were decided or taken back a moment ago, as the address says."""
    given = request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 5 else 0


def _why(body: Mapping[str, Any], words: Words, *, same: bool) -> str:
    """What was found of the record, whose name may read the `same` as the other's: in words, else the value itself,
    such as the day that has passed."""
    code = "same_name" if body["why"] == "spelling" and same else body["why"]
    told, value = why(code, body["value"], words.language), str(body["value"])
    return told or (words.day(value) if _DAY.fullmatch(value) else value)


def _address(finding: str, record: str, name: str) -> str:
    """Where a deal stands, or the deals that name an account or a contact; empty for a field."""
    of = FINDINGS[finding]
    if of == "deals":
        return f"/deals/{quote(record, safe='')}"
    return "/deals?" + urlencode({"q": name, "outcome": "ALL"}) if of in ("accounts", "contacts") and name else ""


async def _decide(gateway: Gateway, request: Request, finding: str) -> Response:
    """Merge the pairs that are ticked, or say that they are not the same."""
    form, principal, of = await form_of(request), principal_of(request), FINDINGS[_twice(finding)]
    pairs = [tuple(map(unquote, pair.partition("/")[::2])) for pair in form.get("pair", [])]
    if not pairs or any(not one or not other for one, other in pairs):
        raise InvalidInput("no pair is chosen", field="pair", mend="Tick what it is about")
    for gone, kept in pairs:
        if (form.get("act") or [""])[0] == "merge":
            await merge(gateway, principal, of, kept, gone)
        else:
            await keep_apart(gateway, principal, of, gone, kept)
    return RedirectResponse(page_address(request, f"{PATH}/{finding}", did=str(len(pairs))), 303)


async def _undo(gateway: Gateway, request: Request, finding: str, words: Words) -> str | Response:
    """Take a decision back, asking once more where something was changed since."""
    if changed := await undo(gateway, request, await form_of(request), words):
        return await _page(gateway, request, finding, words, changed)
    return RedirectResponse(page_address(request, f"{PATH}/{finding}", back="1"), 303)


async def _workbook(gateway: Gateway, scratch: Path, request: Request, finding: str, words: Words) -> Response:
    """All records of the finding."""
    principal, rows, after = principal_of(request), list[dict[str, Any]](), 0
    names = user_names(await gateway.store.list_users(principal))
    while some := await gateway.store.list_findings(principal, finding, after, AT_ONCE):
        marked, after = await _marks(gateway, principal, finding, some, names, words), some[-1].position
        rows += [_row(one, finding, names, words) | marks for one, marks in zip(some, marked, strict=True)]
    table = Table(finding[:31], {language: title(finding, language)[:31] for language in ("en", "ko")}, COLUMNS)
    return await workbook_of(table, rows, words.language, scratch, f"{finding}.xlsx")
