"""Duplicates in the store: merging moves everything and can be undone, ignoring is remembered, findings are listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kit.errors import Conflict, Forbidden, InvalidInput, NotFound
from learning.records import Account, Activity, Consent, Contact, ContactRole, FieldDefinition, FieldType
from services.gateway.domain import LOCAL, Principal, Scope
from services.gateway.store import Store
from services.gateway.store.health_interface import Marks
from services.gateway.store.interface import Query
from tests.contract.store.conftest import at, deal, history


def call(name: str, deal_id: str, contact: str = "") -> Activity:
    return Activity(name, deal_id, "call", "outbound", at("2017-09-01"), contact)


async def accounts(store: Store) -> dict[str, Account]:
    return {one.id: one for one in await store.list_accounts(LOCAL, "", 100)}


async def contacts(store: Store, account: str = "acme") -> dict[str, Contact]:
    return {one.id: one for one in await store.list_contacts(LOCAL, account, "", 100)}


async def test_merging_accounts_moves_deals_and_contacts(store: Store, put: Callable[..., Any]) -> None:
    await store.save_accounts(LOCAL, [Account("acme2", "ACME Inc.", {"City": "Seoul"})])
    await store.save_contacts(LOCAL, [Contact("park", "Park", "acme2")])
    await put("d1", account_id="acme", owner_id="ann")
    await put("d2", account_id="acme2", owner_id="ann")
    decision = await store.merge_records(LOCAL, "accounts", "acme", "acme2")
    assert (decision.act, decision.kept, decision.who) == ("merge", "acme", "local")
    moved = await deal(store, "d2")
    assert (moved.account_id, moved.revision) == ("acme", 3)  # moved, then the account it is on changed
    assert [value for value, _ in await history(store, "d2", "account_id")] == ["acme2", "acme"]
    assert (await accounts(store))["acme"].fields == {"City": "Seoul"}
    assert set(await contacts(store)) == {"kim", "park"}
    with pytest.raises(NotFound):
        await store.merge_records(LOCAL, "accounts", "acme", "acme2")


async def test_merging_contacts_moves_roles_and_activities(store: Store, put: Callable[..., Any]) -> None:
    twice = Contact("kim2", "Kim", "acme", "CEO", "kim@acme.com", consents=(Consent("mail", granted=False),))
    await store.save_contacts(LOCAL, [twice])
    await store.save_contacts(LOCAL, [Contact("kim", "Kim", "acme", consents=(Consent("mail", granted=True),))])
    await put("d1", owner_id="ann", contacts=(ContactRole("kim", ""), ContactRole("kim2", "decides")))
    await store.save_activities(LOCAL, [call("a1", "d1", "kim2")])
    await store.merge_records(LOCAL, "contacts", "kim", "kim2")
    kept = (await contacts(store))["kim"]
    assert (kept.title, kept.email, kept.consents) == ("CEO", "kim@acme.com", (Consent("mail", granted=False),))
    record = (await store.get_record(LOCAL, "d1")).history
    assert [(one.id, role) for one, role in record.contacts] == [("kim", "decides")]
    assert [one.contact_id for one in record.activities] == ["kim"]


async def test_who_was_restricted_stays_so_under_the_id_that_is_kept(store: Store) -> None:
    await store.save_contacts(LOCAL, [Contact("kim", "Kim", "acme"), Contact("kim2", "Kim", "acme")])
    await store.restrict(LOCAL, "contact", "kim2", "asked on 3 May")
    decision = await store.merge_records(LOCAL, "contacts", "kim", "kim2")
    assert {one.id: one.reason for one in await store.restrictions(LOCAL)} == dict.fromkeys(
        ("kim", "kim2"), "asked on 3 May"
    )
    await store.undo_decision(LOCAL, decision.id)
    assert await store.restricted() == {"kim", "kim2"}


async def test_records_of_one_name_are_told_apart(store: Store, put: Callable[..., Any]) -> None:
    await store.define_fields(LOCAL, [FieldDefinition("account", "City", FieldType.TEXT)])
    await store.save_accounts(LOCAL, [Account("n1", "Nuri", {"City": "Seoul"}), Account("n2", "Nuri")])
    await store.save_contacts(LOCAL, [Contact("k1", "Kim", "n1", email="kim@nuri.example")])
    await put("d1", account_id="n1", contacts=(ContactRole("k1", "uses"), ContactRole("k1", "decides")))
    await put("d2", account_id="n1")
    assert await store.record_marks(LOCAL, "accounts", ["n1", "n2", "n9"]) == {
        "n1": Marks(2, {"City": "Seoul"}), "n2": Marks(),
    }  # fmt: skip
    assert await store.record_marks(LOCAL, "contacts", ["k1"]) == {"k1": Marks(1, {"email": "kim@nuri.example"})}
    assert await store.record_marks(LOCAL, "deals", ["d1"]) == {}


async def test_merging_deals_is_undone_whole(store: Store, put: Callable[..., Any]) -> None:
    await put("d1", owner_id="ann", name="Pump")
    await put("d2", owner_id="ben", name="Pump", fields={"Seats": 5.0}, contacts=(ContactRole("kim", "uses"),))
    await store.save_activities(LOCAL, [call("a1", "d2", "kim"), call("a2", "d1")])
    decision = await store.merge_records(LOCAL, "deals", "d1", "d2")
    record = (await store.get_record(LOCAL, "d1")).history
    assert {one.id for one in record.activities} == {"a1", "a2"}
    assert (record.activity_count, record.deal.fields, record.deal.owner_id) == (2, {"Seats": 5.0}, "ann")
    assert (await deal(store, "d2")).deleted
    assert await store.record_names(LOCAL, "deals", ["d1", "d2", "d9"]) == {"d1": "Pump", "d2": "Pump"}
    assert [one.history.deal.id for one in (await store.list_records(LOCAL, Query(), "", 10)).records] == ["d1"]
    assert [row.deal_id for row in await store.take_outbox(100)][-2:] == ["d1", "d2"]  # both ends reach the models
    await put("d1", stage="Offer")
    with pytest.raises(Conflict, match=r"such as Pump \(its stage\)"):
        await store.undo_decision(LOCAL, decision.id)
    undone = await store.undo_decision(LOCAL, decision.id, discard=True)
    assert undone.undone_by == "local"
    before = (await store.get_record(LOCAL, "d2")).history
    assert (before.deal.deleted, [one.id for one in before.activities]) == (False, ["a1"])
    assert (await deal(store, "d1")).fields == {}
    with pytest.raises(Conflict):
        await store.undo_decision(LOCAL, decision.id)


@pytest.mark.parametrize("changed", ["keep", "other"])
async def test_what_was_changed_since_is_not_lost_by_an_undo(store: Store, changed: str) -> None:
    """Also where the merge itself left the record that is kept as it was."""
    await store.save_accounts(LOCAL, [Account("keep", "Keep"), Account("other", "Keep Inc.")])
    await store.save_contacts(LOCAL, [Contact("k1", "Kim", "acme"), Contact("k2", "Kim", "acme")])
    accounts = await store.merge_records(LOCAL, "accounts", "keep", "other")
    contacts = await store.merge_records(LOCAL, "contacts", "k1", "k2")
    await store.save_accounts(LOCAL, [Account(changed, "New name", deleted=changed == "other")])
    await store.save_contacts(LOCAL, [Contact("k1", "Kim", "acme", title="CTO", phone="010-1111-2222")])
    with pytest.raises(Conflict, match=r"1 accounts were changed since, such as New name \(its name\)") as refused:
        await store.undo_decision(LOCAL, accounts.id)
    assert refused.value.mend.startswith("Undo later merges of these records first"), "no import was involved"
    with pytest.raises(Conflict, match=r"such as Kim \(its title and its phone\)"):
        await store.undo_decision(LOCAL, contacts.id)
    await store.undo_decision(LOCAL, contacts.id, discard=True)
    left = {one.id: one for one in await store.list_contacts(LOCAL, "", "", 10)}
    assert (left["k1"].title, left.keys() >= {"k1", "k2"}) == ("", True)


async def test_merges_outlive_later_imports(store: Store, put: Callable[..., Any]) -> None:
    await put("d1", owner_id="ann")
    await put("d2", owner_id="ann")
    decision = await store.merge_records(LOCAL, "deals", "d1", "d2")
    assert await store.kept_merges(at("2999-01-01")) == []
    await store.forget_imports(["other", *await store.kept_merges(at("2017-01-01"))])
    await store.undo_decision(LOCAL, decision.id)
    assert not (await deal(store, "d2")).deleted
    again = await store.merge_records(LOCAL, "deals", "d1", "d2")
    await store.forget_imports([])
    with pytest.raises(Conflict, match="no longer kept"):
        await store.undo_decision(LOCAL, again.id)


async def test_what_was_decided_is_not_asked_again(store: Store, put: Callable[..., Any]) -> None:
    rows = [
        {"finding": "duplicate_accounts", "id": "bolt", "other": "acme", "owner": "ann", "source": "web"},
        {"finding": "stale_open", "id": "d1", "other": "", "owner": "ann", "source": ""},
        {"finding": "stale_open", "id": "gone", "other": "", "owner": "ann", "source": ""},
        {"finding": "stale_open", "id": "d2", "other": "", "owner": "ben", "source": ""},
    ]
    await put("d1", owner_id="ann", name="Pump")
    await put("d2", owner_id="ben")
    await store.save_findings(rows)
    [pair] = await store.list_findings(LOCAL, "duplicate_accounts")
    assert (pair.name, pair.other_name, pair.body["source"]) == ("Bolt", "Acme", "web")
    assert [row.name for row in await store.list_findings(LOCAL, "stale_open", owner="ann")] == ["Pump"]
    first = (await store.list_findings(LOCAL, "stale_open", limit=1))[0]
    assert [row.body["id"] for row in await store.list_findings(LOCAL, "stale_open", first.position)] == ["d2"]
    ignored = await store.ignore_duplicate(LOCAL, "accounts", "bolt", "acme")
    assert await store.list_findings(LOCAL, "duplicate_accounts") == []
    assert (await store.ignored_pairs(LOCAL))["accounts"] == [("acme", "bolt")]
    with pytest.raises(Conflict):
        await store.ignore_duplicate(LOCAL, "accounts", "acme", "bolt")
    await store.undo_decision(LOCAL, ignored.id)
    assert len(await store.list_findings(LOCAL, "duplicate_accounts")) == 1
    assert [one.undone_by for one in await store.list_decisions(LOCAL, "accounts")] == ["local"]
    assert await store.list_decisions(LOCAL, "deals") == []


async def test_only_who_sees_all_decides(store: Store) -> None:
    ann = Principal("ann", Scope.OWN, "ann")
    for asked in (
        store.list_findings(ann, "stale_open"), store.ignored_pairs(ann), store.list_decisions(ann),
        store.ignore_duplicate(ann, "accounts", "acme", "bolt"), store.merge_records(ann, "accounts", "acme", "bolt"),
        store.undo_decision(ann, 1), store.record_names(ann, "deals", ["d1"]),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            await asked
    with pytest.raises(InvalidInput):
        await store.merge_records(LOCAL, "users", "ann", "ben")
    with pytest.raises(InvalidInput):
        await store.merge_records(LOCAL, "accounts", "acme", "acme")
    with pytest.raises(InvalidInput):
        await store.ignore_duplicate(LOCAL, "accounts", "acme", "acme")
    with pytest.raises(NotFound):
        await store.undo_decision(LOCAL, 99)
