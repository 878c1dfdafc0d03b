"""Signing in and out: the first administrator, links, passwords, sessions, tokens, throttling, other sites."""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from kit.errors import InvalidInput
from kit.nats_server import NatsServer
from services.gateway.access.desk import BY_LOGIN, Client, digest, folded
from services.gateway.access.members import IDLE, Act, Member, Role, Session, TokenScope
from services.gateway.access.opening import LINK_FILE, open_access
from services.gateway.access.pages import way_back
from services.gateway.domain import LOCAL
from services.gateway.settings import GatewaySettings
from tests.integration.access.conftest import Company, bearer, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
GOOD = "correct horse battery staple"
ADMIN = "admin@example.com"
OWN_PAGE = {"sec-fetch-site": "same-origin"}


@contextlib.asynccontextmanager
async def signed_in(company: Company, login: str, password: str) -> AsyncIterator[httpx.AsyncClient]:
    async with company.client(OWN_PAGE) as client:
        answer = await client.post("/sign-in", data={"login": login, "password": password, "next": "/deals?sort=name"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/deals?sort=name"), answer.text
        yield client


async def test_the_first_administrator_comes_by_the_link_that_was_printed(company: Company) -> None:
    file = company.folder / LINK_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    path = httpx.URL(file.read_text().strip()).path
    async with company.client(OWN_PAGE) as client:
        assert "first administrator" in (await client.get(path)).text
        korean = (await client.get(path, params={"lang": "ko"})).text
        assert 'name="time_zone" value="Asia/Seoul"' in korean, "what their language tells, for them to confirm"
        wrong = {"login": ADMIN, "name": "Kim", "password": GOOD, "time_zone": "Nowhere"}
        nowhere = await client.post(path, data=wrong)
        kept = [f'value="{wrong[name]}"' in nowhere.text for name in wrong]
        assert (nowhere.status_code, kept) == (400, [True, True, False, True]), "all but the password"
        assert re.search(r'name="time_zone"[^<]*<span class="wrong" role="alert">There is no such', nowhere.text)
        weak = await client.post(path, data={"login": ADMIN, "password": "short"})
        assert (weak.status_code, "At least 12" in weak.text) == (400, True)
        made = await client.post(path, data={"login": ADMIN.upper(), "name": "Kim", "password": GOOD,
                                             "time_zone": "Asia/Seoul"})  # fmt: skip
        assert made.status_code == 303, made.text
        assert (await client.get("/v1/workspace")).json()["time_zone"] == "Asia/Seoul"
        assert re.search(r"\d\d:\d\d KST", (await client.get("/account")).text), "as on all other pages"
        cookie = made.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/"))
        assert "secure" not in cookie
        assert (await client.get("/v1/me")).json()["role"] == "admin"
        assert (await client.get(path)).status_code == 404
        assert (await client.post(path, data={"login": "b@c", "password": GOOD})).status_code == 404


async def admin(company: Company) -> httpx.AsyncClient:
    """An administrator who is signed in, whether or not the one above was made before."""
    member = Member("boss-admin", "boss@example.com", "Boss", Role.ADMIN)
    if await company.desk.store.read_member(member.id) is None:
        await company.desk.store.save_member(member)
        await company.desk.set_password(member, GOOD, Client())
    return company.client(OWN_PAGE, await company.desk.open_session(member, Client(), "test"))


async def test_a_member_is_let_in_by_a_link_and_signs_in_by_a_password(company: Company) -> None:
    async with await admin(company) as boss:
        for text in ("not an email 😀", "ann@", "ann", "ann @example.com"):
            refused = await boss.post("/v1/members", json={"login": text, "role": "rep"})
            assert (refused.status_code, refused.json()["field"]) == (400, "login"), text
        wrong = await boss.post("/v1/members", json={"login": "ann@example.com", "role": "rep", "user_id": "nobody"})
        assert (wrong.status_code, wrong.json()["field"]) == (400, "user_id")
        given = {"login": " Ann@Example.com", "name": "Ann", "role": "rep", "user_id": "ann"}
        added = (await boss.post("/v1/members", json=given)).json()
        assert (added["login"], added["has_password"]) == ("ann@example.com", False)
        assert (await boss.post("/v1/members", json=given)).status_code == 409
        async with company.client(OWN_PAGE) as client:
            assert (await client.post(httpx.URL(added["link"]).path, data={"password": GOOD})).status_code == 303
            assert (await client.get("/v1/me")).json()["sees"] == "own"
            first = dict(client.cookies)
        async with signed_in(company, "ANN@example.com ", GOOD) as client:
            assert dict(client.cookies) != first
            assert [one["current"] for one in (await client.get("/v1/me/sessions")).json()["sessions"]] == [True, False]
            other = (await client.put("/v1/me/password", json={"old": GOOD, "new": GOOD + "!"})).status_code
            assert other == 204
            assert len((await client.get("/v1/me/sessions")).json()["sessions"]) == 1
            assert (await boss.put(f"/v1/members/{added['id']}", json={"active": False})).json()["active"] is False
            assert (await client.get("/v1/me")).status_code == 401
        answers = []
        async with company.client(OWN_PAGE) as client:
            for login, password in (("ann@example.com", GOOD + "!"), ("none@example.com", GOOD), ("", "")):
                answer = await client.post("/sign-in", data={"login": login, "password": password})
                answers.append((answer.status_code, answer.text.replace(f'value="{login}"', 'value=""')))
        assert len(set(answers)) == 2  # with a name typed, the cursor stands in the other field: no more is told
        assert answers[0] == answers[1]
        acts = [one["act"] for one in (await boss.get("/v1/access-events")).json()["events"]]
        assert {"MEMBER_ADDED", "LINK_MADE", "PASSWORD_SET", "SIGNED_IN", "SIGN_IN_FAILED", "MEMBER_CHANGED"} <= {*acts}


async def test_signing_in_rotates_and_signing_out_ends_the_session(company: Company) -> None:
    await admin(company)
    async with signed_in(company, "boss@example.com", GOOD) as client:
        before = dict(client.cookies)
        assert (await client.post("/sign-in", data={"login": "boss@example.com", "password": GOOD})).status_code == 303
        assert dict(client.cookies) != before
        stolen = company.client(OWN_PAGE, next(iter(before.values())))
        assert (await stolen.get("/v1/me")).status_code == 401
        kept = company.client(OWN_PAGE, next(iter(dict(client.cookies).values())))
        assert (await kept.get("/v1/me")).status_code == 200
        out = await client.post("/sign-out")
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
        assert (await kept.get("/v1/me")).status_code == 401


async def test_sessions_end_by_themselves(company: Company) -> None:
    member, now = await company.member(Role.VIEWER), company.desk.now()
    spans = {"idle": (IDLE, timedelta(days=1)), "old": (timedelta(0), timedelta(0)), "good": (timedelta(0), IDLE)}
    for secret, (unused, left) in spans.items():
        await company.desk.store.add_session(Session(digest(secret), member.id, now, now - unused, now + left))
    for secret in spans:
        async with company.client(OWN_PAGE, secret) as client:
            assert (await client.get("/v1/me")).status_code == (200 if secret == "good" else 401), secret
    await company.desk.store.forget_over(now)
    assert digest("good") in {one.id for one in await company.desk.store.list_sessions(member.id)}
    assert not {digest("idle"), digest("old")} & {one.id for one in await company.desk.store.list_sessions(member.id)}


async def test_attempts_run_out_for_a_name_and_come_back(company: Company) -> None:
    await admin(company)
    key = {f"login:{digest(folded('boss@example.com'))[:32]}": BY_LOGIN}
    for _ in range(BY_LOGIN[1]):
        assert await company.desk.store.attempt(key, company.desk.now()) == 0
    async with company.client(OWN_PAGE) as client:
        refused = await client.post("/sign-in", data={"login": "BOSS@example.com", "password": GOOD})
        assert (refused.status_code, "Too many attempts" in refused.text) == (429, True)
    assert Act.THROTTLED in {one.act for one in await company.desk.store.list_access_events()}
    await company.desk.store.forget_attempts(next(iter(key)))


async def test_other_sites_may_not_act_for_who_is_signed_in(company: Company) -> None:
    own = str(company.running.http.base_url)
    async with await company.browser(Role.REP) as client:
        del client.headers["sec-fetch-site"]
        for headers, status in (
            ({}, 403), ({"origin": "https://evil.example"}, 403), ({"sec-fetch-site": "cross-site"}, 403),
            ({"origin": own}, 204),
        ):  # fmt: skip
            answer = await client.put("/v1/deals/of-ann", json={"stage": "A"}, headers=headers)
            assert answer.status_code == (200 if status == 204 else status), headers
        assert (await client.get("/v1/deals")).status_code == 200
    async with company.client({}) as client:
        assert (await client.post("/sign-in", data={"login": "a", "password": "b"})).status_code == 403


async def test_tokens_are_shown_once_and_end(company: Company) -> None:
    async with await company.browser(Role.REP) as client:
        wrongs: tuple[dict[str, Any], ...] = (
            {"scopes": []},
            {"scopes": ["all"]},
            {"scopes": ["read"], "days": None},
            {"scopes": ["read"], "days": 999},
        )
        for wrong in wrongs:
            assert (await client.post("/v1/me/tokens", json=wrong)).status_code == 400, wrong
        made = (await client.post("/v1/me/tokens", json={"name": "sync", "scopes": ["read"], "days": 7})).json()
        async with company.client(bearer(made["token"])) as program:
            assert (await program.get("/v1/deals")).status_code == 200
            assert (await program.put("/v1/deals/of-ann", json={"stage": "B"})).status_code == 403
            assert (await program.post("/v1/me/tokens", json={"scopes": ["admin"]})).status_code == 403
            [listed] = [one for one in (await client.get("/v1/me/tokens")).json()["tokens"] if one["id"] == made["id"]]
            assert "token" not in listed
            assert listed["used_time"]
            assert (await client.delete(f"/v1/me/tokens/{made['id']}")).status_code == 204
            assert (await program.get("/v1/deals")).status_code == 401
    member = await company.member(Role.REP)
    token, secret = await company.desk.make_token(member, "", frozenset({TokenScope.READ}), 1, "test")
    await company.desk.store.end_token(member.id, token.id)
    await company.desk.store.add_token(replace(token, ends=company.desk.now()))
    async with company.client(bearer(secret)) as program:
        assert (await program.get("/v1/deals")).status_code == 401


async def test_services_have_tokens_that_administrators_make(company: Company) -> None:
    async with await admin(company) as boss:
        added = (await boss.post("/v1/members", json={"login": "crm", "role": "service"})).json()
        assert added["link"] is None
        made = await boss.post(f"/v1/members/{added['id']}/tokens", json={"scopes": ["read", "write"], "days": None})
        async with company.client(bearer(made.json()["token"])) as program:
            assert (await program.get("/v1/me")).json()["role"] == "service"
            assert (await program.get("/v1/members")).status_code == 403
            ended = await boss.post(f"/v1/members/{added['id']}:sign-out")
            assert ended.json() == {"sessions": 0, "tokens": 1}
            assert (await program.get("/v1/me")).status_code == 401


async def test_somebody_always_lets_others_in(company: Company) -> None:
    async with await admin(company) as boss:
        others = [one for one in (await boss.get("/v1/members")).json()["members"] if one["role"] == "admin"]
        for one in others:
            if one["id"] != "boss-admin":
                assert (await boss.put(f"/v1/members/{one['id']}", json={"role": "viewer"})).status_code == 200
        refused = await boss.put("/v1/members/boss-admin", json={"role": "viewer"})
        assert (refused.status_code, refused.json()["field"]) == (409, "role")
        assert (await boss.put("/v1/members/boss-admin", json={"active": False})).status_code == 409


async def test_a_restart_keeps_sessions_and_makes_a_new_token_for_the_machine(
    nats: NATS, nats_server: NatsServer, tmp_path: Path
) -> None:
    async with opened(nats_server.url, tmp_path / "data") as company:
        old = company.machine
        secret = await company.desk.open_session(await company.member(Role.VIEWER), Client(), "test")
        await company.running.stop()
        await company.running.start()
        async with company.client(old) as before, company.client(company.machine) as now:
            assert (await before.get("/v1/me")).status_code == 401
            assert (await now.get("/v1/me")).json()["role"] == "service"
        async with company.client(OWN_PAGE, secret) as client:
            assert (await client.get("/v1/me")).status_code == 200


async def test_without_sign_in_the_sample_company_lends_its_people(
    nats: NATS, nats_server: NatsServer, tmp_path: Path
) -> None:
    async with opened(nats_server.url, tmp_path / "data", sign_in="off") as company:  # noqa: SIM117
        async with company.client(OWN_PAGE) as client:
            assert (await client.get("/v1/me")).json()["id"] == LOCAL.id
            assert (await client.get("/sign-in")).status_code == 303
            assert (await client.post("/sign-in/persona", data={"role": "rep"})).status_code == 404
            await company.running.gateway.workspace.keep_apart(sample=True)
            users = [{"id": one, "name": one, "lines": [{"manager_id": head}]} for one, head in (("m", ""), ("r", "m"))]
            await company.running.lines("/v1/users:batch", users)
            await company.running.lines(
                "/v1/deals:batch", [{"id": "of-r", "owner_id": "r"}, {"id": "of-m", "owner_id": "m"}]
            )
            assert 'value="rep"' in (await client.get("/sign-in")).text
            assert (await client.post("/sign-in/persona", data={"role": "rep"})).status_code == 303
            assert (await client.get("/v1/deals/of-r")).status_code == 200
            assert (await client.get("/v1/deals/of-m")).status_code == 404
            assert (await client.get("/v1/imports")).status_code == 403
            assert (await client.post("/sign-out")).status_code == 303
            assert (await client.get("/v1/deals/of-m")).status_code == 200
            await client.post("/sign-in/persona", data={"role": "rep"})
            company.running.gateway.workspace.sample = False
            assert (await client.get("/v1/me")).json()["id"] == LOCAL.id


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"login": "no mail"}, "Write the mail address as name@example.com."),
        ({"login": "boss@example.com"}, "Give a mail address that nobody else signs in by."),
        ({"user_id": "nobody"}, "There is no user “nobody” in the CRM."),
    ],
)
async def test_what_was_typed_of_somebody_new_stays(company: Company, wrong: dict[str, str], told: str) -> None:
    typed = {"login": "new@example.com", "name": "Lee", "role": "manager", "user_id": ""} | wrong
    async with await admin(company) as boss:
        page = await boss.post("/users/add?lang=en", data=typed)
    assert page.status_code in (400, 409)
    for name in ("login", "name", "user_id"):
        assert f'name="{name}" value="{typed[name]}"' in page.text
    assert '<option value="manager" selected>' in page.text
    [field] = wrong
    assert re.search(rf'name="{field}"[^<]*<span class="wrong" role="alert">{told}', page.text)


@pytest.mark.parametrize("address", ["0.0.0.0:8080", "[::]:8080", "10.0.0.5:0"])
async def test_without_sign_in_only_this_machine_is_served(company: Company, address: str) -> None:
    for name in ("http_address", "grpc_address"):
        with pytest.raises(InvalidInput, match="this machine only"):
            open_access(GatewaySettings.model_validate({name: address}), company.running.gateway)
        open_access(GatewaySettings.model_validate({name: address, "sign_in": "accounts"}), company.running.gateway)
    with pytest.raises(InvalidInput, match="no address"):
        open_access(GatewaySettings(public_url="deals.example.com"), company.running.gateway)


@pytest.mark.parametrize(
    "text",
    ["https://evil.example", "//evil.example", "/\\evil.example", "", "/v1/export", "/sign-in", "/a\n", "javascript:x"],
)
async def test_the_way_back_stays_here(text: str) -> None:
    assert way_back(text) == "/"
    assert way_back("/deals/a%2Fb?x=1") == "/deals/a%2Fb?x=1"
