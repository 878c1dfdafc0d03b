"""Sentences as they arise, in English, and each once more in Korean.

A TOML file holds pairs, {} standing for a value in English; in Korean {0} is the first of the values and {w0} the same
put into Korean where the file has it.
"""

from __future__ import annotations

import re
import tomllib
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

REMEMBERED = 4_096  # sentences
_BRACKETS = re.compile(r"\(((?:[^()]|\([^()]*\))*)\)")  # others may stand in them
_ITS = "its "  # before a word, or a name that is the same in all languages


class Phrasebook:
    """The pairs of one file: `messages` (pairs), `words` (that stand in slots)."""

    def __init__(self, source: Path, beside: Phrasebook | None = None) -> None:
        self._source, self._beside = source, beside  # the second is asked for what the first does not know
        self._remembered = lru_cache(REMEMBERED)(self._said)

    @cached_property
    def read(self) -> dict[str, Any]:
        """The file."""
        return tomllib.loads(self._source.read_text(encoding="utf-8"))

    @cached_property
    def _words(self) -> dict[str, str]:
        return dict(self.read["words"])

    @cached_property
    def _plain(self) -> dict[str, str]:
        return {english: korean for english, korean in self.read["messages"] if "{}" not in english}

    @cached_property
    def _shaped(self) -> list[tuple[re.Pattern[str], str]]:
        """Those with slots, the most literal first."""
        shaped = [(english, korean) for english, korean in self.read["messages"] if "{}" in english]
        shaped.sort(key=lambda pair: -len(pair[0]))
        return [(pattern(english), korean) for english, korean in shaped]

    def said(self, text: str, language: str) -> str:
        """A sentence in the language; as it is where no file knows it."""
        return text if language == "en" or not text else self._remembered(text)

    def _said(self, text: str) -> str:
        if text in self._plain:
            return self._plain[text]
        for shape, korean in self._shaped:
            if found := shape.fullmatch(text):
                values = found.groups()
                words = {f"w{i}": self._word(value) for i, value in enumerate(values)}
                return korean.format(*values, **words)
        return self._beside.said(text, "ko") if self._beside else text

    def _word(self, value: str) -> str:
        """A word, or in brackets several of them; " or " between others."""
        known = self._words.get(value, self._plain.get(value))
        if known is not None:
            return known
        return _BRACKETS.sub(lambda found: f"({self._several(found[1])})", value.replace(" or ", " 또는 "))

    def _several(self, listed: str) -> str:
        words = listed.split(" and ")
        if not all(self._words.get(word) or word.startswith(_ITS) for word in words):
            return listed
        return ", ".join(self._words.get(word) or word.removeprefix(_ITS) for word in words)


def pattern(text: str) -> re.Pattern[str]:
    """What matches a sentence with {} for values."""
    return re.compile("(.*?)".join(map(re.escape, text.split("{}"))), re.DOTALL)
