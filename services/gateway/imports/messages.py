"""What an import says of rows and files, in the language of who reads it.

The sentences are written in English where they arise, in the importer, the store or a gateway far away; messages.toml
holds each of them once more in Korean, the slots of both filled with the same values.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from kit.errors import DealcastError
from kit.phrasebook import Phrasebook, pattern
from services.gateway.domain import FieldError

LANGUAGES = ("en", "ko")
_PROBLEM = re.compile(r"(?P<file>.+?), line (?P<line>\d+): (?P<place>.*?): (?P<what>.*)", re.DOTALL)
DOUBT = "doubt"  # in place of a column: what is in doubt
_PLACES = {"row": "행", DOUBT: "질문"}
SOURCE = Path(__file__).parent / "messages.toml"
BOOK = Phrasebook(SOURCE)


def reader_language(environment: Mapping[str, str] = os.environ) -> str:
    """The language that the environment asks for (LC_ALL, LC_MESSAGES, LANG, the first that is set)."""
    asked = next(filter(None, (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "ko" if asked.lower().startswith("ko") else "en"


def said(text: str, language: str) -> str:
    """A message in the language; as it is where the catalogue does not know it."""
    return BOOK.said(text, language)


def place(field: str, language: str) -> str:
    """Where an error is: a column's name, or what is no column in the language."""
    return _PLACES.get(field, field) if language == "ko" else field


def told(error: FieldError, language: str, *, page: bool = False) -> FieldError:
    """Why a row was refused, in the language; `page`: to somebody who has a page and no command line."""
    error = replace(error, mend=_on_page(error.mend)) if page else error
    if language == "en":
        return error
    value = said(error.value, language) if error.field == DOUBT else error.value
    return replace(error, value=value, message=said(error.message, language), mend=said(error.mend, language))


def translate(error: DealcastError, language: str, *, page: bool = False) -> None:
    """Put an error's message and mend into the language; a mapping's message has a line a problem. `page`: to somebody
    who has a page and no command line."""
    error.mend = _on_page(error.mend) if page else error.mend
    parts: list[DealcastError] = getattr(error, "errors", [])  # of several files
    for one in parts:
        translate(one, language, page=page)
    lines = error.message.split("\n") if error.field == "mapping" else [error.message]
    error.message, error.mend = "\n".join(_line(line, language) for line in lines), said(error.mend, language)
    if parts and not page:
        error.message = "\n".join((error.message, *map(file_told, parts), ""))


def file_told(error: DealcastError) -> str:
    """What is wrong with a file, and which, in a line."""
    name = f"{error.value}: " if error.field == "PATH" and error.value not in error.message else ""
    return f"{name}{error.message}. {error.mend}"


def _on_page(mend: str) -> str:
    """What to do on the page, where the mend tells of the command line."""
    return next((there for command, there in _pages() if command.fullmatch(mend)), mend)


def _line(text: str, language: str) -> str:
    found = _PROBLEM.fullmatch(text)
    if found is None or language == "en":
        return said(text, language)
    return f"{found['file']} {found['line']}행: {found['place']}: {said(found['what'], language)}"


@cache
def _pages() -> list[tuple[re.Pattern[str], str]]:
    return [(pattern(command), page) for command, page in BOOK.read["pages"]]
