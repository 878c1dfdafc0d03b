"""Files dropped on a page: what their columns hold is suggested, tried without writing, answered, and imported."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from kit.errors import DealcastError, InvalidInput
from services.gateway.imports.messages import translate
from services.gateway.imports.undoing import UNDONE
from services.gateway.imports.units import CHOICES
from services.gateway.imports.weekly.suggest import TARGETS
from services.gateway.imports.weekly.uploads import IMPORTED, Upload, Uploads
from services.gateway.rest.base import principal_of
from services.gateway.rest.http import id_in_path
from services.gateway.rest.operations import Desks
from services.gateway.rest.uploads import delete_files, own_address, received, rejects_file
from services.gateway.service import Gateway
from services.gateway.web.forms import form_of, page_address
from services.gateway.web.import_views import kept_told, upload_view
from services.gateway.web.job_views import undone_told
from services.gateway.web.member_names import called_by
from services.gateway.web.rendering import answer, leads_back, render
from services.gateway.web.undo_page import undone
from services.gateway.web.words import Words

T = TypeVar("T")
PATH = "/import"
COLUMN, ANSWER, AT_ONCE = "column:", "answer:", "all:"  # before a heading, a doubt's id and a kind of doubts in a form
UNIT = "unit:"  # before a file's name


def router(gateway: Gateway, desks: Desks, uploads: Uploads) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    async def drop(request: Request) -> Response:
        return await answer(
            gateway, request, lambda words: _spoken(words, _drop(gateway, desks, uploads, request, words))
        )

    @routes.post(PATH)
    async def receive(request: Request) -> Response:
        leads_back(request, PATH, "import.drop_again")
        return await answer(gateway, request, lambda words: _spoken(words, _receive(gateway, uploads, request, words)))

    @routes.get(PATH + "/{upload_id}")
    async def look(request: Request, upload_id: str) -> Response:
        leads_back(request, PATH, "import.drop_again")
        return await answer(
            gateway, request, lambda words: _spoken(words, _look(gateway, desks, uploads, request, upload_id, words))
        )

    @routes.post(PATH + "/{upload_id}")
    async def settle(request: Request, upload_id: str) -> Response:
        leads_back(request, f"{PATH}/{quote(upload_id, safe='')}", "import.back")

        async def act(words: Words) -> Response:
            return await _spoken(words, _settle(gateway, uploads, request, upload_id, words))

        return await answer(gateway, request, act)

    @routes.get(PATH + "/{upload_id}/rejects/{number}")
    async def load(request: Request, upload_id: str, number: str) -> Response:
        async def act() -> Response:
            upload = uploads.find(principal_of(request).id, id_in_path(upload_id))
            return await rejects_file(uploads, upload, number)

        leads_back(request, PATH, "import.drop_again")
        return await answer(gateway, request, lambda words: _spoken(words, act()))

    @routes.post(PATH + "/{upload_id}/undo")
    async def undo(request: Request, upload_id: str) -> Response:
        async def act(words: Words) -> str | Response:
            upload = uploads.find(principal_of(request).id, id_in_path(upload_id))
            job, here = str(upload.report.get("import_id", "")), f"{PATH}/{upload.id}"
            return await undone(gateway, desks, request, await form_of(request), words, job, f"{here}/undo", here)

        leads_back(request, PATH, "import.drop_again")
        return await answer(gateway, request, lambda words: _spoken(words, act(words)))

    return routes


async def _spoken(words: Words, page: Awaitable[T]) -> T:
    """The page; what is wrong with the files is said in the reader's language."""
    try:
        return await page
    except DealcastError as error:
        translate(error, words.language, page=True)
        if error.field == "files":
            error.field = words("import.dropped")
        raise


def _shared(gateway: Gateway, words: Words) -> dict[str, Any]:
    return {"business_day": words.day(gateway.workspace.business_day), "sample": gateway.workspace.sample}


def _undone(desks: Desks, upload: Upload) -> Mapping[str, Any]:
    """The details of the upload's import where that was undone since; else none."""
    job = next((one for one in desks.imports.jobs.all() if one.id == upload.report.get("import_id")), None)
    return job.detail if job is not None and UNDONE in job.detail else {}


async def _drop(gateway: Gateway, desks: Desks, uploads: Uploads, request: Request, words: Words) -> str:
    kept = uploads.kept(principal_of(request).id)
    values = _shared(gateway, words) | {
        "to": page_address(request, PATH), "currency": _currency(gateway, words),
        "currency_set": gateway.workspace.currency_set,
        "since": await gateway.store.last_event_id(),
        "kept": [(page_address(request, f"{PATH}/{one.id}"), kept_told(one, words, undone=bool(_undone(desks, one))))
                 for one in kept],
    }  # fmt: skip
    return render("import.html", request, words, **values)


