"""What the store refuses, with field, value, message and mend; and what it keeps as given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kit.errors import Forbidden, InvalidInput
from kit.money import Money
from learning.records import (
    Account,
    Activity,
    Consent,
    Contact,
    ContactRole,
    FieldDefinition,
    FieldType,
    Product,
    ProductLine,
    Quota,
    User,
)
from services.gateway.domain import LOCAL, DealWrite, PastChange, Principal, Scope, WriteStatus
from services.gateway.store import Store
from tests.contract.store.conftest import at

Put = Callable[..., Any]
BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "empty id": ("id", {"id": ""}),
    "long id": ("id", {"id": "x" * 201}),
    "newline in id": ("id", {"id": "a\nb"}),
    "NUL in id": ("id", {"id": "a\x00"}),
    "surrogate in id": ("id", {"id": "a\ud800"}),
    "long name": ("name", {"name": "x" * 501}),
    "NUL in name": ("name", {"name": "a\x00b"}),
    "surrogate in stage": ("stage", {"stage": "\udfff"}),
    "empty pipeline": ("pipeline", {"pipeline": ""}),
    "negative amount": ("amount", {"amount": Money("USD", -1)}),
    "absurd amount": ("amount", {"amount": Money("USD", 10**5000)}),
    "no currency": ("amount", {"amount": Money("usd", 1)}),
    "no amount": ("amount", {"amount": 5.0}),
    "year 9999": ("close_date", {"close_date": date(9999, 1, 1)}),
    "year 1800": ("close_date", {"close_date": date(1800, 1, 1)}),
    "no day": ("close_date", {"close_date": datetime(2017, 1, 1, tzinfo=UTC)}),
    "naive time": ("created_time", {"created_time": datetime(2017, 1, 1)}),  # noqa: DTZ001
    "time in year 9999": ("effective_time", {"effective_time": datetime(9999, 1, 1, tzinfo=UTC)}),
    "created in the future": ("created_time", {"created_time": datetime(2099, 1, 1, tzinfo=UTC)}),
    "closed in the future": ("closed_date", {"outcome": "WON", "closed_date": date(2099, 1, 1)}),
    "closed before created": (
        "closed_date", {"outcome": "LOST", "created_time": at("2017-05-02"), "closed_date": date(2017, 5, 1)},
    ),
    "no outcome": ("outcome", {"outcome": "MAYBE"}),
    "no category": ("category", {"category": "sure"}),
    "no flag": ("deleted", {"deleted": "yes"}),
    "unknown owner": ("owner_id", {"owner_id": "zoe"}),
    "unknown account": ("account_id", {"account_id": "none"}),
    "unknown product": ("products.product_id", {"products": (ProductLine("none"),)}),
    "unknown contact": ("contacts.contact_id", {"contacts": (ContactRole("none"),)}),
    "no role": ("contacts[0].role", {"contacts": (ContactRole("kim", "king"),)}),
    "negative quantity": ("products[0].quantity", {"products": (ProductLine("p1", -1),)}),
    "infinite quantity": ("products[0].quantity", {"products": (ProductLine("p1", float("inf")),)}),
    "field without name": ("fields", {"fields": {"": 1}}),
    "long field name": ("fields", {"fields": {"x" * 201: 1}}),
    "NaN": ("fields.size", {"fields": {"size": float("nan")}}),
    "huge number": ("fields.size", {"fields": {"size": 10**5000}}),
    "money as field": ("fields.size", {"fields": {"size": Money("USD", 1)}}),
    "huge text": ("fields.note", {"fields": {"note": "x" * 2_000_001}}),
    "type conflict": ("fields.number", {"fields": {"number": "three"}}),
    "history of nothing": ("history[0].field", {"history": (PastChange("mood", "ok", at("2017-01-01")),)}),
    "history of a bad type": ("history[0].amount", {"history": (PastChange("amount", "5", at("2017-01-01")),)}),
    "history of no owner": ("history[0].owner_id", {"history": (PastChange("owner_id", "zoe", at("2017-01-01")),)}),
    "another deal's activity": (
        "activities[0].deal_id", {"activities": (Activity("a", "d9", "call", "inbound", at("2017-01-01")),)},
    ),
    "no activity": ("activities[0].type", {"activities": (Activity("a", "", "shout", "inbound", at("2017-01-01")),)}),
}  # fmt: skip


async def test_bad_writes_are_refused_by_name_and_the_rest_goes_on(store: Store, put: Put) -> None:
    await put("first", fields={"number": 3})
    writes = [DealWrite(**{"id": "d1", **members}) for _, members in BAD.values()]
    results = await store.apply_deals(LOCAL, [*writes, DealWrite("good", stage="A")])
    for (name, (field, _)), result in zip(BAD.items(), results, strict=False):
        assert result.status is WriteStatus.REJECTED, name
        error = result.errors[0]
        assert error.field == field, name
        assert error.message and error.mend, name  # noqa: PT018
        assert len(error.value) <= 100, name
    assert results[-1].status is WriteStatus.CREATED
    assert (await store.counts(LOCAL))["deals"] == 2


async def test_legal_text_is_kept_as_given(store: Store, put: Put) -> None:
    texts = {
        "formula": '=HYPERLINK("x")',
        "rtl": "شركة",
        "emoji": "👩‍👩‍👧",
        "tab": "a\tb\nc",
        "quote": "O'Neil; DROP TABLE",
        "zero": "0",
    }
    long = "字" * 600_000
    assert (await put("d 1/ä?#%", name="A\tB", fields={**texts, "long": long})).status is WriteStatus.CREATED
    got = (await store.get_record(LOCAL, "d 1/ä?#%")).history.deal
    assert got.fields == {**texts, "long": long}


async def test_first_values_define_fields(store: Store, put: Put) -> None:
    await put("d1", fields={"a": "x", "b": "y" * 150, "c": True, "d": 1, "e": date(2017, 1, 1), "f": None, "g": ""})
    await store.save_accounts(LOCAL, [Account("acme", "Acme", {"a": 1})])
    defined = {(one.entity, one.name): one.type.value for one in await store.list_fields()}
    assert defined == {
        ("deal", "a"): "choice", ("deal", "b"): "text", ("deal", "c"): "yes_no", ("deal", "d"): "number",
        ("deal", "e"): "date", ("account", "a"): "number",
    }  # fmt: skip
    await put("d2", fields={"a": "long " * 50})
    assert ("deal", "a", "text") in {(f.entity, f.name, f.type.value) for f in await store.list_fields()}
    refused = await put("d3", fields={"c": 1.0})
    assert "true or false" in refused.errors[0].mend


async def test_defining_fields(store: Store, put: Put) -> None:
    await put("d1", fields={"a": "x", "gone": 1})
    await store.define_fields(LOCAL, [FieldDefinition("deal", "a", FieldType.TEXT)])
    await store.define_fields(LOCAL, [FieldDefinition("deal", "new", FieldType.NUMBER)])
    await store.define_fields(LOCAL, [FieldDefinition("deal", "new", FieldType.DATE)])
    with pytest.raises(InvalidInput) as caught:
        await store.define_fields(LOCAL, [FieldDefinition("deal", "a", FieldType.NUMBER)])
    assert caught.value.field == "a"
    assert (await put("d2", fields={"new": 3})).status is WriteStatus.REJECTED


async def test_no_more_than_500_fields(store: Store, put: Put) -> None:
    assert (await put("d1", fields={f"f{i}": i for i in range(500)})).status is WriteStatus.CREATED
    refused = await put("d2", fields={"one_more": 1})
    assert refused.errors[0].field == "fields"


async def test_stages_of_a_defined_pipeline(store: Store, put: Put) -> None:
    assert (await put("d0", stage="Anything")).status is WriteStatus.CREATED
    await store.put_setting("pipelines", {"default": ["New", "Offer"]})
    assert (await put("d1", stage="New")).status is WriteStatus.CREATED
    refused = await put("d1", stage="Ofer")
    assert (refused.errors[0].field, "New, Offer" in refused.errors[0].mend) == ("stage", True)
    assert (await put("d2", pipeline="other", stage="Ofer")).status is WriteStatus.CREATED


async def test_what_stands_around_deals_is_checked(store: Store) -> None:
    assert (await store.save_users(LOCAL, [User("", "x"), User("ok", "x\x00")]))[1].errors[0].field == "name"
    contact = Contact("c", "C", "none", consents=(Consent("pigeon", granted=True),))
    assert (await store.save_contacts(LOCAL, [contact]))[0].errors[0].field == "consents[0].channel"
    assert (await store.save_contacts(LOCAL, [Contact("c", "C", "none")]))[0].errors[0].field == "account_id"
    assert (await store.save_products(LOCAL, [Product("p", "P", "", Money("USD", -5))]))[0].errors[0].field == "price"
    quotas = [
        Quota("zoe", "2017-Q4", Money("USD", 5)),
        Quota("ann", "2017-Q5", Money("USD", 5)),
        Quota("ann", "2017-Q4", Money("USD", 5)),
    ]
    results = await store.save_quotas(LOCAL, quotas)
    assert [one.errors[0].field if one.errors else one.status.value for one in results] == [
        "owner_id",
        "period",
        "created",
    ]
    assert await store.list_quotas(LOCAL, "2017-Q4") == [quotas[2]]
    with pytest.raises(Forbidden):
        await store.save_users(Principal("ann", Scope.OWN, "ann"), [User("u", "U")])


async def test_contacts_and_products_come_back(store: Store) -> None:
    contact = Contact(
        "c",
        "C",
        "acme",
        "CTO",
        "c@example.com",
        "+82",
        (Consent("mail", granted=False, source="form", day=date(2017, 1, 1)),),
    )
    first, again = await store.save_contacts(LOCAL, [contact, contact])
    assert (first.status, again.status) == (WriteStatus.CREATED, WriteStatus.UNCHANGED)
    assert contact in await store.list_contacts(LOCAL, "acme", "", 10)
    assert [product.price for product in await store.list_products(LOCAL)] == [Money("USD", 5000), None]
    assert [one.id for one in await store.list_accounts(LOCAL, "acme", 10)] == ["bolt"]


async def test_a_day_is_held_against_the_one_that_is_stored(put: Put) -> None:
    await put("d1", created_time=at("2017-05-02"), outcome="WON", closed_date=date(2017, 6, 1))
    early = await put("d1", closed_date=date(2017, 5, 1))
    late = await put("d1", created_time=at("2017-06-02"))
    for result in (early, late):
        assert (result.status, result.errors[0].field) == (WriteStatus.REJECTED, "closed_date")
        assert "before it was created" in result.errors[0].message
    assert (await put("d1", created_time=at("2017-06-01"))).status is WriteStatus.CHANGED
