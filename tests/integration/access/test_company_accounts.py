"""Signing in with company accounts, against a provider that runs: who comes in, as whom, and what is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from kit.errors import InvalidInput
from kit.nats_server import NatsServer
from kit.testing import free_port
from services.gateway.access.members import Act, EventQuery, Member, Role
from services.gateway.access.oidc.config import configured
from services.gateway.access.oidc.people import person_of
from services.gateway.access.oidc.provider import Provider
from services.gateway.access.oidc.refused import Refused
from services.gateway.settings import GatewaySettings
from tests.integration.access.company import provider, settings, way_there
from tests.integration.access.company_provider import SECRET
from tests.integration.access.conftest import Company, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
BROWSER = {"sec-fetch-site": "same-origin"}
FAULTS = {
    "nonce": "InvalidClaimError nonce", "expired": "ExpiredTokenError exp", "audience": "InvalidClaimError aud",
    "issuer": "InvalidClaimError iss", "signature": "BadSignatureError", "unsigned": "UnsupportedAlgorithmError",
}  # fmt: skip
ROLES = {"sales-heads": "manager", "sales": "rep", "board": "viewer", "it": "admin"}


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"sub": f"id-{name}", "email": f"{name}@example.com", "email_verified": True, "name": name.title()} | more


PEOPLE = {
    "ann": person("ann", email="Ann@Example.com"), "off": person("off"), "stranger": person("stranger"),
    "unchecked": person("unchecked", email="ann@example.com", email_verified=False),
    "namesake": person("namesake", email="ann@example.com"), "tool": person("tool"),
    **{name: person("ann", fault=name) for name in FAULTS},
}  # fmt: skip
GROUPED = {
    "ben": person("ben", groups=["all", "sales", "board"]), "cat": person("cat", groups=["all"]),
    "boss": person("boss", groups=["board"]), "dan": person("dan", groups="sales-heads"),
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def place(nats_server: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    """Administrators give roles."""
    secret = tmp_path_factory.mktemp("secret") / "client"
    secret.write_text(f"{SECRET}\n")
    with provider(PEOPLE) as issuer:
        given = settings(issuer, oidc_client_secret="", oidc_client_secret_file=secret)
        async with opened(nats_server.url, tmp_path_factory.mktemp("place") / "data", **given) as found:
            await found.fill()
            await found.running.lines("/v1/users:batch", [{"id": "ann", "name": "Ann", "email": "ANN@example.com"}])
            for name, role, active in (("ann", Role.REP, True), ("off", Role.REP, False), ("tool", Role.SERVICE, True)):
                member = Member(name, f"{name}@example.com", name.title(), role, active=active)
                await found.desk.store.save_member(member)
            yield found


async def refusals(company: Company) -> list[tuple[str, str]]:
    """What the log says of who did not come in, newest first: reason and detail."""
    events = await company.desk.store.list_access_events()
    return [(one.detail["reason"], one.detail["detail"]) for one in events if one.act is Act.SIGN_IN_FAILED]


async def test_a_known_person_comes_in_and_stays_who_they_are(place: Company) -> None:
    async with place.client(BROWSER) as client:
        page = (await client.get("/sign-in?next=%2Fdeals%2Fof-ann")).text
        assert "Sign in with Hanbit" in page
        assert 'href="/sign-in/oidc?next=%2Fdeals%2Fof-ann"' in page
        begun = await client.get("/sign-in/oidc")
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))
        cookie = begun.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/sign-in/oidc", "max-age=600"))
        back = await way_there(client, "ann", "/sign-in/oidc?next=/deals/of-ann")
        came = await client.get(back)
        assert (came.status_code, came.headers["location"]) == (303, "/deals/of-ann")
        me = (await client.get("/v1/me")).json()
        assert (me["id"], me["role"], me["user_id"], me["sees"]) == ("ann", "rep", "ann", "own")
        [standing] = [one for one in await place.desk.store.list_standings(place.desk.now()) if one.member.id == "ann"]
        assert (standing.way, standing.linked is not None, standing.sessions) == ("company account", True, 1)
        acts = [one.act for one in await place.desk.store.list_access_events(EventQuery("ann"))]
        assert {Act.ACCOUNT_LINKED, Act.MEMBER_CHANGED, Act.SIGNED_IN} <= {*acts}
        out = await client.post("/sign-out")
        assert out.headers["location"] == "/sign-in?out=1"
        assert "/end?client_id=dealcast" in (await client.get(out.headers["location"])).text
        assert (await client.get("/v1/me")).status_code == 401
        await place.desk.store.save_member(Member("ann", "renamed@example.com", "Ann", Role.REP, "ann"))
        assert (await client.get(await way_there(client, "ann"))).status_code == 303
        await place.desk.store.save_member(Member("ann", "ann@example.com", "Ann", Role.REP, "ann"))


async def test_a_state_counts_once_and_in_one_browser(place: Company) -> None:
    async with place.client(BROWSER) as client:
        back = await way_there(client, "ann")
        async with place.client(BROWSER) as other:
            refused = await other.get(back)
            assert (refused.status_code, "began in another browser" in refused.text) == (400, True)
        kept = dict(client.cookies)
        assert (await client.get(back)).status_code == 303
        async with place.client(BROWSER) as again:
            again.cookies.update(kept)
            assert (await again.get(back)).status_code == 400
            assert (await again.get("/v1/me")).status_code == 401
    assert [detail for _, detail in (await refusals(place))[:2]] == ["over", "not of this browser"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_token_with_a_fault_lets_nobody_in(place: Company, fault: str) -> None:
    async with place.client(BROWSER) as client:
        refused = await client.get(await way_there(client, fault))
        assert (refused.status_code, "does not hold" in refused.text) == (403, True)
        assert (await client.get("/v1/me")).status_code == 401
    assert (await refusals(place))[0] == ("token", FAULTS[fault])


@pytest.mark.parametrize(
    ("name", "reason", "told"),
    [
        ("stranger", "unknown", "stranger@example.com"), ("off", "disabled", "switched off"),
        ("unchecked", "unverified", "does not say that the address ann@example.com is yours"),
        ("namesake", "taken", "another company account"), ("tool", "unknown", "Ask an administrator"),
    ],
)  # fmt: skip
async def test_who_may_not_come_in_is_told_what_to_do(place: Company, name: str, reason: str, told: str) -> None:
    async with place.client(BROWSER) as client:
        if reason == "taken":  # by whoever has the address and came in before
            assert (await client.get(await way_there(client, "ann"))).status_code == 303
            await client.post("/sign-out")
        refused = await client.get(await way_there(client, name))
        assert (refused.status_code, told in refused.text) == (403, True), refused.text
        assert (await client.get("/v1/me")).status_code == 401
        korean = await client.get(await way_there(client, name), headers={"accept-language": "ko"})
        assert "로그인하지 못했습니다" in korean.text
    assert (await refusals(place))[0][0] == reason
    assert await place.desk.store.member_by_login("stranger@example.com") is None


async def test_who_declines_and_who_answers_for_another_is_refused(place: Company) -> None:
    for query, reason in (("error=access_denied", "declined"), ("error=x", "provider"), ("iss=https://b.c", "token")):
        async with place.client(BROWSER) as client:
            begun = await client.get("/sign-in/oidc")
            state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
            assert (await client.get(f"/sign-in/oidc/callback?state={state}&{query}")).status_code in (403, 502)
        assert (await refusals(place))[0][0] == reason
    async with place.client(BROWSER) as client:
        back = await way_there(client, "ann")
        assert (await client.get(back.replace("code=", "code=x"))).status_code == 502
        assert (await refusals(place))[0] == ("provider", "OAuthError invalid_grant")


async def test_who_knocks_too_often_waits(place: Company) -> None:
    key = {"door:127.0.0.1": (timedelta(days=1), 1)}
    await place.desk.store.attempt(key, place.desk.now() + timedelta(days=1))
    async with place.client(BROWSER) as client:
        for path in ("/sign-in/oidc", "/sign-in/oidc/callback?state=x"):
            refused = await client.get(path)
            assert (refused.status_code, "Too many sign-ins" in refused.text) == (429, True)
    await place.desk.store.forget_attempts("door:127.0.0.1")


async def test_groups_give_and_take_roles(nats_server: NatsServer, tmp_path: Path) -> None:
    with provider(GROUPED) as issuer:
        given = settings(issuer, oidc_roles=json.dumps(ROLES))
        async with opened(nats_server.url, tmp_path / "data", **given) as place:
            await place.fill()
            await place.running.lines("/v1/users:batch", [{"id": "ben", "name": "Ben", "email": "ben@example.com"}])
            boss = Member("boss", "boss@example.com", "Boss", Role.ADMIN, password="hash")
            await place.desk.store.save_member(boss)
            came = {}
            for name in GROUPED:
                async with place.client(BROWSER) as client:
                    answer = await client.get(await way_there(client, name))
                    assert (answer.status_code == 303) == (name != "cat"), answer.text
                    came[name] = (await client.get("/v1/me")).json()
            assert {name: (one.get("role"), one.get("user_id")) for name, one in came.items()} == {
                "ben": ("rep", "ben"), "cat": (None, None), "boss": ("admin", ""), "dan": ("manager", ""),
            }  # fmt: skip
            await place.desk.store.save_member(Member("two", "two@example.com", "Two", Role.ADMIN, password="hash"))
            async with place.client(BROWSER) as client:
                await client.get(await way_there(client, "boss"))
                assert (await client.get("/v1/me")).json()["role"] == "viewer"


async def test_a_provider_that_is_away_or_names_itself_otherwise_is_refused(place: Company) -> None:
    here = place.running.settings
    for issuer, detail in (
        (f"http://127.0.0.1:{free_port()}", "ConnectError"), (f"{here.oidc_issuer}/", "published issuer")
    ):  # fmt: skip
        config = configured(here.model_copy(update={"oidc_issuer": issuer}))
        assert config is not None
        with pytest.raises(Refused) as refused:
            await Provider(config).begin("http://127.0.0.1/sign-in/oidc/callback")
        assert (refused.value.reason, refused.value.detail) == ("provider", detail)
        assert await Provider(config).leaving("http://127.0.0.1/sign-in") == ""


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"oidc_issuer": "http://login.example.com"}, "ISSUER"), ({"oidc_issuer": "login.example.com"}, "ISSUER"),
        ({"oidc_issuer": "https://a.b/?c"}, "ISSUER"), ({"oidc_client_id": ""}, "CLIENT_ID"),
        ({"sign_in": "off"}, "SIGN_IN"), ({"oidc_scopes": "email"}, "SCOPES"), ({"oidc_roles": "sales"}, "ROLES"),
        ({"oidc_roles": '{"sales": "service"}'}, "ROLES"), ({"oidc_roles": "[]"}, "ROLES"),
        ({"oidc_client_secret_file": "/nowhere/secret"}, "CLIENT_SECRET_FILE"),
    ],
)  # fmt: skip
async def test_settings_that_would_not_hold_are_refused(given: dict[str, Any], field: str) -> None:
    whole = {"sign_in": "accounts", **settings("https://login.example.com")}
    found = configured(GatewaySettings(**whole))
    assert found is not None
    assert SECRET not in repr(found) + repr(GatewaySettings(**whole))
    with pytest.raises(InvalidInput) as refused:
        configured(GatewaySettings(**(whole | given)))
    assert refused.value.field.endswith(field)
    assert SECRET not in str(refused.value) + refused.value.value


async def test_addresses_and_groups_are_read_as_the_settings_say() -> None:
    base: dict[str, Any] = {"sign_in": "accounts", **settings("https://login.example.com")}
    claims = {"sub": "1", "preferred_username": "Ann@Example.com", "realm_access": {"roles": ["sales", 7]}}
    base |= {"oidc_mail_claim": "preferred_username", "oidc_groups_claim": "realm_access.roles"}
    for trusted in (False, True):
        config = configured(GatewaySettings(**(base | {"oidc_mail_trusted": trusted})))
        assert config is not None
        found = person_of(claims | {"email_verified": True}, config)
        assert (found.mail, found.checked, found.groups) == ("ann@example.com", trusted, frozenset({"sales"}))
        assert not person_of({"sub": "1", "preferred_username": "no address"}, config).checked
