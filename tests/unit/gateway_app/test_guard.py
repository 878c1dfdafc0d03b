"""Which requests of browsers and programs are let in."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import PlainTextResponse

from services.gateway.rest.guard import Guard
from services.gateway.rest.problems import PROBLEM
from services.gateway.settings import GatewaySettings

HERE = "127.0.0.1:8080"


async def ask(method: str, **headers: str) -> httpx.Response:
    app = Guard(PlainTextResponse("let in"), GatewaySettings(allowed_hosts="crm.example, Gateway").hosts)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://" + HERE) as client:
        return await client.request(method, "/v1/deals/d", headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize(
    "host",
    [HERE, "127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:8080", "[::1]", "crm.example", "gateway:8080"],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_known_hosts_are_answered(method: str, host: str) -> None:
    assert (await ask(method, host=host)).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8080", "x", "", "localhost:8080@evil.example", "10.0.0.1", ":8080"]
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_unknown_hosts_are_not(method: str, host: str) -> None:
    answer = await ask(method, host=host)
    assert answer.status_code == 421
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["field"] == "Host"
    assert "DEALCAST_ALLOWED_HOSTS" in answer.json()["mend"]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://localhost:8080"}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"},
        {"origin": f"http://{HERE}", "sec_fetch_site": "cross-site"},
    ],
)  # fmt: skip
async def test_other_pages_may_not_write(method: str, headers: dict[str, str]) -> None:
    answer = await ask(method, **headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == PROBLEM
    assert (await ask("GET", **headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"origin": f"http://{HERE}"}, {"origin": f"http://{HERE}", "sec_fetch_site": "same-origin"},
        {"host": "crm.example", "origin": "https://CRM.example"}, {"sec_fetch_site": "none"},
    ],
)  # fmt: skip
async def test_programs_and_own_pages_may(headers: dict[str, str]) -> None:
    assert (await ask("PUT", **headers)).status_code == 200
