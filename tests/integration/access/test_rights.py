"""Each role on each route: what is forbidden is forbidden, what is allowed is answered, by session and by token."""

from __future__ import annotations

from typing import Any

import grpc
import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from dealcast.gateway.v1 import gateway_pb2
from services.gateway.access.members import Role, TokenScope
from services.gateway.access.rights import OPEN, SESSION, UNNAMED, right_of, rights
from tests.integration.access.conftest import Company, calling

pytestmark = pytest.mark.asyncio(loop_scope="module")
GRPC = tuple(f"GatewayService/{one.name}" for one in gateway_pb2.DESCRIPTOR.services_by_name["GatewayService"].methods)
OUTSIDE = {"/openapi.json", "/static"}  # what no router of ours answers: the description, styles and scripts
ENDS_THE_SESSION = "POST /sign-out"
NEVER_ENDS = "GET /v1/events"
LEAST_FIRST = (Role.REP, Role.MANAGER, Role.VIEWER, Role.SERVICE, Role.REVOPS, Role.ADMIN)
FILLED = {"deal_id": "of-ann", "service": "forecast", "table": "deals"}


def routes_of(app: FastAPI) -> list[str]:
    return sorted(
        f"{method} {context.path}"
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in context.original_route.methods or ()
    )


@pytest.fixture
def app(company: Company) -> FastAPI:
    built = company.running.parts
    server = next(one for one in built.runners if one.name == "http")
    found: Any = server._app._app  # type: ignore[attr-defined]
    assert isinstance(found, FastAPI)
    return found


def address(route: str) -> tuple[str, str]:
    """A request of the route, about things that are there or, else, that are not."""
    method, path = route.split(" ")
    for name in ("deal_id", "service", "table"):
        path = path.replace("{" + name + "}", FILLED[name])
    query = "?node=owner:ann" if path.startswith("/v1/forecast/") else ""  # of the company's, nobody below may ask
    return method, path.replace("{", "no-").replace("}", "") + query


async def status(client: httpx.AsyncClient, route: str) -> int:
    """What the route answers to a body that says nothing sensible: nothing is changed by it."""
    method, path = address(route)
    if route != NEVER_ENDS:
        return (await client.request(method, path, content=b"[]" if method != "GET" else b"")).status_code
    async with client.stream(method, path) as answer:
        return answer.status_code


async def test_what_is_forbidden_to_a_role_is_forbidden(company: Company, app: FastAPI) -> None:
    routes, asked = routes_of(app), 0
    assert len(routes) > 90
    for role in Role:
        async with await company.browser(role) as client:
            for route in routes:
                if role not in right_of(route).roles and right_of(route).scope != OPEN:
                    assert await status(client, route) == 403, (role, route)
                    asked += 1
    assert asked > 150


async def test_what_is_allowed_is_answered_and_no_other_scope_will_do(company: Company, app: FastAPI) -> None:
    """By whoever of those who may sees and may least."""
    for route in routes_of(app):
        right = right_of(route)
        if right.scope in (OPEN, SESSION):
            continue
        role = next(one for one in LEAST_FIRST if one in right.roles)
        scope = TokenScope(right.scope)
        async with company.client(await company.token(role, frozenset({scope}))) as client:
            assert await status(client, route) not in (401, 403, 500), (role, route)
            client.headers.update(await company.token(role, frozenset(TokenScope) - {scope}))
            assert await status(client, route) == 403, (role, route)
    async with await company.browser(Role.VIEWER) as client:
        for route in routes_of(app):
            if right_of(route).scope == SESSION and route != ENDS_THE_SESSION:
                assert await status(client, route) not in (401, 403, 500), route


