"""English sentences become vectors without a deep learning library, and no reader waits for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from services.next_best_action import signals, signals_encoder
from services.next_best_action.minilm import LONGEST_SENTENCE, carried
from services.next_best_action.signals_encoder import Loading, Sum, mean

NOTE = "The rival they had in is out. Price is fine."


@pytest.fixture(scope="module")
def encoder() -> Loading:
    pytest.importorskip("tokenizers")
    loading = Loading()
    if not loading.wait():
        pytest.skip("the text encoder is not installed")
    return loading


def test_sentences_read_together_are_read_each_by_itself(encoder: Loading) -> None:
    one, two = "They are comparing us.", "Price is fine, she said, so go on"
    together, alone = encoder.sums((one, two, "")), [encoder.sums((each,))[0] for each in (one, two, "")]
    for (first, few), (second, many) in zip(together, alone, strict=True):
        assert few == many
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-3)
    (first, few), (second, many), _ = together
    np.testing.assert_allclose(mean(together[:2]), (first + second) / (few + many), rtol=1e-4, atol=1e-5)


def test_what_is_alike_is_nearer_and_long_texts_are_cut(encoder: Loading) -> None:
    said, alike, apart, long = encoder.sums(
        ("He never answers my mails", "She does not reply to my messages", "The pump needs a new seal", "word " * 500)
    )

    def likeness(one: Sum, two: Sum) -> float:
        return float(one[0] @ two[0] / np.linalg.norm(one[0]) / np.linalg.norm(two[0]))

    assert likeness(said, alike) > likeness(said, apart)
    assert long[1] == LONGEST_SENTENCE


def test_texts_have_vectors_of_length_one_whatever_stands_beside_them(encoder: Loading) -> None:
    texts = ("They went silent.", "No answer to five mails, they have gone quiet.", "The pump needs a seal. " * 40)
    assert encoder.wait()
    together, alone = carried().vectors(texts), np.concatenate([carried().vectors((each,)) for each in texts])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-4)
    assert together[0] @ together[1] > together[0] @ together[2]


def test_words_alone_are_read_until_it_is_there(encoder: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    may_load, asked = threading.Event(), []

    class Slow(Loading):
        def _load(self) -> None:
            may_load.wait(10)
            self._encoder = encoder._encoder

        def sums(self, sentences: Sequence[str]) -> list[Sum]:
            asked.append(sentences)
            return super().sums(sentences)

    slow = Slow()
    monkeypatch.setattr(signals, "ENCODER", slow)
    signals._read.cache_clear()
    plain = signals.read(NOTE)
    slow.want()
    assert signals.read(NOTE) == plain
    assert not asked
    may_load.set()
    assert slow.wait()
    signals.read(NOTE)
    assert [list(each) for each in asked] == [["The rival they had in is out.", "Price is fine."]]
    signals._read.cache_clear()


def test_without_the_package_words_alone_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals_encoder, "PACKAGE", "no_such_package")
    nothing = Loading()
    monkeypatch.setattr(signals, "ENCODER", nothing)
    nothing.want()
    assert not nothing.wait()
    assert signals.read("They went silent after the demo, no reply to five mails")
