"""Working days, quiet hours and days off: what the catalogue says is when a suggestion may be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidInput
from learning.contact_hours import DAY_MINUTES, ContactHours, windows
from services.next_best_action import catalogue

BASE = """
[calendar]
time_zone = "Asia/Seoul"
hours = ["07:00", "23:00"]
days_off = [2026-05-05]
[channels.text]
[channels.mail]
[[actions]]
name = "news"
en = "News"
ko = "소식"
channels = ["text", "mail"]
promotional = true
minutes = 5
[[actions]]
name = "answer"
en = "Answer"
ko = "답하기"
channels = ["text"]
"""


def test_promotional_texts_stay_out_of_the_night_by_default() -> None:
    found = catalogue.parse(BASE)
    news, answer = found.actions
    assert (found.hours_of(news, "text").from_minute, found.hours_of(news, "text").until_minute) == (8 * 60, 21 * 60)
    assert found.hours_of(answer, "text").until_minute == 23 * 60
    assert found.hours_of(news, "mail").until_minute == 23 * 60


def test_a_window_waits_for_the_morning_the_working_day_and_the_end_of_a_holiday() -> None:
    hours = catalogue.parse(BASE).hours_of(catalogue.parse(BASE).actions[0], "text")
    # Friday, 1 May 2026, 21:30 in Seoul: Monday is next, and Tuesday is off.
    friday_night = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    monday, wednesday = windows(hours, friday_night, 5, most=2)
    assert monday.start == datetime(2026, 5, 3, 23, 0, tzinfo=UTC)  # Monday 08:00 there
    assert wednesday.start == monday.start + timedelta(days=2)
    assert not hours.allows(friday_night)
    assert hours.allows(monday.start)
    assert not hours.allows(monday.end)


def test_what_does_not_fit_in_a_day_has_no_window() -> None:
    assert windows(ContactHours(from_minute=540, until_minute=600), datetime(2026, 5, 1, tzinfo=UTC), 61) == []


@given(
    st.sampled_from(["UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    st.sets(st.integers(1, 7), min_size=1), st.integers(0, 1380), st.integers(30, 600), st.floats(0, 29),
    st.integers(1_577_836_800, 1_893_456_000),
)  # fmt: skip
def test_every_window_is_allowed_from_its_start_to_its_end(
    zone: str, days: set[int], first: int, length: int, minutes: float, second: int
) -> None:
    hours = ContactHours(zone, tuple(days), first, min(first + length, DAY_MINUTES))
    now = datetime.fromtimestamp(second, UTC)
    found = windows(hours, now, minutes, most=3)
    assert len(found) == 3
    for window in found:
        assert window.start >= now
        assert window.minutes >= minutes
        assert hours.allows(window.start)
        assert hours.allows(window.end - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("addition", "field", "line"),
    [
        ('[calendar]\ntime_zone = "Seoul"', "calendar.time_zone", 2),
        ('[calendar]\nhours = ["9:00", "18:00"]', "calendar.hours", 2),
        ('[calendar]\nhours = ["18:00", "09:00"]', "calendar.hours", 2),
        ('[calendar]\nhours = ["09:00", "24:01"]', "calendar.hours", 2),
        ('[calendar]\nworking_days = ["monday"]', "calendar.working_days", 2),
        ("[calendar]\nworking_days = []", "calendar.working_days", 2),
        ('[calendar]\nopening = "09:00"', "calendar.opening", 2),
        ('[calendar]\ndays_off = ["someday"]', "calendar.days_off.0", 2),
        ('[channels.chat]\nhours = ["21:00", "23:00"]', "channels.chat.promotional_hours", 1),
        ("[channels.chat]\nper_7_days = -1", "channels.chat.per_7_days", 2),
        ('[channels.call]\n[[actions]]\nname = "call"\nen = ""\nko = ""\nminutes = 541', "actions.call.minutes", 6),
        ('[[actions]]\nname = "call"\nen = ""\nko = ""\ncolour = 1', "actions.call.colour", 5),
        ('[[actions]]\nname = "a"\nen = ""\nko = ""\n[[actions]]\nname = "b"\nen = ""\nko = ""\neligibility = "1 +"',
         "actions.b.eligibility", 9),
        ('[[actions]]\nname = "a"\nen = ""\nko = ""\n[[actions]]\nname = "a"\nen = ""\nko = ""', "actions.a.name", 6),
        ('[[actions]]\nname = "a"\nen = ""\nko = ""\nmessage_en = "Dear {name}"', "actions.a.message_en", 5),
        ('[[actions]]\nname = "a"\nen = ""\nko = ""\nmessage_ko = "{contact:>999999999}"', "actions.a.message_ko", 5),
        ('# a comment\n\ncurrency = "gold"', "currency", 3),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_mend(addition: str, field: str, line: int) -> None:
    whole = addition if "[[actions]]" in addition else addition + '\n[[actions]]\nname = "x"\nen = ""\nko = ""\n'
    with pytest.raises(InvalidInput) as caught:
        catalogue.parse(whole)
    assert caught.value.field == field
    assert caught.value.message.startswith(f"line {line}: ")
    assert caught.value.mend


def test_a_message_speaks_to_a_person() -> None:
    for action in catalogue.load().actions:
        if action.channels:
            assert "{contact}" in action.message_ko
            assert "{contact}" in action.message_en
            assert action.message_ko.rstrip().endswith(("다.", "오.", "까?"))
