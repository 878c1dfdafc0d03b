"""Quarters and the reporting tree."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidInput
from learning.periods import Period, current_period, period_of
from learning.records import Node, ReportingLine, User
from learning.tree import lines_on, managers_above, owner_path, owner_paths

LEVELS = ("company", "region", "manager", "owner")
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


def test_who_leads_across_regions_is_no_manager_node_but_sells_under_the_company() -> None:
    lines = [
        ReportingLine("ceo"), ReportingLine("ann", "ceo", "East"), ReportingLine("bob", "ceo", "West"),
        ReportingLine("cho", "ceo"), ReportingLine("dan", "cho"),
    ]  # fmt: skip
    assert ids("ceo", lines) == ["company", "owner:ceo"]
    assert ids("ann", lines) == ["company", "region:East", "owner:ann"]
    assert ids("bob", lines) == ["company", "region:West", "owner:bob"]
    # A team without a region beside the regions keeps its own manager.
    assert ids("dan", lines) == ["company", "manager:cho", "owner:dan"]


def test_without_regions_the_managers_stand_under_the_company() -> None:
    lines = [ReportingLine("ceo"), ReportingLine("ann", "ceo"), ReportingLine("bob", "ann")]
    assert ids("bob", lines) == ["company", "manager:ceo", "manager:ann", "owner:bob"]


PEOPLE = "abcdefgh"
LINES = st.lists(
    st.builds(
        ReportingLine,
        st.sampled_from(PEOPLE),
        st.sampled_from(["", "", *PEOPLE, "stranger"]),
        st.sampled_from(["", "", "", "East", "West"]),
        st.sampled_from([date(1900, 1, 1), date(2019, 1, 1), date(2021, 1, 1)]),
    ),
    max_size=16,
)


@given(LINES)
def test_any_lines_give_a_tree(lines: list[ReportingLine]) -> None:
    paths = owner_paths([User(one, one) for one in PEOPLE], lines, date(2020, 1, 1))
    assert set(paths) == set(PEOPLE)
    nodes: dict[str, Node] = {}
    for owner, path in paths.items():
        assert (path[0].id, path[-1].id) == ("company", f"owner:{owner}")
        assert [node.parent for node in path] == ["", *(node.id for node in path[:-1])]
        ranks = [LEVELS.index(node.level) for node in path]
        assert ranks == sorted(ranks)
        assert sum(node.level == "region" for node in path) <= 1
        for node in path:
            assert nodes.setdefault(node.id, node) == node  # one parent, one level, one name


@given(LINES)
def test_a_manager_s_node_holds_everyone_below_or_is_not_there(lines: list[ReportingLine]) -> None:
    day = date(2020, 1, 1)
    paths = owner_paths([User(one, one) for one in PEOPLE], lines, day)
    standing = lines_on(lines, day)
    shown = {node.id for path in paths.values() for node in path}
    for owner, path in paths.items():
        for manager in managers_above(owner, standing):
            assert (f"manager:{manager}" in shown) == (f"manager:{manager}" in {node.id for node in path})


def test_lines_change_with_the_day() -> None:
    lines = [
        ReportingLine("cho", "ann", "East", date(2019, 1, 1)), ReportingLine("cho", "bob", "West", date(2020, 1, 1))
    ]  # fmt: skip
    assert ids("cho", lines, date(2019, 12, 31))[1:3] == ["region:East", "manager:ann"]
    assert ids("cho", lines, date(2020, 1, 1))[1:3] == ["region:West", "manager:bob"]
    before = ids("cho", lines, date(2018, 1, 1))
    assert before[1:3] == ["region:East", "manager:ann"], "before the first line that is known, that one counts"


def test_a_circle_is_cut_at_one_place_and_unknown_people_keep_their_id() -> None:
    lines = [ReportingLine("ann", "bob"), ReportingLine("bob", "ann"), ReportingLine("cho", "nobody")]
    assert ids("ann", lines) == ["company", "manager:ann", "owner:ann"]
    assert ids("bob", lines) == ["company", "manager:ann", "owner:bob"]
    assert owner_path("cho", USERS, lines, date(2020, 1, 1))[1].name == "nobody"
    assert owner_path("stranger", USERS, lines, date(2020, 1, 1))[-1].id == "owner:stranger"


def test_all_paths_at_once_are_the_single_ones() -> None:
    lines = [ReportingLine("ann", "ceo", "East"), ReportingLine("cho", "ann")]
    every = owner_paths(USERS, lines, date(2020, 1, 1))
    assert every == {user.id: owner_path(user.id, USERS, lines, date(2020, 1, 1)) for user in USERS}
