"""/v1/uploads: weekly files sent as files, tried without writing, answered, and imported."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from kit.errors import InvalidInput, NotFound, TooLarge
from services.gateway.access.members import Act
from services.gateway.change_log import FILES, note
from services.gateway.imports.units import CHOICES
from services.gateway.imports.weekly.suggest import TARGETS
from services.gateway.imports.weekly.uploads import LARGEST, MOST_FILES, Upload, Uploads
from services.gateway.rest import base
from services.gateway.rest import schemas_operations as shapes
from services.gateway.rest.base import FLAG, TEXT, principal_of
from services.gateway.rest.http import answer, id_in_path, language_of, object_of
from services.gateway.service import Gateway

AROUND = 1 << 20  # bytes of a form around its files
CSV = "text/csv; charset=utf-8"
TEXTS = {"type": "object", "additionalProperties": TEXT}
MOST_SAID, LONGEST_SAID = 10_000, 500  # columns or answers, and characters of each


def router(gateway: Gateway, uploads: Uploads) -> APIRouter:
    """The routes."""
    routes = base.routes("operations")
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {"multipart/form-data": {"schema": base.obj(files=files, currency=TEXT) | {"required": ["files"]}}}
    sending = {"requestBody": {"required": True, "content": form}, "parameters": base.LANGUAGE}

    @routes.post("/uploads", status_code=201, responses=base.gives(shapes.Upload, 201), openapi_extra=sending)
    async def send_files(request: Request) -> Response:
        """Send weekly files, workbooks or CSV, all at once; what an import of them would do is found out without
        writing anything. `currency` is that of the amounts: without, the company's; KRW where none is set and the
        files have Korean units."""
        language = language_of(request)
        upload = await received(uploads, request, gateway)
        uploads.start(upload, own_address(request), language, dry_run=True)
        return answer(upload_json(upload), 201)

    @routes.get("/uploads/{upload_id}", responses=base.gives(shapes.Upload))
    async def read_upload(request: Request, upload_id: str) -> Response:
        """How far it is, and what was found."""
        return answer(upload_json(_own(uploads, request, upload_id)))

    saying = base.takes(
        base.obj(columns=TEXTS, answers=TEXTS, units=TEXTS, currency=TEXT, confirm=FLAG, foreign=FLAG),
        *base.LANGUAGE,
        required=False,
    )

    @routes.post("/uploads/{upload_id}:try", status_code=202, responses=base.gives(shapes.Upload, 202),
                 openapi_extra=saying)  # fmt: skip
    async def try_upload(request: Request, upload_id: str) -> Response:
        """Look again, with what is said of columns and with answers to questions; nothing is written."""
        return await _begun(uploads, request, upload_id, dry_run=True)

    @routes.post("/uploads/{upload_id}:import", status_code=202, responses=base.gives(shapes.Upload, 202),
                 openapi_extra=saying)  # fmt: skip
    async def import_upload(request: Request, upload_id: str) -> Response:
        """Import the files. `confirm` where the open pipeline may move by more than 30 %, `foreign` where amounts
        with Korean units are in another currency than KRW."""
        return await _begun(uploads, request, upload_id, dry_run=False)

    csv = {"description": "CSV in UTF-8", "content": {"text/csv": {"schema": {"type": "string"}}}}

    @routes.get("/uploads/{upload_id}/rejects/{number}", responses={200: csv})
    async def read_rejects(request: Request, upload_id: str, number: str) -> Response:
        """The rows of a file that were refused or held, with the reasons, to be corrected and sent again; `number` is
        its place in `rejects`."""
        return await rejects_file(uploads, _own(uploads, request, upload_id), number)

    @routes.delete("/uploads/{upload_id}", status_code=204)
    async def forget_upload(request: Request, upload_id: str) -> Response:
        """Delete the files; what was imported of them stays."""
        await delete_files(gateway, uploads, _own(uploads, request, upload_id))
        return Response(None, 204)

    return routes


def _own(uploads: Uploads, request: Request, upload_id: str) -> Upload:
    return uploads.find(principal_of(request).id, id_in_path(upload_id))


async def received(uploads: Uploads, request: Request, gateway: Gateway, *, on_page: bool = False) -> Upload:
    """The files of a form, kept; the currency is the company's where the form says none, or to be corrected `on_page`.
    Raises InvalidInput or TooLarge; nothing is kept then."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST + AROUND:
        mend = f"Drop at most {LARGEST >> 20} MB at once"
        raise TooLarge("the files are too large, or their size is not told", field="files", mend=mend)
    async with request.form(max_files=MOST_FILES, max_fields=10) as form:
        files = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
        if not files:
            mend = "Drop workbooks (.xlsx) or CSV files"
            raise InvalidInput("no file was dropped", field="files", mend=mend)
        workspace = gateway.workspace
        upload = uploads.begin(principal_of(request).id, workspace.currency, assumed=not workspace.currency_set)
        try:
            (upload.take_currency if on_page else upload.say_currency)(str(form.get("currency") or ""))
            for one in files:
                await asyncio.to_thread(uploads.add, upload, one.filename or "", await one.read())
        except BaseException:
            uploads.forget(upload)
            raise
    return upload


