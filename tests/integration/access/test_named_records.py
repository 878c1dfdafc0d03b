"""A record of somebody else's that a request names, wherever it names it, is one that there is not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import httpx
import orjson
import pytest
import pytest_asyncio
from google.protobuf import json_format
from grpc.aio import AioRpcError

from dealcast.gateway.v1 import gateway_pb2
from kit.money import Money
from learning.records import Account, Contact, ContactRole
from services.gateway.access.members import Role
from services.gateway.access.rights import OPEN, right_of, rights
from services.gateway.calls import Call, CallKind
from services.gateway.domain import LOCAL, DealWrite
from tests.integration.access import naming
from tests.integration.access.conftest import Company, calling
from tests.integration.access.named_requests import BODIES, DAY, FORMS, MESSAGES, OTHERS_FORMS, SPECIAL, TAKEN, UNDOES
from tests.integration.access.test_seeing import scored, written

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROLES = (Role.REP, Role.MANAGER)
METHODS = gateway_pb2.DESCRIPTOR.services_by_name["GatewayService"].methods
VARIES = re.compile(
    r'\d{5}\.\d+|\d{4}-\d\d-\d\d(T[\d:.]+Z)?|\d\d:\d\d(:\d\d)?|[0-9a-f]{32}|(data-since|call)="?\w+|"revision":\d+'
)


@dataclass(slots=True)
class World:
    """A company, what its REST says of itself, and by kind what is ann's and what is cat's."""

    company: Company
    spec: dict[str, Any]
    names: dict[str, tuple[str, str]]
    clients: dict[Role, httpx.AsyncClient]

    async def of_cat(self) -> list[str]:
        """All that is told of cat's deal, to who sees all."""
        paths = ("/v1/deals/of-cat", "/v1/deals/of-cat/activities", "/v1/asks?deal_id=of-cat")
        return [VARIES.sub("T", (await self.company.running.http.get(path)).text) for path in paths]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(company: Company) -> AsyncIterator[World]:
    """Ann and cat each have a deal with all that can be on one."""
    gateway, http, made = company.running.gateway, company.running.http, dict[str, list[str]]()
    await scored(company)
    await http.put("/v1/products/p", json={"name": "Product"})
    period = str(gateway.workspace.calendar.current(gateway.workspace.business_day))
    for who in ("ann", "cat"):
        deal, account, contact = f"of-{who}", f"a-{who}", f"c-{who}"
        await gateway.store.save_accounts(LOCAL, [Account(account, f"Account of {who}")])
        await gateway.store.save_contacts(
            LOCAL, [Contact(contact, f"Contact of {who}", account, phone="010-1234-5678")]
        )
        roles = (ContactRole(contact, "decides"),)
        await gateway.apply_deals(LOCAL, [DealWrite(deal, account_id=account, contacts=roles)])
        mine = {"deal_id": deal, "contact_id": contact, "owner_id": who}
        posts = {
            "activities": BODIES["POST /v1/activities"] | mine | {"id": f"t-{who}"},
            "actions/feedback": {"id": f"f-{who}", "deal_id": deal, "verb": "accept", "action": "send_quote"},
            "asks": {"deal_id": deal, "text": "Name the signer", "due": DAY},
        }  # fmt: skip
        for path, body in posts.items():
            answer = await http.post(f"/v1/{path}", json=body)
            assert answer.status_code < 300, answer.text
        made.setdefault(naming.ASK, []).append(str(answer.json()["id"]))
        call = Call(CallKind.SUBMISSION, f"owner:{who}", period, Money("USD", 700), "", "m", gateway.workspace.now())
        made.setdefault(naming.CALL, []).append(str((await gateway.store.add_call(LOCAL, call)).id))
    letters = {naming.ACCOUNT: "a", naming.CONTACT: "c", naming.ACTIVITY: "t", naming.ANSWER: "f", naming.DEAL: "of"}
    names = {kind: (f"{letter}-ann", f"{letter}-cat") for kind, letter in letters.items()}
    names |= {kind: (own, other) for kind, (own, other) in made.items()}
    names |= {naming.PERSON: ("ann", "cat"), naming.NODE: ("owner:ann", "owner:cat")}
    clients = {role: company.client(await company.token(role)) for role in ROLES}
    yield World(company, (await http.get("/openapi.json")).json(), names, clients)
    for client in clients.values():
        await client.aclose()


