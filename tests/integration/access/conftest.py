"""A gateway with sign-in on, a company of six in it, and a member of each role."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio

from dealcast.gateway.v1 import gateway_pb2_grpc
from kit.grpc_errors import MeasuredServer
from kit.messaging import connect
from kit.nats_server import NatsServer
from services.gateway import grpc_api
from services.gateway.access.desk import AccessDesk, Client
from services.gateway.access.gate import Access
from services.gateway.access.members import ALL_SCOPES, Member, Role, TokenScope
from services.gateway.imports.targets import TOKEN_FILE
from tests.conftest import renew_streams
from tests.integration.gateway.conftest import RunningGateway

USERS = {Role.REP: "ann", Role.MANAGER: "east"}
DEALS = {"ann": "of-ann", "ben": "of-ben", "cat": "of-cat"}  # ann and ben under east, cat under west


@dataclass(slots=True)
class Company:
    """The gateway, and how to ask it as somebody."""

    running: RunningGateway
    folder: Path
    tokens: dict[tuple[Role, frozenset[TokenScope]], str] = field(default_factory=dict)

    @property
    def desk(self) -> AccessDesk:
        return AccessDesk(self.running.gateway.store, self.running.gateway.news)

    @property
    def cookie(self) -> str:
        return f"dealcast_{self.running.gateway.workspace.id}"

    @property
    def machine(self) -> dict[str, str]:
        """What programs of this machine send."""
        return bearer((self.folder / TOKEN_FILE).read_text().strip())

    async def member(self, role: Role, user_id: str = "") -> Member:
        found = Member(f"m-{role}", f"{role}@example.com", role.title(), role, user_id or USERS.get(role, ""))
        await self.desk.store.save_member(found)
        return found

    async def token(self, role: Role, scopes: frozenset[TokenScope] = ALL_SCOPES, user_id: str = "") -> dict[str, str]:
        """The header of a token, made once."""
        member = await self.member(role, user_id)
        if (role, scopes) not in self.tokens:
            self.tokens[role, scopes] = (await self.desk.make_token(member, "test", scopes, 1, "test"))[1]
        return bearer(self.tokens[role, scopes])

    async def browser(self, role: Role, user_id: str = "") -> httpx.AsyncClient:
        """A client that is signed in as a browser is."""
        secret = await self.desk.open_session(await self.member(role, user_id), Client(), "test")
        return self.client({"sec-fetch-site": "same-origin"}, secret)

    def client(self, headers: dict[str, str], secret: str = "") -> httpx.AsyncClient:
        cookies = {self.cookie: secret} if secret else {}
        base = self.running.http.base_url
        plain = False  # no TLS: to read every authority's certificate takes longer than most answers
        return httpx.AsyncClient(base_url=base, headers=headers, cookies=cookies, timeout=30, verify=plain)

    async def fill(self) -> None:
        """Two teams, three deals."""
        self.running.http.headers.update(self.machine)
        lines = {"boss": "", "east": "boss", "west": "boss", "ann": "east", "ben": "east", "cat": "west"}
        users = [{"id": one, "name": one.title(), "lines": [{"manager_id": head}]} for one, head in lines.items()]
        assert {row["status"] for row in await self.running.lines("/v1/users:batch", users)} == {"created"}
        usd = {"currency": "USD", "value": "550.00"}
        deals = [
            {"id": deal, "name": deal, "owner_id": owner, "amount": usd, "stage": "A"} for owner, deal in DEALS.items()
        ]
        assert {row["status"] for row in await self.running.lines("/v1/deals:batch", deals)} == {"created"}


@contextlib.asynccontextmanager
async def calling(company: Company) -> AsyncIterator[Any]:
    """A stub of the company's gRPC."""
    access, server = Access(company.desk, "accounts"), grpc.aio.server()
    grpc_api.add_to(company.running.gateway, company.folder / "tmp", access, MeasuredServer(server))  # type: ignore[arg-type]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield gateway_pb2_grpc.GatewayServiceStub(channel)
    finally:
        await server.stop(0)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@contextlib.asynccontextmanager
async def opened(url: str, folder: Path, **settings: Any) -> AsyncIterator[Company]:
    """A company whose gateway takes these settings, over new, empty streams."""
    client = await connect(url, "test")
    await renew_streams(client)
    await client.close()
    running = await RunningGateway(url, folder, **({"sign_in": "accounts"} | settings)).start()
    company = Company(running, folder)
    try:
        yield company
    finally:
        if running.built is not None:
            with contextlib.suppress(TimeoutError):
                await running.stop()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def company(nats_server: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    """One for all tests of a file: starting it costs more than asking it."""
    async with opened(nats_server.url, tmp_path_factory.mktemp("company") / "data") as found:
        await found.fill()
        yield found
