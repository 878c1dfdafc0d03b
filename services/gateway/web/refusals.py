"""Why something was refused, in the reader's language: beside the field it is about.

The sentences are written in English where they arise; refusals.toml holds each once more in Korean, the slots of both
filled with the same values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kit.errors import DealcastError
from kit.phrasebook import Phrasebook

BOOK = Phrasebook(Path(__file__).with_name("refusals.toml"))
_LINE = re.compile(r"line (\d+): (.*)", re.DOTALL)
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong, what to do about it, and on which line of a text; 0 without one."""

    message: str
    mend: str
    line: int = 0


def refusal(error: DealcastError, language: str) -> Refusal:
    """An error as somebody reads it."""
    found = _LINE.fullmatch(error.message)
    line, message = (int(found[1]), found[2]) if found else (0, error.message)
    if not line and (there := _AT_LINE.search(message)):
        line = int(there[1])
    return Refusal(said(message, language), said(error.mend, language), line)


def said(text: str, language: str) -> str:
    """A sentence in the language; in English where it is not known in that."""
    if language == "en":
        return text[:1].upper() + text[1:]
    return BOOK.said(text, language)
