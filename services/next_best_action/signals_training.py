"""`python -m services.next_best_action.signals_training NOTES`: the weights notes are read with.

NOTES is the folder of the marked notes. All but the held half are learned from, beside the written sentences and notes.
English gets two sets of weights: with the encoder's vectors, and without, for where it is not installed or not loaded.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from services.next_best_action.signals_corpus import FOLDER, NAMES, Example, Note, marked, noted, sources, written
from services.next_best_action.signals_encoder import DIMENSIONS, ENCODER, Sum, mean
from services.next_best_action.signals_grams import BUCKETS, LANGUAGES, WORDS_FILE, features, windows
from services.next_best_action.signals_weights import SHORTEST, Weights, beside_next, quantised

LEAST_SENTENCES = 2  # that hold a bucket, for it to count
INVERSE_PENALTY = {"ko": 30.0, "en": 10.0}
MAIN = 6  # the first of NAMES, of which there are examples enough to set a threshold of their own
LEARNED = ("open", "dev", "former", "trades", "offices", "voices", "idioms")  # of the marked notes
LEAST_PRECISION, LEAST_RECALL = 0.8, 0.7  # asked of notes out of fold; a threshold stays as far from both as it can
SEARCHED = np.arange(-3.0, 3.01, 0.1)  # log-odds tried as the least
ENCODED_AT_ONCE = 16
ENCODED = "en_encoded"  # the set of weights that takes the encoder's vectors
SETS = (*LANGUAGES, ENCODED)
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """Rarity (BUCKETS,), coefficients (BUCKETS + dimensions, signals), bias (signals,)."""

    rarity: Doubles
    coefficients: Doubles
    bias: Doubles


@dataclass(frozen=True)
class Corpus:
    """What a set of weights is learned from: lines, and whole notes by the family that they are written in."""

    language: str
    lines: list[Example]
    notes: list[Note]
    sums: dict[str, Sum]  # the encoder's, by sentence; none where the set is read without

    @classmethod
    def read(cls, name: str, folder: Path) -> Corpus:
        """Of a name of SETS, with the marked notes of a folder."""
        language = name[:2]
        notes = [each for part in LEARNED for each in marked(folder / f"{language}_{part}.jsonl")] + [*noted(language)]
        corpus = cls(language, list(written(language)), notes, {})
        return replace(corpus, sums=encoded(corpus.examples(notes))) if name == ENCODED else corpus

    def examples(self, notes: Sequence[Note]) -> list[Example]:
        """The lines', and those of some of the notes."""
        return [*self.lines, *(each for _, _, found in notes for each in found)]


def train(name: str, folder: Path) -> tuple[Weights, dict[str, Any]]:
    """A set's weights, and how well they read notes of hands they did not see; the same for the same sentences."""
    corpus = Corpus.read(name, folder)
    answers = out_of_fold(corpus)
    least = thresholds(answers, corpus.notes)
    fitted = fit(corpus, corpus.examples(corpus.notes))
    values, scale = quantised(fitted.coefficients[:BUCKETS])
    weights = Weights(corpus.language, NAMES, fitted.rarity.astype(np.float16).astype(np.float32), values, scale,
                      fitted.bias.astype(np.float32), least.astype(np.float32), source(name, folder),
                      fitted.coefficients[BUCKETS:].astype(np.float16).astype(np.float32))  # fmt: skip
    return weights, judged(answers >= least, corpus.notes)


def fit(corpus: Corpus, examples: Sequence[Example], *, signals: int = len(NAMES)) -> Fitted:
    """One ridge-like logistic fit a signal, of the first so many; the others' are 0."""
    found = [features(each.text, corpus.language) for each in examples]
    seen = np.bincount(np.concatenate(found), minlength=BUCKETS)
    rarity = np.where(seen >= LEAST_SENTENCES, np.log((1 + len(found)) / (1 + seen)) + 1, 0.0)
    used = np.flatnonzero(rarity)
    vectors = dense(corpus, examples)
    middle, spread = vectors.mean(axis=0), np.maximum(vectors.std(axis=0), 1e-6) * max(vectors.shape[1], 1) ** 0.5
    inputs = sparse.hstack([matrix(found, rarity)[:, used], (vectors - middle) / spread]).tocsr()
    weights = np.array([each.weight for each in examples])
    coefficients, bias = np.zeros((BUCKETS + vectors.shape[1], len(NAMES))), np.zeros(len(NAMES))
    places = np.concatenate([used, np.arange(BUCKETS, len(coefficients))])
    for place, name in enumerate(NAMES[:signals]):
        sure = np.array([name not in each.unsure for each in examples])
        shows = np.array([name in each.shows for each in examples])
        model = LogisticRegression(C=INVERSE_PENALTY[corpus.language], max_iter=500)
        model.fit(inputs[sure], shows[sure], sample_weight=weights[sure])
        coefficients[places, place], bias[place] = model.coef_[0], model.intercept_[0]
    coefficients[BUCKETS:] /= spread[:, None]
    return Fitted(rarity, coefficients, bias - middle @ coefficients[BUCKETS:])


