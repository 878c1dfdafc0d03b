"""Long texts as coordinates: what counts as text, what the coordinates tell apart, and that they keep."""

from __future__ import annotations

import json

import numpy as np

from learning.columns import Texts
from learning.texts import TextColumn, fit_text, reads_as_text

TOPICS = (
    "the price is too high for our budget this quarter {n}",
    "they want a demo with the technical team next week {n}",
    "가격이 너무 높아서 이번 분기 예산으로는 어렵다고 합니다 {n}",
)


def notes(count: int = 90, seed: int = 0) -> tuple[Texts, np.ndarray]:
    """Texts of three topics, every tenth one missing, and their topics (-1 where missing)."""
    generator = np.random.default_rng(seed)
    topic = generator.integers(0, 3, count)
    texts = [TOPICS[one].format(n=f"{number} {generator.integers(99)}") for number, one in enumerate(topic.tolist())]
    codes = np.where(np.arange(count) % 10 == 9, -1, np.arange(count))
    return Texts(texts, codes), np.where(codes < 0, -1, topic)


def test_sentences_are_text_and_choices_and_identifiers_are_not() -> None:
    assert reads_as_text(notes()[0])
    assert not reads_as_text(Texts(["won by phone call", "lost by fax mail"], np.arange(90) % 2))
    assert not reads_as_text(Texts([f"ID-{one}" for one in range(90)], np.arange(90)))
    assert not reads_as_text(Texts([], np.full(90, -1)))


def test_coordinates_tell_topics_apart_also_in_texts_never_seen() -> None:
    seen, topic = notes()
    column = fit_text("note", seen)
    assert column is not None
    learned = column.features(seen, 90)
    centres = np.array([learned[topic == one].mean(axis=0) for one in range(3)])
    later, expected = notes(60, seed=1)
    found = column.features(later, 60)
    nearest = np.square(found[:, None] - centres).sum(axis=2).argmin(axis=1)
    known = expected >= 0
    assert np.mean(nearest[known] == expected[known]) > 0.95


def test_missing_is_a_feature_of_its_own_and_an_empty_text_is_no_error() -> None:
    column = fit_text("note", notes()[0])
    assert column is not None
    found = column.features(Texts(["", "x", "한"], np.array([-1, 0, 1, 2])), 4)
    assert found[:, -1].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert not found[0, :-1].any()
    assert np.isfinite(found).all()
    assert column.features(None, 2)[:, -1].tolist() == [1.0, 1.0]


def test_it_is_the_same_each_time_and_after_reading_it_back() -> None:
    seen, _ = notes()
    first, second = fit_text("note", seen), fit_text("note", seen)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.projection, second.projection)
    read = TextColumn.from_json(json.loads(json.dumps(first.to_json())), first.arrays())
    np.testing.assert_array_equal(read.features(seen, 90), first.features(seen, 90))


def test_texts_without_anything_in_common_give_no_column() -> None:
    assert fit_text("note", Texts(["ab", "cd"], np.array([0, 1]))) is None
