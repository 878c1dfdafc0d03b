"""The variables of a deal on a past day: what came later must not show."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kit.money import Money
from learning.records import Activity, Change, ContactCounter, ContactRole, DealHistory, DealKind, Motion, ProductLine
from learning.snapshots import end_of, row_at
from learning.timeline import Timeline
from services.next_best_action import catalogue
from services.next_best_action.features import standing, variables
from tests.unit.next_best_action.nba_builders import CREATED, DAY, activity, asked, at

SIGNALS = catalogue.load().signals
PAST = DAY - timedelta(days=30)
FIRST: dict[str, Any] = {
    "kind": "LEAD", "motion": "NEW", "pipeline": "new", "stage": "Prospecting", "category": "pipeline",
    "amount": None, "close_date": date(2026, 5, 1), "contacts": (ContactRole("p1", "uses"),), "products": (),
}  # fmt: skip
LATER: dict[str, Any] = {
    "kind": "OPPORTUNITY", "motion": "EXPANSION", "pipeline": "grown", "stage": "Engaging", "category": "commit",
    "amount": Money("USD", 900_000), "close_date": date(2026, 3, 1), "products": (ProductLine("x"), ProductLine("y")),
    "contacts": (ContactRole("p1", "champions"), ContactRole("p2", "decides"), ContactRole("p3", "blocks")),
}  # fmt: skip


def change(name: str, value: Any, when: datetime) -> Change:
    return Change(name, value, when, when)


def seen(history: DealHistory, day: date) -> dict[str, Any]:
    return variables(
        history,
        day,
        probability=0.4,
        slip_risk=0.0,
        amount=1.0,
        usual=1.0,
        signals=SIGNALS.read(history.activities, day).names,
    )


def deal_of(values: dict[str, Any], changes: tuple[Change, ...], log: tuple[Activity, ...] = ()) -> DealHistory:
    held = values | {"kind": DealKind(values["kind"]), "motion": Motion(values["motion"])}
    history = asked(activities=log).history
    return replace(history, deal=replace(history.deal, **held), changes=changes)


def test_what_changes_later_does_not_alter_what_an_earlier_row_sees() -> None:
    born = tuple(change(name, value, CREATED) for name, value in FIRST.items())
    said = (activity("mail", "outbound", 50, "가격이 비쌉니다"), activity("mail", "outbound", 40))
    then = deal_of(FIRST, born, said)
    for name, value in LATER.items():
        later = deal_of(FIRST | {name: value}, (*born, change(name, value, at(10))), said)
        assert seen(later, PAST) == seen(then, PAST), name
        assert seen(later, DAY) != seen(then, DAY), name
    log = (*said, activity("call", "outbound", 5), activity("mail", "inbound", 4, "send a quote"))
    counters = (ContactCounter("call", 1, 1, 1, at(5)), ContactCounter("mail", 0, 0, 0, at(40), at(4)))
    later = replace(deal_of(FIRST, born, log), counters=counters)
    assert seen(later, PAST) == seen(then, PAST)
    assert seen(then, PAST)["unanswered"] == 2
    assert seen(later, DAY)["unanswered"] == 1


def test_a_field_set_for_the_first_time_later_was_empty_before() -> None:
    later = deal_of(FIRST | LATER, (change("stage", "Prospecting", CREATED), change("contacts", LATER["contacts"],
                                    at(10)), change("amount", LATER["amount"], at(10))))  # fmt: skip
    before, now = seen(later, PAST), seen(later, DAY)
    assert (before["contacts"], before["has_decider"], before["has_amount"]) == (0, False, False)
    assert (now["contacts"], now["has_decider"], now["has_amount"]) == (3, True, True)


def test_on_the_business_day_it_is_the_deal_as_it_stands() -> None:
    born = tuple(change(name, value, CREATED) for name, value in FIRST.items())
    whole = (*born, *(change(name, value, at(10)) for name, value in LATER.items()))
    told, bare = deal_of(LATER, whole), deal_of(LATER, ())
    moved = {"days_in_stage", "stage_changes", "close_date_moves"}
    found, stated = seen(told, DAY), seen(bare, DAY)
    assert {name for name in found if found[name] != stated[name]} == moved
    assert (found["days_in_stage"], found["stage_changes"], found["close_date_moves"]) == (10, 1, 1)


MOVES = st.lists(
    st.tuples(st.sampled_from(sorted(FIRST)), st.sampled_from([FIRST, LATER]), st.floats(-5, 80)), max_size=12
)


@settings(max_examples=150, deadline=None)
@given(MOVES, st.integers(0, 60), st.lists(st.tuples(st.booleans(), st.floats(-5, 80)), max_size=8))
def test_it_agrees_with_the_columns_and_the_state_of_the_day(
    moves: list[tuple[str, dict[str, Any], float]], back: int, log: list[tuple[bool, float]]
) -> None:
    day = DAY - timedelta(days=back)
    born = [change(name, value, CREATED) for name, value in FIRST.items()]
    changes = sorted([*born, *(change(name, values[name], at(ago)) for name, values, ago in moves)],
                     key=lambda one: one.effective_time)  # fmt: skip
    last = FIRST | {one.field: one.value for one in changes}
    done = tuple(activity("call", "inbound" if way else "outbound", ago) for way, ago in
                 sorted(log, key=lambda one: -one[1]))  # fmt: skip
    history = deal_of(last, tuple(changes), done)
    row, state, found = row_at(history, day), Timeline(history).state(end_of(day)), seen(history, day)
    held = standing(history, day).state
    assert held == {name: state.get(name) for name in held}
    assert found["stage_changes"] == row["stage_moves"]
    assert found["days_in_stage"] == min(float(str(row["days_in_stage"])), found["age_days"])
    assert found["close_date_moves"] == float(str(row["close_date_slips"])) + float(str(row["close_date_pulls"]))
    for name in ("age_days", "inbound_30_days", "outbound_30_days", "contacts"):
        assert found[name] == row[name], name
    assert found["product_count"] == row["products"]
    assert found["has_decider"] == row["role.decides"]