def encoded(examples: Sequence[Example]) -> dict[str, Sum]:
    """By sentence. Raises RuntimeError where the text encoder is not installed."""
    if not ENCODER.wait():
        raise RuntimeError("the text encoder is not installed: install the extra that brings it")
    known = sorted({each for example in examples for each in sentences(example.text)}, key=len)
    batches = [known[at : at + ENCODED_AT_ONCE] for at in range(0, len(known), ENCODED_AT_ONCE)]
    return dict(zip(known, (each for batch in batches for each in ENCODER.sums(batch)), strict=True))


def dense(corpus: Corpus, examples: Sequence[Example]) -> Doubles:
    """(examples, dimensions): the encoder's vectors, of no dimensions where the set is read without."""
    if not corpus.sums:
        return np.zeros((len(examples), 0))
    found = [mean([corpus.sums[each] for each in sentences(example.text)]) for example in examples]
    return np.array(found, dtype=np.float64).reshape(-1, DIMENSIONS)


def sentences(text: str) -> tuple[str, ...]:
    """One or two: what a window is made of."""
    spans = windows(text)
    singles = spans[: (len(spans) + 1) // 2]
    return tuple(text[start:end] for start, end in singles) or (text,)


def matrix(found: Sequence[NDArray[np.int32]], rarity: Doubles) -> Any:
    """Sentences × BUCKETS, rarity-weighted, rows of length 1."""
    starts = np.concatenate([[0], np.cumsum([len(each) for each in found])])
    columns = np.concatenate(found) if found else np.zeros(0, dtype=np.int32)
    values = rarity[columns]
    squares = np.add.reduceat(np.append(values**2, 0.0), starts[:-1]) if found else np.zeros(0)
    squares[np.diff(starts) == 0] = 0.0
    lengths = np.maximum(np.sqrt(squares), SHORTEST)
    return sparse.csr_matrix((values / np.repeat(lengths, np.diff(starts)), columns, starts),
                             shape=(len(found), BUCKETS))  # fmt: skip


def out_of_fold(corpus: Corpus) -> Doubles:
    """Highest log-odds of each note's sentences, by weights that saw no note of its file: of another hand, mostly."""
    file_of = np.array([found[0].source.partition(":")[0] for _, _, found in corpus.notes])
    answers = np.zeros((len(corpus.notes), len(NAMES)))
    for file in dict.fromkeys(file_of.tolist()):
        kept = [note for note, own in zip(corpus.notes, file_of, strict=True) if own != file]
        fitted = fit(corpus, corpus.examples(kept), signals=MAIN)
        for at in np.flatnonzero(file_of == file):
            answers[at] = beside_next(log_odds(corpus, fitted, corpus.notes[at][2])).max(axis=0)
    return answers


def log_odds(corpus: Corpus, fitted: Fitted, examples: Sequence[Example]) -> Doubles:
    """(examples, signals)."""
    grams = matrix([features(each.text, corpus.language) for each in examples], fitted.rarity)
    vectors = dense(corpus, examples)
    return np.asarray(grams @ fitted.coefficients[:BUCKETS] + vectors @ fitted.coefficients[BUCKETS:] + fitted.bias)


def thresholds(answers: Doubles, notes: Sequence[Note]) -> Doubles:
    """By signal, the least log-odds from which it counts as shown; of all together where notes show it too rarely."""
    shows = shown_by(notes)
    common = _least(answers[:, :MAIN].ravel(), shows[:, :MAIN].ravel())
    return np.array([_least(answers[:, at], shows[:, at]) if at < MAIN else common for at in range(len(NAMES))])


def _least(answers: Doubles, shows: NDArray[np.bool_]) -> float:
    """Of those tried, the one whose smaller lead, of precision or recall over what is asked, is largest."""
    read = answers >= SEARCHED[:, None]
    right = (read & shows).sum(axis=1)
    precision = right / np.maximum(read.sum(axis=1), 1)
    recall = right / max(shows.sum(), 1)
    return float(SEARCHED[np.minimum(precision - LEAST_PRECISION, recall - LEAST_RECALL).argmax()])


def shown_by(notes: Sequence[Note]) -> NDArray[np.bool_]:
    """(notes, signals)."""
    return np.array([[name in shows for name in NAMES] for _, shows, _ in notes])


def judged(read: NDArray[np.bool_], notes: Sequence[Note]) -> dict[str, Any]:
    """Precision and recall of the main signals."""
    shows = shown_by(notes)
    right = (read & shows).sum(axis=0)
    return {
        name: {"precision": round(float(right[at] / max(read[:, at].sum(), 1)), 3),
               "recall": round(float(right[at] / max(shows[:, at].sum(), 1)), 3)}
        for at, name in enumerate(NAMES[:MAIN])
    }  # fmt: skip


def source(name: str, folder: Path) -> str:
    """Digest of all that a set's weights come from."""
    parts = [*sources(name[:2]), WORDS_FILE, *(folder / f"{name[:2]}_{part}.jsonl" for part in LEARNED)]
    return hashlib.sha256(b"".join(hashlib.sha256(each.read_bytes()).digest() for each in parts)).hexdigest()


if __name__ == "__main__":
    for each in sys.argv[2:] or SETS:
        found, quality = train(each, Path(sys.argv[1]))
        found.save(FOLDER.with_name(f"signals_{each}.npz"))
        sys.stdout.write(json.dumps({"weights": each, "out_of_fold": quality}) + "\n")
        sys.stdout.flush()
