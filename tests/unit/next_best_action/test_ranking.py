"""Ranking: gain, consent, limits, nothing now, one probability."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.money import Money
from learning.action_policies import ActionPolicies
from learning.answers import About, Answered, Verb
from learning.records import ContactCounter, DealKind, Motion, Outcome, ProductLine
from services.next_best_action import catalogue
from services.next_best_action.domain import Asked, Effect, Policy, Ranking
from services.next_best_action.features import TEXTS_READ, Signals
from services.next_best_action.model import ActionModel
from services.next_best_action.ranking import rank
from services.next_best_action.service import situation
from tests.unit.next_best_action.nba_builders import DAY, activity, asked, at, person

ACTIONS = catalogue.load()
MODEL = ActionModel()


def ranked(
    question: Asked, model: ActionModel = MODEL, actions: catalogue.Catalogue = ACTIONS, **options: Any
) -> Ranking:
    return rank(situation(question, actions, model), actions, model, **options)


def names(ranking: Ranking) -> list[str]:
    return [each.action.name for each in ranking.suggestions]


def every(actions: catalogue.Catalogue = ACTIONS) -> catalogue.Catalogue:
    """Shows all that is worth doing, not the best three alone."""
    return replace(actions, policy=replace(actions.policy, shown=10))


def test_at_most_three_best_first_with_reasons_in_both_languages() -> None:
    found = ranked(asked(contacts=((person(), "decides"),)))
    assert len(found.suggestions) == 3
    gains = [each.gain.minor for each in found.suggestions]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] > 0
    for each in found.suggestions:
        assert each.contact_id == "p1"
        assert all(reason.text_en and reason.text_ko for reason in each.reasons)


def test_silence_is_named_in_days() -> None:
    found = ranked(
        asked(activities=(activity("call", "outbound", 21.5),), contacts=((person(), "uses"),)), actions=every()
    )
    call = next(each for each in found.suggestions if each.action.name == "call")
    assert call.reasons[0].text_en == "no contact recorded for 21 days"
    assert call.reasons[0].text_ko == "21일 동안 연락 기록이 없습니다"


def test_silence_tells_nothing_where_no_contacts_are_recorded() -> None:
    question, reading = asked(contacts=((person(), "uses"),)), ("days_since_contact", "days_since_meeting")
    fields = {kept: [one.field for each in ranked(question, ActionModel(log_kept=kept), every()).suggestions
                     for one in each.reasons] for kept in (None, True, False)}  # fmt: skip
    assert fields[None] == fields[True]
    assert set(reading) <= set(fields[True])
    assert not set(reading) & set(fields[False])
    unkept = ranked(question, ActionModel(log_kept=False))
    assert all("no contacts with customers are recorded" in each.reasons[-1].text_en for each in unkept.suggestions)
    begun = replace(ActionModel(), log_kept=False)  # this deal has a contact since: its silence means something again
    found = ranked(asked(activities=(activity("call", "outbound", 21.5),)), begun, every())
    assert "no contact recorded for 21 days" in {one.text_en for each in found.suggestions for one in each.reasons}


def test_gain_is_probability_gain_times_amount_less_cost() -> None:
    question = asked(probability=0.5, amount=Money("USD", 1_000_000))
    found = ranked(question, actions=every())
    for each in found.suggestions:
        expected = each.probability_gain * 10_000 + each.action.benefit - each.action.cost
        assert float(each.gain.value) == pytest.approx(expected, abs=0.01)


def test_small_deals_are_not_worth_the_effort() -> None:
    found = ranked(asked(amount=Money("USD", 3_000)))
    assert found.suggestions == ()
    assert found.look_again == DAY + timedelta(days=7)


@pytest.mark.parametrize("change", [{"outcome": Outcome.WON}, {"outcome": Outcome.LOST}, {"deleted": True}])
def test_closed_and_deleted_deals_get_none(change: dict[str, Any]) -> None:
    assert ranked(asked(**change)) == Ranking((), None)


def test_leads_get_actions_worth_the_usual_share_of_a_won_deal() -> None:
    lead = ranked(asked(kind=DealKind.LEAD))
    deal = ranked(asked())
    assert lead.suggestions
    assert {each.action.name for each in lead.suggestions}.isdisjoint({"send_quote", "visit", "trial"})
    assert lead.suggestions[0].gain.minor < deal.suggestions[0].gain.minor


def test_a_refused_channel_is_never_used() -> None:
    contacts = ((person("p1", refused=("call", "visit", "mail")), "decides"),)
    found = ranked(asked(contacts=contacts), actions=every())
    assert all(each.channel == "" for each in found.suggestions)


def test_a_channel_that_needs_consent_waits_for_it() -> None:
    refused = ("call", "mail", "visit")
    silent = ranked(asked(contacts=((person(refused=refused), "uses"),)), actions=every())
    willing = ranked(asked(contacts=((person(granted=("chat",), refused=refused), "uses"),)), actions=every())
    unknown = ranked(asked(), actions=every())
    assert "chat" not in names(silent)
    assert "chat" in names(willing)
    assert not {"chat", "text"} & set(names(unknown))


def test_the_contact_is_chosen_by_role_among_those_who_may_be_reached() -> None:
    contacts = ((person("u"), "uses"), (person("d", refused=("call",)), "decides"), (person("c"), "champions"))
    found = ranked(asked(contacts=contacts), actions=every())
    chosen = {each.action.name: (each.channel, each.contact_id) for each in found.suggestions}
    assert chosen["call"] == ("call", "c")
    assert chosen["mail"] == ("mail", "c")
    assert chosen["visit"] == ("visit", "d")


def test_contact_limits_hold_and_say_when_to_look_again() -> None:
    last = at(2)
    counters = [
        ContactCounter("call", 3, 3, 0, last),
        ContactCounter("mail", 0, 0, 3, last),
        ContactCounter("visit", 1, 1, 0, last),
    ]
    found = ranked(asked(counters=counters), actions=every())
    assert not {"call", "mail", "visit"} & {each.channel for each in found.suggestions}
    if not found.suggestions:
        assert found.look_again == last.date() + timedelta(days=7)


def test_limits_end() -> None:
    counters = [ContactCounter("call", 0, 3, 3, at(8))]
    assert "call" in names(
        ranked(asked(counters=counters, activities=(activity("call", "outbound", 8),)), actions=every())
    )


def test_what_the_customer_said_brings_its_answer() -> None:
    said = activity("mail", "inbound", 3, "솔직히 경쟁사보다 비싸네요. 내부 품의도 필요합니다")
    found = ranked(asked(activities=(said,), contacts=((person(), "champions"),)), actions=every())
    assert {"answer_objection", "support_internal_approval"} <= set(names(found))


def test_renewals_and_customers_get_their_own_actions() -> None:
    found = ranked(asked(motion=Motion.RENEWAL, probability=0.7, products=(ProductLine("p"),)), actions=every())
    assert {"renewal_talk", "cross_sell"} <= set(names(found))


def test_a_hopeless_small_deal_is_closed_and_a_late_one_gets_a_new_date() -> None:
    hopeless = ranked(asked(probability=0.02, amount=Money("USD", 50_000), created_time=at(400)))
    assert names(hopeless)[0] == "close_lost"
    late = ranked(asked(close_date=DAY - timedelta(days=3), amount=Money("USD", 1_000)))
    assert "revise_close_date" in names(late)


def test_a_deal_without_an_amount_counts_as_a_usual_one() -> None:
    model = ActionModel(currency="KRW", typical_amounts={"KRW": 30_000_000.0})
    found = ranked(asked(amount=None), model)
    assert found.suggestions[0].gain.currency == "KRW"


def test_exploration_needs_a_model_and_is_replayable() -> None:
    effects = {name: Effect(0.2, 0.1, 0.3, learned=True, deals=500) for name in ("call", "meeting", "mail")}
    model = ActionModel(effects=effects, outcomes=5_000)
    actions = replace(ACTIONS, policy=Policy(near=1.0, most_exploring=1.0))
    policies = ActionPolicies(control_share=0.0)
    first = {names(ranked(asked(id=f"d{i}"), model, actions, policies=policies))[0] for i in range(60)}
    assert len(first) > 1
    assert ranked(asked(), model, actions) == ranked(asked(), model, actions)
    assert {names(ranked(asked(id=f"d{i}"), actions=actions))[0] for i in range(60)} == {names(ranked(asked()))[0]}
    for i in range(20):
        assert 0 < ranked(asked(id=f"d{i}"), model, actions, policies=policies).suggestions[0].propensity < 1


@settings(max_examples=150, deadline=None)
@given(
    st.floats(0, 1), st.integers(0, 10**14), st.sampled_from(["USD", "KRW", "EUR", "BHD"]),
    st.dictionaries(st.sampled_from([each.name for each in ACTIONS.actions]),
                    st.builds(Effect, st.floats(-20, 20), st.floats(-30, -20), st.floats(20, 30)), max_size=5),
    st.integers(0, 2**63), st.dates(date(1999, 1, 1), date(9990, 1, 1)),
)  # fmt: skip
def test_probability_plus_gain_stays_a_probability(
    p: float, minor: int, currency: str, effects: dict[str, Effect], seed: int, close: date
) -> None:
    model = ActionModel(effects=effects, outcomes=10_000)
    question = asked(probability=p, amount=Money(currency, minor), close_date=close)
    found = ranked(question, model, every(), seed=seed)
    for each in found.suggestions:
        for change in (each.probability_gain, each.probability_gain_low, each.probability_gain_high):
            assert 0 <= p + change <= 1
        assert 0 < p + each.probability_gain < 1
        assert each.gain.minor >= 0
        assert 0 <= each.propensity <= 1


def test_signals_are_found_in_the_newest_texts_alone() -> None:
    signals = Signals({"price": ["Discount", "할인"], "demo": ["demo", ""], "none": []})

    def found(*texts: tuple[float, str]) -> list[str]:
        return signals.read([activity("note", "internal", ago, text) for ago, text in texts], DAY).names

    assert found((3, "DISCOUNT on the Demo")) == ["demo", "price"]
    assert found((3, "x" * 500 + "demo")) == []
    assert found((60, "demo"), (59.9, "할인")) == ["price"]
    assert found((3, "할인"), (-0.5, "demo")) == ["price"]
    assert found((9, "demo"), *[(8 - n, "lunch") for n in range(TEXTS_READ - 1)], (1, "")) == ["demo"]
    assert found((9, "demo"), *[(8 - n, "lunch") for n in range(TEXTS_READ)]) == []
    assert found((2, "disc"), (1, "ount")) == []
    assert found() == []


def test_an_answered_action_makes_room_for_the_next_one() -> None:
    question = asked(contacts=((person(), "decides"),))
    before = names(ranked(question, actions=every()))
    told = Answered(before[0], Verb.DISMISS, DAY, about=About.of(question.history.deal))
    assert names(ranked(replace(question, answers=(told,)), actions=every())) == before[1:]
    moved = replace(question.history, deal=replace(question.history.deal, stage="Closing"))
    assert before[0] in names(ranked(replace(question, history=moved, answers=(told,)), actions=every()))


def test_where_all_is_answered_it_says_when_to_look_again() -> None:
    question = asked(contacts=((person(), "decides"),))
    told = [Answered(each.name, Verb.SNOOZE, DAY, DAY + timedelta(days=3)) for each in ACTIONS.actions]
    found = ranked(replace(question, answers=tuple(told)))
    assert (found.suggestions, found.look_again) == ((), DAY + timedelta(days=3))
