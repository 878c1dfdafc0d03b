"""/v1/members and /v1/access-events: who may sign in, and what was done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from kit.errors import Conflict
from services.gateway.access import schemas as shapes
from services.gateway.access.audit_query import KINDS, asked_of
from services.gateway.access.gate import Access, caller_of, nobody
from services.gateway.access.me import SMALL, TOKEN, asked_token, token_json
from services.gateway.access.members import Act, Caller, Role
from services.gateway.access.roll import MEMBER_KEYS, Roll
from services.gateway.rest import base
from services.gateway.rest.base import FLAG, TEXT
from services.gateway.rest.http import answer, id_in_path, limit_of, object_of

MEMBER = base.obj(login=TEXT, name=TEXT, role={"enum": list(Role)}, user_id=TEXT, active=FLAG)


def router(access: Access) -> APIRouter:
    """The routes."""
    routes = base.routes("sign-in")
    roll = Roll(access.desk)
    _roll(routes, access, roll)
    _ways_in(routes, access, roll)
    _log(routes, access)
    return routes


def _roll(routes: APIRouter, access: Access, roll: Roll) -> None:
    @routes.get("/members", responses=base.gives(shapes.Members))
    async def members() -> Response:
        """Everybody, and every program, that may sign in."""
        return answer({"members": [each.to_json() for each in await access.desk.store.list_members()]})

    @routes.post(
        "/members", status_code=201, responses=base.gives(shapes.NewMember, 201),
        openapi_extra=base.takes(MEMBER | {"required": ["login", "role"]}),
    )  # fmt: skip
    async def add_member(request: Request) -> Response:
        """Let somebody in: they set their password by the link of the answer."""
        member, secret = await roll.add(await object_of(request, MEMBER_KEYS, SMALL), _caller(request))
        return answer({**member.to_json(), "link": link_to(access, request, secret) if secret else None}, 201)

    @routes.put("/members/{member_id}", responses=base.gives(shapes.OneMember), openapi_extra=base.takes(MEMBER))
    async def change_member(request: Request, member_id: str) -> Response:
        """Change the members given; what somebody may see and do changes at once."""
        given = await object_of(request, MEMBER_KEYS, SMALL)
        return answer((await roll.change(id_in_path(member_id), given, _caller(request))).to_json())


def _ways_in(routes: APIRouter, access: Access, roll: Roll) -> None:
    @routes.post("/members/{member_id}:link", responses=base.gives(shapes.Link))
    async def new_link(request: Request, member_id: str) -> Response:
        """A one-time link to set the password anew; an earlier one ends, the password counts until then."""
        secret = await roll.link(id_in_path(member_id), _caller(request))
        return answer({"link": link_to(access, request, secret)})

    @routes.post("/members/{member_id}:sign-out", responses=base.gives(shapes.Ended))
    async def sign_out(request: Request, member_id: str) -> Response:
        """End all sessions and tokens of a member."""
        return answer(await roll.sign_out(id_in_path(member_id), _caller(request)))

    @routes.post(
        "/members/{member_id}/tokens", status_code=201, responses=base.gives(shapes.NewToken, 201),
        openapi_extra=base.takes(TOKEN),
    )  # fmt: skip
    async def make_service_token(request: Request, member_id: str) -> Response:
        """A token for a service: people make their own."""
        member = await roll.find(id_in_path(member_id))
        if member.role is not Role.SERVICE:
            raise Conflict("people make their own tokens", field="id", mend="POST /v1/me/tokens, signed in as them")
        name, scopes, days = await asked_token(request)
        made = await access.desk.make_token(member, name, scopes, days, by=_caller(request).principal.id)
        return answer(token_json(*made), 201)


def _log(routes: APIRouter, access: Access) -> None:
    asked_by = [
        base.query("member_id", text="about or by this member; all without"),
        base.query("act", text="of this act", enum=[one.value for one in Act]),
        base.query("kind", text="on this kind of thing", enum=list(KINDS)),
        base.query("record", text="on the thing with this id, as entries name it"),
    ]

    @routes.get(
        "/access-events", responses=base.gives(shapes.AccessEvents),
        openapi_extra=base.parameters(*asked_by, *base.PAGING),
    )  # fmt: skip
    async def access_events(request: Request) -> Response:
        """Who changed what, with how it stood before and after; newest first. To administrators also who signed in,
        failed to or was refused."""
        asked, limit = asked_of(request, request.query_params), limit_of(request)
        found = await access.desk.store.list_access_events(limit=limit, asked=asked)
        following = str(found[-1].id) if len(found) == limit else ""
        shown = [replace(each, address="") if asked.changes else each for each in found]
        return answer({"events": [each.to_json() for each in shown], "next_cursor": following})


def link_to(access: Access, request: Request, secret: str) -> str:
    """The address of a one-time link, as the member reaches this gateway."""
    start = access.public_url or str(request.base_url).rstrip("/")
    return f"{start}/sign-in/link/{secret}"


def _caller(request: Request) -> Caller:
    caller: Any = caller_of(request)
    if caller is None:
        raise nobody()
    found: Caller = caller
    return found
