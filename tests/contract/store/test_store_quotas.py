"""Quotas set on nodes above the owners, and taking quotas away, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from kit.errors import Forbidden
from kit.money import Money
from learning.records import Quota
from services.gateway.calls import Call, CallKind
from services.gateway.domain import LOCAL, NodeQuota, Principal, Scope, WriteStatus
from services.gateway.store import Store, open_store
from services.gateway.store.database import read_url
from services.gateway.store.migrate import upgrade

EAST = Principal("east", Scope.SUBTREE, "east")
NODES = [
    NodeQuota("company", "2017-Q4", Money("USD", 900)), NodeQuota("region:East", "2017-Q4", Money("USD", 500)),
    NodeQuota("manager:east", "2017-Q4", Money("USD", 400)), NodeQuota("manager:west", "2018-Q1", Money("EUR", 7)),
]  # fmt: skip


async def test_how_often_each_period_is_named(store: Store) -> None:
    assert await store.named_periods(LOCAL) == {"quotas": {}, "calls": {}}
    await store.save_node_quotas(LOCAL, NODES)
    await store.save_quotas(LOCAL, [Quota("ann", "2018-Q1", Money("USD", 5))])
    said = datetime(2017, 10, 5, tzinfo=UTC)
    calls = [
        await store.add_call(LOCAL, Call(kind, "company", "FY2018", Money("USD", 1), "", "me", said))
        for kind in CallKind
    ]
    await store.undo_call(LOCAL, calls[0].kind, calls[0].id, "me", said)
    assert await store.named_periods(LOCAL) == {"quotas": {"2017-Q4": 3, "2018-Q1": 2}, "calls": {"FY2018": 1}}
    with pytest.raises(Forbidden):
        await store.named_periods(EAST)


async def test_quotas_of_nodes_are_kept_changed_and_cut(store: Store) -> None:
    results = await store.save_node_quotas(LOCAL, NODES)
    assert [(one.id, one.status) for one in results] == [(one.node, WriteStatus.CREATED) for one in NODES]
    more = NodeQuota("company", "2017-Q4", Money("USD", 901))
    assert [one.status for one in await store.save_node_quotas(LOCAL, [NODES[1], more])] == ["unchanged", "changed"]
    assert await store.list_node_quotas(LOCAL, "2017-Q4") == [more, NODES[2], NODES[1]]
    assert await store.list_node_quotas(LOCAL, "") == [more, NODES[2], NODES[1], NODES[3]]
    assert await store.list_node_quotas(EAST, "") == [NODES[2]], "a region holds more than east's people"
    ann, cat = Quota("ann", "2018-Q1", Money("USD", 5)), Quota("cat", "2017-Q4", Money("USD", 6))
    await store.save_quotas(LOCAL, [ann, cat])
    owners, nodes = await store.quotas_in(LOCAL, ["2017-Q4", "2018-Q1", "FY2017"])
    assert (set(owners), set(nodes)) == ({ann, cat}, {more, *NODES[1:]})
    assert await store.quotas_in(EAST, ["2017-Q4", "2018-Q1"]) == ([ann], [NODES[2]])
    assert await store.quotas_in(LOCAL, ["2017-11"]) == ([], [])
    for refused in (store.save_node_quotas(EAST, NODES), store.drop_quotas(EAST, "company", "2017-Q4")):
        with pytest.raises(Forbidden):
            await refused


@pytest.mark.parametrize("node", ["", "region:", "region:North", "manager:nobody", "owner:ann", "ann", "x\x00"])
async def test_there_must_be_such_a_node(store: Store, node: str) -> None:
    [result] = await store.save_node_quotas(LOCAL, [NodeQuota(node, "2017-Q4", Money("USD", 1))])
    assert (result.status, [error.field for error in result.errors]) == (WriteStatus.REJECTED, ["node"])


async def test_quotas_are_taken_away(store: Store) -> None:
    await store.save_node_quotas(LOCAL, NODES)
    await store.save_quotas(LOCAL, [Quota("ann", "2017-Q4", Money(one, 5)) for one in ("USD", "EUR")])
    assert await store.drop_quotas(LOCAL, "owner:ann", "2017-Q4", "EUR") == 1
    assert await store.drop_quotas(LOCAL, "manager:east", "2017-Q4") == 1
    assert [await store.drop_quotas(LOCAL, one, "2017-Q4") for one in ("manager:east", "owner:cat", "x\x00")] == [0] * 3
    assert await store.list_quotas(LOCAL, "") == [Quota("ann", "2017-Q4", Money("USD", 5))]
    assert [one.node for one in await store.list_node_quotas(LOCAL, "2017-Q4")] == ["company", "region:East"]


async def test_quotas_of_another_type_stand_apart(store: Store) -> None:
    arr = [NodeQuota("company", "2017-Q4", Money("USD", 7), "arr"),
           NodeQuota("owner:ann", "2017-Q4", Money("USD", 3), "arr")]  # fmt: skip
    ann, nobody = Quota("ann", "2017-Q4", Money("USD", 5)), NodeQuota("owner:zoe", "2017-Q4", Money("USD", 3), "arr")
    statuses = [one.status for one in await store.save_node_quotas(LOCAL, [NODES[0], *arr, nobody])]
    assert statuses == [*["created"] * 3, "rejected"]
    await store.save_quotas(LOCAL, [ann])
    assert await store.list_node_quotas(LOCAL, "") == [NODES[0], *arr]
    assert await store.quotas_in(LOCAL, ["2017-Q4"]) == ([ann], [NODES[0]])
    owners, nodes = await store.quotas_in(LOCAL, ["2017-Q4"], "arr")
    assert (owners, set(nodes)) == ([], set(arr))
    assert await store.quotas_in(EAST, ["2017-Q4"], "arr") == ([], [arr[1]])
    assert await store.drop_quotas(LOCAL, "owner:ann", "2017-Q4", type_name="arr") == 1
    assert await store.list_quotas(LOCAL, "") == [ann]
    assert await store.list_node_quotas(LOCAL, "") == [NODES[0], arr[0]]


async def test_what_was_kept_before_there_were_types_is_of_amounts(tmp_path: Path, postgres_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/old.db", postgres_url):
        engine = create_engine(read_url(url))
        with engine.begin() as connection:
            upgrade(connection, "0014")
            for statement in (
                "INSERT INTO node_quotas VALUES ('2017-Q4', 'company', 'USD', 900)",
                "INSERT INTO forecast_days VALUES ('company', 'USD', '2017-Q4', '2017-10-05', '{\"mean\": 5}')",
                (
                    "INSERT INTO calls (kind, period, node, currency, amount, note, author, time, context, undone_by)"
                    " VALUES ('submission', '2017-Q4', 'company', 'USD', 7, '', 'local', 0, '{}', '')"
                ),
            ):
                connection.exec_driver_sql(statement)
        engine.dispose()
        store = await open_store(url)
        assert await store.list_node_quotas(LOCAL, "") == [NODES[0]]
        [call], [day] = (
            await store.standing_calls(LOCAL, "2017-Q4"), await store.forecast_days(LOCAL, "company", "USD")
        )  # fmt: skip
        assert (call.amount.minor, call.type, day.body, day.type) == (7, "amount", {"mean": 5}, "amount")
        await store.close()
