"""/v1/privacy: a person's data found, exported, restricted and erased. Who is meant stands in bodies, never in an
address, which others may log."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import InvalidInput
from services.gateway.change_log import noting_settings
from services.gateway.privacy.desk import KINDS as DESK_KINDS
from services.gateway.privacy.desk import PrivacyDesk
from services.gateway.privacy.person import CONTACT, Person
from services.gateway.privacy.records import Access
from services.gateway.privacy.retention import KINDS
from services.gateway.rest import base
from services.gateway.rest import schemas_privacy as shapes
from services.gateway.rest.access_log import AccessLog
from services.gateway.rest.base import TEXT, principal_of
from services.gateway.rest.http import answer, id_in_path, limit_of, object_of, text_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WHO = {"kind": TEXT | {"enum": list(DESK_KINDS)}, "id": TEXT, "also": base.listed(TEXT)}
REQUIRED = {"required": ["id"]}
DECIDED = {"theirs": base.listed(TEXT), "others": base.listed(TEXT)}
MOST_DECIDED = 100_000
LARGEST = 16 * 1024 * 1024  # bytes of a body


def router(desk: PrivacyDesk, log: AccessLog) -> APIRouter:
    """The routes."""
    routes = base.routes("privacy")
    _people(routes, desk, log)
    _restrictions(routes, desk)
    _erasures(routes, desk, log)
    _marks(routes, desk)
    return routes


async def _who(request: Request, desk: PrivacyDesk, *more: str) -> tuple[Person, dict[str, Any]]:
    given = await object_of(request, (*WHO, *more))
    also = _words(given, "also")
    kind, identity = text_of(given, "kind", CONTACT), text_of(given, "id")
    return await desk.person(principal_of(request), kind, identity, also), given


def _words(given: dict[str, Any], name: str) -> list[str]:
    words = given.get(name, [])
    if not isinstance(words, list) or not all(isinstance(one, str) for one in words) or len(words) > MOST_DECIDED:
        raise InvalidInput(f"{name} is no list of words", field=name, mend=f'Send {{"{name}": ["…"]}}')
    return words


def _people(routes: APIRouter, desk: PrivacyDesk, log: AccessLog) -> None:
    @routes.post(
        "/privacy/people:find", responses=base.gives(shapes.People),
        openapi_extra=base.takes(base.obj(text=TEXT) | {"required": ["text"]}),
    )  # fmt: skip
    async def find_people(request: Request) -> Response:
        """Contacts, users and members by name, mail, telephone number or id."""
        text = text_of(await object_of(request, ("text",)), "text")
        return answer({"people": await desk.people(principal_of(request), text)})

    @routes.post(
        "/privacy/people:where", responses=base.gives(shapes.Whereabouts),
        openapi_extra=base.takes(base.obj(**WHO) | REQUIRED),
    )  # fmt: skip
    async def where_a_person_stands(request: Request) -> Response:
        """Everywhere a person stands: columns of the database, streams, files. `also` are words for nobody else."""
        person, _ = await _who(request, desk)
        log.note(Access(principal_of(request).id, "POST /v1/privacy/people:where", person.kind, person.id))
        return answer(await desk.about(principal_of(request), person))

    sheet = {XLSX: {"schema": {"type": "string", "format": "binary"}}}
    exported: dict[int | str, dict[str, Any]] = base.gives(shapes.PersonExport)
    exported[200] = exported[200] | {"content": exported[200]["content"] | sheet}
    with_format = base.obj(**WHO, format=TEXT | {"enum": ["json", "xlsx"]})

    @routes.post("/privacy/people:export", responses=exported, openapi_extra=base.takes(with_format | REQUIRED))
    async def export_person(request: Request) -> Response:
        """Everything that is kept about a person, as JSON, or as a workbook with a sheet for each table."""
        person, given = await _who(request, desk, "format")
        log.note(Access(principal_of(request).id, "POST /v1/privacy/people:export", person.kind, person.id))
        found = await desk.export(principal_of(request), person)
        if text_of(given, "format", "json") != "xlsx":
            return answer(found)
        from services.gateway.privacy.sheets import workbook  # by a library that is not loaded before

        return Response(await asyncio.to_thread(workbook, found), media_type=XLSX)

    @routes.post(
        "/privacy/people:erase", status_code=202, responses=base.gives(shapes.ErasureShape, 202),
        openapi_extra=base.takes(base.obj(**WHO, **DECIDED) | REQUIRED),
    )  # fmt: skip
    async def erase(request: Request) -> Response:
        """Erase a person everywhere, as a job. There is no way back.

        `theirs` and `others` decide what is in doubt: refs as `people:where` shows them, deal:ID for the rows of a
        deal, rest for what is left.
        """
        person, given = await _who(request, desk, *DECIDED)
        theirs, others = (_words(given, name) for name in DECIDED)
        return answer((await desk.erase(principal_of(request), person, theirs, others)).to_json(), 202)


def _restrictions(routes: APIRouter, desk: PrivacyDesk) -> None:
    @routes.get("/privacy/restrictions", responses=base.gives(shapes.Restrictions))
    async def restrictions(request: Request) -> Response:
        """Who is kept without being processed."""
        found = await desk.store.restrictions(principal_of(request))
        return answer({"restrictions": [one.to_json() for one in found]})

    @routes.post(
        "/privacy/people:restrict", responses=base.gives(shapes.RestrictionShape),
        openapi_extra=base.takes(base.obj(**WHO, reason=TEXT) | REQUIRED),
    )  # fmt: skip
    async def restrict(request: Request) -> Response:
        """Keep a contact, without any scoring of or suggestion about them."""
        person, given = await _who(request, desk, "reason")
        return answer((await desk.restrict(principal_of(request), person, text_of(given, "reason"))).to_json())

    @routes.post("/privacy/people:lift", status_code=204, openapi_extra=base.takes(base.obj(**WHO) | REQUIRED))
    async def lift(request: Request) -> Response:
        """Process a contact again."""
        person, _ = await _who(request, desk)
        await desk.lift(principal_of(request), person.kind, person.id)
        return Response(None, 204)


def _erasures(routes: APIRouter, desk: PrivacyDesk, log: AccessLog) -> None:
    @routes.get("/privacy/erasures", responses=base.gives(shapes.Erasures))
    async def erasures(request: Request) -> Response:
        """All erasures, newest first; they tell nothing of who it was."""
        found = await desk.store.erasures(principal_of(request))
        return answer({"erasures": [one.to_json() for one in found]})

    @routes.get("/privacy/erasures/{erasure_id}", responses=base.gives(shapes.ErasureShape))
    async def erasure(request: Request, erasure_id: str) -> Response:
        """One of them with its progress."""
        return answer((await desk.erasure(principal_of(request), id_in_path(erasure_id))).to_json())

    @routes.get("/privacy/erasures/{erasure_id}/doubts", responses=base.gives(shapes.Doubts))
    async def doubts(request: Request, erasure_id: str) -> Response:
        """What nobody has decided in an erasure: people of the same name, rows and messages with it."""
        who, identity = principal_of(request).id, id_in_path(erasure_id)
        found = await desk.doubts(principal_of(request), identity)
        log.note(Access(who, "GET /v1/privacy/erasures/{id}/doubts", "erasure", identity))
        return answer({"doubts": [one.to_json(told=True) for one in found]})

    @routes.post(
        "/privacy/erasures/{erasure_id}:settle", status_code=202, responses=base.gives(shapes.ErasureShape, 202),
        openapi_extra=base.takes(base.obj(**DECIDED)),
    )  # fmt: skip
    async def settle(request: Request, erasure_id: str) -> Response:
        """Decide what is in doubt: what is theirs is erased, what is others' stays, and the erasure goes on."""
        given = await object_of(request, tuple(DECIDED), LARGEST)
        theirs, others = (_words(given, name) for name in DECIDED)
        one = await desk.settle(principal_of(request), id_in_path(erasure_id), theirs, others)
        return answer(one.to_json(), 202)

    @routes.post("/privacy/erasures/{erasure_id}:readmit", status_code=204)
    async def readmit(request: Request, erasure_id: str) -> Response:
        """Let an erased person be taken in again, when they come by a file or a program."""
        await desk.readmit(principal_of(request), id_in_path(erasure_id))
        return Response(None, 204)