def _currency(gateway: Gateway, words: Words) -> str:
    """The company's; before the first import that of most who read its language, else whatever the files say."""
    if gateway.workspace.currency_set:
        return gateway.workspace.currency
    return "KRW" if words.language == "ko" else ""


async def _receive(gateway: Gateway, uploads: Uploads, request: Request, words: Words) -> Response:
    upload = await received(uploads, request, gateway, on_page=True)
    uploads.start(upload, own_address(request), words.language, dry_run=True)
    return RedirectResponse(page_address(request, f"{PATH}/{upload.id}"), 303)


async def _look(
    gateway: Gateway, desks: Desks, uploads: Uploads, request: Request, upload_id: str, words: Words
) -> str:  # fmt: skip
    upload = uploads.find(principal_of(request).id, id_in_path(upload_id))
    detail, told = _undone(desks, upload), ""
    if detail:
        told = undone_told(detail, called_by(await gateway.store.list_members(), words), words)
    values = _shared(gateway, words) | _values(upload, request, words, told)
    values["since"] = await gateway.store.last_event_id()
    template = "_upload.html" if request.query_params.get("part") == "upload" else "upload.html"
    return render(template, request, words, **values)


def _values(upload: Upload, request: Request, words: Words, undone_said: str) -> dict[str, Any]:
    here = f"{PATH}/{upload.id}"
    return {
        "upload": upload_view(upload, words, undone_said), "to": page_address(request, here),
        "undo": page_address(request, f"{here}/undo"),
        "rejects": [(name, page_address(request, f"{here}/rejects/{place}"))
                    for place, name in enumerate(upload.report.get("rejects", ()))],
        "again": page_address(request, PATH),
        "targets": [(one, words.name("target", one)) for one in TARGETS], "imported": upload.state == IMPORTED,
    }  # fmt: skip


async def _settle(
    gateway: Gateway, uploads: Uploads, request: Request, upload_id: str, words: Words
) -> Response:  # fmt: skip
    """Take what the person says of columns and doubts; then try again, or import."""
    upload = uploads.find(principal_of(request).id, id_in_path(upload_id))
    form = {name: values[-1] for name, values in (await form_of(request)).items()}
    if form.get("act") == "delete":
        await delete_files(gateway, uploads, upload)
        return RedirectResponse(page_address(request, PATH), 303)
    known = {one["column"]: one for one in upload.report.get("columns", ())}
    for name, value in form.items():
        if name.startswith(COLUMN) and (column := name.removeprefix(COLUMN)) in known:
            if value not in TARGETS:
                raise InvalidInput("this names no column", field=column, value=value[:40], mend="Choose one")
            _take_column(upload, known[column], value)
    _take_answers(upload, form)
    _take_units(upload, form)
    upload.take_currency(form.get("currency", ""))
    if form.get("act") == "keep":  # what is chosen so far, for whoever comes back to the page
        return Response(None, 204)
    upload.confirm, upload.foreign = (form.get(name) == "yes" for name in ("confirm", "foreign"))
    dry_run = form.get("act") != "import"
    asked = form.get("currency") or (not dry_run and "amount" in form.values())  # the page shows what is wrong with it
    if not (upload.wrong_currency and asked):
        uploads.start(upload, own_address(request), words.language, dry_run=dry_run)
    return RedirectResponse(page_address(request, f"{PATH}/{upload.id}"), 303)


def _take_column(upload: Upload, shown: Mapping[str, str], target: str) -> None:
    """What a column holds; one that was left as it was suggested keeps the reason of that."""
    column = shown["column"]
    if target != upload.columns.get(column, shown["target"]):
        upload.reasons.pop(column, None)
    elif column not in upload.columns:
        upload.reasons[column] = shown["why"]
    upload.columns[column] = target


def _take_units(upload: Upload, form: Mapping[str, str]) -> None:
    """The units of amounts that are set for files."""
    for file in upload.report.get("files", ()):
        unit = form.get(UNIT + file["name"])
        if unit in CHOICES:
            upload.units[file["name"]] = unit
        elif unit == "":
            upload.units.pop(file["name"], None)


def _take_answers(upload: Upload, form: Mapping[str, str]) -> None:
    """What is answered to single questions, and to all of a kind that are not answered by themselves."""
    if form.get("act") == "forget":
        upload.answers.clear()
        return
    asked = [one["id"] for one in upload.report.get("doubts", ())]
    own = {identity: form[ANSWER + identity] for identity in asked if form.get(ANSWER + identity)}
    for identity in asked:  # chosen before, and taken back
        if form.get(ANSWER + identity) == "":
            upload.answers.pop(identity, None)
    for kind, ids in upload.report.get("at_once", {}).items():
        if answered := form.get(AT_ONCE + kind):
            upload.answers |= dict.fromkeys(ids, answered)
    upload.answers |= own
