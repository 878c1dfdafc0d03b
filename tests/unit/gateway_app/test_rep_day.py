"""A rep's day: at most five, one a deal, at free and allowed times, the customer's hour first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kit.errors import InvalidInput
from learning.answers import Verb
from learning.contact_hours import ContactHours
from services.gateway.feedback_record import Feedback
from services.gateway.rep_day import Choice, end_of_week, fill, free_spans, in_touch, liked_hour, look_again
from services.gateway.store.interface import Touch

SEOUL = ContactHours("Asia/Seoul", (1, 2, 3, 4, 5), 540, 1080)
FRIDAY_EVENING = datetime(2026, 5, 1, 12, tzinfo=UTC)  # 21:00 in Seoul


def choice(deal: str, minutes: float = 60, **more: Any) -> Choice:
    action = {"id": f"{deal}-call", "minutes": minutes}
    return Choice(deal, action, more.get("hours", SEOUL), more.get("touches", ()))


def told(plan: Any) -> list[tuple[str, str]]:
    return [(item.choice.deal_id, item.time["start"][11:16]) for item in plan.items]


def test_five_of_seven_one_after_the_other_on_the_next_working_day() -> None:
    plan = fill([[choice(f"d{number}"), choice(f"d{number}")] for number in range(7)], FRIDAY_EVENING)
    assert plan.day == date(2026, 5, 4)
    assert told(plan) == [("d0", "00:00"), ("d1", "01:00"), ("d2", "02:00"), ("d3", "04:00"), ("d4", "05:00")]


def test_what_does_not_fit_the_free_hours_gives_way() -> None:
    listed = [[choice("long", 120), choice("long", 30)], [choice("next", 45)], [choice("last", 30)]]
    plan = fill(listed, FRIDAY_EVENING, [(600, 660), (900, 930)])
    assert told(plan) == [("long", "01:00"), ("last", "01:30")]
    assert plan.items[0].choice.action == {"id": "long-call", "minutes": 30}


def test_the_free_hours_never_widen_the_channels() -> None:
    assert fill([[choice("d")]], FRIDAY_EVENING, [(300, 580), (1050, 1380)]).items == []


def test_a_begun_day_goes_on_from_now() -> None:
    plan = fill([[choice("d")]], datetime(2026, 5, 4, 1, 30, tzinfo=UTC))
    assert told(plan) == [("d", "01:30")]


def test_lunch_stays_free_unless_the_free_hours_hold_it() -> None:
    log = tuple(Touch("call", outbound=False, time=datetime(2026, 4, day, 3, 20, tzinfo=UTC)) for day in (1, 2, 3))
    morning = datetime(2026, 5, 4, 2, 20, tzinfo=UTC)  # 11:20 in Seoul
    assert told(fill([[choice("d")], [choice("e", 40)]], morning)) == [("e", "02:20"), ("d", "04:00")]
    noon = datetime(2026, 5, 4, 3, 10, tzinfo=UTC)
    assert told(fill([[choice("d", touches=log)]], noon)) == [("d", "04:00")], "also of who answers at noon"
    assert told(fill([[choice("d")]], noon, [(720, 840)])) == [("d", "03:10")]


def test_the_hour_in_which_the_customer_answers_goes_first_where_it_is_free() -> None:
    log = tuple(Touch("call", outbound=False, time=datetime(2026, 4, day, 5, 20, tzinfo=UTC)) for day in (1, 2, 3))
    assert liked_hour(log, "Asia/Seoul") == 14
    assert liked_hour(log[:2], "Asia/Seoul") is None
    plan = fill([[choice("a", touches=log)], [choice("b", touches=log)]], FRIDAY_EVENING)
    assert told(plan) == [("b", "00:00"), ("a", "05:00")]


@pytest.mark.parametrize(
    ("person", "channel", "hours_ago", "hides"),
    [
        ("c1", "mail", 1, True),  # another channel, another deal: the same person
        ("c2", "mail", 1, False),
        ("c1", "mail", 13, False),  # yesterday there
        ("", "mail", 1, False),  # nobody named, and the contact was on another deal
    ],
)
def test_who_was_in_touch_today_is_not_named_again(person: str, channel: str, hours_ago: int, hides: bool) -> None:
    now = datetime(2026, 5, 4, 3, tzinfo=UTC)  # noon in Seoul
    done = Feedback("f", "d1", "call", Verb.DONE, now - timedelta(hours=hours_ago), channel="call", contact_id="c1")
    one = Choice("d2", {"id": "x", "minutes": 30, "contact_id": person, "channel": channel}, SEOUL)
    assert in_touch([done], now)(one) is hides
    other = replace(one, deal_id="d1", action={**one.action, "contact_id": "c3"})
    assert in_touch([done], now)(other) is (bool(channel) and hours_ago == 1)  # the deal had its contact today
    unnamed = replace(one, deal_id="d1", action={**one.action, "contact_id": ""})
    assert in_touch([done], now)(unnamed) is (hours_ago == 1)
    assert not in_touch([replace(done, verb=Verb.ACCEPT)], now)(one)


def test_nothing_that_may_be_done_is_an_empty_day() -> None:
    assert fill([], FRIDAY_EVENING).items == []
    assert fill([[choice("old", hours=None)]], FRIDAY_EVENING).items == []


def test_an_empty_day_names_the_next_one_to_look() -> None:
    friday, monday, later = date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 9)
    assert look_again([later], [[choice("does not fit")]], friday) == monday
    assert look_again([later, friday], [[choice("d")]], friday) == friday
    assert look_again([later], [[]], friday) == later
    assert look_again([], [], friday) is None


def test_tidying_waits_for_the_last_working_day_of_the_week_or_of_the_next() -> None:
    off = ContactHours("Asia/Seoul", (1, 2, 3, 4, 5), 540, 1080, ("2026-05-08",))
    for hours, first, last in (
        (SEOUL, 4, 8),
        (SEOUL, 8, 8),
        (SEOUL, 9, 15),
        (SEOUL, 10, 15),
        (off, 4, 7),
        (off, 8, 15),
    ):
        assert end_of_week(date(2026, 5, first), [choice("d", hours=hours)]) == date(2026, 5, last)
    assert end_of_week(date(2026, 5, 4), []) == date(2026, 5, 8)


@pytest.mark.parametrize("text", ["9:00-10:00", "10:00-09:00", "09:00", "09:00-11:00,10:00-12:00", "09:60-10:00", "a"])
def test_what_are_no_spans_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        free_spans(text)
    assert caught.value.field == "free"


def test_spans_are_read() -> None:
    assert free_spans("09:00-11:00, 14:00-24:00") == [(540, 660), (840, 1440)]
    assert free_spans("") == []
