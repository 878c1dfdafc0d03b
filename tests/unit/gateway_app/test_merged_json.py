"""The merged record: grades, trends, staleness, languages, consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kit.money import Money
from learning.records import Account, Consent, Contact, Deal, DealHistory, Outcome
from services.gateway.domain import Insight, InsightKey, InsightKind, Record
from services.gateway.merged import View, grade, merged, rounded
from services.gateway.store.interface import ScorePoint

DAY = "2017-09-30"
REASON = {"field": "f", "value": "v", "effect": 0.1, "text": {"en": "word", "ko": "말"}, "evidence": {}}
BODIES: dict[InsightKind, dict[str, Any]] = {
    InsightKind.LEAD_SCORE: {"probability": 0.6, "reasons": [REASON]},
    InsightKind.FORECAST: {"category": "COMMIT", "reasons": []},
    InsightKind.NEXT_ACTIONS: {
        "actions": [
            {"id": "1", "channel": "call", "contact_id": "c1", "text": {"en": "Call", "ko": ""}, "reasons": [REASON]},
            {"id": "2", "channel": "", "contact_id": "", "text": {"en": "Wait", "ko": "대기"}, "reasons": []},
        ]
    },
}


def insight(kind: InsightKind, revision: int = 3, generation: int = 1, day: str = DAY) -> Insight:
    key = InsightKey(revision, generation, day, "id")
    return Insight("d", kind, key, "1", datetime(2017, 9, 30, tzinfo=UTC), BODIES[kind])


def record(deal: Deal, *insights: Insight, consents: tuple[Consent, ...] = ()) -> Record:
    contact = Contact("c1", "Lee", consents=consents)
    history = DealHistory(deal, account=Account("a", "Acme"), contacts=((contact, "decides"),))
    return Record(history, "Kim", {each.kind: each for each in insights})


def view(language: str = "en") -> View:
    return View(DAY, dict.fromkeys(InsightKind, 1), language=language)


DEAL = Deal("d", 3, owner_id="u1", amount=Money("USD", 105400), fields={"when": date(2017, 1, 2), "n": 1.5})


def test_missing_parts_are_null() -> None:
    found = merged(record(DEAL), view())
    assert found["lead_score"] is found["forecast"] is found["next_actions"] is None
    assert found["amount"] == {"currency": "USD", "value": "1054.00"}
    assert found["fields"] == {"when": {"date": "2017-01-02"}, "n": 1.5}
    assert found["owner"] == {"id": "u1", "name": "Kim"}


def test_an_insight_is_stale_when_behind_in_revision_model_or_day() -> None:
    def stale(made: Insight, deal: Deal = DEAL) -> bool:
        return bool(merged(record(deal, made), view())["lead_score"]["stale"])

    kind = InsightKind.LEAD_SCORE
    assert not stale(insight(kind))
    assert stale(insight(kind, revision=2))
    assert stale(insight(kind, generation=0))
    assert stale(insight(kind, day="2017-09-29"))
    closed = Deal("d", 3, outcome=Outcome.WON)
    assert not stale(insight(kind, generation=0, day="2017-01-01"), closed)
    assert stale(insight(kind, revision=2), closed)


def test_texts_come_in_the_readers_language_else_english() -> None:
    found = merged(record(DEAL, *map(insight, InsightKind)), view("ko"))
    assert found["lead_score"]["reasons"][0]["text"] == "말"
    assert [action["text"] for action in found["next_actions"]["actions"]] == ["Call", "대기"]


def test_suggestions_to_people_who_refused_are_gone() -> None:
    def shown(*consents: Consent) -> list[str]:
        found = merged(record(DEAL, insight(InsightKind.NEXT_ACTIONS), consents=consents), view())
        return [action["id"] for action in found["next_actions"]["actions"]]

    assert shown() == ["1", "2"]
    assert shown(Consent("mail", granted=False)) == ["1", "2"]
    assert shown(Consent("call", granted=False)) == ["2"]


def test_grades_follow_the_bounds() -> None:
    assert [grade(p, (0.75, 0.5, 0.25)) for p in (1.0, 0.75, 0.6, 0.25, 0.1)] == ["A", "A", "B", "C", "D"]


def test_the_trend_comes_with_what_moved_it_in_the_readers_language() -> None:
    now = insight(InsightKind.LEAD_SCORE)
    now = replace(now, body={**now.body, "contributions": {"stage": 0.4}})
    scores = {"d": [ScorePoint(0.6, 1, DAY, {"stage": 0.4}), ScorePoint(0.5, 1, "2017-09-20", {"stage": -0.0055})]}
    found = merged(record(DEAL, now), replace(view("ko"), scores=scores))["lead_score"]
    assert (found["trend"], found["trend_since"]) == ("IMPROVING", "2017-09-20")
    [reason] = [one for one in found["trend_reasons"] if one["field"]]
    assert reason["text"] == "단계 — 가능성을 높였습니다"
    assert "contributions" not in found, "as many as there are columns: kept, not shown"


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_better_probability_never_has_a_worse_grade(one: float, other: float) -> None:
    bounds = (0.75, 0.5, 0.25)
    better, worse = max(one, other), min(one, other)
    assert grade(better, bounds) <= grade(worse, bounds)


def test_floats_are_told_without_the_noise_of_binary_fractions() -> None:
    told = rounded({"probability": 0.44000000000000006, "reasons": [{"effect": -0.1 - 0.2}], "text": "x", "n": 3})
    assert told == {"probability": 0.44, "reasons": [{"effect": -0.3}], "text": "x", "n": 3}
    assert type(told["n"]) is int