async def delete_files(gateway: Gateway, uploads: Uploads, upload: Upload) -> None:
    """Delete the files as their owner wants. Raises Conflict while they are at work."""
    count = len(upload.names)
    await asyncio.to_thread(uploads.drop, upload)
    if count:
        await note(gateway.store, Act.FILES_DELETED, upload.owner, FILES, upload.id, count=count)


def own_address(request: Request) -> str:
    """Where this gateway listens."""
    host, port = request.scope["server"]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _begun(uploads: Uploads, request: Request, upload_id: str, *, dry_run: bool) -> Response:
    language, upload = language_of(request), _own(uploads, request, upload_id)
    given = await object_of(request, ("columns", "answers", "units", "currency", "confirm", "foreign"))
    columns, answers, units = (_texts(given, name) for name in ("columns", "answers", "units"))
    flags = {name: given.get(name, False) for name in ("confirm", "foreign")}
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise InvalidInput(f"{name} is neither true nor false", field=name, mend="Send true or false")
    currency = given.get("currency", "")
    if not isinstance(currency, str):
        raise InvalidInput("this is no currency", field="currency", mend="Use an ISO 4217 code such as KRW")
    if wrong := next((one for one in columns.values() if one not in TARGETS), ""):
        raise InvalidInput("this names no column", field="columns", value=wrong[:40], mend="Use " + ", ".join(TARGETS))
    if wrong := next((one for one in units.values() if one not in CHOICES), ""):
        mend = "Use " + ", ".join(CHOICES)
        raise InvalidInput("this is no unit of amounts", field="units", value=wrong[:40], mend=mend)
    uploads.start(upload, own_address(request), language, dry_run=dry_run, columns=columns, answers=answers,
                  units=units, currency=currency, **flags)  # fmt: skip
    return answer(upload_json(upload), 202)


def _texts(given: Mapping[str, Any], key: str) -> dict[str, str]:
    """Texts by name. Raises InvalidInput."""
    found = given.get(key, {})
    texts = [*found, *found.values()] if isinstance(found, dict) else []
    if not isinstance(found, dict) or len(found) > MOST_SAID or not all(map(_is_text, texts)):
        raise InvalidInput(f"{key} are no texts by name", field=key, mend='Send such as {"진도": "stage"}')
    return found


def _is_text(one: Any) -> bool:
    return isinstance(one, str) and 0 < len(one) <= LONGEST_SAID and "\x00" not in one


async def rejects_file(uploads: Uploads, upload: Upload, number: str) -> Response:
    """A file of refused rows. Raises NotFound."""
    path = uploads.rejects(upload, int(number) if number.isdecimal() and len(number) < 5 else -1)
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError:
        raise NotFound("these files are no longer kept", field="upload", mend="Drop the files again") from None
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}", "Cache-Control": "no-store"}
    return Response(data, 200, headers, CSV)


def upload_json(upload: Upload) -> dict[str, Any]:
    """As programs see it."""
    what, done, total = upload.done
    report = {name: value for name, value in upload.report.items() if name != "error"}
    error = upload.report.get("error") or None
    return {
        "id": upload.id, "state": upload.state.upper(), "stage": what if upload.busy else "",
        "progress": round(done / total, 4) if total and upload.busy else 0.0 if upload.busy else 1.0,
        "error": error, "report": report, "rejects": upload.report.get("rejects", []),
    }  # fmt: skip
