"""A person as stores know them: what identifies them, how that is found in text and JSON, and how it is taken out."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import orjson

ERASED = "[erased]"
CONTACT, USER, MEMBER = "contact", "user", "member"
NAME = "name"  # nobody's record: words that may stand for the person, or for others
SHORTEST_ID = 5  # shorter ones are found as ids only, never as words in text
SHORTEST_ALSO = 3
PHONE_DIGITS = 8
_HANGUL = re.compile("[가-힣]+")
_LONGEST_SPACED = 5  # syllables
_ROLE = {"contact_id", "role"}
_TUPLES = ("also", "common", "doubted", "aliases")
_LEFT_ASCII, _RIGHT_ASCII = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"


@dataclass(frozen=True, slots=False)
class Person:
    """A contact, a user or a member. `also` are words that stand for the person and nobody else; `shared` says that
    others bear the same name, `doubted` are further names that others bear: texts with these are told apart by people.
    `common` says which of mail and telephone number are others' too, as a switchboard's is: these tell nobody, and stay
    where they are. `same` are other records of this person, `aliases` the refs (kind:id) of all of theirs."""

    id: str
    kind: str = CONTACT
    name: str = ""
    email: str = ""
    phone: str = ""
    account_id: str = ""
    also: tuple[str, ...] = ()
    shared: bool = False
    common: tuple[str, ...] = ()  # of "email" and "phone"
    doubted: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    same: tuple[Person, ...] = ()

    @property
    def own_email(self) -> str:
        """Their mail, empty where it is others' too."""
        return "" if "email" in self.common else self.email

    @property
    def own_phone(self) -> str:
        """Their telephone number, empty where it is others' too."""
        return "" if "phone" in self.common else self.phone

    def to_json(self) -> dict[str, Any]:
        """As it is kept while an erasure is under way."""
        same = [one.to_json() for one in self.same]
        return asdict(self) | {name: list(getattr(self, name)) for name in _TUPLES} | {"same": same}

    @staticmethod
    def from_json(row: dict[str, Any]) -> Person:
        """The inverse of `to_json`."""
        same = tuple(Person.from_json(one) for one in row.get("same", ()))
        return Person(**(row | {name: tuple(row.get(name, ())) for name in _TUPLES} | {"same": same}))

    @property
    def ref(self) -> str:
        """By what their record is named where people decide."""
        return f"{self.kind}:{self.id}"

    @property
    def everyone(self) -> tuple[Person, ...]:
        """All records of this person."""
        return (self, *self.same)

    def joined(self, others: Sequence[Person]) -> Person:
        """With other records of the same person; all know of each other."""
        same = {one.ref: one for one in (*self.same, *others) if one.ref != self.ref}
        aliases = (self.ref, *same)
        return replace(self, aliases=aliases, same=tuple(replace(one, aliases=aliases) for one in same.values()))

    @cached_property
    def name_is_sure(self) -> bool:
        """Whether the name alone tells who is meant: of two words, or of three Korean syllables; `Kim` does not, nor
        one that others have."""
        return not self.shared and self._whole

    @property
    def _whole(self) -> bool:
        return len(self.name.split()) > 1 or bool(_HANGUL.fullmatch(self.name) and len(self.name) > 2)

    @property
    def names_in_doubt(self) -> list[str]:
        """Names that are looked for, and stand for others too: who is meant is told row by row."""
        own = [self.name] if self.shared and self._whole else []
        return list(dict.fromkeys([*own, *self.doubted]))

    @property
    def by_name(self) -> Person:
        """Whoever bears the names that are in doubt: words, and no record."""
        return Person("", NAME, also=tuple(self.names_in_doubt))

    @cached_property
    def unsearched(self) -> list[str]:
        """What is known of them that is not looked for in text, as too much else would be found."""
        short = [self.name] if self.name and not self._whole else []
        others_too = [one for one in (self.email, self.phone) if one and one not in (self.own_email, self.own_phone)]
        return short + others_too + ([self.id] if len(self.id) < SHORTEST_ID else [])

    @cached_property
    def words(self) -> list[str]:
        """What is looked for in text, whatever is around it."""
        known = [
            self.name if self.name_is_sure else "",
            self.own_email,
            self.own_phone if digits_of(self.own_phone) else "",
        ]
        ids = [self.id] if self.kind == CONTACT and len(self.id) >= SHORTEST_ID else []
        return list(dict.fromkeys(one.strip() for one in [*known, *ids, *self.also] if one.strip()))

    @cached_property
    def anchors(self) -> list[str]:
        """A part of each word that stands in every spelling of it: what a database looks for first."""
        digits = digits_of(self.own_phone)
        found = [[digits[-4:]] if one == self.phone and digits else _anchors(one) for one in self.words]
        return list(dict.fromkeys(anchor for one in found for anchor in one))

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """All words, in every spelling; None where there is none."""
        spellings = [_phone(self.phone) if one == self.phone else _spelling(one) for one in self.words]
        return re.compile("|".join(spellings), re.IGNORECASE) if spellings else None

    @cached_property
    def raw(self) -> re.Pattern[bytes] | None:
        """All words as bytes of a file or a message, whatever stands around them: as UTF-8, and as JSON escapes it."""
        digits = digits_of(self.own_phone)
        words = [*self.words, *([digits] if digits else [])]
        words += [form for one in words for form in _spaced("".join(one.split()))]
        spelled = {form for one in words for form in (one, _escaped(one))}
        wide = {re.escape(form.encode()) for form in spelled}
        return re.compile(b"|".join(sorted(wide)), re.IGNORECASE) if wide else None

    def in_key(self, key: str) -> bool:
        """Whether a key holds any of their records' words, whatever stands around them."""
        raw = key.encode()
        return any(one.raw is not None and one.raw.search(raw) is not None for one in self.everyone)

    def in_text(self, text: str) -> bool:
        """Whether a text names them."""
        return self.pattern is not None and self.pattern.search(text) is not None

    def out_of_text(self, text: str) -> str:
        """The text with every mention replaced."""
        return self.pattern.sub(ERASED, text) if self.pattern is not None else text

    def out_of_json(self, text: str) -> str:
        """A JSON document without them; any other text as such."""
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            return self.out_of_text(text)
        cleaned = self.out_of(document)
        return text if cleaned == document else orjson.dumps(cleaned).decode()

    def out_of(self, value: Any) -> Any:
        """A document without them: words replaced, ids too, and what is about them alone left out of lists."""
        if isinstance(value, str):
            nested = value[:1] in "[{" and value[-1:] in "]}"
            return self.out_of_json(value) if nested else self.out_of_text(value)
        if isinstance(value, list):
            return [self.out_of(one) for one in value if not self._is_theirs(one)]
        if isinstance(value, dict):
            return {self.out_of_text(name): self._member(name, one, value) for name, one in value.items()}
        return value

    def _member(self, name: str, value: Any, around: dict[str, Any]) -> Any:
        own = self.kind == CONTACT and around.get("contact_id") == self.id
        if own and name == "contact_id":
            return ERASED if around.keys() <= _ROLE else ""
        if own and name == "text":
            return ERASED
        return self.out_of(value)

    def _is_theirs(self, one: Any) -> bool:
        """An entry of a list that is about them alone: a suggestion to contact them, their place on a deal."""
        if self.kind != CONTACT or not isinstance(one, dict) or one.get("contact_id") != self.id:
            return False
        return not one.keys() <= _ROLE and "text" not in one


