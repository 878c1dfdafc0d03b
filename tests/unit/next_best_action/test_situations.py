"""Effects by situation: found where they are, honest about their range, refused where the log cannot tell."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from learning.records import (
    Activity,
    Change,
    Consent,
    Contact,
    ContactRole,
    Deal,
    DealHistory,
    DealKind,
    Outcome,
)
from services.next_best_action import catalogue
from services.next_best_action.allowed import Allowed
from services.next_best_action.deeds import WAIT, Recogniser, decisions
from services.next_best_action.domain import Effect
from services.next_best_action.gain import USUAL, claim, held_out
from services.next_best_action.reasons import SIGNALS, ground
from services.next_best_action.signals_corpus import NAMES as READ
from services.next_best_action.situational import Decisions, learn, residuals, served
from services.next_best_action.situations import FILE, ActionCoefficients, SituationalEffects, choices_at, keys_of

NAMES = ("", "field Blocker=price", "stage Open")
ANY_CALL = """
[channels.call]
per_7_days = 3
[channels.chat]
consent = true
[[actions]]
name = "call"
en = "Call"
ko = "전화"
channels = ["call"]
[[actions]]
name = "chat"
en = "Chat"
ko = "채팅"
channels = ["chat"]
"""
EFFECT = 1.2  # log-odds of answering where price stands in the way
BORN = datetime(2025, 1, 6, 9, tzinfo=UTC)


def simulated(hidden: float = 0.0, seed: int = 0, deals: int = 1_500, effect: float = EFFECT) -> Decisions:
    """Four decisions a deal: answer, call or nothing. hidden: how much reps call deals that stand well."""
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(deals), 4)
    health = rng.normal(size=deals)[number]
    price = (rng.random(len(number)) < 0.3).astype(float)
    odds = np.column_stack([np.zeros(len(number)), np.full(len(number), -0.5), hidden * health])
    chances = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    done = (chances.cumsum(axis=1) < rng.random((len(number), 1))).sum(axis=1).clip(0, 2)
    pull = np.bincount(number, effect * price * (done == 1) - 0.4 * price)[number]
    won = (rng.random(deals)[number] < 1 / (1 + np.exp(-(0.8 * health + pull)))).astype(float)
    keys = np.column_stack([np.ones(len(number)), price, rng.random(len(number)) < 0.5])
    record = (health + rng.normal(size=deals)[number])[:, None] / 2**0.5
    days = number + np.tile(7 * np.arange(4), deals)
    return Decisions(NAMES, ("answer", "call"), keys, record, done, won, np.ones(len(number)), number, days, won)


def test_an_action_helps_where_it_does_and_its_range_holds_the_truth() -> None:
    data = simulated()
    left = residuals(data)
    effects = served(data, left, learn(data, left), ["Blocker"])
    here, elsewhere = effects.effects(["field Blocker=price"]), effects.effects([])
    assert here["answer"].low > 0.3
    assert here["answer"].low <= EFFECT <= here["answer"].high + 0.3  # of the odds given the record: drawn in a little
    assert here["answer"].situation == "field Blocker=price"
    assert abs(elsewhere["answer"].mean) < 0.25
    assert elsewhere["answer"].low < 0 < elsewhere["answer"].high
    found = claim(data, left, learn(data, left), effects)
    assert found.verdict == "gain"
    assert 0 < found.gain.low < found.gain.value < 0.5  # below one: a share of deals


def test_reps_who_act_by_how_deals_stand_leave_no_claim() -> None:
    data = simulated(hidden=1.0)
    left = residuals(data)
    learned = learn(data, left)
    found = claim(data, left, learned, served(data, left, learned, []))
    assert found.why.startswith("poor overlap")
    assert found.verdict == "none"
    honest = simulated()
    other = residuals(honest)
    own = learn(honest, other)
    assert found.selection > 3 * claim(honest, other, own, served(honest, other, own, [])).selection


def test_a_gain_that_is_not_there_is_not_claimed() -> None:
    data = simulated(effect=0.0, deals=600)
    left = residuals(data)
    learned = learn(data, left)
    assert claim(data, left, learned, served(data, left, learned, [])).verdict != "gain"


def test_what_may_not_be_suggested_brings_no_gain() -> None:
    data = simulated()
    left = residuals(data)
    learned = learn(data, left)
    effects = served(data, left, learned, ["Blocker"])

    def none_of_it(rows: np.ndarray) -> np.ndarray:
        return np.tile([True, False, True], (len(rows), 1))

    free, bound = claim(data, left, learned, effects), claim(data, left, learned, effects, none_of_it)
    assert (free.chosen == 1).any()
    assert not (bound.chosen == 1).any()
    assert bound.verdict != "gain"


def test_conditions_are_held_against_the_record_of_the_day() -> None:
    log = (deed(3, "call", ""), deed(25, "call", ""))
    days = [BORN.date() + timedelta(days=day) for day in (4, 8, 25)]
    may = Allowed(catalogue.load(), ("call", "visit"), [history(*log)] * 3, days)
    found = may(np.array([0, 1, 2]))
    assert found[:, 0].all(), "nothing always may be done"
    assert found[:, 1].tolist() == [False, True, False], "a call soon after a call is not suggested"
    sure = Allowed(catalogue.load(), ("visit",), [history()], [BORN.date() + timedelta(days=35)],
                   scores={"d1": {BORN.date(): 0.5, BORN.date() + timedelta(days=30): 0.05}})  # fmt: skip
    assert not sure(np.array([0]))[0, 1], "by the score of the day"


def test_contact_limits_and_consents_are_those_of_the_day() -> None:
    first = BORN.date()
    often = tuple(replace(deed(day, "call", ""), id=f"c{day}") for day in (22, 24, 26))
    days = [first + timedelta(days=day) for day in (15, 28, 60)]
    may = Allowed(catalogue.parse(ANY_CALL), ("call", "chat"), [history(*often)] * 3, days)
    assert may(np.arange(3))[:, 1].tolist() == [True, False, True], "three calls in a week are the limit"
    person = Contact(
        "p1", "", consents=(Consent("chat", granted=True, day=days[1]), Consent("call", granted=False, day=days[2]))
    )
    known = replace(history(), contacts=((person, "uses"),))
    known = replace(known, deal=replace(known.deal, contacts=(ContactRole("p1", "uses"),)))
    found = Allowed(catalogue.parse(ANY_CALL), ("call", "chat"), [known] * 3, days)(np.arange(3))
    assert found[:, 2].tolist() == [False, True, True], "chat from the day they said yes"
    assert found[:, 1].tolist() == [True, True, False], "no call once they said no"


def test_how_deals_ended_has_no_say_in_the_effects_they_are_counted_by() -> None:
    data = simulated(deals=600)
    left = residuals(data)
    learned = learn(data, left)
    last = data.deals >= 480  # the last fifth to begin
    flipped = replace(data, won=np.where(last, 1 - data.won, data.won))
    (chosen, before), (_, after) = (held_out(each, left, learned, left.chances) for each in (data, flipped))
    assert (before[last] == after[last]).all()
    assert (before[~last] != after[~last]).any()
    assert (chosen[last] != USUAL).any()


def test_what_is_hardly_done_in_a_situation_is_not_compared_there() -> None:
    one = ActionCoefficients([0.1, 0.5], [[0.01, 0.0], [0.0, 0.01]], [0.0, -6.0], 90, 40)
    effects = SituationalEffects(["", "stage Late"], [], [0.0, 0.0], {"call": one})
    assert effects.effects([])["call"].mean == pytest.approx(0.1)
    assert "call" not in effects.effects(["stage Late"])


def test_effects_are_read_as_they_were_written_and_damage_is_refused(tmp_path: Path) -> None:
    assert SituationalEffects.load(tmp_path) is None
    data = simulated(deals=400)
    written = served(data, residuals(data), learn(data, residuals(data)), ["Blocker"])
    written.save(tmp_path)
    read = SituationalEffects.load(tmp_path)
    assert read is not None
    assert read.effects(["stage Open"]) == written.effects(["stage Open"])
    body = json.loads((tmp_path / FILE).read_text())
    body["habit"] = body["habit"][:-1]
    (tmp_path / FILE).write_text(json.dumps(body))
    with pytest.raises(ValueError, match="do not match"):
        SituationalEffects.load(tmp_path)


def deed(day: int, kind: str, text: str, direction: str = "outbound") -> Activity:
    return Activity(f"t{day}", "d1", kind, direction, BORN + timedelta(days=day), text=text)


def history(*log: Activity, closed: int = 40) -> DealHistory:
    end = BORN + timedelta(days=closed)
    facts = [("kind", "OPPORTUNITY", BORN), ("outcome", "OPEN", BORN), ("fields.Blocker", "price", BORN),
             ("fields.Blocker", "none", BORN + timedelta(days=20)), ("outcome", "WON", end)]  # fmt: skip
    changes = tuple(Change(name, value, time, time) for name, value, time in facts)
    deal = Deal("d1", kind=DealKind.OPPORTUNITY, outcome=Outcome.WON, created_time=BORN, closed_date=end.date(),
                fields={"Blocker": "none"})  # fmt: skip
    return DealHistory(deal, changes, log)


def test_deeds_are_told_by_words_else_by_type_and_each_week_is_one_decision() -> None:
    recognise = Recogniser(catalogue.load().actions)
    log = (
        deed(3, "mail", "Sent quote for Pro. They want a demo."),
        deed(25, "call", "견적서 발송."),
        deed(27, "call", ""),
    )
    assert [recognise(one) for one in log] == ["send_quote", "send_quote", "call"]
    assert recognise(deed(1, "mail", "Please send a quote.", "inbound")) == ""
    found = list(decisions(history(*log), date(2026, 1, 1), recognise))
    assert [(one.action, (one.day - BORN.date()).days) for one in found] == [
        (WAIT, 6), (WAIT, 13), ("send_quote", 20), (WAIT, 27), (WAIT, 34),
    ]  # fmt: skip
    assert all(one.won for one in found)
    sooner = history(*log, closed=24)
    assert [one.action for one in decisions(sooner, date(2026, 1, 1), recognise)] == [WAIT, WAIT, WAIT]


def test_the_situation_is_that_of_the_day() -> None:
    before, after = (choices_at(history(), BORN.date() + timedelta(days=day), ["Blocker"]) for day in (5, 25))
    assert (before, after) == ({"Blocker": "price"}, {"Blocker": "none"})
    keys = keys_of({"stage": "Open", "signals": ["legal"]}, before)
    assert keys == ("stage Open", "signal legal", "field Blocker=price")


def test_the_reason_names_the_situation() -> None:
    effect = Effect(0.5, 0.1, 0.9, learned=True, deals=120, situation="field Blocker=price")
    reason = ground("call", effect, helps=True)
    assert "Blocker: price" in reason.text_en
    assert "Blocker: price" in reason.text_ko


def test_yes_and_no_are_named_in_both_languages() -> None:
    reason = ground("call", Effect(0.5, 0.1, 0.9, learned=True, situation="field 예산 확보=yes"), helps=True)
    assert "(예산 확보: yes)" in reason.text_en
    assert "(예산 확보: 예)" in reason.text_ko


def test_a_field_that_says_none_is_told_so_in_plain_words() -> None:
    reason = ground("call", Effect(0.5, 0.1, 0.9, learned=True, situation="field Blocker=none"), helps=True)
    assert "(no Blocker)" in reason.text_en
    assert "(Blocker 없음)" in reason.text_ko


def test_a_stage_is_named_as_one() -> None:
    reason = ground("call", Effect(0.5, 0.1, 0.9, learned=True, situation="stage demo"), helps=True)
    assert "(stage demo)" in reason.text_en
    assert "(demo 단계)" in reason.text_ko


def test_a_signal_is_named_in_words_of_both_languages() -> None:
    assert tuple(SIGNALS) == READ
    reason = ground("call", Effect(0.5, 0.1, 0.9, learned=True, situation="signal gone_silent"), helps=True)
    assert "(they do not answer)" in reason.text_en
    assert "(무응답)" in reason.text_ko
