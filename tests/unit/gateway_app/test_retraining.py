"""When it is time to train anew."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from kit.errors import InvalidInput
from services.gateway.retraining import Closed, Now, RetrainingRule, drift, due

RULE = RetrainingRule(new_outcomes=100, max_age_days=60)
VERSIONS: list[dict[str, Any]] = [
    {"trained": {"outcomes": 500, "business_day": "2017-06-30", "job": "b"}}, {"version": "from before"},
    {"trained": {"outcomes": 450, "business_day": "2017-05-31", "job": "a"}},
]  # fmt: skip


def on(day: date, outcomes: int, closed: list[Closed] | None = None, rule: RetrainingRule = RULE) -> str:
    return due(rule, VERSIONS, Now(day, outcomes, closed or []))


def test_it_is_time_after_enough_outcomes_or_days_since_the_newest_version() -> None:
    assert on(date(2017, 7, 10), 599) == ""
    assert "100 new outcomes" in on(date(2017, 7, 10), 600)
    assert on(date(2017, 8, 28), 599) == ""
    assert "60 days old" in on(date(2017, 8, 29), 599)
    never = RetrainingRule(new_outcomes=None, max_age_days=None)
    assert on(date(2018, 8, 29), 5_000, rule=never) == ""
    assert due(RULE, [{"version": "1"}], Now(date(2018, 8, 29), 5_000)) == ""


def ended(won: int, count: int) -> list[Closed]:
    return [Closed(0.5, number < won) for number in range(count)]


def test_leads_that_convert_are_outcomes_too() -> None:
    known = [{"trained": {"outcomes": 500, "conversions": 40, "business_day": "2017-06-30", "job": "b"}}]
    day = date(2017, 7, 10)
    assert due(RULE, known, Now(day, 550, (), 89)) == ""
    assert "100 new outcomes" in due(RULE, known, Now(day, 550, (), 90))
    assert on(day, 599) == due(RULE, VERSIONS, Now(day, 599, (), 5_000)) == "", "a version that did not count them"


def test_scores_that_are_off_beyond_chance_are_drift() -> None:
    day = date(2017, 7, 10)
    assert drift(ended(49, 49)) is None, "too few"
    assert drift(ended(60, 100)) == pytest.approx(2.0)
    assert on(day, 599, ended(60, 100)) == ""
    assert "+4.0 standard deviations" in on(day, 599, ended(70, 100))
    assert "-4.0 standard deviations" in on(day, 599, ended(30, 100))
    assert on(day, 549, ended(70, 100)) == "", "the newest version, refused perhaps, has learned nearly all of it"
    assert "+4.0 standard deviations" in on(day, 550, ended(70, 100))
    assert on(day, 599, ended(70, 100), RetrainingRule(100, 60, drift=False)) == ""


def test_inputs_that_moved_start_one_where_there_is_something_to_learn_from() -> None:
    day, moved = date(2017, 7, 10), ("amount", "fields.a", "fields.b", "fields.c")
    assert due(RULE, VERSIONS, Now(day, 549, moved=moved)) == "", "it would be refused for want of outcomes"
    assert due(RULE, VERSIONS, Now(day, 550, moved=moved)) == "inputs moved: amount, fields.a, fields.b and 1 more"
    assert due(RetrainingRule(100, 60, input_drift=False), VERSIONS, Now(day, 550, moved=moved)) == ""


@pytest.mark.parametrize(
    ("schedule", "before", "day"),
    [("mon", "2017-07-02", "2017-07-03"), ("1", "2017-06-30", "2017-07-01"), ("28", "2017-07-27", "2017-07-28"),
     ("sun", "2017-07-01", "2017-07-02")],
)  # fmt: skip
def test_a_schedule_is_kept_also_when_its_day_was_missed(schedule: str, before: str, day: str) -> None:
    """The newest version is of Friday 2017-06-30."""
    rule, then = RetrainingRule(None, None, drift=False, schedule=schedule), date.fromisoformat(day)
    assert on(date.fromisoformat(before), 500, rule=rule) == ""
    assert on(then, 500, rule=rule) == f"scheduled for {day} ({schedule})"
    assert f"scheduled for {day}" in on(then + timedelta(days=2), 500, rule=rule)


@pytest.mark.parametrize(
    "given",
    [{"new_outcomes": 0}, {"max_age_days": True}, {"drift": 1}, {"every": 3}, {"input_drift": "yes"},
     {"schedule": "monday"}, {"schedule": "29"}, {"schedule": 3}, {"schedule": ["mon"]}],
)  # fmt: skip
def test_wrong_rules_are_refused_by_name(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        RetrainingRule.of(given)
    assert caught.value.field == f"retraining.{next(iter(given))}"