def _escaped(word: str) -> str:
    return json.dumps(word)[1:-1]


def same_name(one: str, other: str) -> bool:
    """Whether two names are one, however they are spaced."""
    return plain_name(one) == plain_name(other)


def plain_name(name: str) -> str:
    """A name however it is written: without spaces, in small letters, wide letters as narrow ones."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def digits_of(phone: str) -> str:
    """A telephone number's digits, empty where they are too few for one."""
    digits = "".join(filter(str.isdecimal, phone))
    return digits if len(digits) >= PHONE_DIGITS else ""


def _phone(phone: str) -> str:
    """A telephone number with anything between its digits; 010-… and +82 10-… are the same."""
    digits = digits_of(phone)
    if digits.startswith("82"):
        digits = "0" + digits[2:].removeprefix("0")
    between = r"[\s().\-·]*"
    rest = between.join(digits[1:])
    start = rf"(?:\+?82{between}(?:\(?0\)?)?|0)" if digits.startswith("0") else rf"\+?{digits[0]}"
    return rf"(?<!\d){start}{between}{rest}(?!\d)"


def _spelling(word: str) -> str:
    """A word with any spaces between its parts; a Korean name may be written apart, and particles follow it."""
    if _HANGUL.fullmatch(whole := word.replace(" ", "")):
        return r"(?<![가-힣])" + r"\s?".join(whole)
    parts = r"\s+".join(re.escape(part) for part in word.split())
    left = _LEFT_ASCII if _is_word(word[0]) else ""
    return left + parts + (_RIGHT_ASCII if _is_word(word[-1]) else "")


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def _anchors(word: str) -> list[str]:
    """The longest part without spaces; of a Korean name the last two syllables, together and apart."""
    if _HANGUL.fullmatch(whole := word.replace(" ", "")):
        return [whole] if len(whole) < 2 else [whole[-2:], f"{whole[-2]} {whole[-1]}"]
    return [max(word.split(), key=len)]


def _spaced(word: str) -> list[str]:
    """A Korean name in every way of spacing it; of a long word but the word."""
    if not _HANGUL.fullmatch(word) or len(word) > _LONGEST_SPACED:
        return [word] if _HANGUL.fullmatch(word) else []
    forms = [word[:1]]
    for syllable in word[1:]:
        forms = [form + between + syllable for form in forms for between in ("", " ")]
    return forms


def people_alike(person: Person, others: Sequence[Person]) -> list[Person]:
    """Others that seem to be the same person: the same mail or telephone number."""
    mail, digits = person.email.casefold(), digits_of(person.phone)
    return [
        one for one in others if (one.kind, one.id) != (person.kind, person.id)
        and ((mail and one.email.casefold() == mail) or (digits and digits_of(one.phone) == digits))
    ]  # fmt: skip
