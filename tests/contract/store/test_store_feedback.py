"""Answers to suggestions: kept once, undone, seen by whoever sees the deal, waiting until they are published."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kit.errors import Conflict, NotFound
from kit.money import Money
from learning.answers import About, Verb
from learning.decisions import decided
from learning.history_schema import SCHEMAS
from learning.records import Deal, Outcome, User
from services.gateway.domain import LOCAL, DealWrite, Insight, InsightKind, Principal, Scope
from services.gateway.feedback_record import Feedback, hides, standing
from services.gateway.store import Store
from tests.contract.store.conftest import insight

NOW = datetime(2017, 9, 30, 12, tzinfo=UTC)
DISMISSED = Feedback("f1", "d1", "call", Verb.DISMISS, NOW, "i-call", "bad_timing", by="local",
                     shown={"propensity": 0.4, "place": 1, "insight_id": "i"})  # fmt: skip


DEAL = Deal("d1", 1)


@pytest.fixture
async def store(empty: Store) -> Store:
    await empty.save_users(LOCAL, [User("u1", "Kim"), User("u2", "Lee")])
    await empty.apply_deals(LOCAL, [DealWrite("d1", owner_id="u1"), DealWrite("d2", owner_id="u2")])
    return empty


async def test_an_answer_is_kept_once_under_its_id(store: Store) -> None:
    assert await store.save_feedback(LOCAL, DISMISSED)
    assert not await store.save_feedback(LOCAL, DISMISSED)
    with pytest.raises(Conflict):
        await store.save_feedback(LOCAL, replace(DISMISSED, reason="other"))
    assert await store.list_feedback(LOCAL, ["d1", "d2"]) == {"d1": [DISMISSED]}
    with pytest.raises(NotFound):
        await store.save_feedback(LOCAL, replace(DISMISSED, id="f2", deal_id="none"))


async def test_an_undo_marks_what_it_takes_back(store: Store) -> None:
    await store.save_feedback(LOCAL, DISMISSED)
    accepted = replace(DISMISSED, id="f2", verb=Verb.ACCEPT, reason="", time=NOW + timedelta(minutes=1))
    await store.save_feedback(LOCAL, accepted)
    undo = Feedback("f3", "d1", "call", Verb.UNDO, NOW + timedelta(minutes=2), undoes="f2")
    await store.save_feedback(LOCAL, undo)
    found = (await store.list_feedback(LOCAL, ["d1"]))["d1"]
    assert found == [undo, replace(accepted, undone=True), DISMISSED]
    assert standing(found) == {"call": DISMISSED}


async def test_only_those_who_see_the_deal_answer_and_read(store: Store) -> None:
    lee = Principal("lee", Scope.OWN, "u2")
    with pytest.raises(NotFound):
        await store.save_feedback(lee, DISMISSED)
    await store.save_feedback(LOCAL, DISMISSED)
    assert await store.list_feedback(lee, ["d1"]) == {}


async def test_answers_wait_until_they_are_on_the_stream(store: Store) -> None:
    later = replace(DISMISSED, id="f0", time=NOW + timedelta(seconds=1))
    await store.save_feedback(LOCAL, DISMISSED)
    await store.save_feedback(LOCAL, later)
    assert [one.id for one in await store.unpublished_feedback(10)] == ["f1", "f0"]
    await store.finish_feedback(["f1"])
    assert [one.id for one in await store.unpublished_feedback(10)] == ["f0"]


def test_how_long_an_answer_hides_its_action() -> None:
    until = replace(DISMISSED, verb=Verb.SNOOZE, until=date(2017, 10, 5))
    assert (hides(until, DEAL, date(2017, 10, 4)), hides(until, DEAL, date(2017, 10, 5))) == (True, False)
    assert (hides(DISMISSED, DEAL, date(2017, 10, 13)), hides(DISMISSED, DEAL, date(2017, 10, 14))) == (True, False)
    assert not hides(replace(DISMISSED, verb=Verb.ACCEPT), DEAL, date(2017, 9, 30))


async def test_an_answer_is_kept_with_what_the_deal_was_and_ranks_it_anew(store: Store) -> None:
    about = About("Proposal", Money("USD", 12_345), date(2017, 11, 30))
    accepted, dismissed = replace(DISMISSED, id="f0", verb=Verb.ACCEPT, reason=""), replace(DISMISSED, about=about)
    await store.finish_outbox([row.id for row in await store.take_outbox(10)])
    revision = (await store.get_record(LOCAL, "d1")).history.deal.revision
    await store.save_feedback(LOCAL, accepted)
    assert await store.take_outbox(10) == []
    await store.save_feedback(LOCAL, dismissed)
    await store.save_feedback(LOCAL, dismissed)
    assert (await store.get_record(LOCAL, "d1")).history.deal.revision == revision + 1
    assert [(row.deal_id, row.cause) for row in await store.take_outbox(10)] == [("d1", "changed")]
    kept = (await store.list_feedback(LOCAL, ["d1"]))["d1"]
    assert kept[0].about == about


async def test_an_answer_on_a_closed_deal_changes_nothing_else(store: Store) -> None:
    await store.apply_deals(LOCAL, [DealWrite("d1", outcome=Outcome.LOST)])
    revision = (await store.get_record(LOCAL, "d1")).history.deal.revision
    await store.save_feedback(LOCAL, DISMISSED)
    assert (await store.get_record(LOCAL, "d1")).history.deal.revision == revision


DECISION = {
    "policy": "default", "control": False, "since": "2017-09-25", "action": "call", "propensity": 0.7,
    "chances": [{"policy": "default", "action": "call", "probability": 0.7},
                {"policy": "default", "action": "mail", "probability": 0.3}],
    "shares": {"": 0.05, "default": 0.95},
}  # fmt: skip


def suggested(deal_id: str, insight_id: str, **decision: Any) -> Insight:
    found = insight(deal_id, InsightKind.NEXT_ACTIONS, insight_id=insight_id)
    body = {"actions": [{"action": "call"}, {"action": "demo"}], "decision": DECISION | decision}
    return replace(found, body=dict(found.body) | body)


async def test_the_first_decision_of_a_week_is_kept_where_chance_had_a_part(store: Store) -> None:
    certain = {"chances": [{"policy": "default", "action": "call", "probability": 1.0}], "shares": {"default": 1.0}}
    await store.apply_insights([suggested("d1", "a"), suggested("d2", "a", **certain)])
    await store.apply_insights([suggested("d1", "b", action="mail")])
    await store.apply_insights([suggested("d1", "c", since="2017-10-02", control=True)])
    await store.save_feedback(LOCAL, DISMISSED)
    found = [row async for rows in store.export_rows(LOCAL, "decisions", None) for row in rows]
    assert [(row["deal_id"], row["insight_id"], row["action"], row["control"]) for row in found] == [
        ("d1", "a", "call", False), ("d1", "c", "call", True),
    ]  # fmt: skip
    assert [set(row) for row in found] == [set(SCHEMAS["decisions"].names)] * 2
    one = decided(*[found[0][name] for name in SCHEMAS["decisions"].names])
    assert one.design() == pytest.approx({"": 0.05, "call": 0.665, "mail": 0.285})
    (said,) = [row async for rows in store.export_rows(LOCAL, "feedback", None) for row in rows]
    assert set(said) == set(SCHEMAS["feedback"].names)
    assert (said["verb"], said["place"], said["propensity"], said["time"]) == ("dismiss", 1, 0.4, NOW)
