"""Names that are no names: tests, placeholders, keyboard rows, one letter again and again."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from services.gateway.health.names import vocabulary
from services.gateway.imports.weekly.meanings import person

_WORDS = re.compile(r"[^\W\d_]+")
_BRACKETS = re.compile(r"\([^()]*\)")
_LETTERS = re.compile(r"[\W_]+")
_LOOSE = re.compile(r"[ㄱ-ㅎㅏ-ㅣ]+")
SHORTEST_RUN, LONGEST_REPEATED = 3, 3
_TEST_MAIL = re.compile(
    r"^(?:test\w*|asdf\w*|qwer\w*|aaa+|noreply|no-reply|none|na|x+)@|@(?:test|none|asdf|aaa+)\.", re.I
)


def junk(text: str) -> str:
    """Why a name is none: empty, keyboard, repeated, test or placeholder; "" for a name, and for no text at all."""
    loose = _LETTERS.sub("", text)  # NFKC would make other letters of single ones of Hangul
    if loose and _LOOSE.fullmatch(loose):
        return "keyboard"
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    if not plain:
        return ""
    letters = _LETTERS.sub("", plain)
    if not letters:
        return "empty"
    if len(set(letters)) == 1 and (len(letters) >= LONGEST_REPEATED or letters in ("xx", "zz")):
        return "repeated"
    if _keyboard(letters):
        return "keyboard"
    name = " ".join(_WORDS.findall(person(_BRACKETS.sub(" ", plain))[0]))
    said = {" ".join(_WORDS.findall(plain)), letters, name, name.removesuffix("님").removesuffix("씨")}
    if said & _people() or " ".join(reversed(name.split())) in _people():
        return "placeholder"
    return "test" if _test(_WORDS.findall(plain)) else ""


def junk_mail(text: str) -> bool:
    """Whether a mail address is of a test or of nobody."""
    return _TEST_MAIL.search(text.strip()) is not None


def _keyboard(letters: str) -> bool:
    """Whether a text is nothing but runs of keys that lie side by side, such as asdf or qwerqwer."""
    rows = [way for row in vocabulary()["junk"]["keyboard"] for way in (row, row[::-1])]
    if letters.isdecimal():
        return len(letters) >= SHORTEST_RUN and any(letters in row for row in rows)
    start = 0
    while start < len(letters):
        lengths = (len(letters) - start, *range(len(letters) - start - 1, SHORTEST_RUN - 1, -1))
        run = next((n for n in lengths if any(letters[start : start + n] in row for row in rows)), 0)
        if run < SHORTEST_RUN and not (start and run and letters.startswith(letters[start:])):
            return False
        start += run
    return True


def _test(words: list[str]) -> bool:
    known = vocabulary()["junk"]
    return bool(words) and _all(words, known["words"]) and any(word in known["telling"] for word in words)


def _all(words: list[str], known: list[str]) -> bool:
    return all(word in known for word in words)


@cache
def _people() -> frozenset[str]:
    names = vocabulary()["junk"]["people"]
    return frozenset(names) | frozenset(name.replace(" ", "") for name in names)
