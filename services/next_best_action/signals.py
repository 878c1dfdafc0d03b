"""Reads from notes what may stop a deal, with the sentence that says so; what is denied is not read.

Sentence by sentence, each also together with the next, which may take it back: learned weights (signals_weights.py)
tell how likely one shows each signal, and phrases (signal_rules.toml) say what is, and is not, whatever the weights
say. English is read better with the text encoder, which who serves asks for (`ENCODER.want`); until it is loaded, and
where it is not installed, by words alone.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from services.next_best_action.signals_corpus import NAMES
from services.next_best_action.signals_encoder import ENCODER, Floats, Sum, mean
from services.next_best_action.signals_grams import LANGUAGES, language, windows
from services.next_best_action.signals_weights import Weights, beside_next

RULES_FILE = Path(__file__).with_name("signal_rules.toml")
LONGEST_SENTENCE = 300
CACHED_TEXTS = 20_000
CACHED_SENTENCES = 20_000  # greetings, footers and what else comes again in other texts
ENCODED = "en_encoded"  # the weights that take the encoder's vectors
__all__ = ["ENCODER", "NAMES", "Signal", "read", "warm_up"]


@dataclass(frozen=True, slots=True)
class Signal:
    """What a note says, and where."""

    name: str
    sentence: str


def read(text: str) -> tuple[Signal, ...]:
    """The signals of a note in the order of NAMES, each with the first sentence that shows it."""
    return _read(text, ENCODER.wanted and (ENCODER.ready or (language(text) == "en" and ENCODER.begun())))


@lru_cache(maxsize=CACHED_TEXTS)
def _read(text: str, encoded: bool) -> tuple[Signal, ...]:
    spans = windows(text)
    if not spans:
        return ()
    count = (len(spans) + 1) // 2  # of the sentences, which come before the pairs of them
    sentences = [text[start:end] for start, end in spans]
    spoken = encoded and "en" in map(language, sentences[:count])
    sums = ENCODER.sums(sentences[:count]) if spoken else []
    margins = np.array([_margins(sentence, sums[at : at + 1] if at < count else sums[at - count : at - count + 2])
                        for at, sentence in enumerate(sentences)])  # fmt: skip
    shown, found = beside_next(margins) >= 0, dict[str, str]()
    for sentence, row in zip(sentences[:count], shown, strict=True):
        for name in _mended([name for name, there in zip(NAMES, row.tolist(), strict=True) if there], sentence):
            found.setdefault(name, sentence[:LONGEST_SENTENCE])
    return tuple([Signal(name, found[name]) for name in NAMES if name in found])


def _margins(window: str, sums: Sequence[Sum]) -> Floats:
    """By signal; with the encoder's view of the sentences that make the window up, where that is given."""
    if not sums or language(window) != "en":
        return _by_words(window)
    weights = _weights(ENCODED)
    return weights.margins(weights.places(window), mean(sums))


@lru_cache(maxsize=CACHED_SENTENCES)
def _by_words(window: str) -> Floats:
    weights = _weights(language(window))
    return weights.margins(weights.places(window))


def _mended(names: list[str], sentence: str) -> list[str]:
    """By the phrases that outweigh the weights."""
    for name, says in _ruled(sentence):
        names = [*names, name] if says else [each for each in names if each != name]
    return names


@lru_cache(maxsize=CACHED_SENTENCES)
def _ruled(sentence: str) -> tuple[tuple[str, bool], ...]:
    """Signals that phrases say, or deny."""
    plain = sentence.lower().replace("’", "'")
    found = ((name, denies.search(plain), says.search(plain)) for name, says, denies in _phrases())
    return tuple([(name, not denied) for name, denied, said in found if denied or said])


@cache
def _weights(name: str) -> Weights:
    return Weights.load(Path(__file__).with_name(f"signals_{name}.npz"))


@cache
def _phrases() -> Sequence[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    rules = tomllib.loads(RULES_FILE.read_text(encoding="utf-8"))
    return [(name, _either(rule.get("says", ())), _either(rule.get("denies", ()))) for name, rule in rules.items()]


def _either(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns) or r"(?!)")


def warm_up() -> None:
    """Load what reading needs, so that no note waits for it."""
    _phrases()
    for each in (*LANGUAGES, ENCODED):
        _weights(each)
