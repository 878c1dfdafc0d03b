"""The REST edges: problems, related records, the description of it all."""

from __future__ import annotations

import asyncio
import io
import socket
import tarfile
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import orjson
import pytest
from nats.aio.client import Client as NATS  # noqa: N814

from dealcast.events.v1 import events_pb2
from learning.history import read_history
from services.gateway.http_server import HttpServer
from services.gateway.rest.schemas import Problem
from services.gateway.rest.schemas_views import Inbox, Workspace
from tests.integration.gateway.conftest import RunningGateway, until

ACTIVITY = b'{"deal_id": "none", "type": "call", "direction": "inbound", "time": "2017-01-01T00:00:00Z"}'
BAD = [
    ("GET", "/v1/nowhere", None, 404),
    ("PATCH", "/v1/workspace", None, 405),
    ("GET", "/v1/deals/none", None, 404),
    ("GET", "/v1/deals/%ff", None, 400),
    ("GET", "/v1/deals/a%00b", None, 400),
    ("DELETE", "/v1/deals/none", None, 404),
    ("PUT", "/v1/deals/d", b"{", 400),
    ("PUT", "/v1/deals/d", b"", 400),
    ("PUT", "/v1/deals/d", b"\xff", 400),
    ("PUT", "/v1/deals/d", b'{"name": NaN}', 400),
    ("PUT", "/v1/deals/d", b'{"name": "' + b"x" * 17_000_000 + b'"}', 413),
    ("PUT", "/v1/deals/d", b'{"owner_id": "nobody"}', 400),
    ("PUT", "/v1/deals/d", b'{"id": "e"}', 400),
    ("GET", "/v1/deals?limit=0", None, 400),
    ("GET", "/v1/deals?limit=-5", None, 400),
    ("GET", "/v1/deals?sort=colour", None, 400),
    ("GET", "/v1/deals?cursor=zzz", None, 400),
    ("GET", "/v1/deals?colour=blue", None, 400),
    ("GET", "/v1/deals?min_probability=2", None, 400),
    ("GET", "/v1/deals?outcome=MAYBE", None, 400),
    ("GET", "/v1/forecast?period=2017-Q5", None, 400),
    ("GET", "/v1/forecast?period=0000-Q1", None, 400),
    ("GET", "/v1/forecast?period=9999-Q4", None, 400),
    ("GET", "/v1/forecast?currency=ZZZ", None, 400),
    ("GET", "/v1/deals?lang=xx", None, 400),
    ("GET", "/v1/forecast?node=owner:none", None, 404),
    ("GET", "/v1/events?last_event_id=x", None, 400),
    ("POST", "/v1/activities", b"{}", 400),
    ("POST", "/v1/activities", ACTIVITY, 400),
    ("PUT", "/v1/users/u1", b"[]", 400),
    ("PUT", "/v1/quotas", b"{}", 400),
    ("PUT", "/v1/fields", b"{}", 400),
    ("PUT", "/v1/fields", b'{"fields": [{"entity": "deal", "name": "x", "type": "colour"}]}', 400),
    ("PUT", "/v1/workspace/clock", b'{"today": "soon"}', 400),
    ("PUT", "/v1/workspace/clock", b'{"today": "9999-12-31"}', 400),
    ("PUT", "/v1/workspace", b'{"currency": "ZZZ"}', 400),
    ("PUT", "/v1/workspace", b'{"grade_bounds": {"A": 0.1, "B": 0.5, "C": 0.9}}', 400),
    ("POST", "/v1/imports", b'{"as_of": "soon"}', 400),
    ("POST", "/v1/imports", b'{"colour": 1}', 400),
    ("POST", "/v1/imports/none:finish", b"{}", 404),
    ("GET", "/v1/imports/none", None, 404),
    ("POST", "/v1/history:load", b'{"folder": "relative"}', 400),
    ("POST", "/v1/training-jobs", b'{"services": ["weather"]}', 404),
    ("POST", "/v1/training-jobs", b'{"seed": -1}', 400),
    ("POST", "/v1/training-jobs", b'{"keep": "stage"}', 400),
    ("POST", "/v1/training-jobs", b'{"keep": ["stage"], "drop": ["stage"]}', 400),
    ("POST", "/v1/training-jobs", b'{"services": ["forecast"], "drop": ["stage"]}', 400),
    ("PUT", "/v1/workspace", b'{"training_columns": ["stage"]}', 400),
    ("PUT", "/v1/workspace", b'{"training_columns": {"keep": [1]}}', 400),
    ("PUT", "/v1/workspace", b'{"training_columns": {"lose": []}}', 400),
    ("GET", "/v1/training-jobs/none", None, 404),
    ("POST", "/v1/training-jobs/none:cancel", None, 404),
    ("GET", "/v1/models/weather", None, 404),
    ("POST", "/v1/models/forecast:promote", b'{"version": "9"}', 404),
    ("POST", "/v1/dead-letters/x:replay", None, 400),
    ("POST", "/v1/dead-letters/0:replay", None, 400),
    ("DELETE", "/v1/dead-letters/0", None, 400),
    ("GET", "/v1/deals?subtree=maybe", None, 400),
    ("GET", "/v1/deals?limit=²", None, 400),
    ("GET", "/v1/deals/d/history?cursor=²", None, 400),
    ("GET", "/v1/events?last_event_id=²", None, 400),
    ("DELETE", "/v1/dead-letters/²", None, 400),
    ("POST", "/v1/dead-letters/99:replay", None, 404),
    ("POST", "/v1/training-jobs", b'{"services": []}', 400),
    ("DELETE", "/v1/dead-letters/99", None, 404),
]  # fmt: skip


