"""Past deals like one: which are found, what is told of them, and that no words of theirs are kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from kit.errors import InvalidInput
from kit.models import Pointer
from learning.records import Activity, DealHistory, Outcome
from learning.testing import company, last_day
from services.next_best_action import encoder
from services.next_best_action.encoder import Floats, TextVectors, readable
from services.next_best_action.likeness import Likeness
from services.next_best_action.similar import FILE, Known, SimilarDeals, fields_vector, words_vector
from services.next_best_action.similar_training import Past, index, past_of
from services.next_best_action.texts import fit

TOPICS = ("the crane hoist broke and they want a new hydraulic pump",
          "school timetable software for teachers and classes",
          "기숙사 세탁기 교체 견적을 요청함", "병원 초음파 장비 임대를 문의함")  # fmt: skip


def noted(history: DealHistory, number: int) -> DealHistory:
    """A deal with a note of one of TOPICS on its first day, and a call a week later."""
    born = history.deal.created_time
    assert born is not None
    note = Activity(f"n{number}", history.deal.id, "note", "internal", born, text=TOPICS[number % 4])
    call = Activity(f"c{number}", history.deal.id, "call", "outbound", born + timedelta(days=400))
    return replace(history, activities=(note, call))


@pytest.fixture(scope="module")
def past() -> list[Past]:
    found = [past_of(noted(one, number), last_day()) for number, one in enumerate(company(200))]
    return [one for one in found if one is not None]


def letters(texts: Sequence[str]) -> Floats:
    """A stand-in for a model: counts of letters, of length 1."""
    counts = np.array([[text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts])
    return np.asarray(counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def asked(known: SimilarDeals, one: Past) -> Known:
    assert known.centre is not None
    return Known(fields_vector(one.row, *known.centre), None, words_vector(known.ngrams, one.text))


def test_deals_of_a_like_text_and_fields_come_first_and_never_the_deal_itself(past: list[Past]) -> None:
    known = index(past)
    texts = {one.deal_id: one.text for one in past}
    same = []
    for one in [one for one in past if one.text][:40]:
        near = known.nearest(asked(known, one), 3, but=one.deal_id)
        assert one.deal_id not in {each.deal_id for each in near}
        assert sum(each.won for each in near) <= 3 >= sum(not each.won for each in near)
        assert [each.likeness for each in near] == sorted([each.likeness for each in near], reverse=True)
        same += [texts[each.deal_id] == one.text for each in near]
    assert np.mean(same) > 0.8


def test_what_was_done_next_lies_after_the_day_and_before_the_close(past: list[Past]) -> None:
    for one in past:
        assert one.day < one.closed
        assert (one.days_to_next > 0) == bool(one.following)
        assert one.days_to_next <= (one.closed - one.day).days + 1


def test_open_deleted_and_shortest_deals_are_not_compared_with() -> None:
    one = next(each for each in company(50) if each.deal.outcome is Outcome.WON)
    assert past_of(replace(one, deal=replace(one.deal, deleted=True)), last_day()) is None or not one.deal.deleted
    opened = next(each for each in company(200) if each.deal.outcome is Outcome.OPEN)
    assert past_of(opened, last_day()) is None


def test_it_comes_back_from_the_file_without_words(past: list[Past], tmp_path: Path) -> None:
    vectors = TextVectors("letters", load=lambda _: letters)
    known = index(past, vectors)
    known.save(tmp_path)
    loaded = SimilarDeals.load(tmp_path)
    question = asked(known, past[0])
    assert loaded.nearest(question, 5) == known.nearest(question, 5)
    assert loaded.encoder == "letters"
    assert "초음파".encode() not in (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(b"broken")
    with pytest.raises(InvalidInput, match="similar deals"):
        SimilarDeals.load(tmp_path)


def test_without_past_deals_there_are_none_like_it(tmp_path: Path) -> None:
    assert SimilarDeals.load(tmp_path).nearest(Known(np.zeros(3, dtype=np.float32)), 5) == []
    assert len(index([])) == 0


def test_a_text_goes_to_the_encoder_only_in_a_script_it_knows() -> None:
    assert readable("Called about the pump, 가격", ["latin"])
    assert not readable("가격이 비싸다고 함 (PO)", ["latin"])
    assert readable("가격이 비싸다고 함 (PO)", ["latin", "hangul"])
    assert not readable("123", ["latin"])


async def test_nobody_waits_for_the_encoder_and_its_answer_is_kept(past: list[Past]) -> None:
    ready = threading.Event()

    def slow(_: str) -> encoder.Encoder:
        ready.wait(30)
        return letters

    known = index(past, TextVectors("letters", load=lambda _: letters))

    class Deals:
        current: tuple[SimilarDeals, Pointer | None] = (known, None)

    vectors = TextVectors("letters", load=slow)
    likeness = Likeness(Deals(), vectors, wait=0.01)
    history = next(noted(one, 0) for one in company(50) if one.deal.created_time is not None)
    assert history.deal.created_time is not None
    day = history.deal.created_time.date()
    found, pending = await likeness.nearest(history, day, 3)
    assert pending
    assert found
    ready.set()
    vectors.vectors([TOPICS[0]]).result(30)
    _, pending = await likeness.nearest(history, day, 3)
    assert not pending


async def test_an_encoder_that_cannot_be_loaded_leaves_ngrams(past: list[Past]) -> None:
    def missing(_: str) -> encoder.Encoder:
        raise ImportError

    vectors = TextVectors("gone", load=missing)
    with pytest.raises(RuntimeError):
        vectors.vectors(["a text"]).result(30)
    assert not vectors.reads("a text")
    assert index(past, vectors).encoder == ""


def test_what_was_encoded_is_kept_by_its_text_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []

    def counting(texts: Sequence[str]) -> Floats:
        encoded.extend(texts)
        return letters(texts)

    monkeypatch.setattr(encoder, "KEPT_TEXTS", 2)
    vectors = TextVectors("letters", load=lambda _: counting)
    for texts in (["a", "b"], ["a"], ["c"], ["b"], ["a"]):
        vectors.vectors(texts).result(30)
    assert encoded == ["a", "b", "c", "b", "a"]


def test_the_space_of_ngrams_is_the_same_for_the_same_texts_and_puts_like_texts_together() -> None:
    texts = [f"{topic} {number}" for number in range(8) for topic in TOPICS]
    one, two = fit(texts, seed=1), fit(texts, seed=1)
    np.testing.assert_array_equal(one.directions, two.directions)
    pump, school = one.vector("a new pump for the hoist"), one.vector("timetable for a school")
    assert pump @ one.vector(TOPICS[0]) > pump @ one.vector(TOPICS[1])
    assert school @ one.vector(TOPICS[1]) > school @ one.vector(TOPICS[0])
    assert not fit(["one"]).vector("anything").any()
