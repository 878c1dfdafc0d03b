"""What the learned reading of notes looks at: hashed pieces of words and runs of words, in Korean and English.

Only training and reading share it, so both see a sentence alike.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int32]

BUCKETS = 1 << 16
CACHED_WORDS = 50_000
LONGEST_WORD = 40  # characters of a word that are looked at
LANGUAGES = ("ko", "en")
_SENTENCE = re.compile(
    r"(?:[^.!?。\n;]|\.(?=\d)|(?<=\b[A-Za-z])\.|(?<=incl)\.|(?<=min)\.|(?<=max)\.)+[.!?。]*[\"'”’)]*"
)
_SLASH = re.compile(r"\s//?\s")
_HANGUL = re.compile(r"[가-힣]")
_WORD = re.compile(r"[a-z0-9']+|[가-힣ㄱ-ㅎㅏ-ㅣ]+|[?!\"→%]")
_DIGITS = re.compile(r"\d+")
_SIZES = {"ko": (1, 4), "en": (3, 5)}  # characters of a piece, from and to
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
    words = _WORD.findall(_DIGITS.sub("0", sentence.lower().replace("’", "'")))
    found = [bucket for word in words for bucket in _pieces(word[:LONGEST_WORD], language)]
    for length in range(2 if language == "ko" else 1, _RUNS[language] + 1):
        found += [_bucket(" ".join(words[at : at + length])) for at in range(len(words) - length + 1)]
    return np.unique(np.array(found, dtype=np.int32))


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
