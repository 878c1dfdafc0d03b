"""Names of people as they are compared: order, titles, initials, marks and script make no difference."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from services.gateway.health.hangul import consonants, has_hangul, romanised
from services.gateway.health.names import vocabulary
from services.gateway.health.same_name import one_slip
from services.gateway.imports.weekly.meanings import person

SAME, LESS, SLIP, SCRIPT = 0.85, 0.75, 0.7, 0.7  # how sure it is, by what differs
SHORTEST = 7  # letters of a name in which one may be a slip
_WORDS = re.compile(r"[^\W\d_]+")
_VOWELS = (
    ("ui", "i"), ("ee", "i"), ("yeo", "o"), ("you", "o"), ("yoo", "o"), ("yu", "o"), ("yo", "o"), ("eo", "o"),
    ("eu", "o"), ("oo", "o"), ("ou", "o"), ("u", "o"), ("ae", "e"), ("ai", "e"), ("ay", "e"), ("y", ""), ("w", ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name in words, sorted, without title and accents; `sound` is the same in Hangul and in Latin letters."""

    words: tuple[str, ...]
    sound: str
    hangul: bool

    @property
    def joined(self) -> str:
        """The words without spaces."""
        return "".join(self.words)

    def shared(self) -> Iterator[str]:
        """Names that may be one share one of these."""
        yield self.joined
        if not self.hangul:
            yield from (word for word in self.words if len(word) > 1 and len(self.words) > 1)
        if self.sound:
            yield f"{self.sound}~"


@lru_cache(maxsize=20_000)
def person_name(text: str) -> PersonName:
    """The name to compare."""
    plain = unicodedata.normalize("NFKD", person(text)[0].casefold())
    plain = unicodedata.normalize("NFC", "".join(one for one in plain if unicodedata.category(one) != "Mn"))
    known = vocabulary()["people"]["address"]
    words = [word for word in _WORDS.findall(plain.replace("-", "").replace("'", "")) if word not in known]
    if has_hangul(plain):
        whole = "".join(words)
        return PersonName((whole,) if whole else (), _of_hangul(whole), hangul=True)
    return PersonName(tuple(sorted(words)), _of_latin(words), hangul=False)


def _of_hangul(name: str) -> str:
    families: Mapping[str, list[str]] = vocabulary()["people"]["families"]
    family = next((name[:n] for n in (2, 1) if name[:n] in families), "")
    return f"{family} {_sound(romanised(name.removeprefix(family)))}" if family and len(name) > len(family) else ""


def _of_latin(words: list[str]) -> str:
    """Of a Korean family name, first or last, and a given name."""
    for at in (0, -1) if len(words) > 1 else ():
        given = words[1:] if at == 0 else words[:-1]
        if (family := _families().get(words[at])) is not None and all(len(word) > 1 for word in given):
            return f"{family} {_sound(''.join(given))}"
    return ""


@lru_cache(maxsize=1)
def _families() -> Mapping[str, str]:
    """Family names in Latin letters; of two in Hangul that are written alike, the first."""
    found: dict[str, str] = {}
    for family, spellings in vocabulary()["people"]["families"].items():
        for one in spellings:
            found.setdefault(one, family)
    return found


def _sound(given: str) -> str:
    vowels = given
    for written, sound in _VOWELS:
        vowels = vowels.replace(written, sound)
    return f"{consonants(given, hangul=True)} {re.sub('[^aeio]', '', vowels)}"


def people_alike(one: PersonName, other: PersonName) -> tuple[float, str] | None:
    """How sure it is that two names at one place are one person's, and what differs; None where they are two's."""
    if not one.words or not other.words:
        return None
    if one.joined == other.joined:
        return SAME, "name"
    if one.hangul != other.hangul:
        return (SCRIPT, "script") if one.sound and one.sound == other.sound else None
    if one.hangul:  # one letter makes another name: 김민수, 김민서
        return None
    if _less(one.words, other.words) or _less(other.words, one.words):
        return LESS, "initials"
    slip = min(len(one.joined), len(other.joined)) >= SHORTEST and set(one.words) & set(other.words)
    differing = sorted(set(one.words) ^ set(other.words))
    return (SLIP, "slip") if slip and len(differing) == 2 and one_slip(*differing) else None


def _less(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether the words of one name are those of the other, some as initials or left out; one whole at least."""
    rest, whole = list(long), 0
    for word in sorted(short, key=len, reverse=True):
        found = word if word in rest else next((each for each in rest if len(word) == 1 and each[0] == word), "")
        if not found:
            return False
        rest.remove(found)
        whole += len(word) > 1
    return len(short) > 1 and whole > 0
