"""Why something was refused, in the reader's language: beside the field it is about.

The sentences are written in English where they arise; refusals.toml holds each once more in Korean, the slots of both
filled with the same values. What an import or the store says of rows stands with the imports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kit.errors import DealcastError
from kit.phrasebook import Phrasebook
from services.gateway.imports import messages

BOOK = Phrasebook(Path(__file__).with_name("refusals.toml"), messages.BOOK)
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


def field_said(field: str, language: str) -> str:
    """What a refusal is about, as its page calls it."""
    return field if language == "en" else str(BOOK.read["fields"].get(field, field))