def nowhere(kind: str) -> str:
    """The id of none."""
    return {naming.ASK: "999999", naming.CALL: "999999", naming.NODE: "owner:nil"}.get(kind, "nil")


def said(answer: httpx.Response, name: str = "") -> str:
    """What an answer says, whatever was named and when."""
    text = VARIES.sub("T", f"{answer.status_code} {answer.headers.get('location')} {written(answer)}")
    return blotted(text, name) if name else text


def apart(one: str, other: str) -> str:
    """Where two answers are not the same; empty where they are. To compare whole pages line by line takes minutes."""
    if one == other:
        return ""
    place = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{one[max(0, place - 60) : place + 60]!r} and {other[max(0, place - 60) : place + 60]!r}"


def blotted(text: str, name: str) -> str:
    """Without the name; of asks and submissions without any number, as others may be the same."""
    if name.isdecimal():
        return re.sub(r"\d+", "N", text)
    return re.sub(rf"(?<![\w-])({re.escape(name)}|{re.escape(quote(name, safe=''))})(?![\w-])", "X", text)


def allowed(route: str) -> list[Role]:
    """Those of a rep and a manager who may ask it."""
    return [role for role in ROLES if role in right_of(route.partition("?")[0]).roles]


async def sent(client: httpx.AsyncClient, route: str, **content: Any) -> httpx.Response:
    method, address = route.replace("{deal_id}", "of-ann").replace("{table}", "deals").split(" ")
    return await client.request(method, address, **content)


