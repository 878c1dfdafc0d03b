"""The weights that come along are those of the sentences that come along, and reading is quick."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from services.next_best_action import signals, signals_training
from services.next_best_action.signals_corpus import NAMES, Example, marked, noted, written
from services.next_best_action.signals_grams import BUCKETS, LANGUAGES, places, windows
from services.next_best_action.signals_training import Corpus
from services.next_best_action.signals_weights import Weights, beside_next, quantised

NOTES = Path(__file__).parents[2] / "data" / "notes"
FOLDER = Path(signals.__file__).parent


def stored(language: str) -> Weights:
    return Weights.load(FOLDER / f"signals_{language}.npz")


@pytest.mark.parametrize("name", signals_training.SETS)
def test_weights_are_of_the_sentences_there_are(name: str) -> None:
    assert stored(name).source == signals_training.source(name, NOTES)


def test_the_sentences_give_the_weights() -> None:
    corpus = Corpus.read("ko", NOTES)
    fitted = signals_training.fit(corpus, corpus.examples(corpus.notes), signals=1)
    kept, (values, scale) = stored("ko"), quantised(fitted.coefficients[:BUCKETS])
    np.testing.assert_allclose(fitted.rarity, kept.rarity, rtol=1e-3)
    assert scale[0] == pytest.approx(kept.scale[0], rel=0.02)
    assert np.abs(values[:, 0].astype(int) - kept.values[:, 0]).max() <= 3


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
    (tmp_path / "en_notes.txt").write_text("They [P want less\n", encoding="utf-8")
    monkeypatch.setattr("services.next_best_action.signals_corpus.FOLDER", tmp_path)
    with pytest.raises(ValueError, match="line 2"):
        list(written("en"))
    with pytest.raises(ValueError, match="line 1"):
        list(noted("en"))


def test_a_sentence_is_judged_with_the_next() -> None:
    rows = np.array([[4.0], [2.0], [-2.0], [6.0], [8.0]])  # three sentences, two pairs
    np.testing.assert_array_equal(beside_next(rows), [[5.0], [5.0], [-2.0]])
    np.testing.assert_array_equal(beside_next(rows[:1]), [[4.0]])


def test_a_written_note_shows_its_marks_and_neighbours_are_one_family() -> None:
    notes = list(noted("en"))
    text, shows, found = notes[1]
    assert "[" not in text
    assert shows == {"price"}
    assert [each.shows for each in found if "stomach" in each.text] == [{"price"}] * 2
    assert found[0].source == notes[0][2][0].source != notes[8][2][0].source


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
    signals._read.cache_clear()
    began = time.process_time()
    for text in notes:
        signals.read(text)
    assert (time.process_time() - began) / len(notes) < 2e-3
