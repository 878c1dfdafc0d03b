"""Deals found by what people type, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from learning.records import Account, Contact, ContactRole
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.store import Store, searching
from services.gateway.store.interface import Query
from services.gateway.store.searching import digits_of, initials_pattern

CASES: list[tuple[str, list[str]]] = [
    ("chips", ["d1"]), ("D2", ["d2"]), ("삼성", ["d1"]), ("한빛 정", ["d2"]), ("lee", ["d3"]), ("수진", ["d2"]),
    ("ㅅㅅㅈㅈ", ["d1"]), ("삼ㅅ", ["d1"]), ("ㅎㅂㅈㅁ", ["d2"]), ("ㅎㅂ ㅈㅁ", ["d2"]), ("ㅎ", ["d2", "d3"]),
    ("ㅅㅂㅁㄴㅌㄹPRO", ["d2"]), ("ㅎㄱㅈㄹerp", ["d3"]), ("ㅎㅅㅈ", ["d2"]), ("ㅈㅅㅅ", []), ("ㄱ", ["d3"]),
    ("b]? (ㅈ)ㄳ", []), ("b]?(ㅈ)ㄱ", ["d3"]), ("*ㅈ", []), ("a*[ㅂ", []), ("ㅅ%", []), ("ㅅ_", []),
    ("6789", ["d2", "d3"]), ("010-2345", ["d2"]), ("01023456789", ["d2"]), ("+82 10 2345", ["d2"]),
    ("031-345", ["d3"]), ("124-81-00998", ["d1"]), ("1248100998", ["d1"]), ("81-00", ["d1"]), ("998", []),
]  # fmt: skip
ANN = Principal("ann", Scope.OWN, "ann")


@pytest.fixture
async def filled(store: Store, put: Callable[..., Any]) -> Store:
    fields: dict[str, Any] = {"사업자등록번호": "124-81-00998"}
    accounts = [Account("samsung", "삼성전자", fields), Account("hanbit", "한빛 정밀"), Account("odd", "A*[b]? (주)값")]
    await store.save_accounts(LOCAL, accounts)
    people = [Contact("c1", "한수진", "hanbit", phone="+82 10-2345-6789"), Contact("c2", "Lee", phone="(031) 345.6789")]
    await store.save_contacts(LOCAL, people)
    await put("d1", name="Chips", owner_id="ann", account_id="samsung")
    await put("d2", name="설비 모니터링 Pro", owner_id="cat", account_id="hanbit", contacts=(ContactRole("c1"),))
    await put("d3", name="한국전력 ERP", owner_id="cat", account_id="odd", contacts=(ContactRole("c2"),))
    return store


async def found(store: Store, text: str, principal: Principal = LOCAL) -> list[str]:
    page = await store.list_records(principal, Query(text=text, sort="id"), "", 50)
    return [record.history.deal.id for record in page.records]


async def test_what_is_typed_finds(filled: Store) -> None:
    for text, ids in CASES:
        assert await found(filled, text) == ids, text


async def test_what_finds_much_finds_the_same(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FEW", 0)
    for text, ids in CASES[:8]:
        assert await found(filled, text) == ids, text
    assert await found(filled, "ㅅㅅㅈㅈ", ANN) == ["d1"]


async def test_nobody_finds_what_they_do_not_see(filled: Store) -> None:
    for text in ("ㅎㅂㅈㅁ", "01023456789", "erp", "수진"):
        assert await found(filled, text) != []
        assert await found(filled, text, ANN) == []
    assert await found(filled, "ㅅㅅㅈㅈ", ANN) == ["d1"]


def test_patterns() -> None:
    assert initials_pattern("ㅅ 성", glob=True) == "*[ㅅ사-싷]성*"
    assert initials_pattern("ㅄ.", glob=False) == "[ㅂ바-빟][ㅅ사-싷]\\."
    assert initials_pattern("삼성", glob=True) == ""
    assert (digits_of("+82 10-1234"), digits_of("(02) 345"), digits_of("124"), digits_of("a1234")) == (
        "0101234", "02345", "", "",
    )  # fmt: skip
