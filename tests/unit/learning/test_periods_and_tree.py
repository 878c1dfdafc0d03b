"""Quarters and the reporting tree."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidInput
from learning.periods import Period, current_period, period_of
from learning.records import ReportingLine, User
from learning.tree import owner_path, owner_paths

USERS = [User(name, name.title()) for name in ("ceo", "ann", "bob", "cho", "dan")]


@given(st.dates(min_value=date(2, 1, 1), max_value=date(9990, 1, 1)))
def test_every_day_lies_in_its_period_and_periods_follow_each_other(day: date) -> None:
    period = period_of(day)
    assert period.start <= day <= period.end
    assert day in period
    assert Period.parse(str(period)) == period
    assert period.next().start == period.end + timedelta(days=1)
    assert period.next(5).next(-5) == period


def test_the_current_period_begins_on_its_eve() -> None:
    assert str(current_period(date(2017, 9, 30))) == "2017-Q4"
    assert str(current_period(date(2017, 9, 29))) == "2017-Q3"


@pytest.mark.parametrize("text", ["2017", "2017-Q5", "2017Q4", "", "０２０１-Q1x"])
def test_a_wrong_period_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Period.parse(text)


def ids(owner: str, lines: list[ReportingLine], day: date = date(2020, 1, 1)) -> list[str]:
    return [node.id for node in owner_path(owner, USERS, lines, day)]


def test_the_region_is_the_topmost_manager_s() -> None:
    lines = [
        ReportingLine("ceo"), ReportingLine("ann", "ceo", "East"), ReportingLine("bob", "ann", "West"),
        ReportingLine("cho", "bob", "North"),
    ]  # fmt: skip
    assert ids("cho", lines) == [
        "company", "region:East", "manager:ceo", "manager:ann", "manager:bob", "owner:cho"
    ]  # fmt: skip
    # One who has reports stands as a manager above the own deals too.
    assert ids("ann", lines) == ["company", "region:East", "manager:ceo", "manager:ann", "owner:ann"]
    assert ids("dan", lines) == ["company", "owner:dan"]
    parents = [node.parent for node in owner_path("cho", USERS, lines, date(2020, 1, 1))]
    assert parents == ["", "company", "region:East", "manager:ceo", "manager:ann", "manager:bob"]


def test_lines_change_with_the_day() -> None:
    lines = [
        ReportingLine("cho", "ann", "East", date(2019, 1, 1)), ReportingLine("cho", "bob", "West", date(2020, 1, 1))
    ]  # fmt: skip
    assert ids("cho", lines, date(2019, 12, 31))[1:3] == ["region:East", "manager:ann"]
    assert ids("cho", lines, date(2020, 1, 1))[1:3] == ["region:West", "manager:bob"]
    assert ids("cho", lines, date(2018, 1, 1)) == ["company", "owner:cho"]


def test_a_cycle_ends_the_chain_and_unknown_people_keep_their_id() -> None:
    lines = [ReportingLine("ann", "bob"), ReportingLine("bob", "ann"), ReportingLine("cho", "nobody")]
    assert ids("ann", lines) == ["company", "manager:bob", "manager:ann", "owner:ann"]
    assert owner_path("cho", USERS, lines, date(2020, 1, 1))[1].name == "nobody"
    assert owner_path("stranger", USERS, lines, date(2020, 1, 1))[-1].id == "owner:stranger"


def test_all_paths_at_once_are_the_single_ones() -> None:
    lines = [ReportingLine("ann", "ceo", "East"), ReportingLine("cho", "ann")]
    every = owner_paths(USERS, lines, date(2020, 1, 1))
    assert every == {user.id: owner_path(user.id, USERS, lines, date(2020, 1, 1)) for user in USERS}
