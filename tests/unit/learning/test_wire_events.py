"""Deal events: everything survives the wire, and no event grows without bounds."""

from __future__ import annotations

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
