"""Snapshots: the past as it was, the same for training and serving."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dealcast.events.v1 import events_pb2
from kit.money import Money
from learning.history import read_history
from learning.records import (
    ACTIVITY_TYPES,
    DIRECTIONS,
    Account,
    Activity,
    Change,
    ContactRole,
    Deal,
    DealHistory,
    DealKind,
    Outcome,
    ProductLine,
    Value,
)
from learning.snapshots import AGES, end_of, phases, row_at, snapshots
from learning.testing import company, finished, last_day, opened, write
from learning.timeline import Timeline
from learning.wire import bare_history, deal_event, history_from_event
from learning.wire_row import row_of_event

BORN = datetime(2017, 1, 2, 10, tzinfo=UTC)


def change(name: str, value: object, days: float) -> Change:
    when = BORN + timedelta(days=days)
    return Change(name, value, when, when)  # type: ignore[arg-type]


def activity(kind: str, direction: str, days: float) -> Activity:
    return Activity(f"{kind}{days}", "d", kind, direction, BORN + timedelta(days=days))


def day(days: int) -> date:
    return (BORN + timedelta(days=days)).date()


def test_the_state_is_replayed() -> None:
    history = finished(
        opened("d", BORN, stage="A", amount=Money("USD", 500)),
        [change("stage", "B", 3), change("stage", None, 5), change("stage", "C", 5)],
    )
    assert Timeline(history).state(BORN + timedelta(days=2))["stage"] == "A"
    assert Timeline(history).state(BORN + timedelta(days=3, seconds=1))["stage"] == "B"
    # Of equal times the later in file order counts.
    assert Timeline(history).state(BORN + timedelta(days=9))["stage"] == "C"
    assert Timeline(history).state(BORN) == {}


def test_a_row_knows_nothing_of_later_days() -> None:
    history = finished(
        opened("d", BORN, stage="A", amount=Money("USD", 500_00), close_date=day(30), owner_id="u1"),
        [
            change("stage", "B", 7.1), change("stage", "A", 9), change("amount", Money("USD", 900_00), 9),
            change("close_date", day(60), 9), change("close_date", day(40), 12), change("fields.x", "late", 12),
            change("outcome", "WON", 20),
        ],
        [activity("call", "outbound", 1), activity("mail", "inbound", 3), activity("call", "outbound", 11)],
        outcome=Outcome.WON, closed_date=day(20),
    )  # fmt: skip
    early = row_at(history, day(8))
    assert early["stage"] == "B"
    assert early["amount"] == 500.0
    assert early["days_to_close_date"] == 22.0
    assert "fields.x" not in early
    assert (early["age_days"], early["days_in_stage"], early["stage_moves"]) == (8.0, 1.0, 1.0)
    assert (early["activities"], early["activities_7_days"], early["call"], early["inbound_30_days"]) == (2, 1, 1, 1)
    assert (early["days_since_activity"], early["days_since_inbound"], early["days_since_outbound"]) == (5, 5, 7)
    late = row_at(history, day(13))
    assert (late["stage_moves"], late["stage_moves_back"]) == (2.0, 1.0)
    assert (late["close_date_slips"], late["close_date_pulls"], late["amount_changes"]) == (1.0, 1.0, 1.0)
    assert late["fields.x"] == "late"
    assert late["call_30_days"] == 2.0


def test_account_fields_count_only_while_the_deal_has_the_account() -> None:
    history = finished(opened("d", BORN), [change("account_id", "a", 5)], account_id="a")
    history = DealHistory(history.deal, history.changes, account=Account("a", "Acme", {"sector": "retail"}))
    assert "account.sector" not in row_at(history, day(4))
    assert row_at(history, day(5))["account.sector"] == "retail"


def test_nothing_that_comes_later_alters_an_earlier_snapshot() -> None:
    account = Account("a", "Acme", {"size": 10.0}, changes=(change("fields.size", 10.0, -50),))
    start = opened("d", BORN, account_id="a", products=(ProductLine("p"),), contacts=(ContactRole("c", "uses"),))
    before = [row_at(replace(start, account=account), day(days)) for days in (0, 4)]
    assert (before[0]["account.size"], before[0]["product"], before[0]["role.uses"]) == (10.0, "p", True)
    for name, value in (("products", None), ("contacts", (ContactRole("k", "decides"),)), ("account_id", "b")):
        later = finished(start, [change(name, value, 5)])
        assert [row_at(replace(later, account=account), day(days)) for days in (0, 4)] == before
    grown = replace(account, fields={"new": "x"}, changes=(
        *account.changes, change("fields.size", None, 5), change("fields.new", "x", 5)
    ))  # fmt: skip
    assert [row_at(replace(start, account=grown), day(days)) for days in (0, 4)] == before
    assert row_at(replace(start, account=grown), day(5))["account.new"] == "x"


def test_an_earlier_account_has_its_fields_then() -> None:
    history = finished(opened("d", BORN, account_id="a"), [change("account_id", "b", 5)], account_id="b")
    history = replace(history, account=Account("b", "B", {"x": "b"}), former_accounts=(Account("a", "A", {"x": "a"}),))
    assert [row_at(history, day(days))["account.x"] for days in (4, 5)] == ["a", "b"]


def test_what_has_no_history_has_been_so_from_the_start() -> None:
    bare = opened("d", BORN, stage="A")
    told = replace(bare, deal=replace(bare.deal, products=(ProductLine("p"),), contacts=(ContactRole("c", "uses"),)))
    assert (row_at(told, day(0))["product"], row_at(told, day(0))["role.uses"]) == ("p", True)


def test_snapshots_are_weekly_while_open_and_labelled() -> None:
    history = finished(
        opened("d", BORN, stage="A"), [change("outcome", "LOST", 20), change("closed_date", day(20), 20)],
        outcome=Outcome.LOST, closed_date=day(20),
    )  # fmt: skip
    taken = list(snapshots(history, day(100)))
    assert [one.day for one in taken] == [day(0), day(7), day(14)]
    assert {(one.label, one.closed_day) for one in taken} == {(Outcome.LOST, day(20))}
    censored = list(snapshots(history, day(10)))
    assert [(one.day, one.label) for one in censored] == [(day(0), None), (day(7), None)]


def test_long_deals_are_bounded_and_looked_at_ever_less_often() -> None:
    whole = opened("d", BORN, stage="A")
    assert [one.day for one in snapshots(whole, day(140))] == [day(7 * age) for age in AGES if age <= 20]
    assert len(list(snapshots(whole, day(700)))) == 17
    assert len(list(snapshots(whole, day(20_000)))) == len(AGES) == 24
    gaps = [after / before for before, after in pairwise(AGES[6:])]
    assert min(gaps) > 1.2
    assert max(gaps) < 1.4


@st.composite
def lives(draw: st.DrawFn) -> DealHistory:
    """A deal that may begin as a lead, be converted, closed and reopened, each time for any while."""
    hours = st.integers(1, 24 * 400)
    fate, at = [], 0
    for outcome in draw(st.lists(st.sampled_from(["WON", "LOST"]), max_size=3)):
        for value in (outcome, "OPEN"):
            at += draw(hours)
            fate.append(change("outcome", value, at / 24))
    fate = fate[: len(fate) - draw(st.booleans())]
    kind = draw(st.sampled_from(DealKind))
    if kind is DealKind.LEAD and draw(st.booleans()):
        fate.append(change("kind", "OPPORTUNITY", draw(hours) / 24))
    fate.append(change("stage", "B", draw(hours) / 24))
    return finished(opened("d", BORN, stage="A", kind=kind), fate)


@settings(max_examples=150, deadline=None)
@given(lives(), st.integers(0, 1200), st.integers(0, 1200))
def test_which_days_are_looked_at_does_not_depend_on_what_comes_later(
    history: DealHistory, one: int, other: int
) -> None:
    """Snapshots up to a day are the same however the deal goes on: how many, their days, kinds and columns."""
    early, late = day(min(one, other)), day(max(one, other))
    then = DealHistory(history.deal, tuple(each for each in history.changes if each.effective_time < end_of(early)))
    known = [(each.day, each.kind, each.row) for each in snapshots(then, early)]
    later = [(each.day, each.kind, each.row) for each in snapshots(history, late) if each.day <= early]
    assert later == known
    assert len(later) <= 2 * len(AGES)
    if Timeline(then).is_open(end_of(day(0))):
        assert known[0][0] == day(0)


def test_a_converted_lead_has_two_phases() -> None:
    history = finished(
        opened("d", BORN, kind=DealKind.LEAD), [change("kind", "OPPORTUNITY", 10), change("outcome", "WON", 30)],
        kind=DealKind.OPPORTUNITY, outcome=Outcome.WON, closed_date=day(30),
    )  # fmt: skip
    lead, opportunity = phases(history, day(60))
    assert (lead.kind, lead.label, lead.closed_day) == (DealKind.LEAD, Outcome.WON, day(10))
    assert (opportunity.kind, opportunity.start, opportunity.closed_day) == (DealKind.OPPORTUNITY, day(10), day(30))
    before = phases(history, day(9))
    assert [(one.kind, one.label) for one in before] == [(DealKind.LEAD, None)]
    kinds = {one.day: one.row["kind"] for one in snapshots(history, day(60))}
    assert kinds == {
        day(0): "LEAD",
        day(7): "LEAD",
        day(10): "OPPORTUNITY",
        day(17): "OPPORTUNITY",
        day(24): "OPPORTUNITY",
    }


def test_reopened_deals_skip_the_time_they_were_closed_and_deleted_ones_vanish() -> None:
    reopened = finished(
        opened("d", BORN), [change("outcome", "LOST", 6), change("outcome", "OPEN", 20), change("outcome", "WON", 30)],
        outcome=Outcome.WON, closed_date=day(30),
    )  # fmt: skip
    taken = list(snapshots(reopened, day(60)))
    assert [one.day for one in taken] == [day(0), day(21), day(28)]
    assert {one.label for one in taken} == {Outcome.WON}
    deleted = finished(opened("d", BORN), [change("deleted", value=True, days=9)], deleted=True)
    assert list(snapshots(deleted, day(60))) == []
    assert len(list(snapshots(deleted, day(8)))) == 2


def test_a_deal_without_history_has_its_present_values() -> None:
    deal = Deal("d", stage="A", amount=Money("USD", 100), owner_id="u", fields={"x": 1.0}, created_time=BORN)
    row = row_at(DealHistory(deal), day(3))
    assert (row["stage"], row["amount"], row["fields.x"], row["age_days"]) == ("A", 1.0, 1.0, 3.0)


@st.composite
def histories(draw: st.DrawFn) -> DealHistory:
    """One deal with any changes and up to 260 activities, as the store knows it."""
    hours = st.integers(0, 24 * 200)
    fields = st.sampled_from(["stage", "owner_id", "fields.x", "account_id"])
    changes = [change(draw(fields), draw(st.sampled_from(["A", "B", "C", None, "x" * 300])), draw(hours) / 24)
               for _ in range(draw(st.integers(0, 12)))]  # fmt: skip
    lists = st.sampled_from([
        ("products", (ProductLine("q", 2.0, Money("USD", 5)), ProductLine("p"))), ("products", None),
        ("contacts", (ContactRole("k", "uses"), ContactRole("c"))), ("contacts", None),
    ])  # fmt: skip
    changes += [change(*draw(lists), draw(hours) / 24) for _ in range(draw(st.integers(0, 4)))]
    changes += [change("amount", Money("USD", draw(st.integers(0, 10**9))), draw(hours) / 24)]
    count = draw(st.sampled_from([0, 3, 199, 200, 201, 260]))
    step = draw(st.integers(1, 24))
    kinds, ways = draw(st.permutations(ACTIVITY_TYPES)), draw(st.permutations(DIRECTIONS))
    log = [activity(kinds[n % 12], ways[n % 3], n * step / 24) for n in range(count)]
    start = opened("d", BORN, stage="A", account_id="A", close_date=day(40), products=(ProductLine("p"),),
                   contacts=(ContactRole("c", "decides"),))  # fmt: skip
    history = finished(start, changes, log)
    accounts = [draw(accounts_of(name)) for name in ("A", "B")]
    return DealHistory(history.deal, history.changes, history.activities, accounts[0], activity_count=count,
                       former_accounts=tuple(accounts[1:]))  # fmt: skip


@st.composite
def accounts_of(draw: st.DrawFn, name: str) -> Account:
    """An account whose fields changed before, during and after the deal, or never."""
    days = st.integers(-100, 250)
    past = [change(draw(st.sampled_from(["fields.sector", "fields.size"])), draw(st.sampled_from(["x", 2.0, None])),
                   draw(days)) for _ in range(draw(st.integers(0, 6)))]  # fmt: skip
    past.sort(key=lambda one: one.effective_time)
    fields: dict[str, Value | None] = {"always": "yes"}
    fields |= {one.field.removeprefix("fields."): one.value for one in past if not isinstance(one.value, tuple)}
    return Account(name, name, {key: value for key, value in fields.items() if value is not None}, changes=tuple(past))


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 250))
def test_training_and_serving_see_the_same_columns(history: DealHistory, days: int) -> None:
    """The history cut at a day and sent as an event gives what the whole history gives as of that day."""
    today = day(days)
    known = DealHistory(
        history.deal, tuple(one for one in history.changes if one.effective_time < end_of(today)),
        tuple(one for one in history.activities if one.time < end_of(today)), history.account,
        former_accounts=history.former_accounts,
    )  # fmt: skip
    event = events_pb2.DealEvent.FromString(deal_event(known, business_day=today).SerializeToString())
    assert row_at(history_from_event(event), today) == row_at(bare_history(event), today) == row_at(history, today)
    assert row_of_event(event, today) == row_at(history, today)


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 250), st.booleans(), st.integers(0, 3))
def test_columns_straight_from_an_event_are_those_of_its_history(
    history: DealHistory, days: int, truncated: bool, turned: int
) -> None:
    """Whatever it carries: also what comes after the day, a part alone, or moves and activities in another order."""
    event = deal_event(history, business_day=day(days))
    event.truncated = truncated
    for members, bit in ((event.history, 1), (event.activities, 2)):
        if turned & bit:
            other = [type(one).FromString(one.SerializeToString()) for one in reversed(members)]
            del members[:]
            members.extend(other)  # type: ignore[arg-type]
    assert row_of_event(event, day(days)) == row_at(history_from_event(event), day(days))


def test_the_two_ways_agree_on_whole_histories(tmp_path: Path) -> None:
    written = write(tmp_path, company(150), last_day())
    for history in read_history(written).deals():
        event = deal_event(history, business_day=last_day())
        sent = row_at(history_from_event(event), last_day())
        assert sent == row_at(bare_history(event), last_day()) == row_at(history, last_day())
        assert sent == row_of_event(event, last_day())
