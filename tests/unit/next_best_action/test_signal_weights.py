"""The weights that come along are those of the sentences that come along, and reading is quick."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from services.next_best_action import signals, signals_training
from services.next_best_action.signals_corpus import NAMES, Example, marked, written
from services.next_best_action.signals_grams import LANGUAGES, places, windows
from services.next_best_action.signals_weights import Weights, quantised

NOTES = Path(__file__).parents[2] / "data" / "notes"
FOLDER = Path(signals.__file__).parent


def stored(language: str) -> Weights:
    return Weights.load(FOLDER / f"signals_{language}.npz")


@pytest.mark.parametrize("language", LANGUAGES)
def test_weights_are_of_the_sentences_there_are(language: str) -> None:
    assert stored(language).source == signals_training.source(language, NOTES)


def test_the_sentences_give_the_weights() -> None:
    examples = [*written("ko"), *(each for _, _, found in marked(NOTES / "ko_open.jsonl") for each in found)]
    rarity, coefficients, _ = signals_training.fit(examples, "ko")
    kept, (values, scale) = stored("ko"), quantised(coefficients)
    np.testing.assert_allclose(rarity, kept.rarity, rtol=1e-3)
    np.testing.assert_allclose(scale, kept.scale, rtol=0.02)
    assert np.abs(values.astype(int) - kept.values).max() <= 3


def test_what_is_saved_is_loaded_and_the_same_bytes(tmp_path: Path) -> None:
    weights = stored("en")
    for name in ("one", "two"):
        weights.save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    found = weights.places("They went silent after the demo")
    np.testing.assert_array_equal(Weights.load(tmp_path / "one").margins(found), weights.margins(found))


def test_every_signal_has_hundreds_of_written_sentences_and_so_has_none() -> None:
    for language in LANGUAGES:
        lines = list(written(language))
        assert all(sum(name in each.shows for each in lines) >= 300 for name in NAMES[:6])
        assert sum(not each.shows for each in lines) >= 1000


def test_a_misformed_line_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("== style\nQ|no such signal\n", encoding="utf-8")
    monkeypatch.setattr("services.next_best_action.signals_corpus.FOLDER", tmp_path)
    with pytest.raises(ValueError, match="line 2"):
        list(written("en"))


def test_a_window_is_a_sentence_or_two_that_follow() -> None:
    text = 'Paid 3.5k. Why? "Too dear." ok'
    pieces = [text[start:end] for start, end in windows(text)]
    assert pieces[:4] == ["Paid 3.5k.", "Why?", '"Too dear."', "ok"]
    assert pieces[4:] == ["Paid 3.5k. Why?", 'Why? "Too dear."', '"Too dear." ok']


def test_what_a_note_shows_elsewhere_is_unsure_where_it_is_not_marked() -> None:
    _, shows, found = next(note for note in marked(NOTES / "en_open.jsonl") if len(note[1]) > 1)
    one = next(each for each in found if each.unsure)
    assert isinstance(one, Example)
    assert one.unsure <= shows
    assert not one.unsure & one.shows


def test_reading_a_note_takes_under_two_milliseconds_of_this_process() -> None:
    notes = [text for language in LANGUAGES for text, _, _ in marked(NOTES / f"{language}_open.jsonl")]
    signals.warm_up()
    places("warm", "en")
    signals.read.cache_clear()
    began = time.process_time()
    for text in notes:
        signals.read(text)
    assert (time.process_time() - began) / len(notes) < 2e-3
