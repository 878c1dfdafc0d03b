"""What the learned reading of notes looks at: hashed pieces of words and runs of words, in Korean and English, and what
its words are about (signal_words.toml).

Only training and reading share it, so both see a sentence alike.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int32]

BUCKETS = 1 << 16
CACHED_WORDS = 50_000
LONGEST_WORD = 40  # characters of a word that are looked at
LANGUAGES = ("ko", "en")
WORDS_FILE = Path(__file__).with_name("signal_words.toml")
FOLLOWING = 3  # kinds of words after one, that it is paired with
_SENTENCE = re.compile(
    r"(?:[^.!?。\n;]|\.(?=\d)|(?<=\b[A-Za-z])\.|(?<=incl)\.|(?<=min)\.|(?<=max)\.)+[.!?。]*[\"'”’)]*"
)
_SLASH = re.compile(r"\s//?\s")
_HANGUL = re.compile(r"[가-힣]")
_WORD = re.compile(r"[a-z0-9']+|[가-힣ㄱ-ㅎㅏ-ㅣ]+|[?!\"→%]")
_DIGITS = re.compile(r"\d+")
_SIZES = {"ko": (1, 4), "en": (3, 5)}  # characters of a piece, from and to
_ENDINGS = ("'s", "s", "es", "ed", "d", "ing", "ly")  # of English words, which may stand without
_RUNS = {"ko": 2, "en": 3}  # words of a run, at most; a single Korean word is among its pieces


def windows(text: str) -> list[tuple[int, int]]:
    """Where its sentences start and end, then where each two that follow one another do."""
    found: list[tuple[int, int]] = []
    for match in _SENTENCE.finditer(text):
        start = match.start()
        for slash in (*_SLASH.finditer(text, start, match.end()), None):
            end = slash.start() if slash else match.end()
            piece = text[start:end]
            first = start + len(piece) - len(piece.lstrip())
            if len(piece.strip()) > 1:
                found.append((first, first + len(piece.strip())))
            start = slash.end() if slash else end
    return found + [(first, end) for (first, _), (_, end) in pairwise(found)]


def language(sentence: str) -> str:
    """The language whose weights read it: Korean wherever Hangul stands."""
    return "ko" if _HANGUL.search(sentence) else "en"


def places(sentence: str, language: str) -> Places:
    """The sorted buckets of its pieces and runs, each once."""
    return _sorted(_buckets(sentence, language))


def features(sentence: str, language: str) -> Places:
    """`places`, and the buckets of the kinds of its words and of kinds that follow one another."""
    return _sorted(_buckets(sentence, language) | _kinds(sentence, language))


def _sorted(found: set[int]) -> Places:
    return np.array(sorted(found), dtype=np.int32)


def _buckets(sentence: str, language: str) -> set[int]:
    words = _WORD.findall(_DIGITS.sub("0", sentence.lower().replace("’", "'")))
    found = {bucket for word in words for bucket in _pieces(word[:LONGEST_WORD], language)}
    for length in range(2 if language == "ko" else 1, _RUNS[language] + 1):
        found.update([_bucket(" ".join(words[at : at + length])) for at in range(len(words) - length + 1)])
    return found


def _kinds(sentence: str, language: str) -> set[int]:
    kinds = [f"@{kind}" for _, kind in sorted(_spots(sentence) if language == "ko" else _word_spots(sentence))]
    runs = set(kinds) | {f"{kinds[-1]}$" for _ in kinds[-1:]}
    for at, kind in enumerate(kinds):
        runs.update([f"{kind}>{later}" for later in kinds[at + 1 : at + 1 + FOLLOWING]])
        runs.add("".join(kinds[at : at + 3]))
    return {_bucket(run) for run in runs}


def _spots(sentence: str) -> list[tuple[int, str]]:
    """Where words of each kind begin: of a kind the longest at a place, none within another."""
    found: list[tuple[int, str]] = []
    starting, free = _stems(), dict[str, int]()
    for at, letter in enumerate(sentence):
        for kind, word in starting.get(letter, ()):
            if at >= free.get(kind, 0) and sentence.startswith(word, at):
                free[kind] = at + len(word)
                found.append((at, kind))
    return found


def _word_spots(sentence: str) -> list[tuple[int, str]]:
    """Where English words of each kind stand, the first of these with and without an ending that is of any."""
    kinds, found = _whole_words(), list[tuple[int, str]]()
    for at, word in enumerate(_WORD.findall(sentence.lower().replace("’", "'"))):
        forms = (word, *(word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)))
        found += [(at, kind) for kind in next((kinds[form] for form in forms if form in kinds), ())]
    return found


@cache
def _stems() -> dict[str, list[tuple[str, str]]]:
    """Korean (kind, word) by the word's first letter, the longest of a kind first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, words in _kinds_of("ko").items():
        for word in sorted(words, key=len, reverse=True):
            found.setdefault(word[0], []).append((kind, word))
    return found


@cache
def _whole_words() -> dict[str, list[str]]:
    """The kinds of an English word."""
    found: dict[str, list[str]] = {}
    for kind, words in _kinds_of("en").items():
        for word in words:
            found.setdefault(word, []).append(kind)
    return found


def _kinds_of(language: str) -> dict[str, list[str]]:
    tables = tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))
    return {kind: words.split() for kind, words in tables[language].items()}


@lru_cache(maxsize=CACHED_WORDS)
def _pieces(word: str, language: str) -> tuple[int, ...]:
    padded = f" {word} "
    shortest, longest = _SIZES[language]
    return tuple(
        [crc32(b"#" + padded[at : at + size].encode()) % BUCKETS
         for size in range(shortest, longest + 1) for at in range(len(padded) - size + 1)]
    )  # fmt: skip


@lru_cache(maxsize=CACHED_WORDS)
def _bucket(run: str) -> int:
    return crc32(run.encode()) % BUCKETS