def _marks(routes: APIRouter, desk: PrivacyDesk) -> None:
    @routes.get("/privacy/fields", responses=base.gives(shapes.PersonalFields))
    async def personal_fields(request: Request) -> Response:
        """Which fields hold personal data: those built in, and the custom fields that are marked."""
        marked = [{"entity": entity, "name": name} for entity, name in await desk.store.personal_fields()]
        return answer({"built_in": list(shapes.BUILT_IN), "fields": marked})

    field = base.obj(entity=TEXT | {"enum": ["deal", "account"]}, name=TEXT) | {"required": ["entity", "name"]}

    @routes.put(
        "/privacy/fields", responses=base.gives(shapes.PersonalFields),
        openapi_extra=base.takes(base.obj(fields=base.listed(field)) | {"required": ["fields"]}),
    )  # fmt: skip
    async def mark_personal_fields(request: Request) -> Response:
        """Mark these custom fields and no others: no model learns from them, from the next training on."""
        rows = (await object_of(request, ("fields",))).get("fields")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or len(rows) > 1_000:
            mend = 'Send {"fields": [{"entity": "deal", "name": "…"}]}'
            raise InvalidInput("there is no list of fields", field="fields", mend=mend)
        marked = [(text_of(row, "entity"), text_of(row, "name")) for row in rows]
        await desk.mark_fields(principal_of(request), marked)
        return await personal_fields(request)

    days = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}

    @routes.get("/privacy/retention", responses=base.gives(shapes.RetentionShape))
    async def retention() -> Response:
        """For how many days what is kept (null: for ever), and what went when this was applied last."""
        return answer(await desk.retention.about())

    @routes.put(
        "/privacy/retention", responses=base.gives(shapes.RetentionShape),
        openapi_extra=base.takes(base.obj(**dict.fromkeys(KINDS, days))),
    )  # fmt: skip
    async def set_retention(request: Request) -> Response:
        """Set all periods; a kind that is left out is kept for ever. Applied within a minute, then once a business
        day."""
        given, retention_of = await object_of(request, KINDS), desk.retention
        async with noting_settings(desk.store, retention_of.workspace, principal_of(request).id):
            await retention_of.set(given)
        return await retention()

    @routes.get(
        "/privacy/access", responses=base.gives(shapes.AccessPage),
        openapi_extra=base.parameters(*base.PAGING, base.query("kind"), base.query("record")),
    )  # fmt: skip
    async def personal_access(request: Request) -> Response:
        """Who read personal data, when, of whom and by which route, newest first."""
        limit, cursor = limit_of(request, 100), request.query_params.get("cursor", "") or "0"
        if not cursor.isdecimal() or len(cursor) > 18:
            raise InvalidInput("this is no cursor", field="cursor", value=cursor[:60], mend="Use next_cursor")
        kind, record = (request.query_params.get(name, "")[:200] for name in ("kind", "record"))
        found = await desk.store.list_access(principal_of(request), kind, record, int(cursor), limit)
        following = str(found[-1].id) if len(found) == limit else ""
        return answer({"access": [one.to_json() for one in found], "next_cursor": following})
