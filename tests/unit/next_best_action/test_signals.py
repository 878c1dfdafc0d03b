"""What notes say and what they deny, in both languages, with the sentence that says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.records import Activity
from services.next_best_action import catalogue
from services.next_best_action.features import Signals
from services.next_best_action.signals import NAMES, Signal, read
from tests.unit.next_best_action.nba_builders import DAY, activity, at

SAID = {
    "price": [
        "가격이 너무 비싸다고 함",
        "할인 요청하심",
        "They said it is too expensive",
        "예산을 초과한다며 난색을 표함",
        "They can't afford this",
        "Customer pushed back on pricing",
        "단가가 부담된다고 하십니다",
        "Not happy with the price yet",
    ],
    "competitor": [
        "경쟁사 제안도 받고 있음",
        "They are also talking to another vendor",
        "타사 견적과 비교 중",
        "B사와 비교 검토 중",
        "They got a lower quote from a competitor",
    ],
    "timing": [
        "내년에 다시 논의하자고 함",
        "They want to postpone to next year",
        "Now is not a good time",
        "지금은 때가 아니라고 함",
        "project on hold until q3",
        "Call me again in three months",
    ],
    "no_decision_maker": [
        "결정권자를 아직 못 만남",
        "We still haven't met the decision maker",
        "누가 결정하는지 모르겠다고 함",
        "He cannot decide on his own",
        "실무자만 참석했습니다",
        "It is unclear who signs",
    ],
    "approval": [
        "내부 품의 진행 중",
        "Waiting for board approval",
        "결재 대기 중이라고 합니다",
        "needs sign-off from the CFO",
    ],
    "gone_silent": [
        "3주째 연락이 없음",
        "No reply to three mails",
        "They went dark after the demo",
        "전화를 받지 않음",
        "Hasn't returned my calls",
    ],
}
DENIED = {
    "price": [
        "가격은 문제 없다고 함",
        "Price isn't a problem",
        "they are happy with the price",
        "예산 범위 내라고 확인",
        "No discount was requested",
        "가격에 대한 불만은 없음",
    ],
    "competitor": [
        "경쟁사는 없다고 함",
        "No competitor is involved",
        "타사는 검토하지 않는다고 함",
        "They aren't talking to other vendors",
        "We are the only vendor",
    ],
    "timing": ["일정대로 진행 중", "No delay expected", "연기 없이 진행하기로 함", "timing is perfect"],
    "no_decision_maker": [
        "결정권자가 미팅에 참석했음",
        "The decision maker joined the call",
        "Met the CFO, who decides",
    ],
    "approval": [
        "내부 승인 완료",
        "Approval was granted yesterday",
        "별도 결재 없이 진행",
        "No internal approval needed",
    ],
    "gone_silent": ["바로 회신 왔음", "They replied within an hour", "연락이 잘 됨", "No need to reply"],
}


def names(text: str) -> set[str]:
    return {each.name for each in read(text)}


@pytest.mark.parametrize("name", SAID)
def test_what_a_note_says_is_read(name: str) -> None:
    assert len([text for text in SAID[name] if name not in names(text)]) <= 1


@pytest.mark.parametrize("name", DENIED)
def test_what_a_note_denies_is_not(name: str) -> None:
    assert len([text for text in DENIED[name] if name in names(text)]) <= 1


def test_each_signal_comes_with_the_sentence_that_shows_it() -> None:
    text = "데모는 잘 끝남. 가격은 괜찮지만 경쟁사와 비교 중이라고 함!\nNo reply since."
    assert read(text) == (
        Signal("competitor", "가격은 괜찮지만 경쟁사와 비교 중이라고 함!"),
        Signal("gone_silent", "No reply since."),
    )


def test_a_sentence_turns_at_but() -> None:
    assert names("The price is fine, but they are comparing us with a competitor") == {"competitor"}
    assert names("경쟁사는 없지만 가격이 비싸다고 함") == {"price"}


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert {each.name for each in read(text)} <= set(NAMES)


def test_newest_texts_tell_first_and_later_ones_nothing() -> None:
    log: tuple[Activity, ...] = (
        activity("note", "internal", 20, "The price is too high."),
        activity("note", "internal", 10, "가격이 비싸다고 함."),
        activity("note", "internal", -3, "They went silent."),
    )
    assert Signals({}).read(log, DAY).shown == ((Signal("price", "가격이 비싸다고 함."), at(10).date()),)


def test_the_catalogue_sees_read_signals_and_its_own_words() -> None:
    log = (activity("mail", "inbound", 3, "가격이 비쌉니다. 견적 다시 부탁드립니다"),)
    assert catalogue.load().signals.read(log, DAY).names == ["price", "quote"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("솔직히 경쟁사보다 비싸네요.", "price"), ("할인 요청받음", "price"), ("They asked for a discount", "price"),
        ("데모를 6명이 보고 싶어 하고 타사 데모도 봅니다", "competitor"), ("A사 데모를 6명이 봄", "competitor"),
        ("It's too expensive", "price"), ("타사 제품도 검토 중", "competitor"), ("competitor is cheaper", "competitor"),
        ("하반기로 연기", "timing"), ("project on hold", "timing"), ("누가 결정하는지 모름", "no_decision_maker"),
        ("don't know who decides", "no_decision_maker"), ("결재 대기 중", "approval"),
        ("needs board sign-off", "approval"),
        ("3주째 답이 없음", "gone_silent"), ("not responding to emails", "gone_silent"),
    ],
)  # fmt: skip
def test_what_is_plainly_said_is_read(text: str, shown: str) -> None:
    assert shown in {each.name for each in read(text)}


@pytest.mark.parametrize(
    "text",
    ["견적 보냄", "데모 일정 잡음", "두번째 미팅 완료", "내년 예산 확보됐다고 함", "샘플 테스트 진행 중", "Sent quote",
     "데모를 6명이 보고 싶어 합니다.", "레퍼런스 7곳 요청 팔로업 필요.", "3 of us would like a demo.",
     "sent the quote and a discount", "Demo scheduled Friday", "Quote for two machines sent", "A DISCOUNT and a Demo?"],
)  # fmt: skip
def test_records_of_work_show_nothing(text: str) -> None:
    assert read(text) == ()
