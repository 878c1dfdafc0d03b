"""Reads from notes what may stop a deal, with the sentence that says so; what is denied is not read.

Sentence by sentence, and each two that follow one another: learned weights (signals_weights.py) tell how likely a
sentence shows each signal, and phrases (signal_rules.toml) say what is, and what is not, whatever the weights say.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from services.next_best_action.signals_corpus import NAMES
from services.next_best_action.signals_grams import LANGUAGES, language, windows
from services.next_best_action.signals_weights import Weights

RULES_FILE = Path(__file__).with_name("signal_rules.toml")
LONGEST_SENTENCE = 300
CACHED_TEXTS = 20_000
__all__ = ["NAMES", "Signal", "read"]


@dataclass(frozen=True, slots=True)
class Signal:
    """What a note says, and where."""

    name: str
    sentence: str


@lru_cache(maxsize=CACHED_TEXTS)
def read(text: str) -> tuple[Signal, ...]:
    """The signals of a note in the order of NAMES, each with the first sentence, or two, that show it."""
    found: dict[str, str] = {}
    for start, end in windows(text):
        sentence = text[start:end]
        for name in _shown(sentence):
            found.setdefault(name, sentence[:LONGEST_SENTENCE])
    return tuple([Signal(name, found[name]) for name in NAMES if name in found])


def _shown(sentence: str) -> list[str]:
    weights = _weights(language(sentence))
    margins = weights.margins(weights.places(sentence)).tolist()
    shown = [name for name, margin in zip(weights.names, margins, strict=True) if margin >= 0]
    plain = sentence.lower().replace("’", "'")
    for name, says, denies in _phrases():
        if denies.search(plain):
            shown = [each for each in shown if each != name]
        elif says.search(plain):
            shown.append(name)
    return shown


@cache
def _weights(language: str) -> Weights:
    return Weights.load(Path(__file__).with_name(f"signals_{language}.npz"))


@cache
def _phrases() -> Sequence[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    rules = tomllib.loads(RULES_FILE.read_text(encoding="utf-8"))
    return [(name, _either(rule.get("says", ())), _either(rule.get("denies", ()))) for name, rule in rules.items()]


def _either(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns) or r"(?!)")


def warm_up() -> None:
    """Load what reading needs, so that no note waits for it."""
    _phrases()
    for each in LANGUAGES:
        _weights(each)
