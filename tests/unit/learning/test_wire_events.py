"""Deal events: everything survives the wire, and no event grows without bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealcast.common.v1 import records_pb2
from dealcast.events.v1 import events_pb2
from kit.errors import InvalidInput
from kit.money import Money
from learning.records import (
    Account,
    Activity,
    Change,
    Consent,
    Contact,
    ContactCounter,
    ContactRole,
    Deal,
    DealHistory,
    DealKind,
    FieldType,
    Motion,
    Node,
    Outcome,
    ProductLine,
    Value,
)
from learning.snapshots import end_of
from learning.wire import MAX_EVENT_BYTES, business_day, deal_event, history_from_event, value_from_pb, value_to_pb

DAY = date(2017, 9, 30)
WHEN = datetime(2017, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
times = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
values = st.one_of(
    st.none(), st.text(max_size=100), st.booleans(), st.floats(allow_nan=False), st.dates(),
    st.builds(Money, st.sampled_from(["USD", "KRW"]), st.integers(-(10**12), 10**12)),
)  # fmt: skip


def full() -> DealHistory:
    contact = Contact(
        "c1", "Ann", "a1", "CEO", consents=(Consent("mail", granted=True), Consent("call", granted=False))
    )
    deal = Deal(
        "d1", 7, DealKind.LEAD, Motion.RENEWAL, "field", "Offer", Outcome.WON, "이름", "u1", "a1", Money("KRW", 5),
        WHEN, date(2017, 3, 1), date(2017, 4, 1), "commit", {"source": "web", "n": 1.5, "ok": True, "on": DAY},
        (ProductLine("p", 2.0, Money("USD", 9)),), (ContactRole("c1", "decides"),), deleted=True,
    )  # fmt: skip
    return DealHistory(
        deal,
        (Change("stage", "Offer", WHEN, WHEN + timedelta(days=1), 3), Change("amount", Money("KRW", 5), WHEN, WHEN, 4)),
        (Activity("x1", "d1", "call", "outbound", WHEN, "c1", "", "전화"),),
        Account("a1", "Acme", {"sector": "retail"}),
        (Node("company", "company", "Company"), Node("owner:u1", "owner", "Bob", "company")),
        ((contact, "decides"),),
        (ContactCounter("mail", 1, 2, 3, WHEN, None),),
        1,
        truncated=False,
        product_names={"p": "Pump"},
    )


def test_a_history_survives() -> None:
    event = deal_event(full(), business_day=DAY, cause="rescore", field_types={"source": FieldType.CHOICE})
    again = events_pb2.DealEvent.FromString(event.SerializeToString())
    assert history_from_event(again) == full()
    assert business_day(again) == DAY
    assert again.cause == events_pb2.CAUSE_RESCORE
    assert again.deal.owner.name == "Bob"
    assert again.deal.fields["source"].WhichOneof("value") == "choice"
    assert not again.truncated


@given(values)
def test_values_survive(value: Value | None) -> None:
    message = records_pb2.FieldValue.FromString(value_to_pb(value).SerializeToString())
    assert value_from_pb(message) == value


@given(st.lists(st.tuples(st.sampled_from(["stage", "fields.x"]), values, times), max_size=20))
def test_changes_survive(rows: list[tuple[str, Value | None, datetime]]) -> None:
    changes = tuple(Change(name, value, when, when, 1) for name, value, when in rows)
    event = deal_event(DealHistory(Deal("d"), changes), business_day=DAY)
    assert history_from_event(event).changes == changes


def test_only_the_newest_activities_travel_and_it_is_said() -> None:
    log = tuple(Activity(str(n), "d", "call", "outbound", WHEN + timedelta(hours=n)) for n in range(300))
    event = deal_event(DealHistory(Deal("d"), (), log, activity_count=300), business_day=DAY)
    assert [one.id for one in event.activities] == [str(n) for n in range(100, 300)]
    assert event.activity_count == 300
    assert event.truncated


@pytest.mark.parametrize("text", ["a" * 10_000_000, "가" * 300_000])
def test_an_event_stays_small(text: str) -> None:
    log = tuple(Activity(str(n), "d", "note", "internal", WHEN, text=text) for n in range(250))
    changes = tuple(Change(f"fields.f{n % 700}", text[:30_000], WHEN, WHEN, n) for n in range(3_000))
    fields = {f"f{n}": text[:30_000] for n in range(700)}
    deal = Deal("d", name=text, fields=fields)
    event = deal_event(DealHistory(deal, changes, log, Account("a", text, fields)), business_day=DAY)
    assert event.ByteSize() <= MAX_EVENT_BYTES
    assert event.truncated
    assert event.deal.id == "d"
    assert len(event.activities) > 0


def test_a_deal_of_many_contacts_stays_small() -> None:
    people = tuple((Contact(f"c{n}", "이" * 500, title="t" * 500), "decides" if n == 900 else "") for n in range(1_000))
    event = deal_event(DealHistory(Deal("d"), contacts=people), business_day=DAY)
    assert event.ByteSize() <= MAX_EVENT_BYTES
    assert event.truncated
    assert "c900" in {one.id for one in event.deal.contacts}


def test_a_restless_deal_of_restless_accounts_stays_small() -> None:
    wide = [chr(0x20000 + n) * 199 for n in range(1_000)]  # ids of 800 bytes
    moments = [WHEN + timedelta(hours=n) for n in range(60)]
    lists = [Change("contacts", tuple(ContactRole(one, "decides") for one in wide[n:]), when, when) for n, when in
             enumerate(moments)]  # fmt: skip
    grown = tuple(Change(f"fields.{one}", "x" * 1_000, when, when) for one in wide[:200] for when in moments[:2])
    accounts = [Account(one, "A", dict.fromkeys(wide[:200], "x"), changes=grown) for one in wide[:12]]
    deal = Deal("d", account_id=wide[0], created_time=WHEN)
    history = DealHistory(deal, tuple(lists), account=accounts[0], former_accounts=tuple(accounts[1:]))
    event = deal_event(history, business_day=DAY)
    assert event.ByteSize() <= MAX_EVENT_BYTES
    assert event.truncated


def test_lists_and_accounts_survive() -> None:
    lines, roles = (ProductLine("p", 2.0, Money("USD", 5)), ProductLine("q")), (ContactRole("c", "uses"),)
    later = WHEN + timedelta(days=1)
    changes = (Change("products", lines, WHEN, later, 1), Change("contacts", roles, later, later, 2),
               Change("contacts", None, later, later, 3))  # fmt: skip
    past = (Change("fields.x", 1.0, WHEN, WHEN), Change("fields.x", 2.0, later, later))
    account = Account("a", "A", {"x": 2.0}, changes=past)
    former = (Account("b", "B", {"y": "z"}),)
    history = DealHistory(Deal("d", account_id="a"), changes, account=account, former_accounts=former)
    read = history_from_event(deal_event(history, business_day=DAY))
    assert (read.changes, read.account, read.former_accounts) == (changes, account, former)


def test_the_largest_legal_deal_stays_small() -> None:
    wide = [chr(0x20000 + n) * 199 for n in range(1_000)]  # ids of 800 bytes
    text = "\U00020000" * 10_000
    fields: dict[str, Value] = dict.fromkeys(wide[:500], text)
    consents = tuple(Consent("mail", granted=True) for _ in range(100))
    nodes = [Node("company", "company", text)]
    for one in wide:
        nodes.append(Node(f"manager:{one}", "manager", text, nodes[-1].id))
    deal = Deal(
        wide[0], 1, pipeline=text[:1_000], stage=text[:1_000], name=text, owner_id=wide[1], fields=fields,
        products=tuple(ProductLine(one, 1.0, Money("USD", 10**15)) for one in wide),
    )  # fmt: skip
    history = DealHistory(
        deal,
        tuple(Change("products", deal.products[n:], WHEN, WHEN, 1) for n in range(0, 900, 30)),
        tuple(Activity(one, wide[0], "call", "outbound", WHEN, one, one, text) for one in wide),
        Account(wide[2], text, fields, changes=tuple(Change(f"fields.{one}", text, WHEN, WHEN) for one in wide)),
        tuple(nodes),
        tuple((Contact(one, text, wide[2], text, consents=consents), "decides") for one in wide),
    )
    event = deal_event(history, business_day=DAY)
    assert event.ByteSize() <= MAX_EVENT_BYTES
    assert event.truncated
    path = event.deal.owner.path
    assert path[-1].id == nodes[-1].id
    assert [one.parent for one in path[1:]] == [one.id for one in path[:-1]]


@pytest.mark.parametrize("fields", [{"f": "x" * 3_000}, {f"f{n}": 1.0 for n in range(600)}])
def test_cut_fields_are_told(fields: dict[str, Value]) -> None:
    assert deal_event(DealHistory(Deal("d", fields=fields)), business_day=DAY).truncated


def test_what_cannot_be_read_is_invalid_input() -> None:
    event = deal_event(full(), business_day=DAY)
    event.history[0].effective_time.seconds = 10**15
    with pytest.raises(InvalidInput, match="time"):
        history_from_event(event)
    with pytest.raises(InvalidInput):
        history_from_event(events_pb2.DealEvent(deal=records_pb2.Deal(close_date="soon")))
    with pytest.raises(InvalidInput):
        history_from_event(
            events_pb2.DealEvent(deal=records_pb2.Deal(amount=records_pb2.Money(currency="USD", value="much")))
        )
    with pytest.raises(InvalidInput, match="business day"):
        business_day(events_pb2.DealEvent())


@given(st.lists(st.tuples(st.integers(-5, 5), st.sampled_from(["", "words"])), max_size=8), st.integers(0, 4))
def test_only_the_newest_texts_of_the_day_are_read(log: list[tuple[int, str]], texts: int) -> None:
    day = date(2017, 9, 30)
    noon = datetime(2017, 9, 30, 12, tzinfo=UTC)
    activities = tuple(
        Activity(f"a{place}", "d", "note", "internal", noon + timedelta(days=off), text=text)
        for place, (off, text) in enumerate(sorted(log))
    )
    event = deal_event(DealHistory(Deal("d"), (), activities), business_day=day)
    read = history_from_event(event, texts).activities
    assert [replace(one, text="") for one in read] == [replace(one, text="") for one in activities]
    by_then = [one for one in activities if one.time < end_of(day) and one.text][::-1][:texts]
    assert [one for one in read if one.time < end_of(day) and one.text][::-1][:texts] == by_then
    assert sum(bool(one.text) and one.time < end_of(day) for one in read) <= texts
