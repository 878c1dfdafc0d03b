"""NDJSON cut from any parts, and the small things of HTTP."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

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


def test_more_lines_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ndjson, "MAX_LINES", 2)
    found = LineReader().feed(b"1\n2\n3\n")
    assert found[:2] == [1, 2]
    assert isinstance(found[2], FieldError)


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
