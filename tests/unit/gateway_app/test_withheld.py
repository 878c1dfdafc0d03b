"""What is withheld goes to no service and into no training, and everything else does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from learning.records import Account, Activity, Change, Contact, ContactRole, Deal, DealHistory
from services.gateway.privacy.withheld import Withheld

NOW = datetime(2017, 9, 30, tzinfo=UTC)
WITHHELD = Withheld(frozenset({"kim"}), {"deal": {"birthday"}, "account": {"ceo"}})


def change(field: str, value: Any) -> Change:
    return Change(field, value, NOW, NOW, 1)


def test_a_deals_history_is_told_without() -> None:
    roles = (ContactRole("kim", "decides"), ContactRole("lee"))
    deal = Deal("d", name="Pump", fields={"birthday": "1970", "size": 3.0}, contacts=roles)
    account = Account("a", "Acme", {"ceo": "Kim", "city": "Seoul"}, changes=(change("fields.ceo", "Kim"),))
    call = Activity("1", "d", "call", "inbound", NOW, "kim", "u", "leaves in May")
    history = DealHistory(
        deal, (change("fields.birthday", "1970"), change("contacts", roles), change("contacts", roles[:1])),
        (call, Activity("2", "d", "note", "internal", NOW, "lee", "u", "likes it")), account,
        contacts=((Contact("kim", "Kim"), "decides"), (Contact("lee", "Lee"), "")), former_accounts=(account,),
    )  # fmt: skip
    told = WITHHELD.history(history)
    assert (told.deal.contacts, dict(told.deal.fields)) == (roles[1:], {"size": 3.0})
    assert [(one.field, one.value) for one in told.changes] == [("contacts", roles[1:]), ("contacts", None)]
    assert [(one.type, one.contact_id, one.text) for one in told.activities] == [
        ("call", "", ""), ("note", "lee", "likes it")
    ]  # fmt: skip
    for one in (told.account, *told.former_accounts):
        assert one is not None
        assert (dict(one.fields), one.changes) == ({"city": "Seoul"}, ())
    assert [contact.id for contact, _ in told.contacts] == ["lee"]
    assert Withheld().history(history) is history


def test_rows_for_a_training_are_told_without() -> None:
    roles = '[{"contact_id":"kim","role":"decides"},{"contact_id":"lee","role":""}]'
    rows: dict[str, list[dict[str, Any]]] = {
        "contacts": [{"id": "kim"}, {"id": "lee"}],
        "deal_contacts": [{"deal_id": "d", "contact_id": "kim"}, {"deal_id": "d", "contact_id": "lee"}],
        "activities": [{"contact_id": "kim", "text": "leaves"}, {"contact_id": "lee", "text": "likes it"}],
        "deals": [{"id": "d", "fields": '{"birthday":"1970","size":3}'}, {"id": "e", "fields": "{}"}],
        "accounts": [{"id": "a", "fields": '{"ceo":"Kim"}'}],
        "changes": [
            {"field": "fields.birthday", "value": '"1970"'}, {"field": "contacts", "value": roles},
            {"field": "contacts", "value": "null"}, {"field": "fields.ceo", "value": '"a deal\'s own"'},
        ],
        "account_changes": [{"field": "fields.ceo", "value": '"Kim"'}],
        "field_definitions": [{"entity": "deal", "name": "birthday"}, {"entity": "account", "name": "birthday"}],
        "users": [{"id": "kim"}],
    }  # fmt: skip
    assert {table: WITHHELD.rows(table, each) for table, each in rows.items()} == {
        "contacts": [{"id": "lee"}],
        "deal_contacts": [{"deal_id": "d", "contact_id": "lee"}],
        "activities": [{"contact_id": "", "text": ""}, {"contact_id": "lee", "text": "likes it"}],
        "deals": [{"id": "d", "fields": '{"size":3}'}, {"id": "e", "fields": "{}"}],
        "accounts": [{"id": "a", "fields": "{}"}],
        "changes": [
            {"field": "contacts", "value": '[{"contact_id":"lee","role":""}]'}, {"field": "contacts", "value": "null"},
            {"field": "fields.ceo", "value": '"a deal\'s own"'},
        ],
        "account_changes": [],
        "field_definitions": [{"entity": "account", "name": "birthday"}],
        "users": [{"id": "kim"}],
    }  # fmt: skip