async def test_nobody_is_let_in(company: Company, app: FastAPI) -> None:
    async with company.client({}) as client:
        for route in routes_of(app):
            if right_of(route).scope != OPEN:
                assert await status(client, route) == 401, route
        for path in ("/openapi.json", "/v1/nothing", "/nothing"):
            assert (await client.get(path)).status_code == 401, path
        assert (await client.get("/static/app.css")).status_code == 200
        sent = await client.get("/deals?sort=name", headers={"accept": "text/html"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2Fdeals%3Fsort%3Dname")
    async with company.client({"sec-fetch-site": "same-origin", "accept": "text/html"}) as client:
        late = await client.post("/display", data={"theme": "dark"})  # a form, sent after the session was over
        assert (late.status_code, late.headers["location"]) == (303, "/sign-in")
        stood = {"referer": "https://elsewhere.example/settings?lang=ko"}  # of an address only the path counts
        late = await client.post("/display", data={"theme": "dark"}, headers=stood)
        assert late.headers["location"] == "/sign-in?next=%2Fsettings%3Flang%3Dko"
    for shown in ("Bearer", "Bearer dealcast_wrong", "Bearer " + "x" * 5000, "Basic eDp5"):
        async with company.client({"authorization": shown}) as client:
            answer = await client.get("/v1/deals")
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_the_table_names_only_routes_that_there_are(app: FastAPI) -> None:
    assert set(rights()) - set(routes_of(app)) - set(GRPC) == set()
    others = {
        context.path for context in iter_route_contexts(app.routes) if not isinstance(context.original_route, APIRoute)
    }
    assert others == OUTSIDE


async def test_a_route_that_nobody_named_is_for_revops_and_administrators(company: Company, app: FastAPI) -> None:
    routes = APIRouter(prefix="/v1")

    @routes.get("/just-added")
    async def just_added() -> dict[str, int]:
        return {"secret": 1}

    app.include_router(routes)
    assert right_of("GET /v1/just-added") == UNNAMED
    got = {}
    for role in Role:
        async with company.client(await company.token(role)) as client:
            got[role] = (await client.get("/v1/just-added")).status_code
    assert {role for role, code in got.items() if code == 200} == {Role.REVOPS, Role.ADMIN}
    assert {code for role, code in got.items() if role not in (Role.REVOPS, Role.ADMIN)} == {403}


@pytest.mark.parametrize(
    ("role", "forbidden"),
    [
        (Role.REP, ["GET /v1/imports", "PUT /v1/quotas", "GET /v1/export", "DELETE /v1/deals/{deal_id}",
                    "POST /v1/forecast/adjustments", "GET /v1/models", "POST /v1/members"]),
        (Role.VIEWER, ["PUT /v1/deals/{deal_id}", "POST /v1/activities", "POST /v1/actions/feedback",
                       "GET /v1/export"]),
        (Role.MANAGER, ["POST /v1/users:batch", "POST /v1/models/{service}:promote", "GET /v1/access-events"]),
        (Role.REVOPS, ["POST /v1/members", "POST /v1/members/{member_id}:link", "POST /users/change",
                       "POST /users/link"]),
        (Role.MANAGER, ["GET /v1/members", "GET /users", "POST /users/team", "GET /audit", "GET /audit.xlsx"]),
        (Role.SERVICE, ["GET /v1/members", "POST /v1/members", "PUT /v1/me/password"]),
    ],
)  # fmt: skip
async def test_what_the_table_must_say(role: Role, forbidden: list[str]) -> None:
    for route in forbidden:
        assert route in rights(), route
        assert role not in right_of(route).roles, route
    assert {right.scope for right in rights().values()} <= {*TokenScope, OPEN, SESSION}


async def test_grpc_asks_the_same_table(company: Company) -> None:
    async with calling(company) as stub:
        for role in Role:
            sent = list((await company.token(role)).items())
            for route in GRPC:
                code = await _called(stub, route, sent)
                may = role in right_of(route).roles
                assert (code is not grpc.StatusCode.PERMISSION_DENIED) == may, (role, route, code)
                assert code is not grpc.StatusCode.UNAUTHENTICATED, (role, route)
        for sent in ([], [("authorization", "Bearer dealcast_wrong")], [("authorization", "Basic x")]):
            for route in GRPC:
                assert await _called(stub, route, sent) is grpc.StatusCode.UNAUTHENTICATED, (route, sent)
        rep = list((await company.token(Role.REP)).items())
        asked = gateway_pb2.BatchGetDealsRequest(deal_ids=["of-ann", "of-cat", "none"])
        found = await stub.BatchGetDeals(asked, metadata=rep, timeout=10)
        assert [one.deal.id for one in found.deals] == ["of-ann"]


async def _called(stub: Any, route: str, metadata: list[tuple[str, str]]) -> grpc.StatusCode:
    name = route.partition("/")[2]
    request = getattr(gateway_pb2, f"{name}Request")()
    call = getattr(stub, name)(request, metadata=metadata, timeout=20)
    try:
        if hasattr(call, "__aiter__"):
            async for _ in call:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_pages_offer_only_what_the_role_may_do(company: Company) -> None:
    """Who is refused by an address is told so on a page."""
    offered = {}
    for role in (Role.REP, Role.MANAGER, Role.VIEWER):
        async with company.client(await company.token(role)) as client:
            page = (await client.get("/forecast?lang=en")).text
            offered[role] = {act for act in ("submit", "adjust") if f'action="/forecast/{act}' in page}
            day = (await client.get("/day?lang=en")).text
            assert ('value="done"' in day) == (role is not Role.VIEWER and "action-card" in day), role
    assert offered == {Role.REP: {"submit"}, Role.MANAGER: {"submit", "adjust"}, Role.VIEWER: set()}
    async with company.client(await company.token(Role.REP)) as client:
        refused = await client.get("/models?lang=ko", headers={"Accept": "text/html"})
        assert (refused.status_code, refused.headers["content-type"].partition(";")[0]) == (403, "text/html")
        assert "관리자, 영업 운영 (RevOps) 역할만" in refused.text
