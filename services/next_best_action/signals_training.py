"""`python -m services.next_best_action.signals_training NOTES`: the weights notes are read with.

NOTES is the folder of the marked notes, of which the open half is learned from beside the written sentences.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from services.next_best_action.signals_corpus import FOLDER, NAMES, Example, marked, written
from services.next_best_action.signals_grams import BUCKETS, LANGUAGES, places
from services.next_best_action.signals_weights import SHORTEST, Weights, quantised

LEAST_SENTENCES = 2  # that hold a bucket, for it to count
INVERSE_PENALTY = 30.0
FOLDS = 5
SEARCHED = np.arange(-3.0, 2.01, 0.1)  # log-odds tried as the least
Doubles = NDArray[np.float64]


def train(language: str, notes: Path) -> Weights:
    """The language's weights; the same for the same sentences."""
    notes_read = list(marked(notes / f"{language}_open.jsonl"))
    lines = list(written(language))
    examples = lines + [each for _, _, found in notes_read for each in found]
    least = thresholds(language, lines, notes_read)
    rarity, coefficients, bias = fit(examples, language)
    values, scale = quantised(coefficients)
    return Weights(language, NAMES, rarity.astype(np.float16).astype(np.float32), values, scale,
                   bias.astype(np.float32), least.astype(np.float32), source(language, notes))  # fmt: skip


def fit(examples: Sequence[Example], language: str) -> tuple[Doubles, Doubles, Doubles]:
    """Rarity (BUCKETS,), coefficients (BUCKETS, signals) and bias (signals,), one ridge-like logistic fit a signal."""
    found = [places(each.text, language) for each in examples]
    seen = np.bincount(np.concatenate(found), minlength=BUCKETS)
    rarity = np.where(seen >= LEAST_SENTENCES, np.log((1 + len(found)) / (1 + seen)) + 1, 0.0)
    features = matrix(found, rarity)
    weights = np.array([each.weight for each in examples])
    coefficients, bias = np.zeros((BUCKETS, len(NAMES))), np.zeros(len(NAMES))
    used = np.flatnonzero(rarity)
    narrow = features[:, used]
    for place, name in enumerate(NAMES):
        sure = np.array([name not in each.unsure for each in examples])
        shows = np.array([name in each.shows for each in examples])
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=500)
        model.fit(narrow[sure], shows[sure], sample_weight=weights[sure])
        coefficients[used, place], bias[place] = model.coef_[0], model.intercept_[0]
    return rarity, coefficients, bias


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


def out_of_fold(
    language: str, lines: Sequence[Example], notes: Sequence[tuple[str, frozenset[str], list[Example]]]
) -> Doubles:
    """Highest log-odds of each note's windows, by weights that saw neither the note nor what shares its source."""
    answers = np.zeros((len(notes), len(NAMES)))
    for fold in range(FOLDS):
        kept = [each for at, (_, _, found) in enumerate(notes) if at % FOLDS != fold for each in found]
        rarity, coefficients, bias = fit([*lines, *kept], language)
        for at in range(fold, len(notes), FOLDS):
            features = matrix([places(each.text, language) for each in notes[at][2]], rarity)
            answers[at] = (features @ coefficients + bias).max(axis=0)
    return answers


def thresholds(
    language: str, lines: Sequence[Example], notes: Sequence[tuple[str, frozenset[str], list[Example]]]
) -> Doubles:
    """`thresholds_of` the notes' answers out of fold."""
    return thresholds_of(out_of_fold(language, lines, notes), notes)


def thresholds_of(answers: Doubles, notes: Sequence[tuple[str, frozenset[str], list[Example]]]) -> Doubles:
    """By signal, halfway between the log-odds that read the notes best and those that do for all signals together."""
    shows = np.array([[name in note[1] for name in NAMES] for note in notes])
    scores = np.array([[_f1(answers[:, at] >= least, shows[:, at]) for at in range(len(NAMES))] for least in SEARCHED])
    main = shows.sum(axis=0) >= 20
    common = SEARCHED[scores[:, main].mean(axis=1).argmax()]
    own = np.where(main, SEARCHED[scores.argmax(axis=0)], common)
    return np.asarray((own + common) / 2)


def _f1(read: NDArray[np.bool_], shown: NDArray[np.bool_]) -> float:
    right = int((read & shown).sum())
    return 2 * right / max(int(read.sum() + shown.sum()), 1)


def source(language: str, notes: Path) -> str:
    """Digest of all that the language's weights come from."""
    parts = (FOLDER / f"{language}.txt", notes / f"{language}_open.jsonl")
    return hashlib.sha256(b"".join(hashlib.sha256(each.read_bytes()).digest() for each in parts)).hexdigest()


if __name__ == "__main__":
    for each in LANGUAGES:
        train(each, Path(sys.argv[1])).save(FOLDER.with_name(f"signals_{each}.npz"))
