"""Deals and what stands around them as JSON: what is read, what is refused, and the way back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.money import Money
from learning.records import (
    Account,
    Activity,
    Consent,
    Contact,
    ContactRole,
    DealKind,
    FieldDefinition,
    FieldType,
    Motion,
    Outcome,
    Product,
    ProductLine,
    Quota,
    ReportingLine,
    User,
)
from services.gateway import json_people as people
from services.gateway import json_records as records
from services.gateway.domain import DealWrite, FieldError, PastChange, WriteResult, WriteStatus

NOON = datetime(2017, 9, 30, 12, tzinfo=UTC)
SINCE = {"effective_time": "2017-01-01T00:00:00Z"}
FAX = {"id": "x", "type": "fax", "direction": "outbound", "time": "2017-01-01T00:00:00Z"}
FULL = DealWrite(
    "D 1/é😀",
    kind=DealKind.OPPORTUNITY,
    motion=Motion.RENEWAL,
    pipeline="default",
    stage="Engaging",
    outcome=Outcome.WON,
    name='=HYPERLINK("x")',
    owner_id="u1",
    account_id="",
    amount=Money("KRW", 1_000_000),
    created_time=NOON,
    close_date=date(2017, 10, 1),
    closed_date=None,
    category="commit",
    fields={"예산": 3.5, "ok": True, "day": date(2017, 1, 2), "note": "é", "gone": None},
    products=(ProductLine("p", 2.0, Money("USD", 105400)), ProductLine("q")),
    contacts=(ContactRole("c", "decides"),),
    deleted=False,
    history=(
        PastChange("stage", "New", NOON),
        PastChange("amount", Money("USD", 100), NOON),
        PastChange("closed_date", date(2017, 1, 2), NOON),
        PastChange("fields.x", None, NOON),
        PastChange("outcome", Outcome.OPEN, NOON),
    ),
    activities=(Activity("a1", "D 1/é😀", "call", "outbound", NOON, "c", "u1", "메모"),),
    effective_time=NOON,
)


def test_a_full_deal_comes_back_as_it_was() -> None:
    text = json.dumps(records.deal_to_json(FULL))
    assert records.deal_from_json(json.loads(text)) == (FULL, ())


def test_a_deal_with_an_id_alone_leaves_everything_as_it_is() -> None:
    assert records.deal_from_json({"id": "a"}) == (DealWrite("a"), ())
    assert records.deal_to_json(DealWrite("a")) == {"id": "a"}
    assert records.deal_from_json({}, deal_id="a") == (DealWrite("a"), ())


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"id": ""}, "id", "missing"),
    ({"id": 7}, "id", "not text"),
    ({"id": "a" * 201}, "id", "more than 200"),
    ({"id": " a"}, "id", "not an id"),
    ({"id": "a\x00"}, "id", "NUL"),
    ({"kind": "DEAL"}, "kind", "allowed"),
    ({"outcome": "won"}, "outcome", "allowed"),
    ({"outcome": None}, "outcome", "allowed"),
    ({"amount": 5}, "amount", "not an amount"),
    ({"amount": {"currency": "USD", "value": "-1"}}, "amount", "negative"),
    ({"amount": {"currency": "KRW", "value": "100.55"}}, "amount", "KRW, which has 0"),
    ({"amount": {"currency": "USD", "value": 0.001}}, "amount", "USD, which has 2"),
    ({"amount": {"currency": "USD", "value": "1e15"}}, "amount", "10^15"),
    ({"amount": {"currency": "USD", "value": "NaN"}}, "amount", "10^15"),
    ({"amount": {"currency": "USD", "value": True}}, "amount", "not an amount"),
    ({"amount": {"currency": "DOLLAR", "value": "1"}}, "amount", "ISO 4217"),
    ({"amount": {"currency": "ZZZ", "value": "1"}}, "amount", "ISO 4217"),
    ({"amount": {"currency": 1, "value": "1"}}, "amount", "not an amount"),
    ({"amount": {"currency": "USD", "value": "1", "x": 1}}, "amount", "not an amount"),
    ({"created_time": "2017-09-30"}, "created_time", "offset"),
    ({"created_time": "9999-09-30T00:00:00Z"}, "created_time", "sensible year"),
    ({"created_time": "9999-12-31T23:00:00-05:00"}, "created_time", "sensible year"),
    ({"close_date": "9999-01-01"}, "close_date", "year 9999"),
    ({"close_date": "2017-02-30"}, "close_date", "calendar"),
    ({"close_date": 20170101}, "close_date", "not a day"),
    ({"category": "sure"}, "category", "allowed"),
    ({"fields": []}, "fields", "not an object"),
    ({"fields": {"": 1}}, "fields.", "not an id"),
    ({"fields": {"x": [1]}}, "fields.x", "no value"),
    ({"fields": {"x": 1e300}}, "fields.x", "between"),
    ({"fields": {"x": "y" * 10_000_000}}, "fields.x", "10,000,000 characters"),
    ({"fields": {"x": "\ud800"}}, "fields.x", "surrogate"),
    ({"products": [{"product_id": "p", "quantity": -1}]}, "products[0].quantity", "negative"),
    ({"products": [{}]}, "products[0].product_id", "missing"),
    ({"products": {}}, "products", "not a list"),
    ({"contacts": [{"contact_id": "c", "role": "boss"}]}, "contacts[0].role", "allowed"),
    ({"contacts": [3]}, "contacts[0]", "not a JSON object"),
    ({"deleted": "yes"}, "deleted", "neither"),
    ({"history": [{"field": "colour", "value": 1} | SINCE]}, "history[0].field", "history"),
    ({"history": [{"field": "stage", "value": 1} | SINCE]}, "history[0].value", "text"),
    ({"history": [{"value": 1}]}, "history[0].field", "missing"),
    ({"activities": [FAX]}, "activities[0].type", "allowed"),
    ({"activities": [{"id": "x"}]}, "activities[0].type", "missing"),
    ({"colour": "red"}, "colour", "not a key"),
    ({"owner": {"id": "u"}}, "owner", "not a key"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "name", "part"), BAD, ids=[f"{i}-{case[1]}" for i, case in enumerate(BAD)])
def test_what_is_wrong_is_named_with_its_mend(raw: dict[str, Any], name: str, part: str) -> None:
    write, errors = records.deal_from_json({"id": "a"} | raw)
    assert write is None
    assert errors[0].field == name
    assert part in errors[0].message
    assert errors[0].mend
    assert len(errors[0].value) <= 61


@pytest.mark.parametrize("raw", [None, 3, "x", [], [{"id": "a"}], True])
def test_what_is_no_object_is_refused(raw: Any) -> None:
    for read in (records.deal_from_json, people.user_from_json, people.account_from_json, people.contact_from_json,
                 people.product_from_json, people.quota_from_json, people.definition_from_json):  # fmt: skip
        record, errors = read(raw)
        assert record is None
        assert errors


def test_mends_point_at_the_one_way_to_say_it() -> None:
    _, (owner,) = records.deal_from_json({"id": "a", "owner": {"id": "u"}})
    assert "owner_id" in owner.mend
    _, (colour,) = records.deal_from_json({"id": "a", "colour": "red"})
    assert '"fields": {"colour"' in colour.mend
    _, (stage,) = records.deal_from_json({"id": "a", "kind": "DEAL"})
    assert "LEAD, OPPORTUNITY" in stage.mend


def test_an_id_that_differs_from_the_address_is_refused() -> None:
    write, (error,) = records.deal_from_json({"id": "b"}, deal_id="a")
    assert write is None
    assert error.field == "id"


def test_every_problem_is_reported_at_once() -> None:
    _, errors = records.deal_from_json({"id": "", "kind": "x", "amount": 1, "close_date": "soon", "colour": 1})
    assert {e.field for e in errors} == {"id", "kind", "amount", "close_date", "colour"}


def test_a_result_line_comes_back_as_it_was() -> None:
    result = WriteResult("a", WriteStatus.REJECTED, 3, (FieldError("f", "v", "m", "mend"),))
    assert records.result_from_json(records.result_to_json(result)) == result


def test_people_and_things_come_back_as_they_were() -> None:
    user = User("u", "김민수", "a@b.kr", "AE", active=False)
    lines = (ReportingLine("u", "m", "East", date(2017, 1, 1)), ReportingLine("u"))
    assert people.user_from_json(people.user_to_json(user, lines)) == ((user, lines), ())
    account = Account("a", "Acme", {"employees": 5.0, "since": date(1999, 1, 1)}, deleted=True)
    assert people.account_from_json(people.account_to_json(account)) == (account, ())
    consents = (Consent("mail", granted=True, source="form", day=date(2017, 1, 1)), Consent("call", granted=False))
    contact = Contact("c", "Ann", "a", "CFO", "a@b", "+82", consents)
    assert people.contact_from_json(people.contact_to_json(contact)) == (contact, ())
    for product in (Product("p", "GTX Pro", "GTX", Money("USD", 482100)), Product("q", "q")):
        assert people.product_from_json(people.product_to_json(product)) == (product, ())
    quota = Quota("u", "2017-Q4", Money("USD", 100))
    assert people.quota_from_json(people.quota_to_json(quota)) == (quota, ())
    definition = FieldDefinition("deal", "colour", FieldType.CHOICE)
    assert people.definition_from_json(people.definition_to_json(definition)) == (definition, ())


@pytest.mark.parametrize(
    ("read", "raw", "name"),
    [
        (people.user_from_json, {"id": "u", "lines": [{"manager_id": "m", "valid_from": "x"}]}, "lines[0].valid_from"),
        (people.user_from_json, {"id": "u", "age": 3}, "age"),
        (people.account_from_json, {"id": "a", "sector": "x"}, "sector"),
        (
            people.contact_from_json,
            {"id": "c", "consents": [{"channel": "fax", "granted": True}]},
            "consents[0].channel",
        ),
        (people.contact_from_json, {"id": "c", "consents": [{"channel": "mail"}]}, "consents[0].granted"),
        (people.product_from_json, {"id": "p", "price": {"currency": "USD", "value": "-1"}}, "price"),
        (people.quota_from_json, {"owner_id": "u", "period": "2017-Q5"}, "period"),
        (people.quota_from_json, {"owner_id": "u", "period": "2017-Q4"}, "amount"),
        (people.definition_from_json, {"entity": "deal", "name": "x", "type": "money"}, "type"),
    ],
)
def test_bad_people_and_things_are_refused(read: Any, raw: dict[str, Any], name: str) -> None:
    record, errors = read(raw)
    assert record is None
    assert name in [e.field for e in errors]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from(["2017-01-01", "WON", "USD"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from((*records.DEAL_KEYS, "x")), JSON, max_size=6))
def test_no_json_breaks_the_reader_and_what_it_takes_it_prints_back(raw: dict[str, Any]) -> None:
    write, errors = records.deal_from_json(raw)
    assert (write is None) == bool(errors)
    if write is not None:
        assert records.deal_from_json(records.deal_to_json(write)) == (write, ())


def test_an_activity_without_a_direction_is_internal_as_in_an_import() -> None:
    told = {key: value for key, value in FAX.items() if key != "direction"} | {"type": "note"}
    activity, errors = records.activity_from_json(told, deal_id="d")
    assert errors == ()
    assert activity is not None
    assert activity.direction == "internal"