async def test_every_error_is_a_problem_with_a_mend(gateway: RunningGateway) -> None:
    for method, path, body, status in BAD:
        response = await gateway.http.request(method, path, content=body)
        assert response.status_code == status, (method, path, response.status_code, response.text[:300])
        assert response.headers["content-type"] == "application/problem+json", path
        problem = Problem.model_validate(response.json())
        assert problem.detail, path
        assert problem.mend or problem.errors[0].mend, (path, response.text)
        assert "Traceback" not in response.text


async def test_no_answer_repeats_a_resident_registration_number(gateway: RunningGateway) -> None:
    number, bare = "850302-1123451", 8503021123451
    assert (await gateway.http.put("/v1/users/u1", json={"name": "Kim"})).status_code == 201
    asked = [
        ("GET", f"/v1/deals/{number}", None, 404), ("GET", f"/v1/{number}", None, 404),
        ("GET", f"/v1/deals/{bare}/history", None, 404), ("PUT", f"/v1/deals/{number}", {"stage": "New"}, 404),
        ("PUT", "/v1/deals/d1", {"stage": [bare]}, 400), ("PUT", "/v1/deals/d1", {"name": {"of": number}}, 400),
        ("PUT", "/v1/deals/d1", {"name": bare}, 400), ("PUT", "/v1/deals/d1", {"fields": {"n": [number]}}, 400),
        ("PUT", "/v1/deals/d1", {number: 1}, 400), ("PUT", f"/v1/quotas?period={number}", None, 400),
        ("POST", "/v1/models/lead_scoring:promote", {"version": number, "reason": "x"}, 404),
        ("POST", f"/v1/models/{number}:promote", {"version": "1", "reason": "x"}, 404),
    ]  # fmt: skip
    for method, path, body, status in asked:
        response = await gateway.http.request(method, path, json=body)
        assert response.status_code == status, (method, path, body, response.text)
        assert "850302" not in response.text, (method, path, body)
    lines = await gateway.lines("/v1/deals:batch", [{"id": number}, {"id": "d2", "stage": [number]}])
    assert [line["status"] for line in lines] == ["rejected"] * 2
    assert "850302" not in str(lines)