def operations(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of REST: routes that reps or managers may ask, with what OpenAPI tells of them."""
    for path, methods in world.spec["paths"].items():
        for method, told in methods.items():
            if allowed(f"{method.upper()} {path}"):
                yield f"{method.upper()} {path}", told


def named(route: str, places: Sequence[str]) -> list[tuple[str, str, str]]:
    """Those of the places that name what may be another's, with what that is."""
    kinds = ((place, naming.kind_of(route, place, SPECIAL)) for place in sorted({*places}))
    return [(route, place, kind) for place, kind in kinds if kind and kind not in naming.SHARED]


def in_bodies(world: World) -> list[tuple[str, str, str]]:
    found = []
    for route, told in operations(world):
        contents = told.get("requestBody", {}).get("content", {}).values()
        found += named(route, [one for each in contents for one in naming.members(each["schema"], world.spec)])
    return [one for one in found if one[2] != naming.PERSON]  # colleagues may be named: for deal teams, credit and asks


async def test_another_s_record_in_a_body_is_none(world: World) -> None:
    asked = [one for one in in_bodies(world) if one[:2] not in TAKEN]
    assert len(asked) > 15
    for route, place, kind in asked:
        own, other = world.names[kind]
        body = BODIES[route] | ({"verb": UNDOES[place]} if place in UNDOES else {})
        for role in allowed(route):
            told = []
            for name in (other, nowhere(kind), own):
                content = orjson.dumps(naming.put(body, place, name))
                told.append(said(await sent(world.clients[role], route, content=content), name))
            assert not apart(told[0], told[1]), (role, route, place)
            assert apart(told[1], told[2]), (role, route, place, told[1])


async def test_under_another_s_id_nothing_is_written(world: World) -> None:
    for route, place, kind in in_bodies(world):
        if (route, place) in TAKEN:
            before = await world.of_cat()
            content = orjson.dumps(naming.put(BODIES[route], place, world.names[kind][1]))
            for role in allowed(route):
                answer = await sent(world.clients[role], route, content=content)
                rejected = '"status":"rejected"' + (',"revision":0,' if kind == naming.DEAL else "")
                assert rejected in answer.text or answer.status_code in (400, 404, 409), (role, route, place)
            assert await world.of_cat() == before, (route, place)


async def test_another_s_record_in_an_address_is_none(world: World) -> None:
    """In queries and paths of REST; of deals in paths tells test_seeing.py."""
    asked, told_apart = [], 0
    for route, told in operations(world):
        queries = [one["name"] for one in told.get("parameters", ()) if one["in"] == "query"]
        inside = [one for one in re.findall(r"{(\w+)}", route) if one != "deal_id"]
        asked += [(f"{route}?{name}=NAMED", kind) for _, name, kind in named(route, queries)]
        asked += [(route.replace("{" + name + "}", "NAMED"), kind) for _, name, kind in named(route, inside)]
    for address, kind in asked:
        own, other = world.names[kind]
        for role in allowed(address.partition("?")[0].replace("NAMED", "{" + f"{kind}_id" + "}")):
            answers = [said(await sent(world.clients[role], address.replace("NAMED", name)), name)
                       for name in (other, nowhere(kind), own)]  # fmt: skip
            assert not apart(answers[0], answers[1]), (role, address)
            told_apart += answers[1] != answers[2]
    assert told_apart > 30


async def test_another_s_record_in_the_address_of_a_page_is_none(world: World) -> None:
    """In each of what pages read of their addresses: all at once where nothing is refused, else one by one."""
    for route in [one for one in rights() if one.startswith("GET /") and "/v1/" not in one]:
        asked = [(name, naming.ASKED.get(name, kind)) for _, name, kind in named(route, [*naming.page_queries()])]
        for role in allowed(route):
            for some in [asked, *[[one] for one in asked]]:
                told = []
                for named_there in (True, False):
                    names = {name: world.names[kind][1] if named_there else nowhere(kind) for name, kind in some}
                    answer = await sent(world.clients[role], f"{route}?{urlencode(names)}")
                    told.append(reduce(blotted, sorted(names.values(), reverse=True), said(answer)))  # numbers last
                assert not apart(told[0], told[1]), (role, route, some)
                if answer.status_code < 400:
                    break


async def test_another_s_record_in_a_form_is_none(world: World) -> None:
    posts = {one for one in rights() if one.startswith("POST /") and "/v1/" not in one and allowed(one)}
    posts -= {one for one in posts if right_of(one).scope == OPEN}
    assert {one.partition("?")[0] for one in FORMS} == posts, "say in named_requests.py what each form sends"
    for form in naming.form_members() - OTHERS_FORMS:
        naming.kind_of("a form", form, {})
    told_apart = 0
    for route, fields in FORMS.items():
        address, _, query = route.partition("?")
        whole = {**dict(parse_qsl(query)), **fields}
        for _, name, kind in named(address, [*whole]):
            own, other = world.names[kind]
            for role in allowed(route) if kind != naming.PERSON else ():
                told = []
                for one in (other, nowhere(kind), own):
                    given = whole | {name: one} | ({"verb": "undo"} if name == "undoes" else {})
                    asked = {key: given.pop(key) for key in dict(parse_qsl(query))}
                    answer = await sent(world.clients[role], f"{address}?{urlencode(asked)}", data=given)
                    told.append(blotted(said(answer), one))
                assert not apart(told[0], told[1]), (role, route, name)
                told_apart += told[1] != told[2]
    assert told_apart > 10


async def test_another_s_record_in_a_message_is_none(world: World) -> None:
    methods = [one for one in METHODS if allowed(f"GatewayService/{one.name}")]
    async with calling(world.company) as stub:
        for method in methods:
            for route, place, kind in named(method.name, [*naming.message_members(method.input_type)]):
                body = MESSAGES[route]
                if place in UNDOES:
                    body = naming.put(body, "feedback.verb", UNDOES[place])
                other = await called(world, stub, route, naming.put(body, place, name := world.names[kind][1]), name)
                if (route, place) in TAKEN:
                    assert "another answer" in other, other
                elif kind != naming.PERSON:
                    none = await called(world, stub, route, naming.put(body, place, name := nowhere(kind)), name)
                    assert other == none, (route, place)
    assert {one.name for one in methods} == {*MESSAGES}


async def called(world: World, stub: Any, route: str, body: Any, name: str) -> str:
    """What a call of ann's says."""
    request = json_format.ParseDict(body, getattr(gateway_pb2, f"{route}Request")())
    sender = list((await world.company.token(Role.REP)).items())
    try:
        text = json_format.MessageToJson(await getattr(stub, route)(request, metadata=sender, timeout=20))
    except AioRpcError as error:
        text = f"{error.code()} {error.details()}"
    return blotted(VARIES.sub("T", text), name)
