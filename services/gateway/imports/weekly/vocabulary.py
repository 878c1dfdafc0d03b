"""The words of weekly files, from words.toml."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from learning.records import Outcome

SOURCE = Path(__file__).parent / "words.toml"
_BRACKETS = re.compile(r"[(\[（][^()\[\]（）]*[)\]）]")
_MARKS = re.compile(r"[^\w#]|_")


def plain(text: str) -> str:
    """A heading or a word to compare: no brackets, spaces or marks, lower case."""
    return _MARKS.sub("", _BRACKETS.sub("", unicodedata.normalize("NFKC", text))).casefold()


@cache
def headings() -> Mapping[str, str]:
    """Heading → what the column holds."""
    return {word: target for target, words in _read()["headings"].items() for word in words}


@cache
def outcomes() -> Mapping[str, Outcome]:
    """Word → how a deal ended, or that it goes on."""
    return {word: Outcome(outcome) for outcome, words in _read()["outcomes"].items() for word in words}


@cache
def titles() -> tuple[str, ...]:
    """Titles of people, the longest first."""
    return tuple(sorted(_read()["people"]["titles"], key=lambda word: (-len(word), word)))


@cache
def _read() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))
