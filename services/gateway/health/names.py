"""Names of companies and people as they are compared: without what is only another way to write them.

A branch, site, plant, number or country makes another company, the legal form and the word for head office do not.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from services.gateway.health.hangul import consonants, has_hangul, romanised, vowels_of

_MARKS = re.compile(r"[\W_]+")
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?(?![a-z])")
FEWEST, ENOUGH = 3, 4  # consonants and words that tell a name at all; consonants that do without the vowels


@cache
def vocabulary() -> Mapping[str, Any]:
    """words.toml."""
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class CompanyName:
    """A company's name to compare. `key` joins the words: names with one key are one name; `words` keep spelling."""

    key: str
    words: tuple[str, ...]  # as they are spelled
    sound: str  # what is left when it is put into Latin letters and English words; "" where that says too little
    hangul: bool

    @property
    def joined(self) -> str:
        """The words as they are spelled, without spaces."""
        return "".join(self.words)


def company_name(text: str) -> CompanyName:
    """The name without legal form, head office, marks, spaces, case and accents; letters' names as the letters."""
    plain = _plain(text)
    bare = _without_forms(plain) or _MARKS.sub(" ", plain).strip()
    words = tuple(bare.split())
    key = _lettered("".join(map(_spelling, words)))
    return CompanyName(key, words, _sound([_lettered(_spelling(word)) for word in words]), has_hangul(key))


def _plain(text: str) -> str:
    """One form of every letter, lower case; accents go, Hangul stays whole."""
    text = unicodedata.normalize("NFKC", text.replace("㈜", "(주)").replace("㈐", "(유)")).casefold()
    text = "".join(one for one in unicodedata.normalize("NFD", text) if unicodedata.category(one) != "Mn")
    text = unicodedata.normalize("NFC", text)
    text = _DOTTED.sub(lambda found: found.group().replace(".", ""), text)
    return text.replace("'", "").replace("’", "").removesuffix(".com")


@cache
def _forms() -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str], frozenset[str]]:
    words = vocabulary()["company"]
    korean = "|".join([rf"\(\s*{one}\s*\)" for one in words["legal_brackets"]] + words["legal_ko"])
    head = "|".join(map(re.escape, words["head_office"]))
    return (
        re.compile(korean), re.compile(rf"[\s(\-]*(?:{head})[\s)]*$"), frozenset(words["legal_en"]),
        frozenset(words["legal_end"]),
    )  # fmt: skip


def _without_forms(text: str) -> str:
    """Words alone, without legal forms, a leading "the" and the word for head office; "" where nothing is left."""
    korean, head, anywhere, at_end = _forms()
    text = korean.sub(" ", text)
    text = _MARKS.sub(" ", text.replace("&", " and ").replace("+", " plus ")).strip()
    words = head.sub("", text).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    while len(words) > 1 and (words[-1] in anywhere or words[-1] in at_end or words[-1] == "and"):
        words = head.sub("", " ".join(words[:-1])).split()
    return " ".join(word for place, word in enumerate(words) if not (place and word in anywhere))


def _lettered(text: str) -> str:
    """Runs of letters' names in Hangul as the letters: 에스케이 is sk, 에프앤비 is fandb."""
    return _runs().sub(lambda found: _letters(found.group()), text)


@cache
def _runs() -> re.Pattern[str]:
    one = "|".join(sorted(vocabulary()["letters"], key=len, reverse=True))
    whole = "|".join(word for word in vocabulary()["company"]["english"] if re.search(f"(?:{one}){{2}}", word))
    return re.compile(rf"(?:{whole})|(?<=[a-z])(?:{one})(?:앤?(?:{one}))*|(?:{one})(?:앤?(?:{one}))+")


def _letters(run: str) -> str:
    if run in vocabulary()["company"]["english"]:
        return run
    names = vocabulary()["letters"]
    each = re.findall("|".join([*sorted(names, key=len, reverse=True), "앤"]), run)
    return "".join("and" if one == "앤" else names[one] for one in each)


def _spelling(word: str) -> str:
    """One spelling of a word that has several."""
    short = vocabulary()["company"]["short"]
    if word in short:
        return str(short[word])
    for end in ("대병원",):
        if word.endswith(end):
            return word.removesuffix(end) + str(short[end])
    return word


def _sound(words: Sequence[str]) -> str:
    """Consonants of the name's own part and the English words of its business, to find it in the other script."""
    own, business, vowels = list[str](), list[str](), ""
    alike = vocabulary()["company"]["alike"]
    for word in words:
        if not has_hangul(word):
            word = alike.get(word, word)
            if word in _english_words():
                business.append(word)
            else:
                own.append(consonants(word, hangul=False))
                vowels += vowels_of(word)
            continue
        rest, found = _business(word, alone=len(words) == 1)
        business += found
        for part in re.findall(r"[가-힣]+|[^가-힣]+", rest):
            own.append(consonants(romanised(part), hangul=has_hangul(part)))
            vowels += vowels_of(romanised(part))
    joined = re.sub(r"(.)\1+", r"\1", "".join(own))
    if not joined or len(joined) + 2 * len(business) < FEWEST:
        return ""
    return " ".join([joined, *([] if len(joined) >= ENOUGH else [vowels]), *sorted(business)])


@cache
def _english_words() -> frozenset[str]:
    words = vocabulary()["company"]
    each = (one for value in words["english"].values() for one in value.split())
    return frozenset(each) | frozenset(words["alike"].values())


def _business(word: str, *, alone: bool) -> tuple[str, list[str]]:
    """What of a Hangul word is the company's own, and the English of the words of business at its end. `alone`: the
    name has no other word, so something is its own."""
    english, found = vocabulary()["company"]["english"], list[str]()
    by_length = sorted(english, key=len, reverse=True)
    while end := next((one for one in by_length if word.endswith(one) and not (alone and word == one)), ""):
        found += english[end].split()
        word = word.removesuffix(end)
    return word, found
