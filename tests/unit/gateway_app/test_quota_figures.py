"""Quotas up the tree, and what is missing to reach one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidInput
from kit.money import Money
from learning.records import Node, Quota
from services.gateway.cautions import no_chance
from services.gateway.domain import FieldError, NodeQuota
from services.gateway.exchange_rows import rate_rows
from services.gateway.quota_rows import quota_json, quota_rows, read_quota
from services.gateway.quotas import Rests, Standing, figures
from services.gateway.rollup import Parts, nodes_json
from services.gateway.store.interface import CategorySum, StoredRollup, Won

BODY = {
    "scenarios": 100, "deals_sum": 100 * 40, "not_yet_created_sum": 100 * 10, "correction_sum": 0,
    "quantiles": [0, 100], "open_deals": 1, "as_of": "", "business_day": "2017-10-01", "model_generation": 0,
}  # fmt: skip
TREE = [
    Node("company", "company", "Company"), Node("manager:m", "manager", "M", "company"),
    Node("manager:n", "manager", "N", "manager:m"), Node("owner:a", "owner", "A", "manager:n"),
    Node("owner:b", "owner", "B", "manager:n"), Node("owner:c", "owner", "C", "manager:m"),
]  # fmt: skip


def parts_of_tree(nodes: dict[str, int], owners: dict[str, int]) -> Parts:
    return Parts(
        "USD", TREE, [Won("a", "USD", 30, 1)], [CategorySum("a", "USD", "commit", 60, 1)],
        [Quota(owner, "2017-Q4", Money("USD", minor)) for owner, minor in owners.items()],
        {node: StoredRollup(node, "2017-Q4", "USD", BODY) for node in ("company", "manager:m", "manager:n", "owner:a")},
        business_day="2017-10-01",
        node_quotas=[NodeQuota(node, "2017-Q4", Money("USD", minor)) for node, minor in nodes.items()],
    )  # fmt: skip


def rows(nodes: dict[str, int], owners: dict[str, int]) -> dict[str, dict[str, Any]]:
    return {row["node"]: row for row in nodes_json(parts_of_tree(nodes, owners))}


@given(
    st.dictionaries(st.sampled_from([node.id for node in TREE[:3]]), st.integers(0, 10**9)),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 10**9)),
)
def test_a_quota_is_what_is_set_else_what_is_below(nodes: dict[str, int], owners: dict[str, int]) -> None:
    found = rows(nodes, owners)
    for row in found.values():
        below = [each["quota"] for each in found.values() if each["parent"] == row["node"] and each["quota"]]
        assert row["quota_below"] == (f"{sum(map(Decimal, below)):.2f}" if below else None)
        own = owners.get(row["node"][6:]) if row["level"] == "owner" else nodes.get(row["node"])
        assert row["quota_set"] == (None if own is None else f"{Decimal(own) / 100:.2f}")
        assert row["quota"] == (row["quota_below"] if own is None else row["quota_set"])


def test_what_is_missing_to_reach_the_quota() -> None:
    found = rows({"manager:n": 100, "company": 25}, {"a": 110})
    names = ("quota", "remaining", "open_pipeline", "coverage", "gap", "missing_pipeline")
    assert [found["owner:a"][name] for name in names] == ["1.10", "0.80", "0.60", 0.75, "0.30", "0.45"]
    assert [found["manager:n"][name] for name in names] == ["1.00", "0.70", "0.60", 0.8571, "0.20", "0.30"]
    assert [found["company"][name] for name in names] == ["0.25", "0.00", "0.60", None, "-0.55", "0.00"]
    assert [found["owner:b"][name] for name in names] == [None, None, "0.00", None, None, None]
    assert found["manager:n"]["quota_probability"] == pytest.approx(0.3)


def test_no_chance_where_a_quota_is_of_a_part() -> None:
    found = rows({}, {"a": 110})
    assert found["company"]["quota_of"] == {"owners": 1, "of": 1, "months": 0, "of_months": 0}
    assert found["company"]["quota_probability"] is not None, "nobody else has business"
    everybody = Parts(
        "USD", TREE, [Won("a", "USD", 30, 1), Won("b", "USD", 30, 1), Won("", "USD", 5, 1)], [],
        [Quota("a", "2017-Q4", Money("USD", 40))],
        {node.id: StoredRollup(node.id, "2017-Q4", "USD", BODY) for node in TREE},
        business_day="2017-10-01", of_months=3,
    )  # fmt: skip

    def told(parts: Parts, node: str) -> tuple[Any, Any]:
        row = {row["node"]: row for row in nodes_json(parts)}[node]
        return row["quota_of"], row["quota_probability"] is not None

    one = {"owners": 1, "of": 1, "months": 3, "of_months": 3}
    assert told(everybody, "owner:a") == (one, True)
    assert told(everybody, "owner:b") == (None, False)
    assert told(everybody, "company") == (one | {"of": 3}, False)
    above = replace(everybody, node_quotas=[NodeQuota("manager:n", "2017-Q4", Money("USD", 90))])
    assert told(above, "manager:n") == (one | {"owners": 2, "of": 2}, True)
    assert told(above, "company") == (one | {"owners": 2, "of": 3}, False)
    late = replace(above, months={"manager:n": 2})
    assert told(late, "manager:n") == ({"owners": 2, "of": 2, "months": 2, "of_months": 3}, False)


def test_pipeline_brings_no_more_than_itself_and_none_tells_nothing() -> None:
    assert figures(Standing("USD", 100, 0, 10, 60 * 5, 20 * 5, 5))["missing_pipeline"] == "0.40"
    assert figures(Standing("USD", 100, 0, 0, 60 * 5, 20 * 5, 5))["missing_pipeline"] is None
    assert figures(Standing("USD", 100, 0, 9, None))["gap"] is None


def test_a_quota_is_of_an_owner_or_of_a_node() -> None:
    amount = {"currency": "USD", "value": "1.00"}
    for raw, made in (
        ({"node": "owner:a"}, Quota("a", "2017-Q4", Money("USD", 100))),
        ({"node": "manager:a"}, NodeQuota("manager:a", "2017-Q4", Money("USD", 100))),
        ({"node": "manager:a", "type": "arr"}, NodeQuota("manager:a", "2017-Q4", Money("USD", 100), "arr")),
        ({"owner_id": "a", "type": "arr"}, NodeQuota("owner:a", "2017-Q4", Money("USD", 100), "arr")),
        ({"owner_id": "a", "type": "amount"}, Quota("a", "2017-Q4", Money("USD", 100))),
    ):
        quota, errors = read_quota(raw | {"period": "2017-Q4", "amount": amount})
        assert (quota, errors) == (made, ())
        assert quota is not None
        assert read_quota(quota_json(quota)) == (made, ())
    wrong: Any
    for wrong in (
        {"node": "company", "type": 3},
        {"node": 3},
        {"node": "company", "owner_id": "a"},
        {"node": ""},
        {"node": "company"},
        [],
    ):
        assert read_quota(wrong)[0] is None


def test_a_file_of_quotas() -> None:
    text = (
        "\ufeffPeriod;Owner;Amount;Currency\r\n2017-Q4;ann;10.50;usd\r\n;;;\r\n2017-Q4;company;7;KRW\r\n2017-Q4;ben\r\n"
    )
    found = list(quota_rows(text.encode()))
    assert [number for number, _ in found] == [2, 4, 5]
    quotas = [read_quota(raw)[0] for _, raw in found[:2]]
    assert quotas == [Quota("ann", "2017-Q4", Money("USD", 1050)), NodeQuota("company", "2017-Q4", Money("KRW", 7))]
    assert isinstance(found[2][1], FieldError)


@pytest.mark.parametrize(
    ("line", "field", "said"),
    [
        ("company,2027-Q1,KRW,1,234,000,000", "", "7 cells"), ("company,2027-Q1,KRW", "amount", "missing"),
        ("company,2027-Q1,KRW,abc", "amount", "is not an amount"),
        ('company,2027-Q1,KRW,"12,34"', "amount", "not a number"),
        ("company,2027-Q1,KRX,5", "currency", "ISO 4217"), (",2027-Q1,KRW,5", "node", "missing"),
    ],
)  # fmt: skip
def test_a_line_of_a_file_that_cannot_be_read_is_refused_alone_in_plain_words(line: str, field: str, said: str) -> None:
    text = f'node,period,currency,amount\n{line}\ncompany,2027-Q2,KRW,"1,234,000",,\n'
    (number, wrong), (_, sound) = quota_rows(text.encode())
    assert (number, wrong.field) == (2, field)
    assert said in wrong.message
    assert wrong.mend
    assert "{" not in wrong.message + wrong.mend + wrong.value
    assert read_quota(sound)[0] == NodeQuota("company", "2027-Q2", Money("KRW", 1_234_000))


def test_a_rate_with_an_unquoted_comma_is_no_rate_of_one() -> None:
    found = [row for _, row in rate_rows(b"currency,date,rate\nUSD,2026-10-01,1,380.5\nEUR,2026-10-01,1500.5\n")]
    assert isinstance(found[0], FieldError)
    assert found[1] == {"currency": "EUR", "date": "2026-10-01", "rate": "1500.5"}


@pytest.mark.parametrize("data", [b"", b"owner,period\n", b"a,b,c,d\n", b"\xff\xfe\n", b"owner,period,amount,amount\n"])
def test_what_is_no_file_of_quotas_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        list(quota_rows(data))


def test_a_new_rep_without_a_quota_or_with_one_of_some_months_takes_no_chance_away() -> None:
    assert Rests(5, Counter({3: 4})).whole(3)
    assert not Rests(5, Counter({3: 3})).whole(3)
    assert Rests(5, Counter({3: 4, 1: 1})).whole(3)
    assert not Rests(5, Counter({3: 3, 1: 2})).whole(3), "too many of them are of a part"


def test_a_part_of_the_period_set_above_does_not_outrank_more_of_it_below() -> None:
    at = {"manager:n": 300, "company": 200}
    early = replace(parts_of_tree(at, {"a": 499, "b": 20}), of_months=3, months={"manager:n": 1, "company": 1})
    assert told_of(early, "manager:n") == ("5.19", "3.00", "5.19", 3)
    assert told_of(early, "company") == ("5.19", "2.00", "5.19", 3)
    alike = replace(early, months={"manager:n": 2, "company": 1, "owner:a": 2, "owner:b": 2})
    assert told_of(alike, "manager:n") == ("3.00", "3.00", "5.19", 2), "its own, where those below are of no more"
    assert told_of(alike, "company") == ("3.00", "2.00", "3.00", 2)
    whole = replace(early, months={"manager:n": 1})
    assert told_of(whole, "company") == ("2.00", "2.00", "5.19", 3)
    row = next(row for row in nodes_json(alike) if row["node"] == "company")
    text = (no_chance({"model_version": "7"}, row) or {})["text"]
    assert "2 of 3 months" in text
    assert "owners" not in text, "all of them have one"


def told_of(parts: Parts, node: str) -> tuple[Any, ...]:
    row = next(row for row in nodes_json(parts) if row["node"] == node)
    return row["quota"], row["quota_set"], row["quota_below"], row["quota_of"]["months"]
