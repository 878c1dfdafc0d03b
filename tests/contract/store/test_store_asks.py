"""Asks on deals, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kit.errors import Conflict, InvalidInput, NotFound
from services.gateway.asks.records import MOST_OPEN, Ask, AskQuery, ShownAsk, cursor_of
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.store import Store
from tests.live_events import events_after

EAST = Principal("east", Scope.SUBTREE, "east")
ANN, CAT = (Principal(name, Scope.OWN, name) for name in ("ann", "cat"))
NOW = datetime(2017, 10, 5, 12, tzinfo=UTC)


def ask(deal_id: str, text: str = "Get the signer's name", day: int = 10, assignee: str = "") -> Ask:
    return Ask(deal_id, text, date(2017, 10, day), assignee, "east", NOW)


@pytest.fixture
async def deals(put: Callable[..., Any]) -> None:
    for name in ("ann", "cat"):
        await put(f"of-{name}", name=f"Deal of {name}", owner_id=name)


async def ids(store: Store, principal: Principal = LOCAL, **query: Any) -> list[int]:
    return [one.ask.id for one in await store.list_asks(principal, AskQuery(**query), "", 100)]


@pytest.mark.usefixtures("deals")
async def test_an_ask_is_shown_until_it_is_done(store: Store) -> None:
    later, sooner = [await store.add_ask(EAST, ask("of-ann", day=day)) for day in (20, 3)]
    assert later == ShownAsk(Ask(**{**_members(ask("of-ann", day=20)), "id": later.ask.id}), "Deal of ann", "ann")
    assert later.whose == "ann"
    assert await ids(store, ANN, open=True) == [sooner.ask.id, later.ask.id], "by day"
    done = await store.settle_ask(ANN, sooner.ask.id, "ann", NOW)
    assert (done.ask.done_time, done.ask.done_by) == (NOW, "ann")
    assert await ids(store, open=True) == [later.ask.id]
    assert await ids(store, open=False) == [sooner.ask.id]
    with pytest.raises(Conflict):
        await store.settle_ask(ANN, sooner.ask.id, "ann", NOW)
    assert await store.settle_ask(EAST, sooner.ask.id, "east", None) == sooner
    with pytest.raises(Conflict):
        await store.settle_ask(EAST, sooner.ask.id, "east", None)
    assert [one.kind for one in await events_after(store, ANN, 0, 100)].count("ask") == 4
    await store.settle_ask(EAST, later.ask.id, "east", NOW)
    for number in range(MOST_OPEN - 1):
        await store.add_ask(EAST, ask("of-ann", str(number)))
    with pytest.raises(Conflict):
        await store.add_ask(EAST, ask("of-ann"))


@pytest.mark.usefixtures("deals")
async def test_who_sees_the_deal_sees_its_asks(store: Store, put: Callable[..., Any]) -> None:
    mine = (await store.add_ask(EAST, ask("of-ann"))).ask.id
    west = (await store.add_ask(LOCAL, ask("of-cat"))).ask.id
    boss = (await store.add_ask(LOCAL, ask("of-ann", day=11, assignee="east"))).ask.id
    assert await ids(store) == [mine, west, boss]
    assert await ids(store, EAST) == await ids(store, ANN) == [mine, boss]
    assert await ids(store, CAT) == [west]
    assert await ids(store, whose="ann") == [mine]
    assert await ids(store, whose="east") == [boss]
    assert await ids(store, owners=frozenset({"cat", "ben"})) == [west]
    assert await ids(store, deal_id="of-ann") == [mine, boss]
    assert await ids(store, deal_id="x\x00") == await ids(store, ANN, deal_id="of-cat") == []
    for principal, number in ((CAT, mine), (ANN, west), (LOCAL, 10**9)):
        with pytest.raises(NotFound):
            await store.settle_ask(principal, number, "x", NOW)
    for deal_id in ("of-cat", "none"):
        with pytest.raises(NotFound):
            await store.add_ask(EAST, ask(deal_id))
    for assignee in ("nobody", "cat"):
        with pytest.raises(InvalidInput):
            await store.add_ask(EAST, ask("of-ann", assignee=assignee))
    await put("of-ann", owner_id="cat")
    assert await ids(store, CAT, whose="cat") == [mine, west], "an ask of the owner goes with the deal"
    await put("of-ann", deleted=True)
    assert await ids(store) == [west]


@pytest.mark.usefixtures("deals")
async def test_pages_and_texts(store: Store) -> None:
    made = [(await store.add_ask(LOCAL, ask("of-ann", f"주민등록번호 900101-1234568 {day}", day))) for day in (9, 8, 8)]
    assert made[0].ask.text == "주민등록번호 ******-******* 9"
    first = await store.list_asks(LOCAL, AskQuery(), "", 2)
    assert [one.ask.id for one in first] == [made[1].ask.id, made[2].ask.id]
    assert await store.list_asks(LOCAL, AskQuery(), cursor_of(first[-1]), 2) == [made[0]]
    for cursor in ("x", "2017-10-08", "2017-10-08.-1", "2017-W40-7.1"):
        with pytest.raises(InvalidInput):
            await store.list_asks(LOCAL, AskQuery(), cursor, 2)


def _members(one: Ask) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Ask.__slots__}