async def test_related_records_come_back_as_sent(gateway: RunningGateway) -> None:
    users = [
        {"id": "boss", "name": "Boss", "lines": [{"region": "East"}]},
        {"id": "u1", "name": "Kim", "lines": [{"manager_id": "boss", "valid_from": "2017-01-01"}]},
        {"id": "bad", "name": "Bad", "lines": [{"manager_id": "nobody"}]},
    ]
    results = await gateway.lines("/v1/users:batch", users)
    assert [line["status"] for line in results] == ["created", "created", "rejected"]
    found = {user["id"]: user for user in (await gateway.http.get("/v1/users")).json()["users"]}
    assert found["u1"]["lines"] == [{"manager_id": "boss", "region": "", "valid_from": "2017-01-01"}]
    related: dict[str, dict[str, Any]] = {
        "accounts": {"id": "a/1", "name": "Samsung", "fields": {"sector": "chips"}, "deleted": False},
        "contacts": {"id": "c1", "name": "Lee", "account_id": "a/1", "title": "CTO", "email": "", "phone": "",
                     "consents": [{"channel": "mail", "granted": True, "source": "web", "day": "2017-05-01"}],
                     "deleted": False},
        "products": {"id": "p1", "name": "GTX", "series": "G", "price": {"currency": "USD", "value": "550.00"}},
    }  # fmt: skip
    for kind, row in related.items():
        address = f"/v1/{kind}/{str(row['id']).replace('/', '%2F')}"
        created = await gateway.http.put(address, json=row)
        assert created.status_code == 201, created.text
        assert (await gateway.http.put(address, json=row)).json()["status"] == "unchanged"
        told = {"restricted": False} if kind == "contacts" else {}  # by a request of the person's own
        assert (await gateway.http.get(f"/v1/{kind}")).json()[kind] == [row | told]
    quota = {"owner_id": "u1", "period": "2017-Q4", "amount": {"currency": "USD", "value": "1000.00"}}
    assert (await gateway.http.put("/v1/quotas", json=quota)).status_code == 201
    assert (await gateway.http.get("/v1/quotas?period=2017-Q4")).json()["quotas"] == [quota]
    fields = {"fields": [{"entity": "deal", "name": "색상", "type": "choice"}]}
    assert (await gateway.http.put("/v1/fields", json=fields)).status_code == 200
    definition = {"entity": "deal", "name": "색상", "type": "choice"}
    assert definition in (await gateway.http.get("/v1/fields")).json()["fields"]


