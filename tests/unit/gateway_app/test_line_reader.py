"""NDJSON cut from any parts, and the small things of HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from kit.errors import InvalidInput
from services.gateway.domain import FieldError
from services.gateway.rest import ndjson
from services.gateway.rest.http import language_of, object_in
from services.gateway.rest.ndjson import LineReader


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers(-9, 9), max_size=2), max_size=20), st.data())
def test_cuts_do_not_matter(rows: list[dict[str, int]], data: st.DataObject) -> None:
    whole = b"\n".join(orjson.dumps(row) for row in rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    reader = LineReader()
    found: list[Any] = []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += reader.feed(whole[start:end])
    assert found + reader.finish() == rows


def test_bad_lines_do_not_harm_their_neighbours() -> None:
    reader = LineReader()
    found = (
        reader.feed(b'{"a": 1}\n\n  \nnot json\n\xff\xfe\n{"a": NaN}\n{"a"') + reader.feed(b": 2}\n") + reader.finish()
    )
    assert [row if isinstance(row, dict) else None for row in found] == [{"a": 1}, None, None, None, {"a": 2}]
    errors = [row for row in found if isinstance(row, FieldError)]
    assert "line 2" in errors[0].message
    assert all(error.mend for error in errors)


def test_long_lines_are_refused_without_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINE", 10)
    reader = LineReader()
    found: list[Any] = []
    for part in (b"[1]\n[22", b"2222222222", b"22222222222222", b"2]\n[3]\n", b"[4444444444444]\n[5]"):
        found += reader.feed(part)
    found += reader.finish()
    assert [row if isinstance(row, list) else "long" for row in found] == [[1], "long", [3], "long", [5]]


def test_the_first_line_too_many_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINES", 2)
    reader = LineReader()
    found = reader.feed(b"1\n2\n3\n4\n5") + reader.feed(b"\n6\n7") + reader.finish()
    assert found[:2] == [1, 2]
    assert [type(each) for each in found[2:]] == [FieldError]
    assert reader.full
    whole = LineReader()
    assert whole.feed(b"1\n2\n") + whole.finish() == [1, 2]
    assert not whole.full


class Client:
    """Sends its parts, then waits; keeps what it is answered once it `reads`."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        self.parts = list(parts)
        self.reads = asyncio.Event()
        self.answer = b""
        self.ended = False

    async def receive(self) -> Message:
        await asyncio.sleep(0)
        body = self.parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self.parts)}

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        self.answer += message.get("body", b"")
        self.ended = message["type"] == "http.response.body" and not message["more_body"]

    async def exchange(self, handle: ndjson.Handle) -> None:
        scope = {"type": "http", "headers": []}
        await ndjson.LineExchange(Request(scope, self.receive), handle)(scope, self.receive, self.send)


async def echo(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"row": "refused" if isinstance(row, FieldError) else row} for row in rows]


async def test_an_exchange_ends_at_the_line_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINES", 3)
    client = Client([b"1\n2\n3\n4\n5\n6\n", *[b"7\n8\n"] * 50])
    client.reads.set()
    await asyncio.wait_for(client.exchange(echo), 5)
    assert [orjson.loads(line)["row"] for line in client.answer.splitlines()] == [1, 2, 3, "refused"]
    assert client.ended
    assert len(client.parts) >= 49, "the rest is not read"


async def test_results_that_nobody_reads_stop_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "RESULTS_AHEAD", 100)
    client, handled = Client([b"1\n"] * 500), 0

    async def counted(rows: Sequence[Any]) -> list[dict[str, Any]]:
        nonlocal handled
        handled += len(rows)
        return await echo(rows)

    exchange = asyncio.create_task(client.exchange(counted))
    before = -1
    while handled != before:
        before = handled
        for _ in range(1_000):
            await asyncio.sleep(0)
    assert handled < 100
    client.reads.set()
    await asyncio.wait_for(exchange, 5)
    assert len(client.answer.splitlines()) == 500


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("", "", "en"), ("", "ko", "ko"), ("", "ko-KR,en;q=0.8", "ko"), ("", "en,ko;q=0.5", "en"),
        ("lang=ko", "en", "ko"), ("lang=", "ko", "ko"), ("", "fr", "en"), ("", "ko;q=zero", "ko"),
        ("", "en;q=0.1,ko;q=0.9", "ko"),
    ],
)  # fmt: skip
def test_languages(query: str, accept: str, language: str) -> None:
    headers = [(b"accept-language", accept.encode())]
    assert language_of(Request({"type": "http", "query_string": query.encode(), "headers": headers})) == language


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no texts in this language") as caught:
        language_of(Request({"type": "http", "query_string": b"lang=xx", "headers": []}))
    assert (caught.value.field, caught.value.value, caught.value.mend) == ("lang", "xx", "Use en or ko")


def test_unknown_members_are_named() -> None:
    assert object_in(b"", ("a",)) == {}
    with pytest.raises(InvalidInput) as caught:
        object_in(b'{"b": 1}', ("a",))
    assert caught.value.field == "b"
