"""The history over gRPC and by `dealcast export`: what the store holds, as of a time, with right digests."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from dealcast.gateway.v1 import gateway_pb2, gateway_pb2_grpc
from kit.server import GrpcServer
from learning.history import HistoryFolder, read_history
from learning.records import DealHistory
from services.gateway.domain import LOCAL
from services.gateway.grpc_api import SERVICE
from tests.integration.gateway.conftest import RunningGateway

USD = {"currency": "USD", "value": "1054.00"}
EARLY, LATE = "2017-03-01T09:00:00Z", "2017-08-01T10:00:00Z"
DEALS: list[dict[str, Any]] = [
    {
        "id": "d/1", "stage": "A", "owner_id": "u1", "account_id": "a1", "amount": USD, "created_time": EARLY,
        "effective_time": EARLY, "close_date": "2017-11-01", "fields": {"due": {"date": "2017-10-01"}, "size": 3},
        "contacts": [{"contact_id": "c1", "role": "decides"}], "products": [{"product_id": "p1", "quantity": 2}],
        "activities": [
            {"id": "x1", "type": "call", "direction": "outbound", "time": "2017-04-01T00:00:00Z", "text": "안녕"},
            {"id": "x2", "type": "mail", "direction": "inbound", "time": "2017-08-02T00:00:00Z"},
        ],
    },
    {"id": "d/1", "stage": "B", "fields": {"size": 5}, "effective_time": LATE},
    {"id": "late", "stage": "A", "owner_id": "u1", "created_time": LATE, "effective_time": LATE},
    {"id": "nobodys", "stage": "A", "created_time": LATE, "account_id": "a1", "effective_time": LATE},
    {"id": "nobodys", "account_id": "", "contacts": [{"contact_id": "c1", "role": "uses"}]},
]  # fmt: skip


@pytest.fixture
async def filled(gateway: RunningGateway) -> RunningGateway:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    batches: dict[str, list[dict[str, Any]]] = {
        "users": [{"id": "u1", "name": "Kim", "lines": [{"region": "East"}]}],
        "accounts": [{"id": "a1", "name": "Samsung", "fields": {"sector": "chips"}}],
        "contacts": [{"id": "c1", "name": "Lee", "account_id": "a1"}],
        "products": [{"id": "p1", "name": "GTX", "price": USD}],
        "quotas": [{"owner_id": "u1", "period": "2017-Q4", "amount": USD}],
        "deals": DEALS,
    }
    for kind, rows in batches.items():
        results = await gateway.lines(f"/v1/{kind}:batch", rows)
        assert all(line["status"] in {"created", "changed"} for line in results), results
    return gateway


@pytest.fixture
async def stub(filled: RunningGateway) -> AsyncIterator[gateway_pb2_grpc.GatewayServiceStub]:
    assert filled.parts.grpc is not None
    server = GrpcServer("127.0.0.1:0", filled.parts.grpc, [SERVICE])
    await server.start()
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield gateway_pb2_grpc.GatewayServiceStub(channel)
    await server.stop(1)


async def fetched(stub: gateway_pb2_grpc.GatewayServiceStub, folder: Path, as_of: datetime | None = None) -> None:
    """Write what comes into the folder; every file must match its digest."""
    request = gateway_pb2.ExportHistoryRequest()
    if as_of is not None:
        request.as_of.FromDatetime(as_of)
    parts: dict[str, bytes] = {}
    digests: dict[str, str] = {}
    async for piece in stub.ExportHistory(request):
        assert piece.file not in digests, "nothing follows a file's last chunk"
        parts[piece.file] = parts.get(piece.file, b"") + piece.chunk
        if piece.sha256:
            digests[piece.file] = piece.sha256
    assert {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()} == digests
    write(folder, parts)


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


async def same_as_store(gateway: RunningGateway, history: HistoryFolder) -> None:
    store = gateway.gateway.store
    found = {each.deal.id: each for each in history.deals()}
    records = await store.get_records(LOCAL, list(found))
    assert len(records) == len(found) == (await store.counts(LOCAL))["deals"]
    for record in records:
        assert essence(found[record.history.deal.id]) == essence(record.history)
    assert history.users == await store.list_users(LOCAL)
    assert history.lines == await store.list_lines(LOCAL)
    assert [replace(one, changes=()) for one in history.accounts] == await store.list_accounts(LOCAL, "", 100)
    assert [node.id for node in found["nobodys"].owner_path] == ["company", "owner:"], "nobody's stand there too"
    assert [account.id for account in found["nobodys"].former_accounts] == ["a1"]
    assert history.contacts == await store.list_contacts(LOCAL, "", "", 100)
    assert history.products == await store.list_products(LOCAL)
    assert history.quotas == await store.list_quotas(LOCAL, "")
    assert sorted(history.field_definitions, key=repr) == sorted(await store.list_fields(), key=repr)
    assert str(history.manifest.business_day) == "2017-09-30"


def essence(history: DealHistory) -> DealHistory:
    # counters are of the business clock, not of the folder, and what products are called is in another file
    return replace(history, counters=(), product_names={})


async def test_the_stream_holds_what_the_store_holds(
    filled: RunningGateway, stub: gateway_pb2_grpc.GatewayServiceStub, tmp_path: Path
) -> None:
    await fetched(stub, tmp_path / "history")
    await same_as_store(filled, read_history(tmp_path / "history"))


async def test_as_of_leaves_out_what_came_later(stub: gateway_pb2_grpc.GatewayServiceStub, tmp_path: Path) -> None:
    await fetched(stub, tmp_path / "then", datetime(2017, 5, 31, tzinfo=UTC))
    history = read_history(tmp_path / "then")
    [only] = history.deals()
    assert (only.deal.id, only.deal.stage, only.deal.fields["size"]) == ("d/1", "A", 3)
    assert [each.id for each in only.activities] == ["x1"]
    assert all(change.effective_time < datetime(2017, 6, 1, tzinfo=UTC) for change in only.changes)
    assert str(history.manifest.business_day) == "2017-05-31"


async def test_the_command_writes_what_the_store_holds(filled: RunningGateway, tmp_path: Path) -> None:
    command = ["export", str(tmp_path / "out"), "--url", str(filled.http.base_url)]
    done = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert done.exit_code == 0, done.output
    await same_as_store(filled, read_history(tmp_path / "out"))