async def test_activities_are_added_once(gateway: RunningGateway) -> None:
    await gateway.http.put("/v1/deals/d1", json={"stage": "A"})
    row = {"deal_id": "d1", "type": "call", "direction": "outbound", "time": "2017-01-01T00:00:00Z", "text": "hello"}
    key = {"idempotency-key": "k1"}
    first = await gateway.http.post("/v1/activities", json=row, headers=key)
    again = await gateway.http.post("/v1/activities", json=row, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = await gateway.http.post("/v1/activities", json={**row, "type": "mail"}, headers=key)
    assert other.status_code == 409
    await gateway.lines("/v1/activities:batch", [{**row, "id": f"x{n}"} for n in range(5)])
    page = (await gateway.http.get("/v1/deals/d1/activities?limit=4")).json()
    rest = (await gateway.http.get("/v1/deals/d1/activities", params={"cursor": page["next_cursor"]})).json()
    assert len(page["activities"]) == 4
    assert len(rest["activities"]) == 2
    assert [line["status"] for line in await gateway.lines("/v1/activities:batch", [row])] == ["unchanged"]
    changes = (await gateway.http.get("/v1/deals/d1/history")).json()["changes"]
    assert {"stage": "A"}.items() <= {change["field"]: change["value"] for change in changes}.items()


async def test_the_export_is_a_history_folder(gateway: RunningGateway, tmp_path: Path) -> None:
    await gateway.http.put("/v1/workspace/clock", json={"today": "2017-09-30"})
    await gateway.lines("/v1/users:batch", [{"id": "u1", "name": "Kim"}])
    await gateway.lines("/v1/deals:batch", [{"id": f"d{n}", "owner_id": "u1", "stage": "A"} for n in range(10)])
    assert (await gateway.http.get("/v1/workspace")).json()["lead_horizon_days"] == 90
    assert (await gateway.http.put("/v1/workspace", json={"lead_horizon_days": 0})).status_code == 400
    told = await gateway.http.put("/v1/workspace", json={"lead_horizon_days": 30})
    assert (told.status_code, told.json()["lead_horizon_days"]) == (200, 30)
    response = await gateway.http.get("/v1/export")
    assert response.status_code == 200
    folder = tmp_path / "history"
    with tarfile.open(fileobj=io.BytesIO(response.content)) as tar:
        tar.extractall(folder, filter="data")
    assert len(list(read_history(folder).deals())) == 10
    assert read_history(folder).manifest.lead_horizon_days == 30
    before = (await gateway.http.get("/v1/deals?limit=100")).json()["deals"]
    loading = await gateway.http.post("/v1/history:load", json={"folder": str(folder)})
    assert loading.status_code == 202, loading.text
    done = await until(lambda: ended(gateway, loading.json()["id"]))
    assert done["state"] == "SUCCEEDED", done
    assert done["detail"]["counts"] == {"unchanged": 10}
    assert (await gateway.http.get("/v1/deals?limit=100")).json()["deals"] == before


async def ended(gateway: RunningGateway, job: str) -> dict[str, Any] | None:
    found = (await gateway.http.get(f"/v1/imports/{job}")).json()
    return found if found["finished_time"] else None


async def test_poisoned_messages_can_be_looked_at_and_replayed(gateway: RunningGateway, nats: NATS) -> None:
    await gateway.http.put("/v1/deals/d1", json={"stage": "A"})
    bare = events_pb2.DealEvent()
    bare.deal.id = "d1"
    await nats.jetstream().publish("INSIGHTS.forecast.d1", bare.SerializeToString())
    await nats.jetstream().publish("INSIGHTS.forecast.d2", b"\xff\xff")
    letters = await until(lambda: buried(gateway, 2))
    assert {letter["problem"] for letter in letters} == {"poisoned"}
    [mine] = [letter for letter in letters if letter["deal_id"] == "d1"]
    assert (await gateway.http.post(f"/v1/dead-letters/{mine['seq']}:replay")).status_code == 200
    [other] = [letter for letter in letters if letter["deal_id"] == "d2"]  # by where it was sent
    assert (await gateway.http.delete(f"/v1/dead-letters/{other['seq']}")).status_code == 204
    assert (await gateway.http.get("/v1/dead-letters")).json() == {"dead_letters": [], "next_cursor": ""}


async def buried(gateway: RunningGateway, count: int) -> list[dict[str, Any]]:
    letters: list[dict[str, Any]] = (await gateway.http.get("/v1/dead-letters")).json()["dead_letters"]
    return letters if len(letters) == count else []


async def test_the_description_is_whole(gateway: RunningGateway) -> None:
    described = (await gateway.http.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    text = orjson.dumps(described).decode()
    names = set(described["components"]["schemas"])
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.split('"', 1)[0] in names
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert "application/problem+json" in operation["responses"]["4XX"]["content"], (path, method)
            assert operation.get("summary"), (path, method)
    Workspace.model_validate((await gateway.http.get("/v1/workspace")).json())
    Inbox.model_validate((await gateway.http.get("/v1/actions")).json())


@pytest.mark.parametrize("size", [100, 5_000])
async def test_a_client_may_send_all_before_it_reads(gateway: RunningGateway, size: int) -> None:
    """Results are streamed while lines still come; whoever reads them late blocks nobody."""
    host, port = gateway.parts.addresses()["http"].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    rows = b"".join(orjson.dumps({"id": f"u{n}", "name": "x" * 50}) + b"\n" for n in range(size))
    head = (
        f"POST /v1/users:batch HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {len(rows)}\r\n\r\n"
    )
    writer.write(head.encode() + rows)
    async with asyncio.timeout(30):
        await writer.drain()
        answer = await reader.read()
    writer.close()
    assert answer.count(b'"status":"created"') == size


async def test_no_answer_waits_for_the_other_side_to_acknowledge_its_head() -> None:
    """On a connection that is kept, that would put the body off by 40 ms."""
    server = HttpServer("127.0.0.1:0")
    server.bind(MagicMock())
    assert server.listening is not None
    with server.listening as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
