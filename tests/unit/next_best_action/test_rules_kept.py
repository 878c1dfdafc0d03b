"""Limits, refusals, quiet hours and eligibility hold for every suggestion on any record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from accuracy.action_rules import all_shown, broken_rules, check, random_question
from learning.contact_hours import ContactHours
from services.next_best_action.domain import Suggestion
from services.next_best_action.model import ActionModel
from services.next_best_action.ranking import rank
from services.next_best_action.service import situation


def test_no_suggestion_on_two_thousand_random_records_breaks_a_rule() -> None:
    found = check(2_000, 1)
    assert not found.broken
    assert found.suggestions.total() > 1_500
    assert len(found.suggestions) >= 15  # every rule has something to hold for
    assert found.nothing > 100
    assert found.advertised > 25


def test_the_check_sees_what_breaks_a_rule() -> None:
    """Suggestions moved to other records and hours break every kind of rule."""
    rng, actions, seen = Random(3), all_shown(), set()
    now = datetime(2026, 3, 1, 22, tzinfo=UTC)
    pool: list[Suggestion] = []
    for _ in range(400):
        asked = random_question(rng)
        here = situation(asked, actions, ActionModel())
        pool += rank(here, actions, ActionModel()).suggestions
        if not pool:
            continue
        other = rng.choice(pool)
        night = replace(other, hours=ContactHours("UTC", (6, 7), 0, 1_440))
        around_the_clock = replace(other, hours=ContactHours("Asia/Seoul", (1, 2, 3, 4, 5), 0, 1_440))
        people = {contact.id for contact, _ in asked.history.contacts}
        offers = [each for each in pool if each.action.name == "cross_sell"][:1]
        for moved in (other, night, around_the_clock, *offers):
            if here.actionable and (not moved.contact_id or moved.contact_id in people):
                seen |= set(broken_rules(moved, asked, here, actions, now))
    assert seen >= {
        "refusal", "consent", "weekly limit", "monthly limit", "silence", "eligibility", "applicability",
        "suitability", "working day", "quiet hours", "offer during a service case",
    }  # fmt: skip
