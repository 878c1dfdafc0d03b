"""How much record there is, owner by owner, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from time import monotonic
from typing import Any

import pytest

from kit.money import Money
from learning.records import Outcome
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.imports.sinks import WEEKLY
from services.gateway.imports.weekly.memory import Memory
from services.gateway.record_begun import creating_since
from services.gateway.store import Store, doubtful
from services.gateway.store.shapes import OwnerRecord

BEN = Principal("ben", Scope.OWN, "ben")


async def test_how_much_record_there_is(store: Store, put: Callable[..., Any]) -> None:
    await put("o1", owner_id="ann", amount=Money("USD", 700))
    await put("o2", owner_id="ann", amount=Money("USD", 10**18))
    await put("o3", owner_id="ann")
    await put("o4", owner_id="ben", amount=Money("EUR", 5))
    await put("w1", owner_id="ann", outcome=Outcome.WON, closed_date=date(2017, 8, 2), amount=Money("USD", 9))
    await put("w2", owner_id="ben", outcome=Outcome.WON, closed_date=date(2017, 8, 1))
    await put("l1", owner_id="ann", outcome=Outcome.LOST, closed_date=date(2017, 8, 3))
    found = await store.record_facts(LOCAL)
    ann = OwnerRecord("ann", "USD", 3, 1, 10.0**18 + 700, 10.0**18, 2)
    assert sorted(found.owners, key=lambda one: one.owner_id) == [ann, OwnerRecord("ben", "EUR", 1, 0, 5.0, 5.0, 1)]
    assert (found.won, found.closed, found.won_with_amount) == (2, 3, 1)
    assert found.first_closing == date(2017, 8, 1)
    mine = await store.record_facts(BEN)
    assert {one.owner_id for one in mine.owners} == {"ben"}
    assert (mine.won, mine.closed, mine.won_with_amount) == (1, 1, 0)


async def test_of_a_large_record_some_seconds_do_not_matter(
    store: Store, put: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def owners() -> int:
        return len((await store.record_facts(LOCAL)).owners)

    await put("o1", owner_id="ann")
    assert await owners() == 1
    await put("o2", owner_id="ben")
    monkeypatch.setattr(doubtful, "LARGE", 2)
    assert await owners() == 2, "what was read while it was small is not held"
    await put("o3", owner_id="cat")
    assert await owners() == 2
    assert len((await store.record_facts(BEN)).owners) == 1, "of those who do not see all it is read each time"
    monkeypatch.setattr(doubtful, "monotonic", lambda: monotonic() + doubtful.HELD_SECONDS)
    assert await owners() == 3


async def test_since_when_creating_is_on_record(store: Store, put: Callable[..., Any]) -> None:
    today = date(2017, 8, 31)
    assert await creating_since(store, today) is None, "there is no deal"
    await put("a", created_time=datetime(2017, 8, 7, tzinfo=UTC))
    await put("b", created_time=datetime(2017, 8, 7, tzinfo=UTC))
    await put("c", created_time=datetime(2017, 8, 14, tzinfo=UTC))
    assert await store.creations(date(2017, 8, 7)) == (date(2017, 8, 7), 2)
    assert await creating_since(store, today) == date(2017, 8, 7)
    shown = Memory(first="2017-08-07", begun={"a": "2017-08-07", "b": "2017-08-07", "c": "2017-08-14"})
    await store.put_setting(WEEKLY, shown.to_json())
    assert await creating_since(store, today) == date(2017, 8, 8), "the first file tells nothing of creating"
    for number in range(3):  # a column tells since when the most are there
        await put(f"t{number}", created_time=datetime(2017, 6, 1, tzinfo=UTC))
    assert await creating_since(store, today) == date(2017, 6, 1)
